"""``show --plot``: pictures as files."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pytest_rf import Analysis
    from pytest_rf.config.sources import Target

#: The kinds of files, by their endings.
_KINDS = (".svg", ".png", ".pdf")


def draw(
    target: Target, file: str, node: str | None, unit: tuple[int, ...] | None, beside: Sequence[str]
) -> None:
    """Draw how the field of a model grew, or what a unit reads, into a file.

    Args:
        target: the model.
        file: where to; its ending says what kind of file it is.
        node: which tensor is meant.
        unit: the unit; None for growth.
        beside: options that were given and have no say in a picture.

    Raises:
        RFError: it cannot be drawn, or not be written.
    """
    from pytest_rf.commands.output import emit
    from pytest_rf.commands.progress import made
    from pytest_rf.reporters.files import report_place, save
    from pytest_rf.reporters.lines import line

    if beside:
        raise click.UsageError(
            f"--plot draws a picture, in which {beside[0]} has no say; leave out one of them"
        )
    kind = Path(file).suffix.lower()
    if kind not in _KINDS:
        raise click.UsageError(f"--plot {file}: a picture ends in {', '.join(_KINDS[:-1])} or {_KINDS[-1]}")
    report_place(file)  # which is said before the model is analysed
    save(made(target, partial(_drawn, kind=kind[1:], node=node, unit=unit)), file)
    emit([line(f"Wrote {file}.")])


def _drawn(target: Target, kind: str, node: str | None, unit: tuple[int, ...] | None) -> bytes:
    """Return the bytes of a picture; all of it here, as other processes do not have the model."""
    from pytest_rf import targets
    from pytest_rf.analysis.doors import plots
    from pytest_rf.requirements import Settings
    from pytest_rf.view.growth import grown

    door = plots()  # a missing extra is said before the model is analysed
    analysis = targets.analyse(target)
    if unit is not None:
        figure = _region(analysis, node, unit)
    else:
        model = target.model
        settings = Settings(model=target.name, spacing=model.spacing, origin=model.origin, root=model.root)
        figure = door.growth(grown(analysis, node, model.requires, settings))
    picture: bytes = door.encoded(figure, kind)
    return picture


def _region(analysis: Analysis, node: str | None, unit: tuple[int, ...]) -> object:
    from pytest_rf.errors import ModelError
    from pytest_rf.view import choosing

    where = analysis.path or analysis.name
    tensor = analysis.final[0].at() if node is None else choosing.select(analysis, node)[-1]
    sources = [name for name in tensor.inputs if analysis.inputs[name].axes]
    if len(sources) > 1:
        raise ModelError(
            f"{where}: --plot: {tensor.name} reads several inputs ({', '.join(sources)}); in Python "
            "tensor.plot(unit, input=...) draws one"
        )
    try:
        return tensor.plot(unit, input=sources[0] if sources else None)
    except (IndexError, KeyError, ValueError) as error:
        raise ModelError(f"{where}: {error}; choose another with --unit or --node") from None
