"""What the operators of ONNX read: tables from operator names to rules, one file per family.

A new operator goes into the table of its family: a function that takes a
:class:`~pytest_rf.operators.onnx.call.NodeCall` and returns the value that it makes. Operators of other
domains stand in the tables as ``domain::Name``.
"""

from __future__ import annotations

from functools import cache

from pytest_rf.operators import tables
from pytest_rf.operators.onnx.call import Rule

_USUAL = (
    *("contractions", "convolutions", "gathers", "generators", "pointwise"),
    *("reductions", "resampling", "views", "windows"),
)
"""The families that most models need, and no other."""


def table() -> dict[str, Rule]:
    """Return all rules by operator name.

    Raises:
        ValueError: two families claim one operator.
    """
    return tables.table(__name__)


def find(op: str) -> Rule | None:
    """Return the rule of an operator; None where it has none. Families that are seldom needed are imported when one is.

    Raises:
        ValueError: two families claim one operator.
    """
    return _usual().get(op) or _every().get(op)


@cache
def _usual() -> dict[str, Rule]:
    return tables.table(__name__, _USUAL)


@cache
def _every() -> dict[str, Rule]:
    return table()
