"""The smallest input that a model takes, found by lowering it again at other extents (SEMANTICS 4)."""

from __future__ import annotations

from pytest_rf.analysis.along import Along
from pytest_rf.analysis.described import Relower
from pytest_rf.analysis.runs import Runs, Smallest
from pytest_rf.domains.layout import Key
from pytest_rf.errors import RFError
from pytest_rf.graph import Unknown
from pytest_rf.interpreter import Ignorance
from pytest_rf.value import Shape

FAR = 4
"""What runs at the extent after the actual one, and at one that many times as large, runs at all larger ones."""
LARGEST_MULTIPLE = 1 << 12
"""Of models whose strides ask for a larger multiple not every extent in between is tried."""


def read(field: Along) -> int | None:
    """Return the smallest extent of an input along an axis; None where it is not known."""
    found = _known(field)
    if isinstance(found, Ignorance):
        return None
    return field.framing.shortest(found.extent) if field.framed else found.extent


def why(field: Along) -> str:
    """Say why the smallest extent is not known."""
    found = _known(field)
    if isinstance(found, Ignorance):
        return found.reason
    padded = "the front-end may pad the signal, so the smallest one is not known: ask for positions"
    return padded if field.framed and field.framing.shortest(found.extent) is None else ""


def obstacle(field: Along) -> str:
    """Say what the next smaller extent lacks; nothing where that is not known."""
    found = _known(field)
    return "" if isinstance(found, Ignorance) else found.below


def _known(field: Along) -> Smallest | Ignorance:
    known = field.runs.smallest
    if field.key not in known:
        known[field.key] = smallest(field.runs, field.key)
    return known[field.key]


def smallest(runs: Runs, key: Key) -> Smallest | Ignorance:
    """Return the smallest extent at which a model runs and every output has a unit; the reason where it is not known.

    Every larger extent that fits the model's strides has to do, too. Those fit that are multiples of the least common
    multiple of all strides, or have the remainder of the actual extent, where multiples alone do not run.
    """
    if runs.about.reopen is None:
        return Ignorance("the model cannot be analysed at other extents")
    multiple = runs.grid(key)
    if multiple > LARGEST_MULTIPLE:
        return Ignorance(f"its strides ask for multiples of {multiple}, too many extents to try")
    trial = _Trial(runs.inputs[key[0]].shape, runs.about.reopen(), key)
    extent = runs.inputs[key[0]].shape[key[1]]
    for remainder in dict.fromkeys((0, extent % multiple)):
        above = extent + 1 + (remainder - extent - 1) % multiple
        far = above + (FAR - 1) * extent // multiple * multiple
        if trial.runs(above) and trial.runs(far):
            break
    else:
        return Ignorance(trial.pinned)
    low, high = remainder - multiple, above
    while high - low > multiple:
        middle = low + (high - low) // (2 * multiple) * multiple
        low, high = (low, middle) if trial.runs(middle) else (middle, high)
    found = next(n for n in range(max(1, low + 1), high + 1) if trial.runs(n))
    return Smallest(found, trial.why_not(low if low > 0 else found - 1))


class _Trial:
    """Runs of a model at other extents along one axis."""

    def __init__(self, shape: Shape, lower: Relower, key: Key) -> None:
        self.shape = shape
        self.lower = lower
        self.key = key
        self.known: dict[int, str] = {}
        self.pinned = ""
        """Why the model did not run at the first extent at which it did not."""

    def runs(self, extent: int) -> bool:
        """Whether the model runs at an extent, and every output has a unit."""
        return not self.why_not(extent)

    def why_not(self, extent: int) -> str:
        """Return why the model does not run at an extent; nothing where it does."""
        if extent not in self.known:
            why = self._why_not(extent) if extent > 0 else "there is no input"
            self.known[extent] = f"at an extent of {extent}, {why}" if why else ""
            self.pinned = self.pinned or self.known[extent]
        return self.known[extent]

    def _why_not(self, extent: int) -> str:
        name, axis = self.key
        shape = (*self.shape[:axis], extent, *self.shape[axis + 1 :])
        try:
            graph = self.lower({name: shape})
        except RFError as error:
            return str(error)
        for output, value in graph.outputs.items():
            if value.shape is None:
                reasons = [step.action.reason for step in graph.program if isinstance(step.action, Unknown)]
                return f"the shape of output {output!r} is not known: {next(iter(reasons), value.missing)}"
            if 0 in value.shape:
                return f"output {output!r} has no unit"
        return ""
