from __future__ import annotations

import json
import math
from fractions import Fraction

import pytest

from pytest_rf import figures
from pytest_rf.figures import Number


@pytest.mark.parametrize(
    ("number", "value", "shown", "said"),
    [
        (427, 427, "427", "427"),
        (Fraction(4, 2), 2, "2", "2"),
        (Fraction(1, 2), "1/2", "1/2", "0.5"),
        (Fraction(-1, 3), "-1/3", "-1/3", "-1/3"),
        (Fraction(1, 1024), "1/1024", "1/1024", "0.000976562"),
        (3.0, 3, "3", "3"),
        (2.5, 2.5, "2.5", "2.5"),
        (math.inf, "inf", "inf", "inf"),
        (-math.inf, "-inf", "-inf", "-inf"),
        (True, True, "True", "1"),
    ],
)
def test_a_figure_is_a_number_in_json_and_a_text_for_people(
    number: Number, value: object, shown: str, said: str
) -> None:
    found = figures.value(number)
    assert (found, type(found)) == (value, type(value))
    assert figures.number(json.loads(json.dumps(found))) == number
    assert (figures.shown(number), figures.said(number)) == (shown, said)


def test_no_figure_is_a_dash() -> None:
    assert figures.shown(None) == "–"


def test_requirements_write_numbers_exactly() -> None:
    assert [figures.written(Fraction(text)) for text in ("80", "1/2", "-1/8", "1/3", "-0.04")] == [
        "80",
        "0.5",
        "-0.125",
        "1/3",
        "-0.04",
    ]
