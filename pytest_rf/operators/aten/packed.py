"""Packed sequences: samples of different lengths, step by step one below the other, and recurrences over them."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
import numpy.typing as npt

from pytest_rf.access import ANYWHERE, SAME, WHOLE, Read, Relation, Sets, Table, indices
from pytest_rf.graph import Undetermined, Value
from pytest_rf.operators.aten.call import OpCall, Result, Rules, numbers
from pytest_rf.operators.reads import read_anywhere

Numbers = npt.NDArray[np.int64]
_LARGEST = 1 << 24
"""Tables of (row, row) with more entries are not written out."""


def pack(call: OpCall) -> Result:
    """_pack_padded_sequence: the steps of all samples that have them, without the padding."""
    x, lengths = call.given("input", "lengths")
    time = 1 if call["batch_first"] else 0
    rest: list[tuple[int | None, Relation]] = [(axis - 1, SAME) for axis in range(2, x.rank)]
    if lengths.varies:
        data = call.b.union(
            call.shape, Read(x.number, ((None, ANYWHERE), (None, ANYWHERE), *rest)), read_anywhere(lengths)
        )
        return data, call.b.union(call.shapes[1] or (), read_anywhere(lengths))
    sizes = _sizes(numbers(call.data(lengths)))
    step, sample = _rows(sizes)
    places = step * x.extents[1] + sample if time == 0 else sample * x.extents[1] + step
    flat = call.b.reshape(x, [prod(x.extents[:2]), *x.extents[2:]])
    return call.b.union(call.shape, Read(flat.number, ((0, indices(places)), *rest))), None


def pad(call: OpCall) -> Result:
    """_pad_packed_sequence: the steps of each sample, and padding, which reads nothing."""
    data, sizes = call.given("data", "batch_sizes")
    rest: list[tuple[int | None, Relation]] = [(axis + 1, SAME) for axis in range(1, data.rank)]
    if sizes.varies:
        return [
            None
            if shape is None
            else call.b.union(shape, read_anywhere(sizes), *([read_anywhere(data)] if place == 0 else []))
            for place, shape in enumerate(call.shapes)
        ]
    step, sample = _rows(numbers(call.data(sizes)))
    first, second = call.shape[:2]
    row, column = (sample, step) if call["batch_first"] else (step, sample)
    table = np.full(first * second, -1, np.int64)
    table[row * second + column] = np.arange(step.size)
    flat = call.b.union(
        [first * second, *call.shape[2:]],
        Read(
            data.number, ((0, Table(table)), *((place - 1, how) for place, how in rest if place is not None))
        ),
    )
    return call.b.reshape(flat, call.shape), None


def _sizes(lengths: Numbers) -> Numbers:
    """Return for each step how many samples have it."""
    return np.asarray((lengths[None, :] > np.arange(lengths.max(initial=0))[:, None]).sum(axis=1))


def _rows(sizes: Numbers) -> tuple[Numbers, Numbers]:
    """Return step and sample of each row of the packed data."""
    return np.repeat(np.arange(sizes.size), sizes), np.concatenate([np.arange(n) for n in sizes])


def layers(call: OpCall, data: Value, states: Sequence[Value], weights: Sequence[Value]) -> Result:
    """Return a recurrent layer's outputs over packed data: a row reads its sample's rows up to its own."""
    sizes = call.given("batch_sizes")[0]
    both, count = bool(call["bidirectional"]), int(call["num_layers"])
    if sizes.varies or data.extents[0] ** 2 > _LARGEST:
        reads = [read_anywhere(value) for value in (sizes, data, *states, *weights)]
        return [None if shape is None else call.b.union(shape, *reads) for shape in call.shapes]
    step, sample = _rows(numbers(call.data(sizes)))
    if step.size != data.extents[0]:
        raise Undetermined(f"{call.op}: packed data of {data.extents[0]} rows, but sizes for {step.size}")
    same = sample[:, None] == sample[None, :]
    earlier = same & (step[None, :] <= step[:, None])
    later = same & (step[None, :] >= step[:, None])
    batch = call.shapes[1][1] if call.shapes[1] else int(sample.max()) + 1
    of_sample = sample[:, None] == np.arange(batch)[None, :]
    whole = [Read(value.number, ((None, WHOLE),) * value.rank) for value in weights if value.varies]

    below = layers_below(call, count * (2 if both else 1))

    def run(rows: npt.NDArray[np.bool_], direction: int = 0) -> Value:
        reads = [Read(data.number, ((0, Sets(rows)), (None, WHOLE)), channel=1)] if data.varies else []
        for state in states:
            if state.varies:
                own = Sets(below[-2 + direction if both else -1][None])
                reads.append(Read(state.number, ((None, own), (0, Sets(of_sample)), (None, WHOLE))))
        return call.b.union([step.size, call.shape[1] // (2 if both else 1)], *reads, *whole)

    if not both:
        y = run(earlier)
    else:
        y = call.b.join([run(earlier), run(later, 1)] if count == 1 else [run(same), run(same, 1)], 1)
    finals = []
    for shape in call.shapes[1:]:
        assert shape is not None
        reads = [Read(data.number, ((1, Sets(of_sample.T)), (None, WHOLE)))] if data.varies else []
        own = (0, Sets(below))
        reads += [Read(s.number, (own, (1, SAME), (None, WHOLE))) for s in states if s.varies]
        finals.append(call.b.union(shape, *reads, *whole))
    call.label(f"{count} layers" + (", both directions" if both else ""))
    return (y, *finals)


def layers_below(call: OpCall, count: int) -> npt.NDArray[np.bool_]:
    """Return for each layer and direction the initial states that it reads: its own, and all of layers below."""
    directions = 2 if call["bidirectional"] else 1
    place = np.arange(count)
    layer = place // directions
    return np.asarray((layer[None, :] < layer[:, None]) | (place[None, :] == place[:, None]))


RULES: Rules = {"aten._pack_padded_sequence": pack, "aten._pad_packed_sequence": pad}
