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
    *("pointwise", "convolutions", "views", "reductions", "contractions"),
    *("gathers", "windows", "generators", "resampling"),
)
"""The families that most models need, those that nearly all do first."""


def table() -> dict[str, Rule]:
    """Return all rules by operator name.

    Raises:
        ValueError: two families claim one operator.
    """
    return tables.table(__name__)


def find(op: str) -> Rule | None:
    """Return the rule of an operator; None where it has none. A family is imported where no other before it has one.

    Raises:
        ValueError: two families claim one operator.
    """
    found = next((rules[op] for rules in map(_family, _USUAL) if op in rules), None)
    return _every().get(op) if found is None else found


@cache
def _family(name: str) -> dict[str, Rule]:
    return tables.table(__name__, (name,))


@cache
def _every() -> dict[str, Rule]:
    return table()
