"""A model's operators gathered in boxes: modules in modules, each level a graph without a circle.

Modules alone do not give that: a list of blocks whose calls alternate with those of another, and a module that is
called again, are read by what they read. Such a module is drawn as several boxes, one for each stretch of operators
that run without another's in between, called by what they have in common: ``ups.0``, ``ups.1``, or ``block`` and
``block@2``.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isqrt

MOST = 150
"""So many boxes stand on one level; where there are more, those that follow each other are gathered."""

Path = tuple[str, ...]
Reads = Mapping[int, Sequence[int]]
"""Number of an operator -> numbers of those that it reads."""


@dataclass(frozen=True, slots=True)
class Box:
    """An operator, or several: a module, a call of one, or a stretch of operators that follow each other.

    Attributes:
        label: what it is called within the box around it; empty for an operator that has no more than its kind.
        path: the module, in parts, that all of its operators belong to.
        members: the numbers of its operators, in order.
        boxes: what lies in it; empty for an operator.
    """

    label: str
    path: Path
    members: tuple[int, ...]
    boxes: tuple[Box, ...] = field(default=(), repr=False)


def boxes(paths: Mapping[int, Path], reads: Reads) -> tuple[Box, ...]:
    """Return the outermost boxes, each behind all that it reads.

    Args:
        paths: number of each operator -> the module that it belongs to, in parts; in the order in which they run.
        reads: what each reads; numbers that are none of an operator are passed over.
    """
    return _level(tuple(paths), 0, paths, reads)


def edges(within: Sequence[Box], reads: Reads, readers: Reads) -> list[tuple[int | None, int | None]]:
    """Return which box of a level reads which, by their places on it; None is what lies outside of the level.

    Args:
        within: the boxes of the level.
        reads: what each operator reads.
        readers: what reads each operator.
    """
    places = {member: place for place, box in enumerate(within) for member in box.members}
    found: dict[tuple[int | None, int | None], None] = {}
    for place, box in enumerate(within):
        for member in box.members:
            for one in reads[member]:
                source = places.get(one)
                if source != place:
                    found[source, place] = None
            if any(one not in places for one in readers.get(member, ())):
                found[place, None] = None
    return list(found)


def _level(members: Sequence[int], depth: int, paths: Mapping[int, Path], reads: Reads) -> tuple[Box, ...]:
    """Return the boxes of operators that have the first ``depth`` parts of their paths in common."""
    groups: dict[object, list[int]] = {}
    for member in members:
        own = paths[member][: depth + 1]
        groups.setdefault(own if len(own) > depth else member, []).append(member)
    found = []
    for some in _apart(list(groups.values()), reads):
        common = paths[some[0]] if len(some) == 1 else _common([paths[one] for one in some])
        inner = () if len(some) == 1 else _level(some, len(common), paths, reads)
        found.append(Box(".".join(common[depth:]), common, tuple(some), inner))
    return _gathered(_counted(_sorted(found, reads)), reads)


def _common(paths: Sequence[Path]) -> Path:
    first, last = min(paths), max(paths)
    pairs = enumerate(zip(first, last, strict=False))
    return first[: next((place for place, (a, b) in pairs if a != b), min(len(first), len(last)))]


def _counted(level: Sequence[Box]) -> list[Box]:
    """Return boxes of which those of one name are counted, as calls of a module are."""
    seen: Counter[str] = Counter()
    found = []
    for box in level:
        seen[box.label] += 1
        again = box.label and seen[box.label] > 1
        found.append(replace(box, label=f"{box.label}@{seen[box.label]}") if again else box)
    return found


def _apart(groups: Sequence[list[int]], reads: Reads) -> list[list[int]]:
    """Return groups of operators of which those that read each other in a circle are cut where others run between."""
    group = {member: number for number, some in enumerate(groups) for member in some}
    links = {
        (group[one], number)
        for number, some in enumerate(groups)
        for member in some
        for one in reads[member]
        if one in group and group[one] != number
    }
    circle = _unpeeled(set(range(len(groups))), links)
    found = [some for number, some in enumerate(groups) if number not in circle]
    before = None
    for member in sorted(member for number in circle for member in groups[number]):
        if group[member] == before:
            found[-1].append(member)
        else:
            found.append([member])
        before = group[member]
    return found


def _unpeeled(left: set[int], links: Iterable[tuple[int, int]]) -> set[int]:
    """Return what is left where those that read nothing, and those that nothing reads, are taken off time and again."""
    links = list(links)
    for source, target in ((0, 1), (1, 0)):
        waits: Counter[int] = Counter(link[target] for link in links)
        then: dict[int, list[int]] = {}
        for link in links:
            then.setdefault(link[source], []).append(link[target])
        free = [one for one in left if not waits[one]]
        while free:
            one = free.pop()
            left.discard(one)
            for other in then.get(one, ()):
                waits[other] -= 1
                if not waits[other] and other in left:
                    free.append(other)
        links = [link for link in links if link[0] in left and link[1] in left]
    return left


def _sorted(level: Sequence[Box], reads: Reads) -> list[Box]:
    """Return boxes so that each stands behind those that it reads, else in the order in which they run."""
    waits = [0] * len(level)
    then: dict[int, list[int]] = {}
    for source, target in edges(level, reads, {}):
        if source is not None and target is not None:
            waits[target] += 1
            then.setdefault(source, []).append(target)
    free = [(box.members[0], place) for place, box in enumerate(level) if not waits[place]]
    heapq.heapify(free)
    found = []
    while free:
        _, place = heapq.heappop(free)
        found.append(level[place])
        for other in then.get(place, ()):
            waits[other] -= 1
            if not waits[other]:
                heapq.heappush(free, (level[other].members[0], other))
    return found


def _gathered(level: Sequence[Box], reads: Reads) -> tuple[Box, ...]:
    """Return a level of which boxes that follow each other are gathered, where they are too many."""
    if len(level) <= MOST:
        return tuple(level)
    size = isqrt(len(level) - 1) + 1
    found = []
    for first in range(0, len(level), size):
        some = level[first : first + size]
        members = tuple(sorted(member for box in some for member in box.members))
        path = _common([box.path for box in some])
        label = f"{first + 1:,} … {first + len(some):,} of {len(level):,}"
        found.append(Box(label, path, members, _gathered(some, reads)))
    return tuple(found)
