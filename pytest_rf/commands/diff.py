"""``pytest-rf diff``: what changed in the fields between two states of a model."""

from __future__ import annotations

import click

from pytest_rf.commands import options

#: Formats, of which the first is the default; :mod:`pytest_rf.reporters.difference` writes them.
_FORMATS = ["table", "markdown", "json"]


@click.command(short_help="Show what changed between two states of a model.")
@click.argument("old")
@click.argument("new")
@options.format(_FORMATS, _FORMATS[0])
@options.config
@options.allow_code
@options.output
def diff(
    old: str,
    new: str,
    format: str,
    config: str | None,
    allow_code: bool,
    output: str | None,
    color: bool | None,
    debug: bool,
) -> int:
    """Show what changed in the receptive fields from OLD to NEW.

    Each is an .onnx file, a model of the configuration, a lock, or one of these files at a git revision, as in
    HEAD~1:rf.lock (from the top of the repository) or HEAD~1:./rf.lock (from this folder). Tensors are matched by
    name, then by module and operator.

    Exit status: 0 no figure differs, 1 some do, 2 one of them cannot be read.
    """
    from pytest_rf import comparing
    from pytest_rf.commands.output import emit
    from pytest_rf.commands.progress import progress
    from pytest_rf.reporters import difference
    from pytest_rf.reporters.wrapping import terminal_width

    settings = options.configuration(config)
    with progress() as load:
        sides = [comparing.side(word, settings, allow_code, load) for word in (old, new)]
    found = comparing.compare(*sides)
    emit(difference.diff(found, format, 0 if output else terminal_width()), output, color)
    return int(bool(found))
