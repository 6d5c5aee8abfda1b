"""The words of the requirement language: metrics, predicates, and what may be said of each."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Literal, NamedTuple


class Metric(NamedTuple):
    """What the language knows of a metric.

    Attributes:
        name: the word, which is also the name of the attribute that the engine gives it.
        kind: ``length`` and ``place`` count input positions (so units of the axis' spacing and percentages of
            the input's extent make sense), ``step`` counts them too but takes no percentage, ``ratio`` is a
            share, ``truth`` is yes or no.
        meaning: one line for messages and docs.
        monotone: a larger field can only make it larger, so an upper bound on the field bounds it too.
        steady: it depends on strides alone, so it is certain even where the field is an upper bound.
        guarantee: context counts, unless the model's authors accept it.
    """

    name: str
    kind: Literal["length", "place", "step", "ratio", "truth"]
    meaning: str
    monotone: bool = False
    steady: bool = False
    guarantee: bool = False


class Predicate(NamedTuple):
    """What the language knows of a predicate; ``axis`` is what it is about where none is named."""

    name: str
    meaning: str
    axis: Literal["spatial", "batch"] = "spatial"


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("rf", "length", "theoretical receptive field", monotone=True),
        Metric("rf_min", "length", "receptive field over the shortest path", monotone=True),
        Metric("stride", "step", "input positions from one unit to the next"),
        Metric("start", "place", "first position that unit 0 reads"),
        Metric("center", "place", "centre of what unit 0 reads"),
        Metric("coverage", "ratio", "receptive field as a share of the input", monotone=True),
        Metric("lookahead", "length", "how far a unit reads ahead", monotone=True, guarantee=True),
        Metric("lookback", "length", "how far a unit reads back", monotone=True, guarantee=True),
        Metric("halo", "length", "context that a tile needs on either side", monotone=True, guarantee=True),
        Metric("multiple", "step", "input extents must be a multiple of this", steady=True),
        Metric("min_input", "length", "smallest input that yields a unit", steady=True),
        Metric("density", "ratio", "share of the positions inside the field that are read"),
        Metric("erf", "length", "theoretical effective field"),
        Metric("unused", "length", "input positions that no output reads"),
        Metric("context", "truth", "whether statistics of the whole axis come in"),
    )
}

PREDICATES: dict[str, Predicate] = {
    predicate.name: predicate
    for predicate in (
        Predicate("bounded", "no mixing, context or data-dependence along the axis"),
        Predicate("causal", "reads nothing ahead of it"),
        Predicate("independent", "reads its own sample of the batch only", axis="batch"),
        Predicate("aligned", "branches that meet have one stride and one centre"),
    )
}

#: Words that people bring from other tools, with ours.
_ELSEWHERE = {
    "size": "rf",
    "receptive_field": "rf",
    "field": "rf",
    "fov": "rf",
    "jump": "stride",
    "offset": "start",
    "centre": "center",
    "padding": "halo",
    "look_ahead": "lookahead",
    "look_back": "lookback",
    "effective": "erf",
}


def nearest(word: str, words: Iterable[str]) -> str:
    """Return ``, did you mean "rf"?`` for the nearest of the words, or nothing where none is near."""
    known = {candidate.lower(): candidate for candidate in words}
    word = word[:100].lower()
    meant = _ELSEWHERE.get(word)
    if meant is None or meant not in known:
        near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
        meant = near[0] if near else None
    return f', did you mean "{known[meant]}"?' if meant is not None else ""
