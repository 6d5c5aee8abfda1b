"""Operators gathered in boxes: every one in one place, and no level with a circle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from graphlib import TopologicalSorter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_rf.boxes import hierarchy
from pytest_rf.boxes.hierarchy import Box, boxes, edges

Graph = tuple[dict[int, tuple[str, ...]], dict[int, tuple[int, ...]]]


def graph(*nodes: tuple[str, Sequence[int]]) -> Graph:
    paths = {number: tuple(path.split(".")) if path else () for number, (path, _) in enumerate(nodes)}
    return paths, {number: tuple(read) for number, (_, read) in enumerate(nodes)}


def chain(*paths: str) -> Graph:
    return graph(*((path, [number - 1] if number else []) for number, path in enumerate(paths)))


def tree(level: Sequence[Box]) -> object:
    return [(box.label, tree(box.boxes)) if box.boxes else box.label for box in level]


def levels(level: Sequence[Box]) -> Iterator[Sequence[Box]]:
    yield level
    for box in level:
        if box.boxes:
            yield from levels(box.boxes)


def test_modules_are_boxes_and_a_module_of_one_operator_is_that() -> None:
    found = boxes(*chain("stem", "body.0.conv", "body.0.act", "body.1.conv", "body.1.act", "body", "head"))
    assert tree(found) == ["stem", ("body", [("0", ["conv", "act"]), ("1", ["conv", "act"]), ""]), "head"]
    assert found[1].path == ("body",)
    assert found[1].members == (1, 2, 3, 4, 5)


def test_what_all_have_in_common_is_one_box_less() -> None:
    found = boxes(*chain("model.net.a.x", "model.net.a.y", "model.net.b", "head"))
    assert tree(found) == [("model.net", [("a", ["x", "y"]), "b"]), "head"]


def test_lists_whose_calls_alternate_are_boxes_of_their_parts() -> None:
    found = boxes(*chain("ups.0.a", "ups.0.b", "convs.0", "ups.1.a", "ups.1.b", "convs.1"))
    assert tree(found) == [("ups.0", ["a", "b"]), "convs.0", ("ups.1", ["a", "b"]), "convs.1"]


def test_a_module_that_is_called_again_is_counted() -> None:
    found = boxes(*chain("block.a", "block.b", "pool", "block.a", "block.b", "pool"))
    assert tree(found) == [("block", ["a", "b"]), "pool", ("block@2", ["a", "b"]), "pool@2"]


def test_branches_that_run_in_turns_stay_whole() -> None:
    found = boxes(*graph(("a.0", []), ("b.0", []), ("a.1", [0]), ("b.1", [1]), ("", [2, 3])))
    assert tree(found) == [("a", ["0", "1"]), ("b", ["0", "1"]), ""]


def test_levels_that_are_too_long_are_gathered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hierarchy, "MOST", 5)
    found = boxes(*chain(*[""] * 40))
    assert [box.label for box in found] == ["1 … 35 of 40", "36 … 40 of 40"] or len(found) <= 7
    assert all(len(level) <= 7 for level in levels(found))
    assert [one for box in found for one in box.members] == list(range(40))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_level_is_a_graph_without_a_circle(data: st.DataObject) -> None:
    names = st.lists(st.sampled_from("abc"), max_size=3).map(tuple)
    paths = dict(enumerate(data.draw(st.lists(names, min_size=1, max_size=24))))
    reads = {
        number: tuple(data.draw(st.sets(st.integers(-1, number - 1), max_size=3)) if number else ())
        for number in paths
    }
    readers: dict[int, list[int]] = {}
    for number, read in reads.items():
        for one in read:
            readers.setdefault(one, []).append(number)
    found = boxes(paths, reads)
    assert sorted(one for box in found for one in box.members) == sorted(paths)
    for level in levels(found):
        for box in level:
            assert all(paths[one][: len(box.path)] == box.path for one in box.members)
            inner = sorted(one for part in box.boxes for one in part.members)
            assert inner == list(box.members) if box.boxes else len(box.members) == 1
        places = {one: place for place, box in enumerate(level) for one in box.members}
        expected = {(places.get(one), places[number]) for number in places for one in reads[number]} | {
            (places[one], None) for one in places for number in readers.get(one, ()) if number not in places
        }
        drawn = edges(level, reads, readers)
        assert set(drawn) == {(a, b) for a, b in expected if a != b}
        within = [(a, b) for a, b in drawn if a is not None and b is not None]
        assert all(a < b for a, b in within)
        sorter = TopologicalSorter({b: [a for a, other in within if other == b] for _, b in within})
        sorter.prepare()
