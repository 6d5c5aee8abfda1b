"""Long lists of layers made short: what belongs to one module is told together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from math import inf

from pytest_rf.figures import Number
from pytest_rf.reporters.text import count

#: Lists of more rows than this are made shorter.
LONGEST = 14

#: Of those that no grouping makes short enough the first and the last rows are shown, the others counted.
_FIRST, _LAST = 6, 7

#: So many kinds of layers of a group are named.
_KINDS = 2


@dataclass(frozen=True, slots=True)
class Row:
    """A layer, or several that follow each other, in a list of those that make a figure.

    Attributes:
        name: the layer, or what the layers have in common.
        kind: what it is, or what they are.
        growth: what it adds; None where that is not known.
        total: the figure after it; None where that is not known.
        source: the line that made it.
        place: the unit of it that a chain goes through.
        layers: how many layers it stands for.
        folded: whether it stands for layers that have nothing in common, and have been left out.
    """

    name: str
    kind: str
    growth: Number | None
    total: Number | None
    source: str = ""
    place: str = ""
    layers: int = 1
    folded: bool = False


def shortened(rows: Sequence[Row]) -> list[Row]:
    """Return rows of which those of one module are told together, as far as it takes to make them few."""
    if len(rows) <= LONGEST:
        return list(rows)
    depths = range(max(row.name.count(".") for row in rows), 0, -1)
    tried = [_by(rows, partial(_module, depth=depth)) for depth in depths]
    fewest = min([*tried, _by(rows, _alike)], key=len)
    found = next((groups for groups in tried if len(groups) <= LONGEST), fewest)
    return found if len(found) <= LONGEST else list(_folded(found))


def _module(row: Row, depth: int) -> str:
    """Return the module of a layer, down to some parts of its path; a name that is no longer stands for itself."""
    parts = row.name.split(".")
    return ".".join(parts[:depth]) if len(parts) > depth else row.name


def _alike(row: Row) -> tuple[str, Number | None]:
    return row.kind, row.growth


def _by(rows: Sequence[Row], of: Callable[[Row], object]) -> list[Row]:
    """Return rows of which those that follow each other and have something in common are one."""
    found = []
    for common, members in groupby(rows, of):
        together = list(members)
        found.append(_one(common, together) if len(together) > 1 else together[0])
    return found


def _one(common: object, rows: Sequence[Row]) -> Row:
    name = common if isinstance(common, str) else f"{rows[0].name} … {rows[-1].name}"
    last = rows[-1]
    sources = {row.source for row in rows}
    return replace(
        last,
        name=name,
        kind=_kinds(rows),
        growth=_sum(rows),
        source=last.source if len(sources) == 1 else "",
        layers=sum(row.layers for row in rows),
    )


def _sum(rows: Sequence[Row]) -> Number | None:
    growths = [row.growth for row in rows]
    known = [growth for growth in growths if growth is not None]
    return sum(known) if len(known) == len(growths) and not (inf in known and -inf in known) else None


def _kinds(rows: Sequence[Row]) -> str:
    """Return what layers are: ``6 × 3×3``, or ``12 layers: 3×3, 1×7, …``."""
    kinds = Counter(row.kind for row in rows if row.kind)
    if len(kinds) == 1:
        (kind,) = kinds
        return f"{len(rows)} layers, each {kind}"
    named = ", ".join(kind for kind, _ in kinds.most_common(_KINDS))
    return count(len(rows), "layer") + (f": {named}{', …' if len(kinds) > _KINDS else ''}" if named else "")


def _folded(rows: Sequence[Row]) -> Iterator[Row]:
    """Yield the first and the last rows, and one for those between."""
    yield from rows[:_FIRST]
    left = rows[_FIRST:-_LAST]
    layers = sum(row.layers for row in left)
    yield replace(
        left[-1],
        name=f"⋮ {layers:,} more layers",
        kind="",
        growth=_sum(left),
        source="",
        place="",
        layers=layers,
        folded=True,
    )
    yield from rows[-_LAST:]
