"""Holds the witness of a tiling against runs: the whole, and the tile that the unit is kept of.

What lies outside of a tile the tile cannot see. So where the unit of the whole changes with that, it is not the tile's.
Where it does not, the two units themselves are compared, on the same data; rounding differs between runs of other
extents, so that only what is far more than that counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pytest_rf.findings import Piece, Witness
from pytest_rf.probing.search import Search, along

Effect = Callable[["npt.NDArray[Any]", "npt.NDArray[Any]", Any], int]
"""From two results and a unit to how much it differs: 0 not at all, 1 by rounding at the most, 2 more than that."""

IMAGES = 2
"""So many images are drawn."""

APART = 1 << 10
"""Units differ if they do by so many units in the last place of the largest element."""


def differs(
    search: Search,
    witness: Witness,
    tile: Piece,
    names: Sequence[str],
    sizes: Sequence[float],
    effect: Effect,
) -> bool:
    """Return whether runs show that the unit of the whole is not that of the tile.

    Args:
        search: what runs the model.
        witness: the witness.
        tile: its tile.
        names: what a run may call the tensor.
        sizes: sizes of the changes that are tried.
        effect: how much a unit differs between two runs.

    Raises:
        ModelError: the model does not run on such images.
    """
    extent = next(one.shape for one in witness.call if one.name == witness.input)[witness.axis]
    outside = [
        along(witness.axis, *ends) for ends in ((0, tile.start), (tile.stop, extent)) if ends[0] < ends[1]
    ]
    for image in _images(search, witness):
        whole = _arrays(search, search.run(image), names)
        for part in outside:
            for size in sizes:
                changed = _arrays(search, search.changed(image, witness.input, part, size), names)
                if any(
                    effect(whole[name], changed[name], witness.unit) > 1
                    for name in whole.keys() & changed.keys()
                ):
                    return True
        own = image[witness.input][along(witness.axis, tile.start, tile.stop)]
        part_of = _arrays(search, search.run({**image, witness.input: own}), names)
        if any(
            _apart(whole[name], part_of[name], witness.unit, tile.unit)
            for name in whole.keys() & part_of.keys()
        ):
            return True
    return False


def _images(search: Search, witness: Witness) -> Iterator[dict[str, Any]]:
    shapes = {one.name: one.shape for one in witness.call}
    for _ in range(IMAGES):
        yield {name: search.drawn(name, shapes[name]) for name in search.inputs}


def _arrays(search: Search, results: Mapping[str, Any], names: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
    return {name: search.array(results[name]) for name in names if name in results}


def _apart(
    whole: npt.NDArray[Any], part: npt.NDArray[Any], unit: tuple[int, ...], own: tuple[int, ...]
) -> bool:
    """Return whether a unit of the whole and that of the tile differ by far more than rounding."""
    one, other = np.asarray(whole[unit]), np.asarray(part[own])
    if one == other or (one != one and other != other):
        return False
    if whole.dtype.kind not in "fc":
        return True
    with np.errstate(all="ignore"):
        scale = float(np.nanmax(np.abs(whole), initial=0.0))
        return not abs(other - one) <= APART * np.finfo(whole.dtype).eps * scale
