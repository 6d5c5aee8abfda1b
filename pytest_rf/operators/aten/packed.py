"""Packed sequences: samples of different lengths, step by step one below the other."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pytest_rf.graph import Builder
from pytest_rf.operators import gathers, recurrent, views
from pytest_rf.operators.aten.call import OpCall, Result, Rules, numbers
from pytest_rf.value import Undetermined, Value

Numbers = npt.NDArray[np.int64]


class Packing(NamedTuple):
    """Which step of which sample each row of the packed data holds.

    Attributes:
        sizes: for each step how many samples have it, the first ones.
    """

    sizes: Numbers

    @property
    def lengths(self) -> tuple[int, ...]:
        """How many steps each sample has."""
        samples = np.arange(self.sizes.max(initial=0))
        return tuple((self.sizes[None, :] > samples[:, None]).sum(axis=1).tolist())

    @property
    def rows(self) -> tuple[Numbers, Numbers]:
        """Step and sample of each row."""
        samples = [np.arange(n) for n in self.sizes]
        return np.repeat(np.arange(self.sizes.size), self.sizes), np.concatenate(samples)

    def pack(self, b: Builder, x: Value) -> Value:
        """Return the rows of ``x`` (time, batch, ...)."""
        step, sample = self.rows
        flat = b.reshape(x, [prod(x.extents[:2]), *x.extents[2:]])
        return gathers.gather(b, flat, 0, step * x.extents[1] + sample)

    def pad(self, b: Builder, data: Value, time: int) -> Value:
        """Return rows as (time, batch, ...); padding reads nothing."""
        step, sample = self.rows
        table = np.full((time, len(self.lengths)), -1, np.int64)
        table[step, sample] = np.arange(step.size)
        return gathers.gather(b, data, 0, table)


def packing(call: OpCall, data: Value) -> Packing | None:
    """Return how packed data lies; None where the number of samples of a step is computed.

    Raises:
        Undetermined: the data has another number of rows.
    """
    sizes = call.given("batch_sizes")[0]
    if sizes.varies:
        return None
    found = Packing(numbers(call.data(sizes)))
    if found.sizes.sum() != data.extents[0]:
        raise Undetermined(
            f"{call.op}: packed data of {data.extents[0]} rows, but sizes for {found.sizes.sum()}"
        )
    return found


def turned(b: Builder, x: Value, first: bool) -> Value:
    """Return ``x`` with its first two axes, time and batch, changed over if the batch is ``first``."""
    return views.transpose(b, x, [1, 0, *range(2, x.rank)]) if first else x


def pack(call: OpCall) -> Result:
    """_pack_padded_sequence: the steps of all samples that have them, without the padding."""
    x, lengths = call.given("input", "lengths")
    if lengths.varies:
        data = recurrent.pack_anywhere(call.b, x, lengths, call.shape)
        return data, recurrent.anywhere(call.b, call.shapes[1] or (), [lengths])
    given = numbers(call.data(lengths))
    steps = np.arange(given.max(initial=0))
    sizes = Packing((given[None, :] > steps[:, None]).sum(axis=1))
    return sizes.pack(call.b, turned(call.b, x, call["batch_first"])), None


def pad(call: OpCall) -> Result:
    """_pad_packed_sequence: the steps of each sample, and padding, which reads nothing."""
    data, sizes = call.given("data", "batch_sizes")
    known = packing(call, data)
    if known is None:
        values = [[sizes, data], *[[sizes]] * (len(call.shapes) - 1)]
        return [
            None if shape is None else recurrent.anywhere(call.b, shape, read)
            for shape, read in zip(call.shapes, values, strict=True)
        ]
    time = call.shape[1 if call["batch_first"] else 0]
    return turned(call.b, known.pad(call.b, data, time), call["batch_first"]), None


RULES: Rules = {"aten._pack_padded_sequence": pack, "aten._pad_packed_sequence": pad}
