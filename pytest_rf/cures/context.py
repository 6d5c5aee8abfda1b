"""Edits that keep out what depends on the whole axis: statistics of it, grids fitted to it, what its other end has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_rf.cures.change import Change, Several
from pytest_rf.cures.replaced import HalfPixel, Norm, Zeros
from pytest_rf.cures.trial import Trial
from pytest_rf.domains.structure import Structure


def changes(trial: Trial) -> Iterator[Change]:
    """Yield edits of the norms, resizes and borders by which the finding's tensor depends on a whole axis."""
    norms: list[Change] = [change for change in map(Norm, sources(trial)) if change.made(trial.sites)]
    grids: list[Change] = [
        change for change in map(HalfPixel, _tied(trial, "grid")) if change.made(trial.sites)
    ]
    borders: list[Change] = [
        change for change in map(Zeros, _tied(trial, "circular")) if change.made(trial.sites).edits
    ]
    kinds = [kind for kind in (norms, grids, borders) if kind]
    for kind in kinds:
        yield from together(kind)
    if len(kinds) > 1:
        yield from together([change for kind in kinds for change in kind])


def together(parts: Sequence[Change]) -> Iterator[Change]:
    """Yield an edit of all; nothing where there is none."""
    if len(parts) == 1:
        yield parts[0]
    elif parts:
        yield Several(tuple(parts))


def sources(trial: Trial) -> list[int]:
    """Return the numbers of the nodes that bring context in which is not accepted."""
    found: set[int] = set()
    for field in trial.fields:
        known = field.runs.structure(field.value)
        if isinstance(known, Structure):
            found |= known.context.get(field.key, frozenset())
    nodes = trial.sites.graph.nodes
    return [number for number in sorted(found) if not trial.analysis.accepts(nodes[number])]


def _tied(trial: Trial, why: str) -> list[int]:
    """Return the numbers of the nodes that tie the finding's tensor to the whole extent in one way."""
    names = {name for field in trial.fields for name in field.tied(why)}
    return [node.index for node in trial.sites.graph.nodes if node.name in names]
