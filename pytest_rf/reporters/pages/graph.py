"""The section graph: modules as boxes in boxes, drawn when they are opened, with what each does to the field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from pytest_rf.analysis import Tensor
from pytest_rf.analysis.cells import figure
from pytest_rf.analysis.metrics import METRICS
from pytest_rf.analysis.paths import GROWING, walk
from pytest_rf.analysis.paths import figure as grown_figure
from pytest_rf.boxes.hierarchy import Box, Path, boxes, edges
from pytest_rf.boxes.kinds import KINDS, kinds
from pytest_rf.boxes.layering import layers
from pytest_rf.boxes.links import Links
from pytest_rf.findings import Finding
from pytest_rf.node import Node
from pytest_rf.reporters.pages.subject import Subject

_FIGURES = (METRICS["rf"], METRICS["stride"])

#: Of so many findings the path is drawn.
_MOST = 50


class Level(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The boxes of one level, and where they stand when all are closed.

    Its places are 0, where comes in what is read from outside; those of its boxes, from 1; and the one behind these,
    where goes out what is read outside.

    Attributes:
        first: the number of its first box; the others follow.
        count: how many boxes there are.
        edges: which place is read by which, in pairs.
        rows: the layer of each place, from 0 at the top.
        across: its place across, in widths of a box.
        ways: place -> where across what it hands on passes the layers below it.
    """

    first: int
    count: int
    edges: list[int]
    rows: list[int]
    across: list[float]
    ways: dict[int, list[float]] = {}


class Trail(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a finding is, and the way on which the input makes it so.

    Attributes:
        says: what it is about, in few words.
        at: the boxes of the operators that it is about.
        path: the boxes of the operators on the way from the input, in order; empty where there is no single one.
    """

    says: str
    at: list[int]
    path: list[int] = []


class Data(msgspec.Struct, frozen=True, kw_only=True):
    """What the section shows: boxes as columns, each by its number.

    Attributes:
        kinds: the kinds of dependence, the gravest last.
        towards: the inputs and axes that figures are about.
        figures: size and stride towards each, as text; a row for all boxes that have the same.
        labels: what a box is called within the one around it; empty where its operator says it.
        tensors: the place of its last tensor; of an input or an output that computes nothing, -1.
        counts: how many operators lie in it; 0 of an input, -1 of an output.
        brings: the kinds that its operators bring in, as bits.
        rows: its row of ``figures``; -1 where nothing is known.
        inner: its own level; -1 of an operator.
        paths: box -> the module that it is, where it has a path.
        levels: all levels, the outermost first.
        trails: the findings.
        ways: of one of two states, what can become of an operator since the other, or till then.
        changes: by box which of them did; empty where there is no other state.
        partners: by tensor the place of the one that it is in the other state; -1 for none.
    """

    kinds: tuple[str, ...]
    towards: list[tuple[str, str]]
    figures: list[list[tuple[str, str]]]
    labels: list[str]
    tensors: list[int]
    counts: list[int]
    brings: list[int]
    rows: list[int]
    inner: list[int]
    paths: dict[int, str]
    levels: list[Level]
    trails: list[Trail]
    ways: tuple[str, ...] = ()
    changes: list[int] = []
    partners: list[int] = []


def of(subject: Subject) -> Data:
    """Return the data of the section."""
    return _Drawn(subject).data()


class _Drawn:
    """A model's graph as it is drawn.

    Inputs have the numbers below 0 that links give them, outputs those behind all operators.
    """

    def __init__(self, subject: Subject) -> None:
        analysis = subject.analysis
        self.subject = subject
        self.links = Links(analysis.graph)
        self.places = {one.name: place for place, one in enumerate(subject.tensors)}
        self.inputs = {-1 - place: name for place, name in enumerate(analysis.inputs)}
        self.outputs = {len(analysis.graph.nodes) + place: one for place, one in enumerate(analysis.outputs)}
        self.reads: dict[int, Sequence[int]] = {**dict.fromkeys(self.inputs, ()), **self.links.reads}
        for number, tensor in self.outputs.items():
            maker = self.links.maker(tensor.name)
            self.reads[number] = () if maker is None else (maker,)
        self.readers: dict[int, list[int]] = {number: [] for number in self.reads}
        for number, read in self.reads.items():
            for one in read:
                self.readers[one].append(number)
        by_node = kinds(analysis.runs)
        self.kinds = {number: by_node.get(node.index, ()) for number, node in self.links.nodes.items()}
        self.towards = [(name, axis) for name, one in analysis.inputs.items() for axis in one.axes]
        self.figures: dict[tuple[tuple[str, str], ...], int] = {}
        self.rows: dict[int, int] = {}

    def data(self) -> Data:
        """Return it as plain data."""
        modules = {index: _path(node) for index, node in self.links.nodes.items()}
        top = (
            *(Box(name, (), (number,)) for number, name in self.inputs.items()),
            *boxes(modules, self.links.reads),
            *(Box(tensor.name, (), (number,)) for number, tensor in self.outputs.items()),
        )
        found, levels, inner = self._numbered(top)
        tensors = [self._tensor(box.members[-1]) for box in found]
        rows = [self._row(place) for place in tensors]
        leaves = {box.members[0]: number for number, box in enumerate(found) if not box.boxes}
        return Data(
            kinds=KINDS,
            towards=self.towards,
            figures=[list(row) for row in self.figures],
            labels=[box.label for box in found],
            tensors=tensors,
            counts=[self._count(box) for box in found],
            brings=[self._brings(box) for box in found],
            rows=rows,
            inner=inner,
            paths={number: ".".join(box.path) for number, box in enumerate(found) if box.boxes and box.path},
            levels=levels,
            trails=[self._trail(finding, leaves) for finding in self.subject.result.findings[:_MOST]],
        )

    def _numbered(self, top: tuple[Box, ...]) -> tuple[list[Box], list[Level], list[int]]:
        """Return all boxes, those of a level one behind the other, the levels, and which of these each box has."""
        found, inner = list(top), [-1] * len(top)
        levels = [self._level(0, top)]
        for number, box in enumerate(found):  # which grows meanwhile
            if box.boxes:
                inner[number] = len(levels)
                levels.append(self._level(len(found), box.boxes))
                found += box.boxes
                inner += [-1] * len(box.boxes)
        return found, levels, inner

    def _level(self, first: int, within: Sequence[Box]) -> Level:
        end = len(within) + 1
        pairs = [
            (0 if source is None else source + 1, end if target is None else target + 1)
            for source, target in edges(within, self.reads, self.readers)
        ]
        placed = layers(end + 1, pairs)
        return Level(
            first=first,
            count=len(within),
            edges=[place for pair in pairs for place in pair],
            rows=placed.layers,
            across=placed.places,
            ways=placed.ways,
        )

    def _tensor(self, number: int) -> int:
        """Return the place of the last tensor that an operator makes, or of an output; -1 where it is none."""
        if number in self.outputs:
            tensor = self.outputs[number]
            return self.places.get(tensor.name, self.subject.by_value.get(tensor.number, -1))
        node = self.links.nodes.get(number)
        names = [] if node is None else [name for name, value in node.outputs.items() if value.varies]
        return self.places.get(names[-1], -1) if names else -1

    def _count(self, box: Box) -> int:
        return {-1: 0, 1: -1}.get(self._side(box.members[0]), len(box.members))

    def _side(self, number: int) -> int:
        return -1 if number in self.inputs else number in self.outputs

    def _brings(self, box: Box) -> int:
        found = frozenset[str]().union(*(self.kinds.get(member, ()) for member in box.members))
        return sum(1 << bit for bit, kind in enumerate(KINDS) if kind in found)

    def _row(self, place: int) -> int:
        """Return the row of figures of a tensor; -1 where nothing is known of it."""
        tensor = self.subject.tensors[place] if place >= 0 else None
        if tensor is None or tensor.status == "unknown":
            return -1
        if tensor.number not in self.rows:
            row = tuple(self._towards(tensor))
            self.rows[tensor.number] = self.figures.setdefault(row, len(self.figures))
        return self.rows[tensor.number]

    def _towards(self, tensor: Tensor) -> Iterator[tuple[str, str]]:
        known = set(tensor.inputs)
        fields = {name: tensor.field(name) for name in {name for name, _ in self.towards} & known}
        for name, axis in self.towards:
            size, stride = (figure(one, fields[name][axis]) if name in known else "" for one in _FIGURES)
            yield size, stride

    def _trail(self, finding: Finding, leaves: Mapping[int, int]) -> Trail:
        places = (self.links.maker(one.tensor) for one in finding.tensors)
        at = dict.fromkeys(leaves[one] for one in places if one is not None)
        says = f"{finding.code} {finding.requirement or finding.rule}"
        witness = finding.witness
        names = witness.path if witness is not None and witness.path else self._grown(finding)
        if not names:
            return Trail(says=says, at=list(at))
        way = self.links.way(names)
        start = finding.input if witness is None else witness.input
        source = next((place for place, name in self.inputs.items() if name == start), None)
        on = [*([source] if source is not None else []), *way]
        return Trail(says=says, at=list(at), path=[leaves[one] for one in on])

    def _grown(self, finding: Finding) -> list[str]:
        """Return the operators on the way along which a finding's figure grew; nothing where no such way is told."""
        analysis, place = self.subject.analysis, self.subject.by_name.get(finding.tensor)
        source = analysis.inputs.get(finding.input)
        number = None if source is None or not finding.axes else source.axes.get(finding.axes[0])
        if (
            not finding.path
            or finding.figure not in GROWING
            or place is None
            or source is None
            or number is None
        ):
            return []
        tensor = self.subject.tensors[place]
        measure = grown_figure(finding.figure, tensor.field(source.name)[number])
        stations = walk(analysis.runs, tensor.number, source, number, measure).stations
        on = (self.subject.by_value.get(value) for value, _ in stations)
        return list(
            dict.fromkeys([*(self.subject.tensors[one].node for one in on if one is not None), tensor.node])
        )


def _path(node: Node) -> Path:
    """Return the module of an operator in parts; where none is known, the folders of its name."""
    return tuple(node.module.split(".") if node.module else node.name.strip("/").split("/")[:-1])
