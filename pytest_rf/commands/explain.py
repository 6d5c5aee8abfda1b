"""``pytest-rf explain``: why a figure is what it is."""

from __future__ import annotations

from typing import Any

import click

from pytest_rf.commands import completion, options, values
from pytest_rf.commands.show import analysis_of


@click.command(short_help="Explain why a figure is what it is.")
@click.argument("model", shell_complete=completion.models)
@click.argument("tensor", required=False)
@click.option("--node", metavar="TENSOR", help="TENSOR, said as show has it: by one name, no pattern.")
@click.option("--metric", metavar="NAME", default="rf", show_default=True, help="rf, halo, lookahead, ...")
@click.option(
    "--unit", type=values.Unit(), help="Explain what this unit reads, by its place on the spatial axes."
)
@click.option("--axis", metavar="NAME", help="Only along this axis: h, t, ...")
@click.option("--towards", metavar="INPUT", help="The input, where the tensor depends on several.")
@click.option("-v", "--all", "every", is_flag=True, help="Tell every layer and branch one by one.")
@options.format(["text", "json"], "text")
@options.call
@options.config
@options.allow_code
@options.output
def explain(
    model: str,
    tensor: str | None,
    node: str | None,
    metric: str,
    unit: tuple[int, ...] | None,
    axis: str | None,
    towards: str | None,
    every: bool,
    format: str,
    call: dict[str, Any],
    config: str | None,
    allow_code: bool,
    output: str | None,
    color: bool | None,
    debug: bool,
) -> int:
    """Explain a figure of TENSOR in MODEL: the layers that made it, the branches that did not, and context.

    MODEL is an .onnx file, the name of a model in the configuration, or package.module:factory. TENSOR is the name
    of a tensor, node or module; without one, the final tensors are explained. With --unit, it is told through which
    units of the layers before it one unit reads the ends of its field on the actual input.
    """
    from pytest_rf.commands import pager
    from pytest_rf.commands.output import emit
    from pytest_rf.reporters import explanation

    if tensor is not None and node is not None:
        raise click.UsageError("TENSOR and --node name the same: leave one of them out")
    analysis = analysis_of(model, call, config, allow_code)
    found = explanation.of(analysis, node if tensor is None else tensor, metric, towards, unit, axis)
    if format == "json":
        emit(explanation.as_json(found), output, color)
    else:
        emit(explanation.lines(found, pager.screen(output), every), output, color)
    return 0
