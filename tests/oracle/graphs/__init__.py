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
    copies,
    indexing,
    layout,
    linear,
    recurrent,
    reductions,
    resampling,
    windows,
)
from oracle.graphs.builder import FAMILIES, KINDS, Draw, Graph, Value, family

__all__ = [
    "FAMILIES", "Graph", "Value", "arithmetic", "copies", "family", "graphs", "indexing", "layout",
    "linear", "recurrent", "reductions", "resampling", "windows",
]  # fmt: skip


@st.composite
def graphs(draw: Draw, families: Sequence[str] | None = None, most: int = 6, inputs: int = 1) -> Graph:
    """Draw a graph: families applied to inputs of batch 2 with one to three spatial axes.

    Args:
        draw: Given by hypothesis.
        families: Names of the families to draw from; default all.
        most: How many families are applied at most.
        inputs: How many inputs the graph may have at most.
    """
    seed = draw(st.integers(0, 2**32 - 1))
    graph, order = Graph(seed), random.Random(seed)
    spatial = draw(st.integers(1, 3))
    longest = {1: 13, 2: 9, 3: 5}[spatial]
    shape = [2, draw(st.integers(2, 6)), *(draw(st.integers(3, longest)) for _ in range(spatial))]
    values = [graph.input(shape)]
    for _ in range(draw(st.integers(0, inputs - 1))):
        # further inputs broadcast with the first, so that they can meet
        values.append(graph.input([draw(st.sampled_from([n, n, 1])) for n in shape]))
    wanted = set(FAMILIES) if families is None else set(families)
    kinds = [chosen for names in KINDS.values() if (chosen := [n for n in names if n in wanted])]
    for _ in range(draw(st.integers(1, most))):
        recent = draw(st.sampled_from([1, 1, 1, 2, 4]))
        x = draw(st.sampled_from([v for v in values if v.rank][-recent:]))
        order.shuffle(kinds)  # hypothesis likes to repeat its choices: let the same choice mean another kind
        chosen = draw(st.sampled_from(kinds))
        order.shuffle(chosen)
        name = draw(st.sampled_from(chosen))
        values += FAMILIES[name](draw, graph, x, values)
    assume(graph.tensors)
    return graph
