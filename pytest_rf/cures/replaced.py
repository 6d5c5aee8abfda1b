"""Edits that keep the geometry and change the kind: norms, resize modes, borders, what looks ahead without end."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from pytest_rf.access import SAME, Prefix, Read, Relation, Taps, Whole
from pytest_rf.cures.change import Draft, Size, altered
from pytest_rf.cures.sites import Sites, name
from pytest_rf.graph import Step, Union
from pytest_rf.node import Node
from pytest_rf.operators import resampling
from pytest_rf.operators.rounding import is_exact

BATCH = "BatchNorm"
FIXED = "fixed statistics"
STEP = "norm over the channels of each position"
_NORMS = {
    "InstanceNormalization": ("InstanceNorm", BATCH),
    "GroupNormalization": ("GroupNorm", STEP),
    "GroupNorm": ("GroupNorm", STEP),
    "instance_norm": ("InstanceNorm", BATCH),
    "group_norm": ("GroupNorm", STEP),
    "native_group_norm": ("GroupNorm", STEP),
    "LayerNormalization": ("LayerNorm", BATCH),
    "layer_norm": ("LayerNorm", BATCH),
    "native_layer_norm": ("LayerNorm", BATCH),
    "BatchNormalization": ("statistics of the batch", FIXED),
    "batch_norm": ("statistics of the batch", FIXED),
    "native_batch_norm": ("statistics of the batch", FIXED),
}
"""Operators of norms that take statistics of positions -> what they are called, and what takes none."""

_RECURRENT = ("lstm", "gru", "rnn")


def _size() -> Size:
    return Size(1, 0, 0)


def _op(node: Node) -> str:
    return node.op.rpartition(".")[2].rpartition("::")[2]


@dataclass(frozen=True)
class Norm:
    """A norm that takes no statistics of positions in the place of one that does.

    Attributes:
        node: number of its node.
    """

    node: int

    kind = "norm"

    def size(self, sites: Sites) -> Size:
        """Return how much it changes."""
        return _size()

    def made(self, sites: Sites) -> Draft | None:
        """Return the graph with the edit; None where the node is no such norm."""
        node = sites.graph.nodes[self.node]
        known = _NORMS.get(_op(node))
        x = next((value for value in node.inputs if value.varies), None)
        y = next(iter(node.outputs.values()), None)
        if known is None or x is None or y is None or x.shape is None or x.shape != y.shape or x.rank < 3:
            return None
        step = sites.makers.get(y.number)
        if step is None or step.node is not node or len([one for one in node.inputs if one.varies]) > 1:
            return None
        old, new = known
        axes: list[tuple[int | None, Relation]] = [(axis, SAME) for axis in range(x.rank)]
        reads = [Read(x.number, tuple(axes))]
        if new == STEP:
            axes[1] = (None, Whole())  # (N, C, positions...)
            reads.append(Read(x.number, tuple(axes), statistic=True))
        draft = Draft(sites.graph)
        draft.steps[y.number] = [Step(y, Union(tuple(reads)), node, (x.number,))]
        dropped = _needless(sites, node, y.number)
        draft.steps.update({number: [] for number in dropped})
        outputs = {key: value for key, value in node.outputs.items() if value.number not in dropped}
        draft.nodes[node.index] = altered(node, outputs=outputs)
        draft.tell(name(node), self.kind, old, new)
        return draft


def _needless(sites: Sites, node: Node, kept: int) -> set[int]:
    """Return the values that an operator makes on the way to ``kept`` alone."""
    own = [
        step.value.number for step in sites.graph.program if step.node is node and step.value.number != kept
    ]
    found: set[int] = set()
    for number in reversed(own):
        readers = {step.value.number for step in sites.readers.get(number, [])}
        if readers <= {kept, *found} and number not in sites.outputs:
            found.add(number)
    return found


@dataclass(frozen=True)
class HalfPixel:
    """A resize on the grid of half pixels in the place of one from corner to corner.

    Attributes:
        node: number of its node.
    """

    node: int

    kind = "resize"

    def size(self, sites: Sites) -> Size:
        """Return how much it changes."""
        return _size()

    def made(self, sites: Sites) -> Draft | None:
        """Return the graph with the edit; None where it resizes otherwise, or engines round what it reads."""
        node = sites.graph.nodes[self.node]
        y = next(iter(node.outputs.values()), None)
        step = None if y is None else sites.makers.get(y.number)
        kernel = (
            resampling.linear if "linear" in node.kind else resampling.cubic if "cubic" in node.kind else None
        )
        if step is None or step.node is not node or kernel is None or "antialiased" in node.kind:
            return None
        if not isinstance(step.action, Union) or len(step.action.reads) != 1:
            return None
        (read,) = step.action.reads
        draft = Draft(sites.graph)
        for axis, (target, relation) in enumerate(read.axes):
            if target != axis or getattr(relation, "fitted", "") != "grid":
                if relation != SAME:
                    return None
                continue
            extent = sites.graph.values[read.operand].extents[axis]
            ratio = Fraction(extent, step.value.extents[axis])
            sampling = resampling.sampled("half_pixel", extent, step.value.extents[axis], ratio)
            if sampling is None or not is_exact(ratio):
                return None
            draft.relate(step, axis, kernel(sampling))
        draft.tell(name(node), self.kind, "align_corners", "half-pixel")
        return draft


@dataclass(frozen=True)
class Zeros:
    """Padding with zeros in the place of reflection or of what lies at the other end.

    Attributes:
        node: number of the node that pads.
    """

    node: int

    kind = "border"

    def size(self, sites: Sites) -> Size:
        """Return how much it changes."""
        return _size()

    def made(self, sites: Sites) -> Draft:
        """Return the graph with the edit, of which there is none where the node pads with no more than zeros."""
        draft, node = Draft(sites.graph), sites.graph.nodes[self.node]
        for step in sites.graph.program:
            if step.node is not node or not isinstance(step.action, Union) or len(step.action.reads) != 1:
                continue
            for axis, (_, relation) in enumerate(step.action.reads[0].axes):
                if isinstance(relation, Taps) and relation.selects and relation.border in ("reflect", "wrap"):
                    old = "reflect" if relation.border == "reflect" else "circular"
                    draft.relate(step, axis, relation._replace(border="drop"))
                    draft.tell(name(node), self.kind, old, "zeros")
        return draft


@dataclass(frozen=True)
class Masked:
    """An operator that reads nothing ahead of the step itself: causal attention, a recurrence in one direction.

    Attributes:
        node: number of its node.
        axes: pairs of a value that it reads or makes, and that value's axis which carries the positions at hand.
    """

    node: int
    axes: tuple[tuple[int, int], ...]

    kind = "mask"

    def size(self, sites: Sites) -> Size:
        """Return how much it changes."""
        return _size()

    def made(self, sites: Sites) -> Draft | None:
        """Return the graph with the edit; None where the operator is none that can be masked."""
        draft, node = Draft(sites.graph), sites.graph.nodes[self.node]
        kind = node.op.lower()
        recurrent = any(word in kind for word in _RECURRENT)
        if not recurrent and "attention" not in kind:
            return None
        carriers = dict(self.axes)
        for step in sites.graph.program:
            if step.node is not node or not isinstance(step.action, Union):
                continue
            reads = [self._masked(sites, step, read, carriers) for read in step.action.reads]
            if reads != list(step.action.reads):
                draft.steps[step.value.number] = [
                    step._replace(action=step.action._replace(reads=tuple(reads)))
                ]
        if not draft.steps:
            return None
        if recurrent:
            draft.tell(name(node), "direction", "both", "forward")
        else:
            draft.tell(name(node), self.kind, "none", "causal")
        return draft

    def _masked(self, sites: Sites, step: Step, read: Read, carriers: dict[int, int]) -> Read:
        """Return a read of what lies at or before the step."""
        axis, target = carriers.get(read.operand), carriers.get(step.value.number)
        if axis is None or read.statistic or axis >= len(read.axes):
            return read
        own, relation = read.axes[axis]
        if isinstance(relation, Prefix) and relation.reverse:
            place: int | None = own
        elif isinstance(relation, Whole) and target is not None:
            place = target if own is None else own
            extent = sites.graph.values[read.operand].extents[axis]
            if step.value.extents[place] != extent:
                return read
        else:
            return read
        axes = list(read.axes)
        axes[axis] = (place, Prefix())
        return read._replace(axes=tuple(axes))
