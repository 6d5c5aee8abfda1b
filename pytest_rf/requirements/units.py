"""Physical quantities: the spacing of an axis, and lengths in its units."""

from __future__ import annotations

import re
from fractions import Fraction

from msgspec import Struct

from pytest_rf.errors import RequirementError
from pytest_rf.figures import written
from pytest_rf.requirements.expressions import POSITIONS, SAMPLES, STEPS
from pytest_rf.requirements.vocabulary import nearest

_PREFIXES = {
    "p": Fraction(1, 10**12),
    "n": Fraction(1, 10**9),
    "µ": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    "c": Fraction(1, 100),
    "d": Fraction(1, 10),
    "k": Fraction(1000),
    "M": Fraction(10**6),
    "G": Fraction(10**9),
}
#: Units that take prefixes, with what they measure.
_PREFIXED = {
    "m": "length",
    "s": "time",
    "Hz": "frequency",
    "rad": "angle",
    "bp": "sequence",
    "pc": "distance",
}
#: Units that do not: what they measure, and how many of the plain unit above they are.
_PLAIN = {
    "in": ("length", Fraction(254, 10000)),
    "ft": ("length", Fraction(3048, 10000)),
    "mi": ("length", Fraction(1609344, 1000)),
    "Å": ("length", Fraction(1, 10**10)),
    "min": ("time", Fraction(60)),
    "h": ("time", Fraction(3600)),
    "d": ("time", Fraction(86400)),
    "deg": ("degrees", Fraction(1)),
    "arcmin": ("degrees", Fraction(1, 60)),
    "arcsec": ("degrees", Fraction(1, 3600)),
}
#: The prefixes in which a report writes a figure, largest first; nobody writes decimetres or gigametres.
_WRITTEN = ("k", "", "m", "µ", "n", "p")

_QUANTITY = (
    r"\s*([0-9]{1,15}(?:\.[0-9]{1,15})?(?:[eE][+-]?[0-9]{1,2})?)\s*"
    r"(?:/\s*([0-9]{1,15}(?:\.[0-9]{1,15})?)\s*)?([^\W\d]\w{0,30})\s*"
)


class Quantity(Struct, frozen=True):
    """A number of a unit, such as the distance between two neighbours on an axis."""

    number: Fraction
    unit: str

    def __str__(self) -> str:
        return f"{written(self.number)} {self.unit}"


def parse_spacing(text: str) -> Quantity:
    """Read a spacing such as ``0.5 mm`` or ``1/16000 s``.

    Raises:
        RequirementError: it is none, or not above 0.
    """
    match = re.fullmatch(_QUANTITY, text[:100])
    if match is None:
        shown = text if len(text) <= 40 else text[:40] + "…"
        raise RequirementError(
            f'"{shown}" is not a spacing: write a number and a unit, as in "0.5 mm" or "1/16000 s"'
        )
    number, divisor, unit = match.groups()
    if unit in (*POSITIONS, *STEPS):
        raise RequirementError(
            f'"{text.strip()}" is not a spacing: {unit} are not measured but counted; name what a position is apart '
            'from the next in another unit, as in "0.5 mm"'
        )
    if not Fraction(number) or (divisor is not None and not Fraction(divisor)):
        raise RequirementError(f'a spacing is above 0, not "{text.strip()}"')
    return Quantity(Fraction(number) / Fraction(divisor or 1), unit)


def _resolve(unit: str) -> tuple[str, Fraction]:
    """Return what a unit measures and how many plain units it is; an unknown unit measures itself."""
    unit = unit.replace("μ", "µ")  # the Greek letter, which keyboards give, for the micro sign
    if unit in _PLAIN:
        return _PLAIN[unit]
    if unit in _PREFIXED:
        return _PREFIXED[unit], Fraction(1)
    prefix = "µ" if unit[0] == "u" else unit[0]
    if prefix in _PREFIXES and unit[1:] in _PREFIXED:
        return _PREFIXED[unit[1:]], _PREFIXES[prefix]
    return unit, Fraction(1)


def positions(length: Quantity, spacing: Quantity, axis: str) -> Fraction:
    """Return how many positions of an axis a length is.

    Raises:
        RequirementError: the length and the spacing measure different things.
    """
    wanted, factor = _resolve(length.unit)
    given, per_position = _resolve(spacing.unit)
    if wanted != given:
        hint = nearest(
            length.unit, [*_PLAIN, *_PREFIXED, *(p + u for p in _PREFIXES for u in ("m", "s")), spacing.unit]
        )
        if given == "frequency" and wanted == "time":
            rate = written(spacing.number)
            hint = f': a spacing is the distance between neighbours; for a rate, "1/{rate} s"'
        elif wanted != length.unit:
            hint = f": name the axis that has {wanted}, as in rf.t"
        raise RequirementError(
            f"axis {axis} has its spacing in {spacing.unit}, and {length.unit} is none of that{hint}"
        )
    return length.number * factor / (spacing.number * per_position)


def example(unit: str) -> str:
    """Return a spacing by which a length of a unit would be understood, for errors."""
    return "1/16000 s" if unit in SAMPLES or _resolve(unit)[0] == "time" else "0.5 mm"


def samples(length: Quantity, spacing: Quantity, axis: str) -> Fraction:
    """Return how many positions of an axis a number of samples is.

    A spacing of one part of a second, ``1/16000 s``, is that of samples; so is one that is stated in samples,
    ``160 samples``.

    Raises:
        RequirementError: it is the spacing of something else, such as the frames of a spectrogram.
    """
    if spacing.unit in SAMPLES:
        return length.number / spacing.number
    if spacing.unit == "s" and spacing.number.numerator == 1:
        return length.number
    raise RequirementError(
        f"axis {axis} has its spacing in {spacing.unit} ({spacing}), which does not say what a sample is: state the "
        f'rate of a signal, as in spacing = {{ {axis} = "1/16000 s" }}, or the samples from one position to the '
        f'next, as in "160 samples"'
    )


def physical(count: Fraction, spacing: Quantity, unit: str | None = None) -> Quantity:
    """Return the length of a number of positions, in the unit given or else in one that reads well."""
    kind, factor = _resolve(spacing.unit)
    plain = count * spacing.number * factor
    if unit is not None:
        return Quantity(plain / _resolve(unit)[1], unit)
    base = next((name for name, measured in _PREFIXED.items() if measured == kind), None)
    if base is None or spacing.unit in _PLAIN or not plain:
        return Quantity(count * spacing.number, spacing.unit)
    prefix = next((p for p in _WRITTEN if abs(plain) >= _PREFIXES.get(p, Fraction(1))), "p")
    return Quantity(plain / _PREFIXES.get(prefix, Fraction(1)), prefix + base)
