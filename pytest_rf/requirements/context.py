"""Context that the authors of a model accept: the engine leaves it out of guarantees, and findings say so."""

from __future__ import annotations

from msgspec import Struct

from pytest_rf.analysis import Analysis
from pytest_rf.analysis.metrics import AxisField
from pytest_rf.globs import selects
from pytest_rf.requirements.select import names


class Context(Struct, frozen=True):
    """The nodes that bring context in along an axis, sorted into what is accepted and what is not.

    Attributes:
        remaining: the nodes whose context counts in guarantees.
        accepted: the nodes whose context the model's authors accept.
    """

    remaining: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()


def accepted(analysis: Analysis) -> frozenset[str]:
    """Return the names of the nodes whose context the model's authors accept."""
    selectors = analysis.accept_context
    return frozenset(
        tensor.node
        for tensor in (analysis if selectors else ())
        if any(selects(selector, tensor.op, names(tensor)) for selector in selectors)
    )


def of(axis_field: AxisField, accepted: frozenset[str]) -> Context:
    """Return the sources of context of a field, sorted by the names that :func:`accepted` gives."""
    sources = axis_field.context
    if not accepted:
        return Context(sources)
    return Context(
        tuple(source for source in sources if source not in accepted),
        tuple(source for source in sources if source in accepted),
    )
