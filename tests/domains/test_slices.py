"""Windows read as slices give what a table of all their taps gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_rf import access
from pytest_rf.access import Taps
from pytest_rf.domains import bounded, slices
from pytest_rf.domains.hull import CUT, NOWHERE, Hull, point


@st.composite
def relations(draw: Any) -> Taps:
    """Windows, transposed windows, slices, flips, paddings by every border; few taps and many."""
    kernel, stride, dilation = draw(st.integers(1, 9)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    pad = draw(st.integers(-4, 12))
    which = draw(st.sampled_from(["window", "holes", "spread", "slice", "pad", "groups", "resize"]))
    if which == "holes":
        taps = draw(st.lists(st.integers(0, 11), min_size=1, max_size=8, unique=True))
        return access.window(tuple(taps), stride, dilation, pad)
    if which == "spread":
        return access.spread(kernel, stride, dilation, pad)
    if which == "groups":
        return Taps(kernel, stride, (tuple(range(stride)),) * kernel)
    if which == "resize":  # with more phases than rounds of them, too
        runs = st.builds(
            lambda first, width: tuple(range(first, first + width)), st.integers(-4, 16), st.integers(0, 9)
        )
        phases = draw(st.lists(runs, min_size=1, max_size=20))
        advance, border = draw(st.integers(-3, 9)), draw(st.sampled_from(["drop", "edge", "wrap"]))
        return Taps(len(phases), advance, tuple(phases), border=border)
    if which == "slice":
        return access.progression(draw(st.integers(0, 12)), draw(st.sampled_from([-3, -2, -1, 1, 2, 3])))
    made = access.window(kernel, stride, dilation, pad)
    return made._replace(border=draw(st.sampled_from(["drop", "edge", "reflect", "wrap"])))


@st.composite
def hulls(draw: Any, extent: int) -> Hull:
    """What has been read before: in order or not, with marks or none, along this dimension or not at all."""
    if draw(st.booleans()):
        return point(extent, 1, 3, endless=False)
    rows = draw(st.integers(1, 2))
    numbers = st.integers(0, 20) | st.sampled_from([CUT, NOWHERE])
    along = extent if draw(st.booleans()) else 1
    low = np.array(draw(st.lists(numbers, min_size=rows * along, max_size=rows * along)), np.int64)
    width = np.array(
        draw(st.lists(st.integers(0, 5), min_size=rows * along, max_size=rows * along)), np.int64
    )
    high = np.where(low >= CUT, -low, low + width)
    return Hull(low.reshape(rows, along, 1), high.reshape(rows, along, 1))


@settings(deadline=None, max_examples=400)
@given(st.data())
def test_slices_read_what_the_table_reads(data: st.DataObject) -> None:
    extent, output = data.draw(st.integers(1, 14), "extent"), data.draw(st.integers(1, 16), "output")
    relation, hull = data.draw(relations(), "relation"), data.draw(hulls(extent), "hull")
    with pytest.MonkeyPatch.context() as patch:
        by_table = bounded.along(hull, 1, relation, extent, output)
        patch.setattr(bounded, "LONG", 0)
        by_slices = bounded.along(hull, 1, relation, extent, output)
    shape = (hull.lo.shape[0], output, 1)
    for side in ("lo", "hi"):
        one, other = (np.broadcast_to(getattr(found, side), shape) for found in (by_table, by_slices))
        np.testing.assert_array_equal(one, other)


def test_no_table_of_a_long_axis_is_kept() -> None:
    before = bounded._tap_gather.cache_info().currsize
    line = point(100_000, 0, 1, endless=False)
    found = bounded.along(line, 0, access.window(9, pad=4), 100_000, 100_000)
    assert found.lo[[0, 5, -1]].tolist() == [0, 1, 99_995]
    assert found.hi[[0, 5, -1]].tolist() == [4, 9, 99_999]
    assert bounded._tap_gather.cache_info().currsize == before


def test_groups_of_channels_are_not_read_tap_by_tap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "_tap", None)
    groups = Taps(512, 512, (tuple(range(512)),) * 512)
    assert slices.hit(groups, 1024, 1024).all()
