"""What the operators of ATen read: tables from names to rules, one file per family.

A rule takes a :class:`~pytest_rf.operators.aten.call.OpCall` and returns the values that it makes. It
is found by "namespace.name.overload", else by "namespace.name". Elementwise operators that torch
tags as such need none.
"""

from __future__ import annotations

from pytest_rf.operators import tables
from pytest_rf.operators.aten.call import Rule


def table() -> dict[str, Rule]:
    """Return all rules by operator name.

    Raises:
        ValueError: two families claim one operator.
    """
    return tables.table(__name__)
