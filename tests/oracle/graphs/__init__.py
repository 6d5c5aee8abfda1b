"""Random ONNX graphs for hypothesis, by families of operators.

A family is a function that adds nodes behind a value; ``@family("name")`` enters it, and that is all it
takes to have it in every strategy. ``graphs`` draws inputs and applies families, mostly to the newest
values, so that chains grow, and sometimes to older ones, so that they branch; ``merge`` and ``concat``
bring branches together.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from hypothesis import assume
from hypothesis import strategies as st

from oracle.graphs import (
    arithmetic,
    attention,
    choices,
    control,
    copies,
    functions,
    indexing,
    layout,
    learning,
    linear,
    logic,
    microsoft,
    older,
    quantised,
    recurrent,
    reductions,
    resampling,
    sampling,
    strings,
    training,
    windows,
)
from oracle.graphs.builder import FAMILIES, KINDS, OPSET, OPSETS, Draw, Graph, Value, family

__all__ = [
    "FAMILIES", "Graph", "Value", "arithmetic", "attention", "choices", "control", "copies", "family",
    "functions", "graphs", "indexing", "layout", "learning", "linear", "logic", "microsoft", "older",
    "quantised", "recurrent", "reductions", "resampling", "sampling", "strings", "training",
    "windows",
]  # fmt: skip

OTHER_OPSETS = (7, 8, 9, 10, 11, 12, 13, 15, 17, 18, 19, 23, 24, 26)


@st.composite
def graphs(
    draw: Draw,
    families: Sequence[str] | None = None,
    most: int = 6,
    inputs: int = 1,
    nodes: tuple[int, int] | None = None,
) -> Graph:
    """Draw a graph: families applied to inputs of batch 2 with one to three spatial axes.

    Args:
        draw: Given by hypothesis.
        families: Names of the families to draw from; default all.
        most: How many families are applied at most.
        inputs: How many inputs the graph may have at most.
        nodes: How many nodes the graph has, at least and at most, instead of ``most``.
    """
    seed = draw(st.integers(0, 2**32 - 1))
    wanted = set(FAMILIES) if families is None else set(families)
    opsets = [n for n in (OPSET, *OTHER_OPSETS) if any(n in OPSETS[name] for name in wanted)]
    opsets = opsets or [min(OPSETS[name][-1] for name in wanted)]
    opset = opsets[0] if draw(st.booleans()) else draw(st.sampled_from(opsets))
    graph, order = Graph(seed, opset), random.Random(seed)
    spatial = draw(st.integers(1, 3))
    longest = {1: 13, 2: 9, 3: 5}[spatial]
    shape = [2, draw(st.integers(2, 6)), *(draw(st.integers(3, longest)) for _ in range(spatial))]
    values = [graph.input(shape)]
    for _ in range(draw(st.integers(0, inputs - 1))):
        # further inputs broadcast with the first, so that they can meet
        values.append(graph.input([draw(st.sampled_from([n, n, 1])) for n in shape]))
    fit = {name for name in wanted if opset in OPSETS[name]}
    kinds = [chosen for names in KINDS.values() if (chosen := [n for n in names if n in fit])]
    size = draw(st.integers(nodes[0], nodes[1] - 3)) if nodes else 10**6
    for _ in range(3 * size if nodes else draw(st.integers(1, most))):
        if graph.size >= size:
            break
        recent = draw(st.sampled_from([1, 1, 1, 2, 4]))
        x = draw(st.sampled_from([v for v in values if v.rank][-recent:]))
        order.shuffle(kinds)  # hypothesis likes to repeat its choices: let the same choice mean another kind
        chosen = draw(st.sampled_from(kinds))
        order.shuffle(chosen)
        name = draw(st.sampled_from(chosen))
        values += FAMILIES[name](draw, graph, x, values)
    assume(graph.tensors and (not nodes or nodes[0] <= graph.size <= nodes[1]))
    return graph
