"""``pytest-rf explain``: why a figure is what it is."""

from __future__ import annotations

from typing import Any

import click

from pytest_rf.commands import completion, options
from pytest_rf.commands.show import analysis_of


@click.command(short_help="Explain why a figure is what it is.")
@click.argument("model", shell_complete=completion.models)
@click.argument("tensor", required=False)
@click.option("--metric", metavar="NAME", default="rf", show_default=True, help="rf, halo, lookahead, ...")
@click.option("--towards", metavar="INPUT", help="The input, where the tensor depends on several.")
@click.option("--format", "format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@options.call
@options.config
@options.allow_code
@options.output
def explain(
    model: str,
    tensor: str | None,
    metric: str,
    towards: str | None,
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
    of a tensor, node or module; without one, the final tensors are explained.
    """
    from pytest_rf.commands.output import emit
    from pytest_rf.reporters import explanation
    from pytest_rf.reporters.wrapping import terminal_width, wrapped

    analysis = analysis_of(model, call, config, allow_code)
    found = explanation.of(analysis, tensor, metric, towards)
    if format == "json":
        emit(explanation.as_json(found), output, color)
    else:
        emit(wrapped(explanation.lines(found), 0 if output else terminal_width()), output, color)
    return 0
