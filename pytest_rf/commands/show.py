"""``pytest-rf show``: the figures of a model's tensors, or what one unit reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pytest_rf.commands import completion, options
from pytest_rf.reporters import SHOW

if TYPE_CHECKING:
    from pytest_rf import Analysis


@click.command()
@click.argument("model", shell_complete=completion.models)
@click.option("--node", metavar="GLOB", help="Only tensors whose name, node or module path matches.")
@click.option(
    "--unit", type=options.Unit(), help="Show what this unit reads, by its place on the spatial axes."
)
@click.option(
    "--figure",
    "figures",
    multiple=True,
    metavar="NAME",
    help="Show this figure too: halo, aligned, ...; repeatable.",
)
@click.option("--format", "format", type=click.Choice(list(SHOW)), default="table", show_default=True)
@options.inputs
@options.config
@options.allow_code
@options.output
def show(
    model: str,
    node: str | None,
    unit: tuple[int, ...] | None,
    figures: tuple[str, ...],
    format: str,
    inputs: tuple[tuple[str, tuple[int, ...]], ...],
    config: str | None,
    allow_code: bool,
    output: str | None,
    color: bool | None,
    debug: bool,
) -> int:
    """Show the receptive field of every tensor of MODEL, an .onnx file or package.module:factory.

    rf, stride and start are input positions; they are shown once where all axes agree. With --unit, the
    positions of the input that one unit reads, of the final tensors or of those that --node selects.
    """
    from pytest_rf import reporters, view
    from pytest_rf.commands.output import emit

    analysis = _analysis(model, options.shapes(inputs), config, allow_code)
    found = view.view(analysis, node, unit, figures)
    emit(reporters.show(found, format), output, color, reporters.escape(format), [model])
    return 0


def _analysis(
    model: str, shapes: dict[str, tuple[int, ...]], config: str | None, allow_code: bool
) -> Analysis:
    """Return the analysis of a model, with what the configuration declares about it."""
    from pytest_rf.commands.progress import limited
    from pytest_rf.config.selection import find
    from pytest_rf.targets import analyse, refuse_code

    target = find(model, options.configuration(config), shapes)
    refuse_code(target, allow_code)
    with limited(target):
        return analyse(target)
