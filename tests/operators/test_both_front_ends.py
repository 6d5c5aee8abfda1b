"""An operator of ONNX and its counterpart of ATen read the same, of operands and arguments at random."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from operators.pair import Pair, Random, some
from pytest_rf.analysis import Analysis, Tensor
from pytest_rf.graph import Builder
from pytest_rf.node import Node
from pytest_rf.operators import aten, onnx
from pytest_rf.operators.aten.call import OpCall
from pytest_rf.operators.onnx.call import NodeCall
from pytest_rf.value import Value


def distances(rng: Random) -> Pair:
    shapes = {"x": (2, 3, 4), "y": (2, 4, 5)}
    operands = {name: some(rng, name, shape, 0.8) for name, shape in shapes.items()}
    return Pair(operands, ("MatMul", ("x", "y"), {}), ("aten.bmm", {"self": "x", "mat2": "y"}), (2, 3, 5))


FOUND = [path.stem for path in sorted(Path(__file__).parent.glob("pairs_*.py"))]
PAIRS = {name: draw for module in FOUND for name, draw in import_module(f"operators.{module}").PAIRS.items()}


def run(
    made: Callable[[Builder, dict[str, Value]], Any], operands: Mapping[str, Any], weights: bool
) -> Analysis:
    b = Builder(weights)
    values = {
        name: b.array(one) if isinstance(one, np.ndarray) else b.input(name, one)
        for name, one in operands.items()
    }
    b.begin(Node("y", "operator"))
    made_of = made(b, values)
    y = made_of if isinstance(made_of, Value) else made_of[0]
    b.node.outputs["y"] = b.graph.outputs["y"] = y
    # Every axis is one of positions, so that figures do not depend on what either rule says of its role.
    axes = {name: {f"a{axis}": axis for axis in range(one.rank)} for name, one in b.graph.inputs.items()}
    return Analysis(b.graph, "net", wanted_axes=axes)


def named(values: Mapping[str, Value], argument: Any) -> Any:
    """Return an argument with operands in place of their names."""
    if isinstance(argument, list):
        return [named(values, one) for one in argument]
    return values.get(argument, argument) if isinstance(argument, str) else argument


FIGURES = (
    "rf_range",
    "rf_min",
    "stride",
    "start",
    "lookahead",
    "lookback",
    "halo",
    "bounded",
    "density_range",
    "erf_range",
)
BY_TUPLES = ("gather_tuples", "scatter_tuples", "region")
"""ONNX names elements by tuples here, in which no axis is seen to go on by itself as in ATen: bounds are the same, but
fewer figures can be decided."""


@pytest.mark.parametrize("name", [name for name in PAIRS if name not in BY_TUPLES])
def test_the_rules_of_a_pair_give_the_same_figures(name: str) -> None:
    for seed in range(10):
        pair = PAIRS[name](np.random.default_rng(seed))
        a, b = both(pair, weights=False)
        for source in a.inputs if a.status != "unknown" else ():
            for axis in range(len(pair.operands[source])):
                one, other = (tensor.field(source)[axis] for tensor in (a, b))
                for figure in FIGURES:
                    assert getattr(one, figure) == approx(getattr(other, figure)), (
                        seed,
                        pair,
                        source,
                        axis,
                        figure,
                    )


def approx(value: Any) -> Any:
    """Return what a figure equals, but for rounding where there is one."""
    return pytest.approx(value, rel=1e-9) if isinstance(value, (float, tuple)) else value


def both(pair: Pair, weights: bool) -> tuple[Tensor, Tensor]:
    """Return what either rule makes of its operands."""
    op, names, attributes = pair.onnx
    name, arguments = pair.aten

    def as_node(b: Builder, values: dict[str, Value]) -> Any:
        operands = [values[one] if one else None for one in names]
        return onnx.table()[op](NodeCall(b, op, operands, attributes, 20))

    def as_call(b: Builder, values: dict[str, Value]) -> Any:
        given = {key: named(values, one) for key, one in arguments.items()}
        return aten.table()[name](OpCall(b, f"{name}.default", given, [pair.shape]))

    a, b = (run(made, pair.operands, weights)["y"] for made in (as_node, as_call))
    return a, b


@pytest.mark.parametrize("draw", [distances, *PAIRS.values()], ids=["distances", *PAIRS])
@pytest.mark.parametrize("weights", [False, True], ids=["structure", "weights"])
def test_the_rules_of_a_pair_read_the_same(draw: Callable[[Random], Pair], weights: bool) -> None:
    for seed in range(30):
        pair = draw(np.random.default_rng(seed))
        a, b = both(pair, weights)
        assert a.shape == b.shape == pair.shape
        assert a.inputs == b.inputs, seed
        assert a.status == b.status or "grid" in pair.aten[0], seed
        for source in a.inputs:
            for axis in range(len(pair.operands[source])):
                for one, other in zip(a.bounds(axis, source), b.bounds(axis, source), strict=True):
                    assert np.array_equal(one, other), (seed, pair, source, axis)
