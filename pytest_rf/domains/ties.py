"""What ties a tensor to the whole extent of an input axis, so that a part of the input is not seen as the whole is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from pytest_rf.access import Relation, Sets, Table, Taps
from pytest_rf.domains.layout import Key, Keys
from pytest_rf.domains.periodic import is_rearrangement, repeating

Why = Literal["grid", "window", "circular", "uneven"]


class Tie(NamedTuple):
    """Why a tensor is tied to the whole extent of an input axis, and which node ties it.

    ``grid``: places that are fitted to the extent (``align_corners``); ``window``: windows that are, too;
    ``circular``: what lies at one end is fetched to the other; ``uneven``: pieces that lie end to end, or
    places that were picked, do not move evenly.
    """

    node: int
    why: Why


Ties = Mapping[Key, frozenset[Tie]]
"""Input axis -> what ties a tensor to its extent."""

UNTILED: frozenset[Why] = frozenset({"grid", "window", "circular"})
"""What is tied so is in no tile as it is in the whole; uneven pieces can be."""


def tie_of(relation: Relation) -> Why | None:
    """Return what ties who reads by a relation to the whole extent of the axis."""
    if isinstance(relation, (Taps, Sets)) and relation.fitted:
        return relation.fitted
    if isinstance(relation, Taps) and relation.border == "wrap":
        return "circular"
    if isinstance(relation, Table) and repeating(relation) is None:
        return "circular" if is_rearrangement(relation) else "uneven"
    return None


def tied(ties: Ties, keys: Keys, tie: Tie) -> Ties:
    """Return ties with another one, along some axes."""
    return {**ties, **{key: ties.get(key, frozenset()) | {tie} for key in keys}}
