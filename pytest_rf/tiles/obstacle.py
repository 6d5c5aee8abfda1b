"""The first operator that no tiling survives, and what would: what spoils all, and what is tied to the whole extent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pytest_rf import paths
from pytest_rf.analysis import Tensor
from pytest_rf.analysis.along import Along
from pytest_rf.domains.layout import Key
from pytest_rf.domains.rims import Spoilt, State
from pytest_rf.domains.structure import Structure
from pytest_rf.graph import Step
from pytest_rf.node import Node


class Obstacle(NamedTuple):
    """What no tiling along an axis survives.

    Attributes:
        axis: the name of the axis.
        output: the output that it reaches.
        node: the operator's name; empty where it is none.
        op: which operator it is.
        reason: what it does, in words.
        remedy: what would allow one; empty where nothing is known.
        undecidable: whether it may be none: what would tell is not known.
        module: the operator's module path; empty where it is not known.
        source: the line that made it, as in ``models/unet.py:42``; empty where it is not known.
    """

    axis: str
    output: str
    node: str
    op: str
    reason: str
    remedy: str = ""
    undecidable: bool = False
    module: str = ""
    source: str = ""

    @classmethod
    def of(
        cls,
        axis: str,
        output: str,
        node: Node,
        reason: str,
        remedy: str = "",
        undecidable: bool = False,
    ) -> Obstacle:
        """Return an operator as what no tiling along an axis survives."""
        return cls(axis, output, node.name, node.op, reason, remedy, undecidable, node.module, node.source)

    @property
    def told(self) -> str:
        """What it is and does, without its axis: ``Conv 'node_1' (enc.0, models/unet.py:42) reads the whole axis``."""
        if not self.node:
            return self.reason
        named = self.module in self.node or self.module.replace(".", "/") in self.node
        about = ", ".join(filter(None, ("" if named else self.module, paths.line(self.source))))
        return f"{self.op} {self.node!r}{f' ({about})' if about else ''} {self.reason}"

    def __str__(self) -> str:
        return f"{self.axis}: {self.told}" + (f"; {self.remedy}" if self.remedy else "")


_TIES = {
    "grid": (
        "fits its grid to the whole extent",
        "resize by a fixed factor (align_corners=False, half_pixel) instead",
    ),
    "window": ("fits its windows to the whole extent", "pool with a fixed kernel and stride instead"),
    "circular": ("fetches what lies at the other end", "pad with zeros or by reflection instead"),
}


def of_ties(field: Along, output: str, *reasons: str) -> Obstacle | None:
    """Return what ties an output to the whole extent of an axis, for any of these reasons."""
    nodes = {node.name: node for node in field.runs.graph.nodes}
    for why in reasons:
        reason, remedy = _TIES[why]
        names = field.tied(why)
        if names:
            node = nodes[names[0]]
            if why == "circular" and _rolls(node) and not field.runs.graph.weights:
                remedy = f"{remedy}, or have a mask behind it looked at: weights = true"
            return Obstacle.of(field.axis_name, output, node, reason, remedy)
    return None


def of_unlike_inputs(axis: str, output: str) -> Obstacle:
    """Return that inputs have an axis of one name along which an output has them at different rates."""
    remedy = 'call their axes differently, with axes, or say which inputs are a state: state = "auto"'
    return Obstacle(axis, output, "", "", f"inputs lie unlike along output {output!r}", remedy)


def _rolls(node: Node) -> bool:
    """Whether an operator may be a roll, as masked windows are shifted by: files have slices, one behind the other."""
    return node.op.endswith(("roll", "Concat"))


def of_rims(field: Along, output: Tensor, states: Mapping[int, Mapping[Key, State]]) -> Obstacle:
    """Return the first operator on the way to an output of whose result all is wrong in a tile."""
    wanted = field.runs.graph.ancestors(output.number)
    for step in field.runs.graph.program:
        if step.value.number in wanted and isinstance(
            states.get(step.value.number, {}).get(field.key), Spoilt
        ):
            return _spoiling(field, output.name, step)
    return Obstacle(
        field.axis_name,
        output.name,
        "",
        "",
        f"output {output.name!r} is not the same in a tile as in the whole",
    )


def _spoiling(field: Along, output: str, step: Step) -> Obstacle:
    node, runs, axis = step.node, field.runs, field.axis_name
    known = runs.structure(step.value)
    if isinstance(known, Structure) and node.index in known.context.get(field.key, ()):
        accept = f'accept_context = ["op:{node.op}"] if that is accepted'
        norm = "norm" in node.op.lower()
        instead = "a norm with fixed statistics (BatchNorm)" if norm else "windows of a fixed size"
        reason = "takes statistics over the whole axis"
        return Obstacle.of(axis, output, node, reason, f"use {instead}, or {accept}")
    ties = known.ties.get(field.key, ()) if isinstance(known, Structure) else ()
    for why in sorted(tie.why for tie in ties if tie.node == node.index and tie.why in _TIES):
        return Obstacle.of(axis, output, node, *_TIES[why])
    if isinstance(known, Structure) and field.key in known.uncertain:
        return Obstacle.of(axis, output, node, "reads where data chooses, anywhere along the axis")
    return Obstacle.of(axis, output, node, "reads the whole axis", "use windows of a fixed size instead")
