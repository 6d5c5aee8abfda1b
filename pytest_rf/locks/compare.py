"""What differs between two states of a model: figures that moved, tensors that came and went."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from pytest_rf.locks.figures import FLAGS, ModelFigures, TensorFigures


class Moved(NamedTuple):
    """A figure that moved, along axes of an input of which the same is true."""

    input: str
    axes: tuple[str, ...]
    metric: str
    old: str
    new: str


class Changed(NamedTuple):
    """A tensor with figures that moved, in both states."""

    old: TensorFigures
    new: TensorFigures
    moved: tuple[Moved, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two states of a model.

    Attributes:
        old: the old state; None where there was no such model.
        new: the new state; None where there is no such model any more.
        inputs: what became of inputs: name -> axes with their extents, before and now.
        changed: tensors whose figures moved, the earlier layers first.
        added: tensors that are new.
        removed: tensors that are gone.
        renamed: how many tensors have another name, and the same figures or others.
    """

    old: ModelFigures | None
    new: ModelFigures | None
    inputs: dict[str, tuple[str, str]] = field(default_factory=dict)
    changed: tuple[Changed, ...] = ()
    added: tuple[TensorFigures, ...] = ()
    removed: tuple[TensorFigures, ...] = ()
    renamed: int = 0

    def __bool__(self) -> bool:
        """Whether anything but names differs."""
        return (
            self.old is None
            or self.new is None
            or bool(self.inputs or self.changed or self.added or self.removed)
        )


def difference(old: ModelFigures, new: ModelFigures) -> Difference:
    """Return what differs between two states of a model."""
    pairs, removed, added = matched(old, new)
    inputs = renamed_input(old, new)
    changed = []
    for one, other in pairs:
        moves = moved(one, other, inputs)
        if moves:
            changed.append(Changed(one, other, moves))
    place = {id(tensor): number for number, tensor in enumerate(new.tensors)}
    # A lock is sorted by name: there the smaller field stands for the earlier layer.
    changed.sort(key=lambda one: (0 if new.ordered else _reach(one.new), place[id(one.new)]))
    return Difference(
        old,
        new,
        _inputs(old, new),
        tuple(changed),
        tuple(added),
        tuple(removed),
        sum(one.name != other.name for one, other in pairs),
    )


def matched(
    old: ModelFigures, new: ModelFigures
) -> tuple[list[tuple[TensorFigures, TensorFigures]], list[TensorFigures], list[TensorFigures]]:
    """Return tensors of two states that are one and the same, those that are gone, and those that are new.

    They are matched by name; what is left by module and operator, in their order where a module has several; what is
    still left by their operator, where both states are in the order of their graphs and have as many of it left.
    """
    pairs: list[tuple[TensorFigures, TensorFigures]] = []
    gone, come = _match(pairs, old.tensors, new.tensors, lambda one: one.name)
    gone, come = _match(pairs, gone, come, lambda one: one.module and f"{one.module}\0{one.op}")
    if old.ordered and new.ordered:
        gone, come = _match(pairs, gone, come, lambda one: one.op)
    return pairs, gone, come


def moved(old: TensorFigures, new: TensorFigures, inputs: dict[str, str]) -> tuple[Moved, ...]:
    """Return the figures of a tensor that moved; a figure that only one state holds is not compared.

    Args:
        old: the tensor as it was.
        new: as it is.
        inputs: new names of inputs that are called differently now, by their old ones.
    """
    if old.known != new.known:
        words = {True: "known", False: "unknown"}
        return (Moved("", (), "status", words[old.known], words[new.known]),)
    before = {(inputs.get(name, name), axis): one for (name, axis), one in old.along().items()}
    now = new.along()
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for place in dict.fromkeys([*now, *before]):
        source, axis = place
        if place not in before or place not in now:
            there = ("reads nothing", "reads") if place in now else ("reads", "reads nothing")
            found.setdefault((source, "input", *there), []).append(axis)
            continue
        one, other = before[place], now[place]
        for metric in dict.fromkeys([*other, *one]):
            usual = "no" if metric in FLAGS else ""
            was, is_ = one.get(metric, usual), other.get(metric, usual)
            if was and is_ and was != is_:
                found.setdefault((source, metric, was, is_), []).append(axis)
    return tuple(
        Moved(source, tuple(axes), metric, was, now) for (source, metric, was, now), axes in found.items()
    )


def _reach(tensor: TensorFigures) -> float:
    """Return how large a tensor's field is along the axis where it is largest."""
    texts = [figures.get("rf", "-").rpartition("..")[2] for figures in tensor.along().values()]
    return max(
        (float("inf" if text == "inf" else Fraction(text)) for text in texts if text != "-"), default=0.0
    )


def _match(
    pairs: list[tuple[TensorFigures, TensorFigures]],
    old: Iterable[TensorFigures],
    new: Iterable[TensorFigures],
    address: Callable[[TensorFigures], str],
) -> tuple[list[TensorFigures], list[TensorFigures]]:
    """Add the pairs of tensors that have one address, and return what is left of both states."""
    groups: dict[str, tuple[list[TensorFigures], list[TensorFigures]]] = {}
    for place, tensors in enumerate((old, new)):
        for tensor in tensors:
            groups.setdefault(address(tensor), ([], []))[place].append(tensor)
    taken: set[int] = set()
    for where, (before, now) in groups.items():
        if where and len(before) == len(now):
            pairs += zip(before, now, strict=True)
            taken.update(map(id, (*before, *now)))
    return [one for one in old if id(one) not in taken], [one for one in new if id(one) not in taken]


def renamed_input(old: ModelFigures, new: ModelFigures) -> dict[str, str]:
    """Return the new name of the one input of a model, where that is called differently now."""
    gone = [name for name in old.inputs if name not in new.inputs]
    come = [name for name in new.inputs if name not in old.inputs]
    alone = len(old.inputs) == len(new.inputs) == 1
    return {gone[0]: come[0]} if alone and gone and come else {}


def _inputs(old: ModelFigures, new: ModelFigures) -> dict[str, tuple[str, str]]:
    """Return the inputs whose axes or extents differ."""
    renamed = renamed_input(old, new)
    before = {renamed.get(name, name): axes for name, axes in old.inputs.items()}
    return {
        name: (_extents(before.get(name)), _extents(new.inputs.get(name)))
        for name in dict.fromkeys([*new.inputs, *before])
        if before.get(name) != new.inputs.get(name)
    }


def _extents(axes: dict[str, int] | None) -> str:
    if axes is None:
        return "none"
    return " ".join(f"{axis}={extent}" for axis, extent in axes.items()) or "no spatial axis"


def paired(old: Sequence[ModelFigures], new: Sequence[ModelFigures]) -> list[Difference]:
    """Return what differs between two collections of models, which are matched by name and source.

    One model each is a pair whatever they are called.
    """
    if len(old) == len(new) == 1:
        return [difference(old[0], new[0])]
    before, now = {one.key: one for one in old}, {one.key: one for one in new}
    pairs = []
    for key in sorted({*before, *now}):
        one, other = before.get(key), now.get(key)
        if one is not None and other is not None:
            pairs.append(difference(one, other))
        else:
            pairs.append(Difference(one, other))
    return pairs
