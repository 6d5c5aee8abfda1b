"""Two states of a model as drawings side by side, with what became of each operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from pytest_rf.checkable import Analysis
from pytest_rf.locks.compare import Difference, matched
from pytest_rf.locks.figures import TensorFigures
from pytest_rf.reporters.pages import graph, sections
from pytest_rf.reporters.pages.compared import way
from pytest_rf.reporters.pages.sections import ModelPage
from pytest_rf.reporters.pages.subject import Subject
from pytest_rf.results import ModelResult

WAYS = ("same", "grew", "shrank", "otherwise", "added", "removed")
"""What can become of an operator; of a module whose operators fared differently, it is ``otherwise``."""


def of(
    old: Analysis, new: Analysis, words: tuple[str, str], found: Difference
) -> tuple[ModelPage, ModelPage]:
    """Return the pages of two states, which have a graph and nothing else.

    Args:
        old: the model as it was.
        new: as it is.
        words: what they are called.
        found: what differs, in the figures of both.
    """
    assert found.old is not None
    assert found.new is not None
    before, now = Subject(old, ModelResult(model=words[0])), Subject(new, ModelResult(model=words[1]))
    moved = {id(one.new): way(one) for one in found.changed}
    pairs, gone, come = matched(found.old, found.new)
    ways: tuple[dict[str, str], dict[str, str]] = (
        {one.name: moved.get(id(other), "same") for one, other in pairs}
        | dict.fromkeys(map(_name, gone), "removed"),
        {other.name: moved.get(id(other), "same") for _, other in pairs}
        | dict.fromkeys(map(_name, come), "added"),
    )
    return (
        _page(before, ways[0], {before.by_name[a.name]: now.by_name[b.name] for a, b in pairs}),
        _page(now, ways[1], {now.by_name[b.name]: before.by_name[a.name] for a, b in pairs}),
    )


def _name(tensor: TensorFigures) -> str:
    return tensor.name


def _page(subject: Subject, ways: Mapping[str, str], partners: Mapping[int, int]) -> ModelPage:
    drawn = graph.of(subject)
    by_place = [WAYS.index(ways.get(one.name, "same")) for one in subject.tensors]
    data = replace(
        drawn,
        ways=WAYS,
        changes=_changes(drawn, by_place),
        partners=[partners.get(place, -1) for place in range(len(subject.tensors))],
    )
    return replace(sections.named(subject), sections={"graph": data})


def _changes(data: graph.Data, by_place: Sequence[int]) -> list[int]:
    """Return by box what became of its tensor; of a module, of all that lie in it."""
    found = [by_place[place] if place >= 0 else 0 for place in data.tensors]
    mixed = WAYS.index("otherwise")
    # What lies in a box stands behind it.
    for box in reversed(range(len(found))):
        if data.inner[box] >= 0:
            level = data.levels[data.inner[box]]
            inner = set(found[level.first : level.first + level.count]) - {0}
            found[box] = 0 if not inner else inner.pop() if len(inner) == 1 else mixed
    return found
