"""A rule that reads one position too few, or one too many, is noticed by every way of holding it against a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import pytest_rf
from oracle.compare import Comparison, compare
from oracle.engines.files import load
from oracle.graphs import Graph
from oracle.perturb import probe_elements, probe_rows, rows_of
from oracle.suite import Case, judge
from oracle.twin import linearised_twin, probe_twin
from pytest_rf import access
from pytest_rf.operators.windows import Window


def file() -> Graph:
    """Return a graph of one convolution."""
    graph = Graph(0)
    x = graph.input((2, 2, 8))
    graph.add("Conv", [x, graph.weight(2, 2, 3)], kernel_shape=[3])
    return graph


def module() -> Any:
    """Return the same as a module, and its input."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    return torch.nn.Conv1d(2, 2, 3), torch.rand(2, 2, 8)


def word(found: Comparison) -> str:
    assert found.compared
    return "unsound" if found.unsound else "inexact" if found.inexact else "exact"


def rows() -> str:
    graph = file()
    return word(compare(pytest_rf.analyze(graph.model()), probe_rows(load(graph.model()), graph.inputs)))


def rows_in_the_reference_evaluator() -> str:
    graph = file()
    seen = probe_rows(load(graph.model(), engine="reference"), graph.inputs)
    return word(compare(pytest_rf.analyze(graph.model()), seen))


def elements() -> str:
    graph = file()
    seen = rows_of(probe_elements(load(graph.model()), graph.inputs), graph.inputs)
    return word(compare(pytest_rf.analyze(graph.model()), seen))


def twin() -> str:
    graph = file()
    seen = probe_twin(linearised_twin(graph.model(), graph.ranks()), {"x0": (2, 2, 8)})
    return word(compare(pytest_rf.analyze(graph.model()), seen))


def case_of_the_standard() -> str:
    graph = file()
    return judge(Case("conv", graph.model(), graph.inputs)).status


def module_in_double_precision() -> str:
    pytest.importorskip("torch")
    from oracle.modules import compared, observed

    net, x = module()
    return word(compared(pytest_rf.analyze(net, x), observed(net, x)))


def linearised_module() -> str:
    pytest.importorskip("torch")
    from oracle.engines.linearised import MAGNITUDES, LinearProber
    from oracle.engines.modules import InDouble
    from oracle.modules import compared
    from pytest_rf.frontends.torch.arguments import arguments

    net, x = module()
    analysis = pytest_rf.analyze(net, x)
    engine = InDouble(LinearProber(net, arguments(net, x), 0, []))
    seen = probe_rows(engine, engine.points[0], points=engine.points, magnitudes=MAGNITUDES)
    return word(compared(analysis, seen))


def call() -> str:
    pytest.importorskip("torch")
    from oracle import calls

    net, x = module()
    return calls.judge(calls.Case("conv", "conv", net, (x,))).status


def verified(found: pytest_rf.Verification) -> str:
    return "unsound" if not found.sound else "exact" if found.equal else "inexact"


def verified_file() -> str:
    return verified(pytest_rf.verify(file().model()))


def verified_module() -> str:
    return verified(pytest_rf.verify(*module()))


PROVERS: list[Callable[[], str]] = [
    *(rows, rows_in_the_reference_evaluator, elements, twin, case_of_the_standard),
    *(module_in_double_precision, linearised_module, call),
    *(verified_file, verified_module),
]
FAULTS: dict[str, Callable[[tuple[int, ...]], tuple[int, ...]]] = {
    "exact": lambda taps: taps,
    "unsound": lambda taps: taps[:-1],
    "inexact": lambda taps: (*taps, taps[-1] + 1),
}
"""What is done to the taps of windows, by what is to come of it."""


@pytest.mark.parametrize("said", FAULTS)
@pytest.mark.parametrize("prover", PROVERS, ids=lambda prover: prover.__name__)
def test_a_rule_that_reads_other_positions_is_noticed(
    prover: Callable[[], str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taps(window: Window) -> access.Taps:
        read = FAULTS[said](tuple(range(window.kernel)))
        return access.window(read, window.stride, window.dilation, window.before)

    monkeypatch.setattr(Window, "taps", property(taps))
    assert prover() == said
