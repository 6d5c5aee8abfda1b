"""``pytest-rf init``: write a first configuration, with what holds of the models today."""

from __future__ import annotations

import click

from pytest_rf.commands import options


@click.command(short_help="Write a first configuration from the models.")
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option(
    "-o", "--output", metavar="FILE", default="rf.toml", show_default=True, help="Write to this file instead."
)
@options.inputs
@options.allow_code
@options.debug
def init(
    paths: tuple[str, ...],
    output: str,
    inputs: options.Pairs,
    allow_code: bool,
    debug: bool,
) -> int:
    """Write a first configuration: the .onnx files below this folder, or those of PATH.

    Each gets today's figures as requirements that hold, with comments. PATH is a file, a folder, or, with
    --allow-code, a package.module:factory. An existing configuration is never overwritten. A model of which nothing
    can be checked stands in a comment that says why.

    Exit status: 0 written, 2 not, 3 a bug of pytest-rf.
    """
    from pathlib import Path

    from pytest_rf.commands import failures
    from pytest_rf.commands.output import emit
    from pytest_rf.commands.progress import progress
    from pytest_rf.config import discovery
    from pytest_rf.errors import ConfigError
    from pytest_rf.reporters import beginning
    from pytest_rf.reporters.files import place, save
    from pytest_rf.reporters.lines import line
    from pytest_rf.reporters.text import count
    from pytest_rf.reporters.wrapping import terminal_width, wrapped
    from pytest_rf.starting import begin

    shapes = options.once(inputs, "--input")
    if shapes and not paths:
        raise click.UsageError("--input is about models that are given: name them, too")
    discovery.refuse_existing(Path(output))
    file = place(output, Path.cwd())
    with progress() as load:
        entries = begin.entries(file.parent, paths, inputs=shapes, allow_code=allow_code, load=load)
    for entry in entries:
        if entry.wrong:
            failures.warn(f"{entry.source}: not checked: {entry.wrong}")
    good = [entry for entry in entries if not entry.wrong]
    if not good:
        raise ConfigError("nothing was written: nothing can be checked of any model")
    save(beginning.text(entries), output)
    held = sum(len(entry.stated) for entry in good)
    check = beginning.check(good) + ("" if output == "rf.toml" else f" --config {output}")
    told = f"{count(len(good), 'model')}, {count(held, 'requirement')} that hold today"
    emit(wrapped([line(f"Wrote {output}: {told}. Next: read it, then run {check}")], terminal_width()))
    return 0
