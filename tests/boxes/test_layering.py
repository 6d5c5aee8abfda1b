"""Where boxes of a level stand: each below what it reads, the same each time."""

from __future__ import annotations

import random
import sys

import pytest

from pytest_rf.boxes import layering
from pytest_rf.boxes.layering import Layers, layers


def drawn(seed: int, count: int) -> list[tuple[int, int]]:
    chance = random.Random(seed)
    return sorted(
        {tuple(sorted(chance.sample(range(count), 2))) for _ in range(2 * count)}  # type: ignore[misc]
    )


def check(count: int, edges: list[tuple[int, int]]) -> Layers:
    found = layers(count, edges)
    assert len(found.layers) == len(found.places) == count
    assert min(found.places) >= 0
    for source, target in edges:
        assert found.layers[source] < found.layers[target]
        between = found.layers[target] - found.layers[source] - 1
        assert len(found.ways.get(source, ())) >= between
    for row in set(found.layers):
        across = [found.places[one] for one in range(count) if found.layers[one] == row]
        assert len(set(across)) == len(across)
    return found


@pytest.mark.parametrize("has_library", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_what_reads_stands_below(seed: int, has_library: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if has_library:
        pytest.importorskip("fast_sugiyama")
    else:
        monkeypatch.setitem(sys.modules, "fast_sugiyama", None)
    edges = drawn(seed, 30)
    assert check(30, edges) == check(30, edges)


def test_a_chain_stands_in_one_column() -> None:
    found = layers(4, [(0, 1), (1, 2), (2, 3)])
    assert found == Layers([0, 1, 2, 3], [0.0] * 4, {})


def test_a_way_past_others_has_its_own_places() -> None:
    found = layers(4, [(0, 1), (1, 2), (2, 3), (0, 3)])
    assert found.layers == [0, 1, 2, 3]
    assert len(found.ways[0]) == 2
    assert abs(found.ways[0][0] - found.places[1]) >= 1


def test_what_reads_nothing_stands_next_to_its_reader() -> None:
    assert layers(4, [(0, 1), (1, 3), (2, 3)]).layers == [0, 1, 1, 2]


def test_there_may_be_no_edges() -> None:
    assert layers(2, []).layers == [0, 0]


def test_too_many_ways_run_straight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layering, "_MOST", 1)
    found = layers(4, [(0, 1), (1, 2), (2, 3), (0, 3)])
    assert found.layers == [0, 1, 2, 3]
    assert not found.ways
