"""The tilings of a model, ``[[model.tiling]]``, as far as they can be refused without the model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_rf.config.declared import Tiling
from pytest_rf.config.positions import Keys, Place
from pytest_rf.config.tomlfile import Document

if TYPE_CHECKING:
    from pytest_rf.config.tables import TilingTable


def stated(document: Document, entry: TilingTable, *at: str | int) -> Tiling:
    """Return a tiling with its places.

    Args:
        document: the configuration.
        entry: what it says of the tiling.
        at: the way there.

    Raises:
        ConfigError: it is none that any model could be run in.
    """
    for keys, reason in _wrong(entry):
        raise document.error(f"tiling: {reason}", document.line(*at, *keys))
    said = {key: getattr(entry, key) for key in entry.__struct_fields__}
    sides = {key: {axis: _both(one) for axis, one in said[key].items()} for key in ("context", "crop")}
    places: dict[Keys, Place] = {
        (key, axis): document.place(*at, key, axis) for key, axes in said.items() for axis in axes
    }
    return Tiling(**{**said, **sides}, file=document.name, place=document.place(*at), places=places)


def _both(size: int | list[int]) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (size[0], size[1])


def _wrong(entry: TilingTable) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield what no model could be run in: the key and the axis, and what is wrong."""
    for key in ("overlap", "context", "align", "crop"):
        for axis in getattr(entry, key):
            if axis not in entry.tile:
                there = ", ".join(entry.tile)
                yield (
                    (key, axis),
                    f"{key} has axis {axis}, which is not tiled; tiles are given along {there}: write tile = "
                    f"{{ {axis} = ... }}",
                )
    for axis in entry.context:
        if axis in entry.overlap:
            yield (
                ("context", axis),
                f"{axis} has an overlap and a context; keep one of them: an overlap is what neighbours share in "
                "total, a context is on either side",
            )
    for axis, tile in entry.tile.items():
        total = entry.overlap.get(axis, sum(_both(entry.context.get(axis, 0))))
        if total >= tile:
            key = "overlap" if axis in entry.overlap else "context"
            yield (
                (key, axis),
                f"a tile of {tile} along {axis} with {total} in total of {key} does not move on; give a larger tile "
                f"or less {key}",
            )
