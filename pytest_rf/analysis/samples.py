"""Whether the samples of a batch stay apart: of every unit, whose sample it is and whose it reads.

An axis of the batch's extent names the sample of a unit. Where samples share an axis with something else (tokens,
windows, boxes), row ``r`` of ``k·batch`` rows belongs to sample ``r // k``. Where several axes could name it, and the
answer depends on which does, the one does that grows with the batch: the model is lowered with one sample more. So it
is where another axis is as long as one of samples: a reshape that makes one into the other changes nothing at this
batch, and mixes samples at any other.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np
from msgspec import Struct

from pytest_rf.access import Same, Table, Taps
from pytest_rf.analysis.field import Hulls
from pytest_rf.analysis.runs import Runs
from pytest_rf.domains.hull import CUT, Hull, compress
from pytest_rf.domains.layout import Key, Layout, carried
from pytest_rf.domains.structure import Structure
from pytest_rf.domains.unions import settled
from pytest_rf.errors import RFError
from pytest_rf.graph import Graph, Step, Union
from pytest_rf.node import Node
from pytest_rf.value import Shape, Value


class Mixer(Struct, frozen=True):
    """The first operator that mixes samples.

    Attributes:
        node: it.
        how: ``axis`` (it runs along the samples as if they were positions), ``statistic`` (it takes one over
            them), ``moves`` (it picks or moves them: a flip, a gather), ``folded`` (it runs along an axis on
            which samples and positions lie), ``order`` (a reshape takes such an axis apart in another order,
            a concat puts samples into other places), ``pairs`` (samples of its operands meet others).
    """

    node: Node
    how: str


class Samples(Struct, frozen=True):
    """What one tensor reads of the samples of one input.

    Attributes:
        runs: the runs over the model's graph.
        value: the tensor's value.
        key: the batch axis.
    """

    runs: Runs
    value: Value
    key: Key

    @property
    def apart(self) -> bool | None:
        """Whether every unit reads its own sample only; None where that is not known (:attr:`reason`)."""
        return self._judged()[0]

    @property
    def reason(self) -> str:
        """Why it is not known."""
        return self._judged()[1]

    @property
    def mixer(self) -> Mixer | None:
        """The first operator that mixes the samples; None where none does."""
        return self._mixer() or next(filter(None, (one._mixer() for one in self._with_more() or ())), None)

    def _mixer(self) -> Mixer | None:
        """Return the first operator that mixes them at this batch."""
        return next(filter(None, (_Blame(self, uncertain).first() for uncertain in (False, True))), None)

    @property
    def extent(self) -> int:
        """The number of samples."""
        return self.runs.graph.inputs[self.key[0]].extents[self.key[1]]

    def _judged(self) -> tuple[bool | None, str]:
        if self.extent < 2:
            return None, f"undecidable at batch {self.extent}"
        answer, reason = self._here()
        if not answer or not self._is_lookalike():
            return answer, reason
        others = self._with_more()
        if others is None:
            return answer, reason
        answers = {other._here()[0] for other in others}
        if len(answers) == 1 and None not in answers:
            return answers.pop(), ""
        return None, f"another axis is as long as the {self.extent} samples: {self._anew}"

    def _here(self) -> tuple[bool | None, str]:
        """Return the answer at this batch."""
        runs = self.runs
        for counting in ("guaranteed", "sure"):
            field = runs.counted(counting, self.value, self.key, theory=False)
            answer, reason = self.judge(field.structure, field.hulls, self.value)
            if answer is not False or self.key not in field.structure.uncertain:
                break
        if counting == "sure" and answer is not False:
            return None, "indices that depend on data leave it open"
        return answer, reason

    def judge(self, structure: Structure, hulls: Hulls, value: Value) -> tuple[bool | None, str]:
        """Return whether the units of a tensor read their own samples, and why that is not known."""
        hull, shape = hulls.get(self.key), value.extents
        if hull is None or 0 in shape:
            return True, ""
        hull = compress(settled(hull))
        if reads_several(hull, self._rows):
            return False, ""
        if reads_several(hull):
            return None, f"input {self.key[0]!r} has {self._rows} rows for each sample of another input"
        answers = {
            axis: _reads_own(structure.layout, hull, axis, shape[axis], self.extent)
            for axis in self._naming(structure.layout, hull, shape)
        }
        if len(set(answers.values())) > 1:
            growing = self._growing(value)
            answers = {axis: own for axis, own in answers.items() if axis in growing} or answers
        if len(set(answers.values())) == 1:
            return next(iter(answers.values())), ""
        if not answers:
            return None, f"none of its axes counts the {self.extent} samples"
        listed = " and ".join(map(str, answers))
        return None, f"axes {listed} could both count the {self.extent} samples: {self._anew}"

    @property
    def _anew(self) -> str:
        """What a reader can do where the number of samples leaves the answer open."""
        if self._is_fixed:
            return "export it with an open batch"
        return "analyse it with another batch, as with " + " ".join(
            f"--input {name}={','.join(map(str, shape))}" for name, shape in self.one_more.items()
        )

    @property
    def one_more(self) -> dict[str, Shape]:
        """The shapes of the inputs with one sample more each."""
        batches, inputs = self._batches, self.runs.inputs
        fewest = max(1, min(inputs[name].shape[axis] for name, axis in batches.items()))
        return {
            name: tuple(n + n // fewest * (place == axis) for place, n in enumerate(inputs[name].shape))
            for name, axis in batches.items()
        }

    def _is_lookalike(self) -> bool:
        """Whether somewhere on the way an axis is as long as one of samples, so that they could have changed places."""
        for number in self.runs.graph.ancestors(self.value.number):
            known = self.runs.plan.structures.get(number)
            if not isinstance(known, Structure):
                continue
            extents = [prod(factor.extent for factor in axis) for axis in known.layout]
            for axis, extent in zip(known.layout, extents, strict=True):
                if extent > 1 and extents.count(extent) > 1 and self.key in carried((axis,)):
                    return True
        return False

    def _with_more(self) -> list[Samples] | None:
        """Return the same with one sample more, for each tensor that the value is; None where it runs at no more."""
        found = self._twins(self.value)
        if found is None:
            return None
        graph, values = found
        runs = Runs(replace(self.runs.about, graph=graph, reopen=None))
        return [Samples(runs, value, self.key) for value in values]

    def _growing(self, value: Value) -> set[int]:
        """Return the axes of a value that have more places where there is one sample more: by as large a share."""
        found = self._twins(value)
        # One value can be several tensors: a reshape that changes nothing may do so with another batch.
        shapes = set() if found is None else {twin.shape for twin in found[1]}
        shape = shapes.pop() if len(shapes) == 1 else None
        samples = self.one_more[self.key[0]][self.key[1]]
        extents = zip(value.extents, shape or (), strict=False)
        return {axis for axis, (few, many) in enumerate(extents) if few * samples == many * self.extent}

    def _twins(self, value: Value) -> tuple[Graph, list[Value]] | None:
        """Return the graph with one sample more, and the values there of the tensors that a value is; None where
        it runs at no more: a file that fixes their number says all of its one batch.
        """
        if self._is_fixed:
            return None
        try:
            other = self.runs.lowered(self.one_more)
        except RFError:
            return None
        graph = self.runs.graph
        if [node.op for node in graph.nodes] != [node.op for node in other.nodes]:
            return other, []
        pairs = (
            pair
            for node, twin in zip(graph.nodes, other.nodes, strict=True)
            for pair in zip(node.outputs.values(), twin.outputs.values(), strict=False)
        )
        found = {twin.number: twin for own, twin in pairs if own.number == value.number}
        return other, list(found.values())

    @property
    def _is_fixed(self) -> bool:
        """Whether the model takes no other number of samples."""
        return any(axis in self.runs.about.fixed.get(name, ()) for name, axis in self._batches.items())

    @property
    def _batches(self) -> dict[str, int]:
        """Input name -> batch axis; of this input the axis that is asked for."""
        found = {one.name: one.batch for one in self.runs.inputs.values() if one.batch is not None}
        return {**found, self.key[0]: self.key[1]}

    @property
    def _rows(self) -> int:
        """How many rows of this input belong to a sample, if another one has fewer."""
        inputs = self.runs.inputs
        fewest = min(inputs[name].shape[axis] for name, axis in self._batches.items())
        return 1 if fewest < 2 or self.extent % fewest else self.extent // fewest

    def _naming(self, layout: Layout, hull: Hull, shape: Shape) -> list[int]:
        """Return the axes that may tell whose sample a unit is: the same ones for all inputs."""
        batches = self._batches
        places = [carried((axis,)) for axis in layout]
        moving = [axis for axis in range(len(shape)) if _varies(layout, hull, axis)]
        # Layers, directions or classes can be as many as the samples; they are none of the inputs' axes.
        own = [axis for axis, keys in enumerate(places) if any(key[0] in batches for key in keys)]
        exact = [axis for axis, extent in enumerate(shape) if extent == self.extent]
        likely = [axis for axis in exact if axis in own or axis in moving]
        usual = min(batches.values())
        if usual in likely:
            return [usual]
        several = [
            axis
            for axis, extent in enumerate(shape)
            if extent > self.extent
            and extent % self.extent == 0
            and (self.key in places[axis] or axis in moving)
        ]
        found = [*likely, *several]
        # As many layers as samples, or samples that have changed places with channels or steps: nothing tells.
        return [usual, *found] if found and usual in exact else found or exact


def reads_several(hull: Hull, rows: int = 1) -> bool:
    """Whether any unit reads more than one sample, each being that many rows."""
    return bool(((hull.hi // rows > hull.lo // rows) & (hull.lo < CUT)).any())


def _dims(layout: Layout, axis: int) -> range:
    start = sum(map(len, layout[:axis]))
    return range(start, start + len(layout[axis]))


def _varies(layout: Layout, hull: Hull, axis: int) -> bool:
    return any(hull.varies(dim) for dim in _dims(layout, axis))


def _reads_own(layout: Layout, hull: Hull, axis: int, rows: int, samples: int) -> bool:
    """Whether every unit reads nothing but the sample that its row along an axis belongs to."""
    dims = _dims(layout, axis)
    shape = [1] * hull.lo.ndim
    shape[dims.start : dims.stop] = [factor.extent for factor in layout[axis]]
    own = (np.arange(rows) // (rows // samples)).reshape(shape)
    return bool(((hull.lo == own) | (hull.lo >= CUT)).all())


class _Blame:
    """Looks for the operator after which samples are not apart any more."""

    def __init__(self, samples: Samples, uncertain: bool) -> None:
        self._samples = samples
        runs = samples.runs
        self._hulls = runs.guaranteed(samples.key, uncertain)
        self._structures = runs.plan.structures
        ancestors = runs.graph.ancestors(samples.value.number)
        self._steps = {
            step.value.number: step for step in runs.graph.program if step.value.number in ancestors
        }

    def first(self) -> Mixer | None:
        """Return the first operator that makes units read several samples, else the one that moves them."""
        number: int | None = self._samples.value.number
        found: Step | None = None
        for step in self._steps.values():
            hull = self._hulls.get(step.value.number, {}).get(self._samples.key)
            if hull is not None and reads_several(settled(hull)):
                number = step.value.number
                if self._how(step) != "pairs":
                    return Mixer(step.node, self._how(step))
                break
        # What brings samples together may do so because an operand has changed their places before.
        while number in self._steps and self._apart(number) is False:
            found = self._steps[number]
            number = next((one for one in found.operands if self._apart(one) is False), None)
        return None if found is None else Mixer(found.node, self._how(found))

    def _apart(self, number: int) -> bool | None:
        known, hulls = self._structures.get(number), self._hulls.get(number)
        value = self._samples.runs.graph.values[number]
        if not isinstance(known, Structure) or hulls is None or value.shape is None:
            return True
        return self._samples.judge(known, hulls, value)[0]

    def _how(self, step: Step) -> str:
        """Return how a step mixes samples (see :class:`Mixer`)."""
        if not isinstance(step.action, Union):
            return "order"
        name, _ = key = self._samples.key
        moves = False
        for access in step.action.reads:
            known = self._structures.get(access.operand)
            layout = known.layout if isinstance(known, Structure) else ()
            for axis, (_, relation) in zip(layout, access.axes, strict=bool(layout)):
                keys = carried((axis,))
                if key not in keys or isinstance(relation, Same):
                    continue
                if access.statistic:
                    return "statistic"
                if any(other[0] == name and other != key for other in keys):
                    return "folded"
                if not isinstance(relation, Table) and not (isinstance(relation, Taps) and relation.selects):
                    return "axis"
                moves = True
        alone = len({access.operand for access in step.action.reads}) == 1
        return "moves" if moves else "order" if alone else "pairs"
