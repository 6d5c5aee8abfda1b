"""Figures as properties of tests, as JUnit XML and other reports of pytest take them: ``rf.final.h = 427``."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from pytest_rf.checkable import Analysis
from pytest_rf.errors import RFError
from pytest_rf.figures import Number

if TYPE_CHECKING:
    import pytest

Property = tuple[str, str | int]


def record(item: pytest.Item, name: str, properties: tuple[Property, ...]) -> None:
    """Add the figures of a model to those of a test, under the model's name, each model once."""
    named = [("rf.model", name), *properties]
    if named[0] not in item.user_properties:
        item.user_properties += named


def of(analysis: Analysis) -> tuple[Property, ...]:
    """Return the sizes of what the outputs see, by axis: ``rf.final.h``.

    Where there are several outputs their names are in between, and so are those of inputs; of units that differ it is
    the largest. What is unknown is left out.
    """
    return tuple(_sizes(analysis))


def _sizes(analysis: Analysis) -> Iterator[Property]:
    outputs = analysis.final
    for tensor, output in zip(outputs, analysis.outputs, strict=True):
        inputs = [name for name in tensor.inputs if analysis.inputs[name].axes]
        for name in inputs:
            place = ["rf.final"]
            place += [output.name] if len(outputs) > 1 else []
            place += [name] if len(inputs) > 1 else []
            for axis in analysis.inputs[name].axes:
                try:
                    size = tensor.field(name)[axis].rf
                except RFError:
                    continue
                yield ".".join((*place, axis)), _plain(size)


def _plain(figure: Number) -> str | int:
    """Return a figure as every report can hold it."""
    if isinstance(figure, Fraction) or not math.isfinite(figure):
        return str(figure)
    return int(figure) if figure == int(figure) else str(figure)
