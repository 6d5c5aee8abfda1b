"""What the operators of ATen read: tables from names to rules, one file per family.

A rule takes a :class:`~pytest_rf.operators.aten.call.Call` and returns the values that it makes. It
is found by "namespace.name.overload", else by "namespace.name". Elementwise operators that torch
tags as such need none.
"""

from __future__ import annotations

from pytest_rf.operators.aten import (
    contractions,
    convolutions,
    embeddings,
    indexing,
    linalg,
    own,
    packed,
    pointwise,
    quantised,
    recurrent,
    reductions,
    resampling,
    sampling,
    segments,
    spectral,
    views,
    writes,
)
from pytest_rf.operators.aten.call import Rule

FAMILIES = (
    contractions,
    convolutions,
    embeddings,
    indexing,
    linalg,
    own,
    packed,
    pointwise,
    quantised,
    recurrent,
    reductions,
    resampling,
    sampling,
    segments,
    spectral,
    views,
    writes,
)


def table() -> dict[str, Rule]:
    """Return all rules by operator name.

    Raises:
        ValueError: two families claim one operator.
    """
    rules: dict[str, Rule] = {}
    for family in FAMILIES:
        twice = rules.keys() & family.RULES.keys()
        if twice:
            raise ValueError(f"two rules for {', '.join(sorted(twice))}")
        rules.update(family.RULES)
    return rules
