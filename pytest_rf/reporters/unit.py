"""What one unit reads, in words and as a picture."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_rf.reporters.lines import Line, line
from pytest_rf.reporters.picture import picture
from pytest_rf.reporters.screen import Screen
from pytest_rf.reporters.text import count, shape
from pytest_rf.reporters.widths import named, wrapped
from pytest_rf.view import UnitView
from pytest_rf.view.unit import Reading


def show(view: UnitView, screen: Screen) -> Iterator[Line]:
    """Yield what a unit of each tensor reads."""
    unit = f"({', '.join(map(str, view.unit))})"
    several = sum(bool(source.axes) for source in view.analysis.inputs.values()) > 1
    for number, tensor in enumerate(view.tensors):
        if number:
            yield ()
        about = f" ({tensor.op}, {shape(tensor.shape)}) reads"
        yield from named(f"unit {unit} of ", tensor.name, about, screen)
        for source, axes in view.readings(tensor).items():
            of = f" of {source}" if several else ""
            for axis, reading in axes.items():
                text = f"  {axis}: {_words(reading, of)}"
                yield from (line(one) for one in wrapped(text, screen, "    "))
            if any(reading.first <= reading.last for reading in axes.values()):
                yield ()
                yield from picture(axes, screen)


def _words(reading: Reading, of: str) -> str:
    if reading.last < reading.first:
        return f"nothing{of}"
    size = reading.last - reading.first + 1
    holes = f", {count(reading.holes, 'hole')}" if reading.holes else ""
    text = f"{reading.first} to {reading.last}{of} ({size} of {reading.extent}{holes})"
    sides = [
        f"{much} {side}" for side, much in (("before", reading.before), ("after", reading.after)) if much
    ]
    return f"{text}, and of padding {' and '.join(sides)}" if sides else text
