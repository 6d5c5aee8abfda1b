"""``pytest-rf tile``: what tiling a model allows, and whether a tiling makes the whole."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from pytest_rf.commands import completion, options
from pytest_rf.commands.show import analysis_of

if TYPE_CHECKING:
    from typing import TypeAlias

    Pairs: TypeAlias = click.ParamType[list[tuple[str, tuple[int, ...]]]]
else:
    Pairs = click.ParamType

#: bioimage.io's is that of 0.5; an older one is named.
FORMATS = ["text", "json", "bioimageio", "bioimageio-0.4"]

_ONE = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*([0-9]{1,12})(?::([0-9]{1,12}))?\s*")


class Lengths(Pairs):
    """``h=512,w=512``; ``sides``: ``h=32:16`` as well."""

    name = "h=N,..."

    def __init__(self, sides: bool = False) -> None:
        self.sides = sides

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[tuple[str, tuple[int, ...]]]:
        """Return the axes with their numbers."""
        if isinstance(value, list):
            return value
        found: list[tuple[str, tuple[int, ...]]] = []
        for part in str(value).split(","):
            match = _ONE.fullmatch(part)
            if match is None or (match[3] and not self.sides):
                form = "h=32,w=32 or h=32:16" if self.sides else "h=512,w=512"
                self.fail(f"{value!r} is not understood; write numbers by axis, as in {form}", param, ctx)
            found.append(
                (match[1], tuple(int(number) for number in match.groups()[1:] if number is not None))
            )
        return found


@click.command(short_help="Tell what tiling a model allows, and judge a tiling.")
@click.argument("model", shell_complete=completion.models)
@click.option(
    "--tile", type=Lengths(), multiple=True, help="Extent of a tile, by axis: h=512,w=512; repeatable."
)
@click.option("--overlap", type=Lengths(), multiple=True, help="What neighbours share, in total: h=64.")
@click.option(
    "--context",
    type=Lengths(sides=True),
    multiple=True,
    help="Context on either side instead: h=32, h=32:16.",
)
@click.option("--align", type=Lengths(), multiple=True, help="Tiles begin on multiples of this, too: h=16.")
@click.option(
    "--crop",
    type=Lengths(sides=True),
    multiple=True,
    help="By how much outputs are smaller on a side, where their centres do not say so: h=92.",
)
@options.format(FORMATS, "text")
@options.call
@options.config
@options.allow_code
@options.output
def tile(
    model: str,
    tile: Sequence[list[tuple[str, tuple[int, ...]]]],
    overlap: Sequence[list[tuple[str, tuple[int, ...]]]],
    context: Sequence[list[tuple[str, tuple[int, ...]]]],
    align: Sequence[list[tuple[str, tuple[int, ...]]]],
    crop: Sequence[list[tuple[str, tuple[int, ...]]]],
    format: str,
    call: dict[str, Any],
    config: str | None,
    allow_code: bool,
    output: str | None,
    color: bool | None,
    debug: bool,
) -> int:
    """Tell what overlap tiles of MODEL need for the whole result, or the first operator that allows none.

    MODEL is an .onnx file, the name of a model in the configuration, or package.module:factory. With --tile, that
    tiling is judged: exit 1 if it is not seamless. An overlap is total, a context stands on one side.
    """
    from pytest_rf.commands import pager
    from pytest_rf.commands.output import emit
    from pytest_rf.reporters import tiling

    given = {
        name: options.once(tuple(pair for one in some for pair in one), f"--{name}")
        for name, some in {
            "tile": tile,
            "overlap": overlap,
            "context": context,
            "align": align,
            "crop": crop,
        }.items()
    }
    extents = _numbers(given["tile"])
    if not extents and (overlap or context):
        raise click.UsageError("--overlap and --context are about tiles: give their extent, --tile h=512")
    analysis = analysis_of(model, call, config, allow_code)
    plan = analysis.tiles(
        extents or None,
        _numbers(given["overlap"]) or None,
        context=_sides(given["context"]) or None,
        align=_numbers(given["align"]) or None,
        crop=_sides(given["crop"]) or None,
    )
    if format.startswith("bioimageio"):
        from pytest_rf.reporters import bioimageio

        version = format.partition("-")[2] or "0.5"
        emit(bioimageio.text(analysis, plan, version), output, color)
    elif format == "json":
        emit(tiling.as_json(analysis.name, plan), output, color)
    else:
        emit(
            tiling.lines(analysis.name, plan, bool(extents), pager.screen(output), analysis.spacing),
            output,
            color,
        )
    return 0 if plan.seamless or not extents else 1


def _sides(given: Mapping[str, tuple[int, ...]]) -> Mapping[str, int | Sequence[int]]:
    return {axis: numbers if len(numbers) > 1 else numbers[0] for axis, numbers in given.items()}


def _numbers(given: Mapping[str, tuple[int, ...]]) -> Mapping[str, int]:
    return {axis: number for axis, (number,) in given.items()}
