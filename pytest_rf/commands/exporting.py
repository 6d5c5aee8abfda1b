"""``show`` for other viewers: a copy of the model with its figures, or a folder of node data."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pytest_rf.config.sources import Target

#: What names of inputs and axes can have, and file names should not.
_OTHERS = re.compile(r"[^\w. -]")
_LONGEST = 80


def write(target: Target, chosen: tuple[Any, ...], format: str, output: str | None) -> None:
    """Write what a viewer reads.

    Args:
        target: the model.
        chosen: which tensors and figures, as :func:`pytest_rf.view.view` takes them.
        format: ``onnx``, or one of several files.
        output: the file, or the folder.

    Raises:
        RFError: it cannot be made or written.
    """
    from pytest_rf.commands.output import emit
    from pytest_rf.commands.progress import made
    from pytest_rf.reporters.files import save
    from pytest_rf.reporters.lines import line

    if output is None:
        raise click.UsageError(f"--format {format} is not for reading; name the file to write with --output")
    written = made(target, partial(_written, chosen=chosen, format=format, output=output))
    for file, content in written.items():
        save(content, file, kept=[target.source])
    emit([line(f"Wrote {file}.") for file in written])


def _written(target: Target, chosen: tuple[Any, ...], format: str, output: str) -> dict[str, str | bytes]:
    """Return files by their names; all of it here, as other processes do not have the model."""
    from pytest_rf import targets, view
    from pytest_rf.reporters import model_explorer, onnx_copy

    shown = view.view(targets.analyse(target), *chosen)
    if format == "onnx":
        return {output: onnx_copy.copy(shown, output)}
    found: dict[str, str | bytes] = {}
    for name, text in model_explorer.files(shown).items():
        stem = _OTHERS.sub("_", name)[:_LONGEST]
        while (file := str(Path(output, f"{stem}.json"))) in found:
            stem += "_"
        found[file] = text
    return found
