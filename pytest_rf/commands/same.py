"""``pytest-rf same``: whether a step model is the same stream as an offline one, or two models the same net."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from pytest_rf.commands import completion, options, values

if TYPE_CHECKING:
    from pytest_rf.config.sources import Target
    from pytest_rf.reporters.sameness import Verdict

_OF_STREAMS = ("state", "chunk")


class _Names(NamedTuple):
    """Two targets, of which one is made in the process of the other."""

    offline: Target
    step: Target


@click.command(short_help="Tell whether a step model is the same stream as an offline one.")
@click.argument("offline", shell_complete=completion.models)
@click.argument("step", shell_complete=completion.models)
@click.option(
    "--step-input",
    "step_inputs",
    type=values.InputShape(),
    multiple=True,
    help="Shape of an input of STEP, where those of --input are OFFLINE's; repeatable.",
)
@click.option("--run", is_flag=True, help="Run both on random input as well, and compare their values.")
@options.format(["text", "json"], "text")
@options.call
@options.config
@options.allow_code
@options.output
def same(
    offline: str,
    step: str,
    step_inputs: options.Pairs,
    run: bool,
    format: str,
    call: dict[str, Any],
    config: str | None,
    allow_code: bool,
    output: str | None,
    color: bool | None,
    debug: bool,
) -> int:
    """Tell whether STEP, called chunk by chunk, reads what OFFLINE reads of the whole, step for step.

    Either is an .onnx file, the name of a model in the configuration, or package.module:factory; --state and --chunk
    are STEP's. Two models without state are compared as they are: is an export the same net? Exit status 1 if they
    differ; the first step that does is told. With --run, 2 where they read the same and one cannot be run.
    """
    from pytest_rf.commands import failures, pager
    from pytest_rf.commands.output import emit
    from pytest_rf.commands.progress import made
    from pytest_rf.config.selection import find
    from pytest_rf.reporters import sameness
    from pytest_rf.targets import refuse_code

    found = options.configuration(config)
    own = options.once(step_inputs, "--step-input")
    both = _Names(
        find(offline, found, {key: value for key, value in call.items() if key not in _OF_STREAMS}),
        find(step, found, {**call, "inputs": own} if own else call),
    )
    for target in both:
        refuse_code(target, allow_code)
    # Code of either runs in a process of its own, and the other model is made there, too.
    home = next((target for target in both if target.is_code), both.step)
    verdict = made(home, partial(_compared, both=both, run=run))
    if format == "json":
        emit(sameness.as_json(verdict), output, color)
    else:
        emit(sameness.lines(verdict, pager.screen(output)), output, color)
    if verdict.unrun:
        failures.complain(f"--run: {verdict.unrun}")
        return failures.WRONG_RUN
    return 0 if verdict.found else 1


def _compared(home: Target, both: _Names, run: bool) -> Verdict:
    from pytest_rf import targets
    from pytest_rf.errors import ModelError
    from pytest_rf.probing import same, with_values
    from pytest_rf.reporters.sameness import Verdict

    offline, step = (targets.analyse(target) for target in both)
    found, unrun = same(offline, step), ""
    if found and run:
        try:
            found = with_values(offline, step, found)
        except ModelError as error:  # what was found of the reads stands
            unrun = str(error)
    return Verdict(found, tuple(step.state.items()), unrun)
