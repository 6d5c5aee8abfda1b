"""Where the boxes of one level stand: in layers, each below all that it reads, with few crossings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

Edge = tuple[int, int]

#: Ways of long edges between boxes take a place in each layer that they pass; where these are more, they run straight.
_MOST = 4000


class Layers(NamedTuple):
    """Where the boxes of a level stand.

    Attributes:
        layers: the layer of each box, from 0 at the top.
        places: its place across, in widths of a box, 0 or more.
        ways: number of a box -> the places across at which what it hands on passes the layers below it, as far
            down as somebody reads it; absent where all readers stand in the next layer.
    """

    layers: list[int]
    places: list[float]
    ways: dict[int, list[float]]


def layers(count: int, edges: Sequence[Edge]) -> Layers:
    """Place the boxes of a level.

    Args:
        count: how many there are; each stands behind those that it reads.
        edges: which is read by which.
    """
    rows = _rows(count, edges)
    farthest: dict[int, int] = {}
    for source, target in edges:
        farthest[source] = max(farthest.get(source, 0), rows[target])
    passed = {source: range(rows[source] + 1, last) for source, last in sorted(farthest.items())}
    if sum(map(len, passed.values())) > _MOST:
        passed = {}
    # A way has a number of its own in each layer that it passes, behind those of the boxes.
    of_rows, ways = list(rows), {}
    for source, between in passed.items():
        ways[source] = list(range(len(of_rows), len(of_rows) + len(between)))
        of_rows += between
    short: set[Edge] = set()
    for source, target in edges:
        way = [source, *ways.get(source, ())][: rows[target] - rows[source]]
        short.update(zip(way, [*way[1:], target], strict=True))
    across = _across(of_rows, sorted(short))
    least = min(across, default=0.0)
    placed = [round(one - least, 2) for one in across]
    return Layers(
        rows,
        placed[:count],
        {source: [placed[one] for one in way] for source, way in ways.items() if way},
    )


def _rows(count: int, edges: Sequence[Edge]) -> list[int]:
    """Return the layer of each box, one below the lowest that it reads; what reads nothing is next to its reader."""
    rows = [0] * count
    highest: dict[int, int] = {}
    reading = set()
    for source, target in sorted(edges, key=lambda edge: edge[1]):
        rows[target] = max(rows[target], rows[source] + 1)
        reading.add(target)
    for source, target in edges:
        highest[source] = min(highest.get(source, rows[target]), rows[target])
    return [
        row if number in reading else max(highest.get(number, 1) - 1, 0) for number, row in enumerate(rows)
    ]


def _across(rows: Sequence[int], edges: Sequence[Edge]) -> list[float]:
    """Return places across, given layers and edges between neighbouring ones."""
    try:
        from fast_sugiyama import from_edges
    except ImportError:  # it needs Python 3.11
        return _in_turn(rows, edges)
    found = [0.0] * len(rows)
    if not edges:
        return found
    parts = from_edges(edges, vertex_spacing=1, minimum_length=1, ranking_type="minimize")
    right = 0.0
    for positions, width, *_ in sorted(parts, key=lambda part: min(number for number, _ in part[0])):
        left = min(x for _, (x, _) in positions)
        for number, (x, _) in positions:
            if number < len(found):  # others stand where long edges pass a layer
                found[number] = x - left + right
        right += width + 1
    return found


def _in_turn(rows: Sequence[int], edges: Sequence[Edge]) -> list[float]:
    """Return places in the middle of each layer, sorted by the mean of those that each reads."""
    above: Mapping[int, list[int]] = {number: [] for number in range(len(rows))}
    for source, target in edges:
        above[target].append(source)
    by_row: dict[int, list[int]] = {}
    for number, row in enumerate(rows):
        by_row.setdefault(row, []).append(number)
    found = [0.0] * len(rows)
    for row in sorted(by_row):
        some = by_row[row]
        means = {one: sum(found[two] for two in above[one]) / max(len(above[one]), 1) for one in some}
        for place, one in enumerate(sorted(some, key=lambda one: (means[one], one))):
            found[one] = place - (len(some) - 1) / 2
    return found
