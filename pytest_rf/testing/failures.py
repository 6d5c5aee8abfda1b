"""What a failed test shows of pytest-rf: the user's own line, and how the figures of a failed ``assert`` came about."""

from __future__ import annotations

import ast
import contextlib
import linecache
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any

import pytest

from pytest_rf.analysis.metrics import METRICS, AxisField
from pytest_rf.analysis.tensor_field import TensorField
from pytest_rf.analysis.tensors import Tensor, owners
from pytest_rf.asserting import is_ours
from pytest_rf.checkable import Analysis
from pytest_rf.containment import OURS
from pytest_rf.errors import RFError
from pytest_rf.findings import Finding
from pytest_rf.reporters.growth_path import growth
from pytest_rf.reporters.lines import line, plain, visible
from pytest_rf.reporters.wrapping import wrapped
from pytest_rf.requirements import explain

#: The heading of what is added to a failure.
TITLE = "receptive field"

#: What may stand between the user's line and ours: a function that is also a context manager.
_BETWEEN = contextlib.__file__

#: Types of ours whose attributes and items can be read once more: that changes nothing and costs little.
_HELD = (Analysis, Tensor, TensorField, list)

#: Longer texts of errors are cut.
_LONGEST = 4000

#: Figures explained of one failure.
_MOST = 4


class NotHeld(pytest.fail.Exception):  # type: ignore[name-defined, misc]  # pytest makes the name as it runs
    """What a marker requires does not hold; the text says everything."""


class RequirementFailed(Exception):
    """A requirement of the configuration does not hold; the text says everything."""


def shorten_all(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Shorten what a phase of a test raised; of a ``unittest.TestCase``, what that has kept for the report."""
    for info in (call.excinfo, *(getattr(item, "_excinfo", None) or ())):
        if info is not None:
            shorten(info.value)


def explain_figures(report: pytest.TestReport, call: pytest.CallInfo[None]) -> None:
    """Add to a failure's report how the figures that it is about came about."""
    add: Callable[[str, str], None] | None = getattr(report.longrepr, "addsection", None)
    if not report.failed or call.excinfo is None or add is None:
        return
    error = call.excinfo.value
    detail = getattr(error, "detail", "") if isinstance(error, RFError) else ""
    text = "\n".join(map(visible, detail.splitlines()))
    # Whatever may be wrong with an explanation, the failure itself is to be seen.
    with contextlib.suppress(Exception):
        text = text or figures(error)
    if text:
        add(TITLE, text)


def fit(report: pytest.TestReport, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Have what pytest-rf says of a failure fit the terminal, and the line of the summary say what is wrong.

    A text that says first which module is judged, by a line that ends with a colon, says what is wrong below it.
    """
    if call.excinfo is None or not isinstance(call.excinfo.value, NotHeld | RequirementFailed):
        return
    told = str(call.excinfo.value)
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        crash.message = next((one for one in told.splitlines() if one and not one.endswith(":")), told)
    width = _width(item.config)
    if width and isinstance(report.longrepr, str):
        report.longrepr = _broken(report.longrepr, width)
    elif width:
        for entry in getattr(getattr(report.longrepr, "reprtraceback", None), "reprentries", ()):
            entry.lines = _broken("\n".join(entry.lines), width).splitlines()


def _width(config: pytest.Config) -> int:
    """Return how wide the terminal is that a run is told on; 0 where there is none."""
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not reporter.isatty:
        return 0
    return int(reporter._tw.fullwidth)


def _broken(text: str, width: int) -> str:
    return "\n".join(plain(wrapped(map(line, text.splitlines()), width)))


def place_skip(report: pytest.TestReport, item: pytest.Item) -> None:
    """Have a skip that pytest-rf itself decides upon point at the item instead of a line of ours."""
    place = report.longrepr
    if report.skipped and isinstance(place, tuple) and place[0].startswith(OURS):
        path, line, _ = item.reportinfo()
        report.longrepr = str(path), (line or 0) + 1, place[2]


def shorten(error: BaseException) -> None:
    """Cut the traceback of an error that pytest-rf raised behind the user's own last line; its text says everything.

    It can name what a model holds, so it is made fit to be shown.
    """
    if isinstance(error, RFError):
        error.args = (visible(str(error), _LONGEST),)
    entries = list(_entries(error.__traceback__))
    first = next((place for place, entry in enumerate(entries) if is_ours(entry.tb_frame)), 0)
    if not first or not isinstance(error, RFError | AssertionError) or not is_ours(entries[-1].tb_frame):
        return
    while first > 1 and entries[first - 1].tb_frame.f_code.co_filename == _BETWEEN:
        first -= 1
    entries[first - 1].tb_next = None
    error.__cause__, error.__suppress_context__ = None, True


def figures(error: BaseException) -> str:
    """Return how the figures that a failed ``assert`` looks at came about, layer by layer; empty where it does not."""
    entries = list(_entries(error.__traceback__))
    if not isinstance(error, AssertionError) or not entries:
        return ""
    told: dict[str, None] = {}
    for field, metric in _asserted(entries[-1]):
        text = _path(field, metric)
        if text:
            told[text] = None
    return "\n".join(list(told)[:_MOST])


def _entries(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _asserted(entry: TracebackType) -> Iterator[tuple[AxisField, str]]:
    """Yield the fields whose figures stand in the ``assert`` that failed, with the names of the figures.

    What the expression has made on its way stands in the frame where pytest has rewritten it; nothing is computed
    again but items and attributes of our own objects.
    """
    names = {**entry.tb_frame.f_globals, **entry.tb_frame.f_locals}
    made = [
        value
        for name, value in names.items()
        if name.startswith("@py_assert") and isinstance(value, AxisField)
    ]
    for node in ast.walk(_statement(entry)):
        if not isinstance(node, ast.Attribute) or node.attr.removesuffix("_range") not in METRICS:
            continue
        found = _value(node.value, names)
        fields = [found] if isinstance(found, AxisField) else made if _is_made(node.value) else []
        yield from ((field, node.attr.removesuffix("_range")) for field in fields)


def _statement(entry: TracebackType) -> ast.AST:
    """Return the ``assert`` that failed; something empty where the line belongs to none."""
    source = "".join(linecache.getlines(entry.tb_frame.f_code.co_filename, entry.tb_frame.f_globals))
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return ast.Module([], [])
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Assert) and node.lineno <= entry.tb_lineno <= (node.end_lineno or node.lineno)
    ]
    return found[-1].test if found else ast.Module([], [])


def _is_made(node: ast.AST) -> bool:
    """Whether an expression makes its value by a call, which is not made again."""
    return any(isinstance(inner, ast.Call) for inner in ast.walk(node))


def _value(node: ast.AST, names: Mapping[str, Any]) -> Any:
    """Return the value of a name, or of attributes and constant items of our own objects; None of all else."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if not isinstance(node, ast.Attribute | ast.Subscript):
        return None
    owner = _value(node.value, names)
    if not isinstance(owner, _HELD):
        return None
    try:
        if isinstance(node, ast.Attribute):
            return getattr(owner, node.attr)
        return owner[ast.literal_eval(node.slice)]
    except (AttributeError, LookupError, TypeError, ValueError, RFError):
        return None


def _path(field: AxisField, metric: str) -> str:
    """Return how a figure of a field came about, as findings show it; empty where nothing of it grows."""
    known = owners(field.runs)
    tensor = known.get(field.value.number)
    if tensor is None or not METRICS[metric].grows:
        return ""
    try:
        path = tensor.path(field.axis, field.input.name, metric)
    except RFError as error:
        return f"{metric} of {tensor.name}: {error}"
    told = Finding(
        code="",
        rule="",
        model="",
        message="",
        axes=(field.axis_name,),
        figure=metric,
        path=explain.steps(path, METRICS[metric]),
    )
    lines = plain(growth(told, ""))
    return "\n".join((f"{metric}.{field.axis_name} of {explain.named(tensor)}", *lines))
