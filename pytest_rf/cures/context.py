"""Edits that keep out what depends on the whole axis: norms with statistics of it, grids that are fitted to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_rf.cures.change import Change, Several
from pytest_rf.cures.replaced import HalfPixel, Norm
from pytest_rf.cures.trial import Trial
from pytest_rf.domains.structure import Structure


def changes(trial: Trial) -> Iterator[Change]:
    """Yield edits of the norms and resizes by which the finding's tensor depends on a whole axis."""
    norms = [change for change in map(Norm, sources(trial)) if change.made(trial.sites)]
    grids = [change for change in map(HalfPixel, _fitted(trial)) if change.made(trial.sites)]
    yield from together(norms)
    yield from together(grids)
    if norms and grids:
        yield from together([*norms, *grids])


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


def _fitted(trial: Trial) -> list[int]:
    """Return the numbers of the nodes whose grid is laid over the whole extent."""
    names = {name for field in trial.fields for name in field.tied("grid")}
    return [node.index for node in trial.sites.graph.nodes if node.name in names]
