"""Context that the authors of a model accept: the engine leaves it out of guarantees, and findings say so."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

from pytest_rf.globs import selects
from pytest_rf.requirements.measure import attribute
from pytest_rf.requirements.select import names


class Context(NamedTuple):
    """The nodes that bring context in along an axis, sorted into what is accepted and what is not.

    Attributes:
        remaining: the nodes whose context counts in guarantees.
        accepted: the nodes whose context the model's authors accept.
    """

    remaining: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()


def of(analysis: Any, axis_field: Any) -> Context:
    """Return the sources of context of a field."""
    sources = tuple(attribute(axis_field, "context"))
    selectors = analysis.accept_context
    if not sources or not selectors:
        return Context(sources)
    wanted = set(sources)
    accepted = {
        tensor.node
        for tensor in analysis
        if tensor.node in wanted
        and any(selects(selector, tensor.op or "", names(tensor)) for selector in selectors)
    }
    return Context(
        tuple(source for source in sources if source not in accepted),
        tuple(source for source in sources if source in accepted),
    )


def without(axis_field: Any) -> Any:
    """Return the same field with all context accepted, for the local figure beside the guaranteed one."""
    everything = dataclasses.replace(axis_field.analysis, accept_context=("*",))
    return dataclasses.replace(axis_field, analysis=everything)
