"""How the field grew on the way through a model, in one line."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from pytest_rf.figures import Number, shown
from pytest_rf.reporters.lines import Line, Span, line
from pytest_rf.view import ModelView

_LEVELS = "▁▂▃▄▅▆▇█"

#: So many tensors are looked at.
_MOST = 60


def growth(view: ModelView, room: int | None) -> Iterator[Line]:
    """Yield the line, if the field grows: sizes along the first axis of what is final, from the input on."""
    title = "rf over depth "
    sizes = view.growth(_MOST if room is None else min(_MOST, room - len(title) - 16))
    if len(set(sizes)) > 1:
        yield line(
            (title, "dim"), Span(drawn(sizes), "drawn"), f" {shown(min(sizes))} to {shown(max(sizes))}"
        )


def drawn(sizes: Sequence[Number]) -> str:
    """Return a sign per size, the taller the larger; infinite ones are tallest."""
    finite = [size for size in sizes if math.isfinite(size)]
    levels = len(_LEVELS) - (len(finite) < len(sizes))
    top = max(finite, default=1) or 1
    return "".join(
        _LEVELS[min(int(size * levels / top), levels - 1)] if math.isfinite(size) else _LEVELS[-1]
        for size in sizes
    )
