"""Context that the authors of a model accept: it then breaks no guarantee, and every finding says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pytest_rf.requirements.measure import attribute
from pytest_rf.requirements.select import selects


@dataclass(frozen=True, slots=True)
class Context:
    """The field of an axis with the context that counts in guarantees.

    Attributes:
        full: the field as the engine gives it.
        field: the field to take guarantees from: without context where all of it is accepted.
        remaining: the nodes whose context is not accepted.
        accepted: the nodes whose context is.
    """

    full: Any
    field: Any
    remaining: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()


def of(analysis: Any, axis_field: Any, selectors: Sequence[str]) -> Context:
    """Return the context of a field, sorted into what the selectors accept and what they do not.

    Accepting only a part of several sources does not change the figures: the rest alone reads the whole axis.
    """
    sources = tuple(attribute(axis_field, "context"))
    if not sources or not selectors:
        return Context(axis_field, axis_field, sources)
    computed = {tensor.node: tensor for tensor in analysis}
    accepted = tuple(
        source
        for source in sources
        if source in computed and any(selects(selector, computed[source]) for selector in selectors)
    )
    remaining = tuple(source for source in sources if source not in accepted)
    field = axis_field if remaining else attribute(axis_field, "local")
    return Context(axis_field, field, remaining, accepted)
