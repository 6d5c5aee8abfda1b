from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_rf.errors import RequirementError
from pytest_rf.requirements.expressions import Value
from pytest_rf.requirements.parser import parse
from pytest_rf.requirements.syntax import (
    Claim,
    Comparison,
    Figure,
    Requirement,
    RequirementTextError,
    Where,
)
from pytest_rf.requirements.vocabulary import METRICS, PREDICATES


def comparison(text: str) -> Comparison:
    (part,) = parse(text).parts
    assert isinstance(part, Comparison)
    return part


def refused(text: str) -> RequirementTextError:
    with pytest.raises(RequirementError) as caught:
        parse(text)
    assert isinstance(caught.value, RequirementTextError)
    assert "\n" not in str(caught.value)
    return caught.value


def test_the_plain_form() -> None:
    assert comparison("final rf.h >= 224") == Comparison(
        Figure(Where("final"), "rf", "h"), ">=", Value("number", Fraction(224))
    )


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_parses(metric: str) -> None:
    value = "no" if metric == "context" else "3"
    assert comparison(f"output {metric} == {value}").figure.metric == metric


@pytest.mark.parametrize("predicate", PREDICATES)
@pytest.mark.parametrize("negated", [False, True])
def test_every_predicate_parses(predicate: str, negated: bool) -> None:
    text = f"output is {'not ' if negated else ''}{predicate}.t"
    assert parse(text).parts == (Claim(Where("output"), predicate, "t", negated),)


def test_where_defaults_to_final() -> None:
    assert comparison("rf >= 3").where == Where("final")
    assert parse("is causal").parts == (Claim(Where("final"), "causal"),)


def test_a_part_without_where_is_about_the_same_tensors_as_the_part_before() -> None:
    assert str(parse('"enc.*" rf >= 3 and stride <= 16 and output is bounded')) == (
        '"enc.*" rf >= 3 and "enc.*" stride <= 16 and output is bounded'
    )


def test_a_chain_is_two_comparisons_of_one_figure() -> None:
    assert parse("64 <= final halo < 128").parts == parse("final halo >= 64 and final halo < 128").parts
    assert parse("16 >= stride").parts == parse("stride <= 16").parts
    assert parse("3 == rf").parts == parse("rf == 3").parts


@pytest.mark.parametrize(("sign", "plain"), [("≥", ">="), ("≤", "<="), ("≠", "!=")])
def test_mathematical_signs(sign: str, plain: str) -> None:
    assert comparison(f"rf {sign} 3") == comparison(f"rf {plain} 3")


def test_case_is_ignored_in_words_but_not_in_globs_and_units() -> None:
    assert parse("FINAL Rf.H >= 3 AND Output IS NOT Causal.T").parts == (
        parse("final rf.h >= 3 and output is not causal.t").parts
    )
    assert comparison('"Enc" rf >= 3').where.pattern == "Enc"
    assert comparison("rf >= 3 MHz").value.name == "MHz"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("224", Value("number", Fraction(224))),
        ("-90", Value("number", Fraction(-90))),
        ("−90", Value("number", Fraction(-90))),
        ("+3", Value("number", Fraction(3))),
        ("0.1", Value("number", Fraction(1, 10))),
        ("1e3", Value("number", Fraction(1000))),
        ("1/2", Value("number", Fraction(1, 2))),
        ("80%", Value("percent", Fraction(80))),
        ("25 ms", Value("quantity", Fraction(25), "ms")),
        ("25ms", Value("quantity", Fraction(25), "ms")),
        ("1.5 µm", Value("quantity", Fraction(3, 2), "µm")),
        ("input", Value("input")),
        ("meta:rf", Value("meta", name="rf")),
        ("meta:'the field'", Value("meta", name="the field")),
        ("attr:receptive_field", Value("attr", name="receptive_field")),
    ],
)
def test_values(text: str, value: Value) -> None:
    assert comparison(f"rf >= {text}").value == value
    assert comparison(f"{text} <= rf").value == value


def test_where_forms() -> None:
    assert comparison("op:Conv rf >= 3").where == Where("op", "Conv")
    assert comparison("'a \"b\" *' rf >= 3").where == Where("glob", 'a "b" *')


def test_axis_by_number_and_halo_by_alignment() -> None:
    assert comparison("rf.2 >= 3").figure.axis == 2
    assert comparison("halo(align=32).h <= 3").figure == Figure(Where(), "halo", "h", 32)


def test_line_breaks_are_spaces() -> None:
    assert parse("final\n  rf\t>= 3\n").parts == parse("final rf >= 3").parts


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("", 0, "empty"),
        ("final", 5, "expected a metric"),
        ("final rff >= 3", 6, 'did you mean "rf"?'),
        ("final lokahead >= 3", 6, 'did you mean "lookahead"?'),
        ("final size >= 3", 6, 'did you mean "rf"?'),
        ("finl rf >= 3", 0, 'did you mean "final"?'),
        ("layer4.2 rf >= 3", 0, "go in quotes"),
        ("encoder.* rf >= 3", 0, 'go in quotes, as in "encoder.*" rf'),
        ("/stem/Conv is causal", 0, 'go in quotes, as in "/stem/Conv" is'),
        ("rff.h >= 3", 0, 'did you mean "rf"?'),
        ("final.h rf >= 3", 5, "behind the metric, as in final rf.h >= 48"),
        ("final is casual", 9, 'did you mean "causal"?'),
        ("final is rf", 9, "is compared"),
        ("final causal", 6, 'write "final is causal"'),
        ("rf", 2, "expected a comparator"),
        ("rf =", 3, "write =="),
        ("rf => 3", 3, "no such comparator"),
        ("rf >= ", 6, "expected a value, found the end"),
        ("rf >= 3 <= 5", 8, "in the middle"),
        ("rf >= 3 or rf <= 2", 8, 'no "or"'),
        ("rf >= 3 stride", 8, 'expected "and"'),
        ("rf >= nan", 6, "infinity"),
        ("rf >= -inf", 7, "infinity"),
        ("inf <= rf", 0, "infinity"),
        ("rf >= 1/0", 8, "division by zero"),
        ("rf >= 1e99", 6, "out of range"),
        ("rf >= 1e999999999", 6, "too long"),
        ("rf >= " + "9" * 5000, 2000, "longer than"),
        ("rf >= " + "9" * 400, 6, "too long"),
        ('"a rf >= 3', 0, "closing quote"),
        ('"" rf >= 3', 0, "selects nothing"),
        ("op: rf >= 3", 3, "must follow"),
        ("rf. >= 3", 4, "expected an axis"),
        ("rf.1.5 >= 3", 3, "expected an axis"),
        ("rf(align=3) >= 3", 2, "takes nothing in brackets"),
        ("halo(align=0) >= 3", 11, "whole number from 1"),
        ("context == 3", 11, "yes or no"),
        ("rf == yes", 6, "a number"),
        ("context >= no", 11, "== or !="),
        ("coverage >= 3 mm", 12, "no unit"),
        ("stride >= 3%", 10, "no percentage"),
        ("stride >= input", 10, "extent"),
        ("rf >= 3; import os", 7, "unexpected character"),
        ("rf >= __import__('os')", 6, "expected a value"),
        ("rf >= \x1b[31m", 6, "unexpected character"),
    ],
)
def test_what_is_refused_and_where(text: str, position: int, says: str) -> None:
    error = refused(text)
    assert says in str(error)
    assert error.position == position


def test_the_caret_stands_under_the_place() -> None:
    assert refused("final rff >= 3").caret() == "final rff >= 3\n      ^"
    error = refused("final\n\x1b rf >= 3")
    line, caret = error.caret().split("\n")
    assert line == "final \ufffd rf >= 3"
    assert caret.index("^") == 6


def test_a_long_text_is_quoted_in_part() -> None:
    error = refused("rf >= 3 and " * 150 + "nonsense")
    assert len(str(error)) < 400
    line, caret = error.caret().split("\n")
    assert line[caret.index("^") :].startswith("nonsense")


words = st.sampled_from(
    [
        *METRICS,
        *PREDICATES,
        "final",
        "output",
        "op:Conv",
        '"a*"',
        "is",
        "not",
        "and",
        ">=",
        "<",
        "==",
        "3",
        "1/2",
        "%",
        ".",
        "h",
        "2",
        "ms",
        "input",
        "meta:k",
        "attr:k",
        "yes",
        "(",
        ")",
        "align",
        "=",
        "-",
        "or",
        "1e9",
        "'",
    ]
)


@given(st.one_of(st.text(), st.lists(words, max_size=12).map(" ".join)))
def test_arbitrary_text_gives_a_requirement_or_a_requirement_error(text: str) -> None:
    try:
        requirement = parse(text)
    except RequirementTextError as error:
        refusal = error
    else:
        assert parse(str(requirement)) == requirement
        return
    assert "\n" not in str(refusal)
    assert 0 <= refusal.position <= len(text)
    assert refusal.caret().count("\n") == 1


@st.composite
def requirements(draw: st.DrawFn) -> Requirement:
    names = st.text(
        st.characters(blacklist_characters="'\"", blacklist_categories=["Cs"]), min_size=1, max_size=20
    )
    where = st.one_of(
        st.sampled_from([Where("final"), Where("output")]),
        names.map(lambda name: Where("glob", name)),
        names.map(lambda name: Where("op", name)),
    )
    axis = st.one_of(st.none(), st.integers(0, 99), st.sampled_from(["t", "h", "w", "d", "n", "c"]))
    numbers = st.builds(
        Fraction,
        st.integers(1 - 10**15, 10**15 - 1),
        st.one_of(st.integers(1, 10**15 - 1), st.sampled_from([1, 2, 1000])),
    )

    def comparison_of(metric: str) -> st.SearchStrategy[Comparison]:
        align = st.one_of(st.none(), st.integers(1, 10**9 - 1)) if metric == "halo" else st.none()
        comparators = [">=", "<=", ">", "<", "==", "!="]
        value = numbers.map(lambda number: Value("number", number))
        if metric == "rf":
            value |= names.map(lambda name: Value("meta", name=name))
            value |= st.builds(
                Value, st.just("quantity"), numbers, st.sampled_from(["mm", "ms", "tokens", "d"])
            )
            value |= st.builds(Value, st.just("percent"), numbers) | st.just(Value("input"))
        if metric == "context":
            comparators = ["==", "!="]
            value = st.sampled_from([Value("truth", Fraction(0)), Value("truth", Fraction(1))])
        figure = st.builds(Figure, where, st.just(metric), axis, align)
        return st.builds(Comparison, figure, st.sampled_from(comparators), value)

    claim = st.builds(Claim, where, st.sampled_from(list(PREDICATES)), axis, st.booleans())
    part = st.sampled_from(list(METRICS)).flatmap(comparison_of) | claim
    return Requirement("", tuple(draw(st.lists(part, min_size=1, max_size=4))))


@given(requirements())
def test_what_is_written_is_read_back(requirement: Requirement) -> None:
    assert parse(str(requirement)).parts == requirement.parts


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("final rf >= 224", [">= 224"]),
        ("64 ≤ final halo <= 12.5 mm", ["64 ≤", "<= 12.5 mm"]),
        ("'a\"b' coverage.h>=-50%", [">=-50%"]),
        ("rf == attr:'x y' and stride < 1/2", ["== attr:'x y'", "< 1/2"]),
        ("output is NOT causal.t and is bounded", ["NOT causal", "bounded"]),
        ("3 != rf", ["3 !="]),
    ],
)
def test_parts_know_where_stands_what_they_require(text: str, spans: list[str]) -> None:
    assert [text[slice(*part.span)] for part in parse(text).parts] == spans
