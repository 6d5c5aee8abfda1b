"""Writes docs/python.md: the public names of the package, from their signatures and docstrings.

Usage: python docs/generate_python.py
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Set
from pathlib import Path
from typing import Any

import pytest_rf
from pytest_rf.analysis.metrics import AxisField
from pytest_rf.tiles.plan import Plan

PAGE = Path(__file__).parent / "python.md"

INTRODUCTION = """\
# Python

<!-- Written by docs/generate_python.py from the docstrings; do not edit. -->

Everything here is imported from `pytest_rf`, which imports neither torch nor onnx before it is asked for something.
Fields have [the figures](figures.md) as attributes: `analysis.final[0]["h"].rf`. What a new version may change of this
is written down in [Versions](versioning.md).
"""

#: The page's order: functions, then what they return, then errors.
FUNCTIONS = ("analyze", "assert_rf", "same", "verify", "register", "snapshot")
CLASSES: tuple[type, ...] = (
    pytest_rf.Analysis,
    pytest_rf.Input,
    pytest_rf.Tensor,
    AxisField,
    Plan,
    pytest_rf.Comparison,
    pytest_rf.Verification,
    pytest_rf.Stated,
)
ERRORS = (pytest_rf.RFError, pytest_rf.ModelError, pytest_rf.ConfigError, pytest_rf.RequirementError)

#: Members that the package itself uses, and that say nothing to those who read figures.
OURS = {
    "Analysis": {"root", "accepts", "runs", "report", "settings"},
    "Tensor": {"runs", "value", "number", "operands", "layer", "windows", "held"},
    "Plan": {"trial", "axes", "outputs"},
}

_SECTION = re.compile(r"(?m)^(Args|Attributes|Returns|Raises):\n")
_ITEM = re.compile(r"(?ms)^    (\S[^:]*(?:, \S[^:]*)*): (.*?)(?=^    \S|\Z)")
_ROLE = re.compile(r":\w+:`~?([\w.]+)`")
_MEANINGS = re.compile(r" \(SEMANTICS [\d, ]+\)")


def page() -> str:
    """Return the page as text."""
    parts = [INTRODUCTION, "\n## Functions\n"]
    parts += [_callable(f"pytest_rf.{name}", getattr(pytest_rf, name), 3) for name in FUNCTIONS]
    parts += ["\n## What they return, and take\n", *map(_class, CLASSES), "\n## Errors\n\n"]
    parts += [
        f"- `pytest_rf.{error.__name__}`: {_plain(inspect.getdoc(error) or '').splitlines()[0]}\n"
        for error in ERRORS
    ]
    return "".join(parts)


def _class(kind: type) -> str:
    hidden = OURS.get(kind.__name__, set())
    parts = [f"\n### {kind.__name__}\n\n{_described(inspect.getdoc(kind) or '', hidden)}"]
    rows: dict[str, str] = {}
    if kind is AxisField:
        return parts[0]  # its members are the figures, which have a page of their own
    for name in (name for base in reversed(kind.__mro__[:-1]) for name in vars(base)):
        member = inspect.getattr_static(kind, name)
        told = inspect.getdoc(getattr(member, "fget", None) or getattr(member, "func", None) or member)
        if told and _computed(member) and not name.startswith("_") and name not in hidden:
            shown = f"{name}{_signature(member)}" if inspect.isfunction(member) else name
            rows[name] = f"| `{shown}` | {_line(told)} |\n"
    if rows:
        parts.append("\n| member | is |\n| --- | --- |\n" + "".join(rows.values()))
    return "".join(parts)


def _computed(member: Any) -> bool:
    """Return whether a member is a method or is computed: plain fields stand among the attributes."""
    return inspect.isfunction(member) or isinstance(member, property) or hasattr(member, "func")


def _callable(name: str, function: Any, level: int) -> str:
    shown = f"{name}{_signature(function)}"
    return f"\n{'#' * level} {name.rpartition('.')[2]}\n\n`{shown}`\n\n{_described(inspect.getdoc(function) or '')}"


def _signature(function: Any) -> str:
    """Return a signature without its types, which the words give."""
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for name, parameter in inspect.signature(function).parameters.items()
        if name != "self"
    ]
    return str(inspect.Signature(parameters))


def _described(doc: str, hidden: Set[str] = frozenset()) -> str:
    """Return a docstring as Markdown: its sections are lists."""
    words, *sections = _SECTION.split(_plain(doc))
    parts = [f"{words.strip()}\n"]
    for heading, body in zip(sections[::2], sections[1::2], strict=True):
        parts.append(
            f"\n{'Attributes' if heading == 'Attributes' else heading.replace('Args', 'Arguments')}:\n\n"
        )
        items = _ITEM.findall(body)
        if not items:
            parts.append(" ".join(body.split()) + "\n")
        for name, text in items:
            if name not in hidden:
                parts.append(f"- `{name}`: {' '.join(text.split())}\n")
    return "".join(parts)


def _line(doc: str) -> str:
    """Return the first paragraph of a docstring, for a table."""
    words = " ".join(_plain(doc).partition("\n\n")[0].split()).removeprefix("Return ")
    return (words[:1].upper() + words[1:]).replace("|", "\\|")


def _plain(doc: str) -> str:
    """Return a docstring in Markdown's marks."""
    words = _ROLE.sub(lambda match: f"`{match[1].rpartition('.')[2]}`", doc)
    return _MEANINGS.sub("", words).replace("``", "`")


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
