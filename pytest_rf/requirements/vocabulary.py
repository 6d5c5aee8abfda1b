"""The words of the requirement language: those of the table of metrics, and near misses of them."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_rf.analysis.metric import Metric
from pytest_rf.analysis.table import METRICS, PREDICATES, TABLE

__all__ = ["METRICS", "PREDICATES", "Metric", "nearest"]

#: Words that people bring from other tools, with ours.
_ELSEWHERE = {alias: row.name for row in TABLE for alias in row.aliases}


def nearest(word: str, words: Iterable[str]) -> str:
    """Return ``, did you mean "rf"?`` for the nearest of the words, or nothing where none is near."""
    known = {candidate.lower(): candidate for candidate in words}
    word = word[:100].lower()
    meant = _ELSEWHERE.get(word)
    if meant is None or meant not in known:
        import difflib

        near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
        meant = near[0] if near else None
    return f', did you mean "{known[meant]}"?' if meant is not None else ""
