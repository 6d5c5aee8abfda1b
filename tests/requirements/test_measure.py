"""The meaning of comparisons, on figures that are set by hand."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pytest_rf.errors import RequirementError
from pytest_rf.requirements import check
from pytest_rf.requirements.measure import Known, Reading, decide
from pytest_rf.requirements.syntax import Comparator
from pytest_rf.requirements.wording import required
from requirements.by_hand import analysis


def verdict(text: str, **figures: Any) -> str:
    """Return "holds", "violated" or "undecidable"."""
    findings = check(analysis(**figures), text)
    if not findings:
        return "holds"
    assert {f.code for f in findings} == {"RF002" if findings[0].undecidable else "RF001"}
    return "undecidable" if findings[0].undecidable else "violated"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rf >= 187", "holds"),
        ("rf >= 188", "violated"),
        ("rf > 186", "holds"),
        ("rf > 187", "violated"),
        ("rf <= 188", "holds"),
        ("rf <= 187", "violated"),
        ("rf < 189", "holds"),
        ("rf < 188", "violated"),
        ("rf == 187", "violated"),
        ("rf == 188", "violated"),
        ("rf != 187", "violated"),
        ("rf != 188", "violated"),
        ("rf != 186", "holds"),
        ("187 <= rf <= 188", "holds"),
        ("188 <= rf <= 188", "violated"),
        ("187 <= rf <= 187", "violated"),
    ],
)
def test_every_unit_must_satisfy_it(text: str, expected: str) -> None:
    assert verdict(text, rf_range=(187, 188)) == expected


def test_between_the_smallest_and_the_largest_unequal_is_not_known() -> None:
    assert verdict("rf != 5", rf_range=(3, 7)) == "undecidable"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rf >= 31", "holds"),
        ("rf >= 32", "undecidable"),
        ("rf >= 224", "undecidable"),
        ("rf >= 225", "violated"),
        ("rf <= 224", "holds"),
        ("rf <= 223", "undecidable"),
        ("rf <= 31", "undecidable"),
        ("rf <= 30", "violated"),
        ("rf == 31", "undecidable"),
        ("rf == 30", "violated"),
        ("rf == 225", "violated"),
        ("rf != 30", "holds"),
        ("rf != 100", "undecidable"),
        ("coverage >= 31%", "holds"),
        ("coverage >= 32%", "undecidable"),
        ("lookahead <= 7", "holds"),
        ("lookahead <= 6", "undecidable"),
        ("lookahead >= 1", "undecidable"),
        ("start <= 0", "undecidable"),
        ("multiple <= 8", "holds"),
        ("is causal", "undecidable"),
        ("is not causal", "undecidable"),
        ("is bounded", "violated"),
        ("is not bounded", "holds"),
    ],
)
def test_upper_bounds_are_held_against_what_is_certain(text: str, expected: str) -> None:
    figures = {"rf_range": (224, 224), "rf_certain": (31, 31), "lookahead": 7, "start": 0, "multiple": 8}
    assert verdict(text, upper_bound=True, causal=False, bounded=False, **figures) == expected


def test_what_holds_of_an_upper_bound_holds() -> None:
    assert verdict("is causal", upper_bound=True, causal=True) == "holds"
    assert verdict("is not causal", upper_bound=True, causal=True) == "violated"


def test_both_sides_of_a_halo_must_hold() -> None:
    assert verdict("halo >= 64", halo=(96, 63)) == "violated"
    assert verdict("64 <= halo <= 96", halo=(96, 64)) == "holds"
    assert verdict("halo <= 95", halo=(96, 64)) == "violated"


def test_halo_by_alignment() -> None:
    assert verdict("halo(align=32) <= 5", halo_for=lambda align: (align // 8, 5)) == "holds"


def test_infinite_figures() -> None:
    assert verdict("rf >= input", rf_range=(math.inf, math.inf)) == "holds"
    assert verdict("rf <= input", rf_range=(math.inf, math.inf)) == "violated"
    assert verdict("rf == input", rf_range=(math.inf, math.inf)) == "violated"


def test_fractions_are_exact() -> None:
    assert verdict("stride == 1/3", stride=Fraction(1, 3)) == "holds"
    assert verdict("stride == 0.3333333333", stride=Fraction(1, 3)) == "violated"
    assert verdict("center == 213.5", center=Fraction(427, 2)) == "holds"


@pytest.mark.parametrize(
    ("figure", "comparator", "expected"),
    [
        (math.sqrt(1 + 8 * 3), "==", True),
        (5 - 1e-12, ">=", True),
        (5 + 1e-12, ">", False),
        (5.001, "<=", False),
    ],
)
def test_figures_in_floating_point_have_some_slack(
    figure: float, comparator: Comparator, expected: bool
) -> None:
    known = Known(figure, figure)
    assert decide(Reading(known, known), comparator, 5) is expected


def test_a_bug_in_a_figure_is_not_taken_for_a_missing_one() -> None:
    def broken(field: object) -> float:
        raise AttributeError("a bug")

    with pytest.raises(AttributeError):
        check(analysis(rf_min=property(broken)), "rf_min >= 0")


def test_no_figure_here_is_undecidable() -> None:
    assert verdict("stride <= 5", stride=None, irregular=True) == "undecidable"
    assert verdict("is aligned", aligned=None) == "undecidable"
    assert verdict("is not aligned", aligned=None) == "undecidable"


def test_independence_needs_a_batch_of_two() -> None:
    figures = {"independent": True}
    assert verdict("is independent", **figures) == "holds"
    (finding,) = check(analysis(batch=1, **figures), "is independent")
    assert finding.undecidable
    assert "undecidable at batch 1" in finding.message
    none = analysis(**figures)
    none.inputs["x"] = replace(none.inputs["x"], batch=None)
    with pytest.raises(RequirementError, match="has no batch axis"):
        check(none, "is independent")


def test_percentages() -> None:
    figures = {"rf_range": (50, 50)}
    assert verdict("rf >= 50%", **figures) == "holds"
    assert verdict("rf > 50%", **figures) == "violated"
    assert verdict("coverage == 50%", **figures) == "holds"
    assert verdict("coverage >= 0.51", **figures) == "violated"


def test_declared_figures() -> None:
    declares = analysis(rf_range=(50, 50))
    declares.graph.metadata.update({"rf": "50", "other": "49", "name": "net"})
    assert check(declares, "rf == meta:rf") == []
    (finding,) = check(declares, "rf == meta:other")
    assert required(finding) == "== meta:other (49)"
    with pytest.raises(RequirementError, match="is not a number"):
        check(declares, "rf == meta:name")
    with pytest.raises(RequirementError, match='did you mean "rf"'):
        check(declares, "rf == meta:rff")
    with pytest.raises(RequirementError, match=r"is an ONNX file.*meta:rf"):
        check(declares, "rf == attr:rf")


def test_origin() -> None:
    found = analysis(lookahead=0, lookback=3, stride=Fraction(4), causal=True)
    assert check(found, "lookahead == 0 and lookback == 3 and is causal") == []
    assert check(found, "lookahead == 3 and lookback == 3", origin="start") == []
    assert check(found, "is not causal", origin="start") == []
    assert check(found, "lookahead == 1.5 and lookback == 4.5", origin="center") == []


numbers = st.integers(-5, 5)


@given(
    st.lists(st.tuples(numbers, numbers), min_size=1, max_size=4),
    numbers,
    st.sampled_from([">=", "<=", ">", "<", "==", "!="]),
)
def test_decisions_agree_with_trying_every_truth(
    units: list[tuple[int, int]], wanted: int, comparator: str
) -> None:
    """Each unit's truth lies between two numbers: a decision must fit all truths, and say so if they all agree."""
    bounds = [tuple(sorted(unit)) for unit in units]
    low = Known(min(a for a, _ in bounds), min(b for _, b in bounds))
    high = Known(max(a for a, _ in bounds), max(b for _, b in bounds))
    compare = {
        ">=": int.__ge__,
        "<=": int.__le__,
        ">": int.__gt__,
        "<": int.__lt__,
        "==": int.__eq__,
        "!=": int.__ne__,
    }
    each = [{compare[comparator](truth, wanted) for truth in range(a, b + 1)} for a, b in bounds]
    possible = (
        {True}
        if all(one == {True} for one in each)
        else {False}
        if any(one == {False} for one in each)
        else None
    )
    decided = decide(Reading(low, high), comparator, wanted)  # type: ignore[arg-type]
    if decided is not None:
        assert possible == {decided}
    elif comparator not in ("==", "!="):
        # Only what the smallest and the largest leave open may stay open.
        assert possible is None
