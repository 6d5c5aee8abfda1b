from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_rf.errors import RequirementError
from pytest_rf.requirements.units import Quantity, parse_spacing, physical, positions


@pytest.mark.parametrize(
    ("text", "number", "unit"),
    [
        ("0.5 mm", Fraction(1, 2), "mm"),
        ("1/16000 s", Fraction(1, 16000), "s"),
        ("10ms", Fraction(10), "ms"),
        (" 1e-3  m ", Fraction(1, 1000), "m"),
        ("8 tokens", Fraction(8), "tokens"),
    ],
)
def test_spacings(text: str, number: Fraction, unit: str) -> None:
    assert parse_spacing(text) == Quantity(number, unit)


@pytest.mark.parametrize(
    "text", ["", "mm", "0.5", "-1 mm", "0 mm", "1/0 s", "nan s", "inf s", "1 mm mm", "1e999 s"]
)
def test_what_is_no_spacing(text: str) -> None:
    with pytest.raises(RequirementError):
        parse_spacing(text)


@pytest.mark.parametrize(
    ("length", "spacing", "count"),
    [
        ("80 mm", "0.5 mm", 160),
        ("8 cm", "0.5 mm", 160),
        ("25 ms", "1/16000 s", 400),
        ("1 min", "10 ms", 6000),
        ("3 um", "0.5 µm", 6),
        ("3 μm", "0.5 um", 6),
        ("1 in", "25.4 mm", 1),
        ("2 kbp", "1 bp", 2000),
        ("24 tokens", "8 tokens", 3),
        ("1 h", "1 s", 3600),
    ],
)
def test_lengths_in_positions(length: str, spacing: str, count: int) -> None:
    assert positions(parse_spacing(length), parse_spacing(spacing), "t") == count


def test_what_measures_another_thing_is_refused() -> None:
    with pytest.raises(RequirementError, match="axis h has its spacing in mm"):
        positions(parse_spacing("25 ms"), parse_spacing("0.5 mm"), "h")
    with pytest.raises(RequirementError, match="1/16 s"):
        positions(parse_spacing("25 ms"), parse_spacing("16 kHz"), "t")
    with pytest.raises(RequirementError, match='did you mean "mm"'):
        positions(parse_spacing("25 mmm"), parse_spacing("0.5 mm"), "h")


@pytest.mark.parametrize(
    ("count", "spacing", "text"),
    [
        (400, "1/16000 s", "25 ms"),
        (160, "0.5 mm", "80 mm"),
        (4000, "0.5 mm", "2 m"),
        (3, "8 tokens", "24 tokens"),
        (90, "1 min", "90 min"),
        (-4, "1 ms", "-4 ms"),
        (0, "0.5 mm", "0 mm"),
        (5, "0.2 µm", "1 µm"),
    ],
)
def test_positions_as_lengths(count: int, spacing: str, text: str) -> None:
    assert str(physical(Fraction(count), parse_spacing(spacing))) == text


@given(
    st.integers(0, 10**9),
    st.sampled_from(["mm", "m", "km", "cm", "in", "ft"]),
    st.sampled_from(["µm", "m", "mi"]),
)
def test_there_and_back(count: int, unit: str, wanted: str) -> None:
    spacing = Quantity(Fraction(1, 3), unit)
    assert positions(physical(Fraction(count), spacing, wanted), spacing, "h") == count
