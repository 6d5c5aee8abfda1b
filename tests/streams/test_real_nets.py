"""Nets of the field in both forms, as torch modules and exported to ONNX."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import pytest

import pytest_rf

torch = pytest.importorskip("torch")

from tests.streams.real_nets import Both, nets  # noqa: E402

FIGURES = {"conformer": (11, 10), "enhancer": (math.inf, math.inf), "video": (5, 4), "tcn": (15, 14)}


@pytest.fixture(scope="module")
def both() -> dict[str, Both]:
    torch.set_num_threads(1)
    return nets()


@pytest.fixture(scope="module")
def modules(both: dict[str, Both]) -> dict[str, tuple[pytest_rf.Analysis, pytest_rf.Analysis]]:
    weights = {"conformer": True}  # its mask is a constant offline
    return {
        name: (
            pytest_rf.analyze(one.offline, inputs=one.whole, weights=weights.get(name)),
            pytest_rf.analyze(one.step, inputs=one.chunk, state=one.state, weights=weights.get(name)),
        )
        for name, one in both.items()
    }


@pytest.mark.parametrize("name", FIGURES)
def test_figures_of_the_stream_are_those_of_the_offline_net(modules, name: str) -> None:
    offline, step = modules[name]
    one, other = offline.final[0].field("x"), step.final[0].field("x")
    time = "t" if "t" in one else "d"
    figures = [(field.rf, field.lookback, field.lookahead, field.stride) for field in (one[time], other["t"])]
    assert figures[0] == figures[1]
    assert figures[1][:3] == (*FIGURES[name], 0)


@pytest.mark.parametrize("name", FIGURES)
def test_both_are_the_same_and_have_the_same_values(modules, name: str) -> None:
    found = pytest_rf.same(*modules[name], run=True)
    assert found, found.why
    assert (found.delay, found.ran) == (0, True)


def test_what_is_needed_of_states(modules) -> None:
    needed = {
        name: {key: (one.needed, one.length) for key, one in step.state.items()}
        for name, (_, step) in modules.items()
    }
    assert needed["conformer"] == {"keys": (6, 6), "values": (6, 6), "conv": (4, 4), "count": (1, 1)}
    assert needed["enhancer"] == {"conv": (2, 2), "hidden": (1, 1)}
    assert needed["video"] == {"cache0": (2, 2), "cache1": (2, 2)}
    # A ring holds the position of the call as well, once it has been written.
    assert needed["tcn"] == {"rings.0": (2, 3), "rings.1": (4, 5), "rings.2": (8, 9)}


@pytest.mark.parametrize("name", FIGURES)
def test_exports_are_the_same_nets(both, modules, name: str, tmp_path: Path) -> None:
    pytest.importorskip("onnxscript")
    one = both[name]
    files = {form: tmp_path / f"{form}.onnx" for form in ("offline", "step")}
    flat = [
        tensor for value in one.chunk.values() for tensor in (value if isinstance(value, list) else [value])
    ]
    left = len(flat) - 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        arguments = tuple(torch.zeros(shape) for shape in one.whole.values())
        torch.onnx.export(
            one.offline, arguments, files["offline"], input_names=["x"], output_names=["y"], dynamo=False
        )
        names = ["x", *[f"state{n}" for n in range(left)]]
        torch.onnx.export(
            one.step,
            tuple(one.chunk.values()),
            files["step"],
            input_names=names,
            output_names=["y", *[f"new_state{n}" for n in range(left)]],
            dynamo=False,
        )
    weights = True if name == "conformer" else None
    offline = pytest_rf.analyze(files["offline"], weights=weights)
    step = pytest_rf.analyze(files["step"], state="auto", weights=weights)
    assert pytest_rf.same(offline, step), str(pytest_rf.same(offline, step))
    crossed = pytest_rf.same(modules[name][0], step, run=True)
    assert crossed, crossed.why
    (mine,) = step.final
    assert mine.field("x")["t"].lookback == FIGURES[name][1]
