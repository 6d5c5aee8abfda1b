"""``pytest-rf show``: the figures of a model's tensors, or what one unit reads."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pytest_rf.commands import completion, options, values
from pytest_rf.reporters import COPIES, FILES, SHOW

if TYPE_CHECKING:
    from pytest_rf import Analysis
    from pytest_rf.config.sources import Target
    from pytest_rf.reporters.lines import Document


@click.command(short_help="Show the figures of a model, tensor by tensor.")
@click.argument("model", shell_complete=completion.models)
@click.option(
    "--node",
    metavar="PATTERN",
    help="Only tensors whose name, node or module path matches this glob, or op:Conv: of this operator.",
)
@click.option(
    "--columns",
    type=values.Names(),
    help="Show these columns: rf, halo, lookahead, ... and name, node, op, module, source, shape, status, input.",
)
@click.option(
    "--figure",
    "figures",
    multiple=True,
    metavar="NAME",
    help="Show this figure too: halo, aligned, ...; repeatable.",
)
@click.option(
    "--changed", is_flag=True, help="Only tensors whose rf or stride is not that of what they read."
)
@click.option("--sort", metavar="COLUMN", help="Sort by a column: rf; -rf for the largest first.")
@click.option(
    "--depth",
    type=click.IntRange(min=1),
    metavar="N",
    help="Show modules as a tree, down to N parts of their paths, each with the figures of its last tensor.",
)
@click.option(
    "--unit", type=values.Unit(), help="Show what this unit reads, by its place on the spatial axes."
)
@click.option(
    "--plot",
    metavar="FILE",
    help="Draw how the field grew, or with --unit what the unit reads, into this .svg, .png or .pdf instead.",
)
@options.format([*SHOW, *COPIES], "table")
@click.option("--pager/--no-pager", default=True, help="On a terminal, page what is longer than the screen.")
@options.call
@options.config
@options.allow_code
@options.output
def show(
    model: str,
    node: str | None,
    columns: tuple[str, ...] | None,
    figures: tuple[str, ...],
    changed: bool,
    sort: str | None,
    depth: int | None,
    unit: tuple[int, ...] | None,
    plot: str | None,
    format: str,
    pager: bool,
    call: dict[str, Any],
    config: str | None,
    allow_code: bool,
    output: str | None,
    color: bool | None,
    debug: bool,
) -> int:
    """Show the receptive field of every tensor of MODEL.

    MODEL is an .onnx file, the name of a model in the configuration, or package.module:factory.

    rf, stride and start are input positions; they are shown once where all axes agree. With --unit, the
    positions of the input that one unit reads, of the final tensors or of those that --node selects.

    --format model-explorer gives node data of Model Explorer, in a file a figure where -o names a folder; onnx a copy
    of the model whose nodes show their figures in netron.
    """
    from pytest_rf import reporters
    from pytest_rf.commands import drawing, exporting
    from pytest_rf.commands import pager as paging
    from pytest_rf.commands.progress import made

    target = _target(model, call, config, allow_code)
    chosen = (node, unit, figures, columns or (), depth, changed, sort)
    if plot is not None:
        table = {
            "--figure": figures,
            "--columns": columns,
            "--depth": depth,
            "--changed": changed,
            "--sort": sort,
        }
        table |= {"--output": output, "--format": format != "table"}
        drawing.draw(target, plot, node, unit, [name for name, given in table.items() if given])
        return 0
    if format in COPIES or (format in FILES and output is not None and Path(output).is_dir()):
        exporting.write(target, chosen, format, output)
        return 0
    document = made(target, partial(_shown, chosen=chosen, format=format, screen=paging.screen(output)))
    paging.page(document, output, color, pager, reporters.escape(format), [model])
    return 0


def _shown(target: Target, chosen: tuple[Any, ...], format: str, screen: Any) -> Document:
    """Return what is shown of a model; all of it here, as other processes do not have the model."""
    from pytest_rf import reporters, targets, view

    document = reporters.show(view.view(targets.analyse(target), *chosen), format, screen)
    return document if isinstance(document, str) else list(document)


def analysis_of(model: str, call: dict[str, Any], config: str | None, allow_code: bool) -> Analysis:
    """Return the analysis of a model, with what the configuration declares about it."""
    from pytest_rf import targets
    from pytest_rf.commands.progress import made

    return made(_target(model, call, config, allow_code), targets.analyse)


def _target(model: str, call: dict[str, Any], config: str | None, allow_code: bool) -> Target:
    from pytest_rf.config.selection import find
    from pytest_rf.targets import refuse_code

    target = find(model, options.configuration(config), call)
    refuse_code(target, allow_code)
    return target
