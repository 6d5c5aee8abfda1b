"""What the operators of ONNX read: tables from operator names to rules, one file per family.

A new operator goes into the table of its family: a function that takes a
:class:`~pytest_rf.operators.onnx.call.NodeCall` and returns the value that it makes. Operators of other
domains stand in the tables as ``domain::Name``.
"""

from __future__ import annotations

from pytest_rf.operators import tables
from pytest_rf.operators.onnx.call import Rule


def table() -> dict[str, Rule]:
    """Return all rules by operator name.

    Raises:
        ValueError: two families claim one operator.
    """
    return tables.table(__name__)
