"""Arithmetic in requirements: what it comes to, what goes together, what is refused and where."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from models import model

import pytest_rf
from pytest_rf import RequirementError
from pytest_rf.analysis.metrics import METRICS
from pytest_rf.requirements.arithmetic import MAX_DEPTH, MAX_SIGNS
from pytest_rf.requirements.parser import parse
from pytest_rf.requirements.references import References
from pytest_rf.requirements.syntax import Comparison, RequirementTextError
from pytest_rf.requirements.units import Quantity, parse_spacing
from pytest_rf.requirements.values import Along, resolved
from pytest_rf.requirements.wording import required

NET = """
    net (float[1,3,100] x) => (float[1,4,50] y) <float[4,3,3] w>
    { y = Conv<kernel_shape=[3], strides=[2], pads=[1,1]>(x, w) }
"""
DECLARED = {"one": "1", "seven": "7", "half": "0.5", "zero": "0"}


@pytest.fixture(scope="module")
def net() -> pytest_rf.Analysis:
    found = pytest_rf.analyze(model(NET))
    found.graph.metadata.update(DECLARED)
    return found


def value_of(
    text: str, net: pytest_rf.Analysis, metric: str = "rf", spacing: Quantity | None = None
) -> Fraction:
    """Return what the right side of a comparison comes to, on an axis of 100 positions at stride 2."""
    (part,) = parse(f"{metric} >= {text}").parts
    assert isinstance(part, Comparison)
    along = Along("t", 100, spacing, Fraction(2), References(net, Path(__file__).parent))
    return resolved(part.value, METRICS[metric], along)


def refused(text: str) -> RequirementTextError:
    with pytest.raises(RequirementTextError) as caught:
        parse(text)
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("text", "comes_to"),
    [
        ("2 + 3 * 4", 14),
        ("(2 + 3) * 4", 20),
        ("2 - 3 - 4", -5),
        ("2 - (3 - 4)", 3),
        ("100 / 5 / 2", 10),
        ("100 / (5 / 2)", 40),
        ("2 * 6 / 4", 3),
        ("-3 * -2", 6),
        ("--3", 3),
        ("-(1 + 2)", -3),
        ("+-+3", -3),
        ("1/3 * 3", 1),
        ("3 × 4 − 2", 10),
        ("3*4-2", 10),
        ("input", 100),
        ("input - 1", 99),
        ("input / 2 + 1", 51),
        ("-input", -100),
        ("50% * input", 50),
        ("50%", 50),
        ("2 * 25%", 50),
        ("50% * 50%", 25),
        ("50% + 25%", 75),
        ("(40 + 10)%", 50),
        ("50% + 3 px", 53),
        ("input - 10%", 90),
        ("meta:seven + 1", 8),
        ("meta:seven*2", 14),
        ("(meta:seven - 1) / meta:half", 12),
        ("meta:seven/2", Fraction(7, 2)),
        ("meta:seven / 7 / 2", Fraction(1, 2)),
        ("3 px", 3),
        ("3 pixels + 1 pixel", 4),
        ("3 positions - 1", 2),
        ("meta:seven px", 7),
        ("3 steps", 6),
        ("1 step + 3 px", 5),
        ("input / 4 px", 25),
    ],
)
def test_what_it_comes_to(net: pytest_rf.Analysis, text: str, comes_to: Fraction | int) -> None:
    assert value_of(text, net) == comes_to


@pytest.mark.parametrize(
    ("text", "comes_to"),
    [
        ("25 ms + 3 ms", 28),
        ("25 ms + 3 px", 28),
        ("25 ms - 1 step", 23),
        ("2 * 25 ms", 50),
        ("25 ms / 2", Fraction(25, 2)),
        ("25 ms / 5 ms", 5),
        ("1/2 s", 500),
        ("2 * (1/2 s)", 1000),
        ("(20 + 5) ms", 25),
        ("meta:seven ms", 7),
        ("(meta:seven + 1) * 1 ms", 8),
        ("50% + 5 ms", 55),
        ("input + 5 ms", 105),
        ("30 samples", 30),
        ("30 samples + 5 ms", 35),
    ],
)
def test_lengths_of_the_spacing(net: pytest_rf.Analysis, text: str, comes_to: Fraction | int) -> None:
    assert value_of(text, net, spacing=parse_spacing("1/1000 s")) == comes_to


@pytest.mark.parametrize(
    ("text", "comes_to"),
    [
        ("50%", Fraction(1, 2)),
        ("50% + 10%", Fraction(3, 5)),
        ("25 px / input", Fraction(1, 4)),
        ("1 / 4", Fraction(1, 4)),
    ],
)
def test_shares_stay_shares_of_ratios(net: pytest_rf.Analysis, text: str, comes_to: Fraction) -> None:
    assert value_of(text, net, metric="coverage") == comes_to


def test_samples_are_those_of_a_rate_or_of_a_spacing_in_samples(net: pytest_rf.Analysis) -> None:
    assert value_of("320 samples", net, spacing=parse_spacing("160 samples")) == 2
    with pytest.raises(RequirementError, match=r"spacing in ms \(10 ms\).*state the rate"):
        value_of("320 samples", net, spacing=parse_spacing("10 ms"))
    with pytest.raises(RequirementError, match=r'no spacing, so 320 samples means nothing.*"1/16000 s"'):
        value_of("320 samples", net)
    with pytest.raises(RequirementError, match="px are not measured but counted"):
        parse_spacing("2 px")


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("rf >= 25 ms + 3", 14, "what 3 counts is open: write 3 ms, or 3 px for positions"),
        ("rf >= 3 + 25 ms", 6, "25 ms is a length and 3 a plain number"),
        ("rf >= 25 ms - attr:a", 14, "write attr:a ms, or attr:a px"),
        ("rf >= 50% + 3", 12, "write 3% or 3 px"),
        ("rf >= 2 steps + (meta:a + 1)", 17, "write (meta:a + 1) steps"),
        ("rf >= 3 mm * 2 mm", 11, "their product is not one"),
        ("rf >= input * input", 12, "their product is not one"),
        ("rf >= attr:a / 2 mm", 13, "counts nothing"),
        ("rf >= (3 mm) mm", 13, "takes no unit"),
        ("rf >= input px", 12, "takes no unit"),
        ("rf >= 1 / 0", 10, "division by zero"),
        ("rf >= attr:a / (2 - 2)", 15, "division by zero"),
        ("rf >= attr:a / 0%", 15, "division by zero"),
        ("rf >= (1 + 2", 6, "never closed"),
        ("rf >= (1 + 2 3", 13, 'expected ")"'),
        ("rf >= ()", 7, "expected a value"),
        ("rf >= 1 +", 9, "expected a value, found the end"),
        ("rf >= * 2", 6, "expected a value"),
        ("rf >= meta:rf-min", 14, "stands in quotes"),
        ("rf >= 999999999999999 * 10", 6, "out of range"),
        ("rf >= 1" + " + 1" * (MAX_SIGNS + 1), 8 + 4 * MAX_SIGNS, f"at most {MAX_SIGNS} signs"),
        ("rf >= " + "(" * (MAX_DEPTH + 1) + "1", 7 + MAX_DEPTH, f"more than {MAX_DEPTH} deep"),
        ("rf >= " + "-" * (MAX_DEPTH + 1) + "1", 7 + MAX_DEPTH, f"more than {MAX_DEPTH} deep"),
        ("rf >= 2 * stride", 10, "a figure stands alone"),
        ("rf - stride >= 3", 3, "a figure stands alone"),
        ("(rf) >= 3", 1, "a figure stands alone"),
        ("rf >= yes", 6, "compared with a number"),
        ("context == 1", 11, "compared with yes or no"),
        ("context == yes + 1", 15, 'expected "and" or the end'),
        ("context == 1 - yes", 15, 'expected a value, found "yes"'),
        ("context == (yes)", 12, 'expected a value, found "yes"'),
        ("coverage >= 3 mm + 1 px", 12, "no unit"),
        ("stride >= 2 * 3%", 10, "no percentage"),
        ("rf >= file:model.toml", 11, "file:docs/model.toml#unet.rf"),
        ("rf >= 3 from x", 8, "behind the metric"),
        ("from x rf >= 3", 0, "behind the metric"),
        ("rf from >= 3", 8, "name of an input"),
        ("rf from and >= 3", 8, "name of an input"),
        ("rf from x.1 >= 3", 8, "in quotes"),
    ],
)
def test_what_is_refused_and_where(text: str, position: int, says: str) -> None:
    error = refused(text)
    assert says in str(error)
    assert error.position == position


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("rf >= 1 / meta:zero", 10, "division by zero: meta:zero is 0"),
        ("rf >= 3 + meta:nine", 10, "declares no meta:nine"),
        ("rf >= 3 px + 4 mm", 13, "axis t has no spacing, so 4 mm means nothing"),
        ("rf >= 4 ms", 6, 'as in spacing = { t = "1/16000 s" }'),
        ("rf >= meta:x", 6, "declares no meta:x; it declares one, seven, half, zero"),
        ("rf >= meta:one" + " * 1e14" * 9, 43, "out of range"),
    ],
)
def test_errors_of_a_model_have_their_place_in_the_text(
    net: pytest_rf.Analysis, text: str, position: int, says: str
) -> None:
    with pytest.raises(RequirementTextError) as caught:
        net.check(text)
    assert says in str(caught.value)
    assert caught.value.position == position


def test_steps_are_undecidable_without_a_common_stride() -> None:
    uneven = pytest_rf.analyze(
        model("""
            net (float[1,3,100] x) => (float[1,4,?] y) <float[4,3,3] w, float[4,3,1] v>
            { a = Conv<strides=[2]>(x, w) b = Conv(x, v) y = Concat<axis=2>(a, b) }
        """)
    )
    (finding,) = uneven.check("rf <= 3 steps")
    assert finding.undecidable
    assert "3 steps are so many strides" in finding.reason
    assert uneven.check("rf <= 3 px") == []


def test_a_finding_says_what_was_written_and_what_it_comes_to(net: pytest_rf.Analysis) -> None:
    (finding,) = net.check("rf == meta:seven  + 1 and rf >= 1")
    assert required(finding) == "== meta:seven + 1 (8)"
    assert finding.required is not None
    assert finding.required.value == 8
    (finding,) = net.check("2 * (meta:seven + 1) <= rf")
    assert required(finding) == ">= 2 * (meta:seven + 1) (16)"
    (finding,) = net.check("rf.t >= 20 ms + 1 px", spacing={"t": "1/1000 s"})
    assert finding.message.startswith("final rf is 3 (3 ms) on axis t, required >= 20 ms + 1 px (21)")


def test_chains_and_conjunctions_of_expressions(net: pytest_rf.Analysis) -> None:
    assert net.check("meta:seven - 6 <= rf <= (meta:seven + 2) / 3 and stride == 1 + 1 and is bounded") == []
    assert [required(f) for f in net.check("2 + 2 <= rf <= 1 * meta:one")] == [">= 4", "<= 1 * meta:one (1)"]


# ---------------------------------------------------------------------- from an input

TWO = """
    net (float[1,3,40] image, float[1,3,40] "past.1") => (float[1,4,40] y, float[1,4,40] z)
    <float[4,3,3] w, float[4,3,7] v>
    {
        a = Conv<kernel_shape=[3], pads=[1,1]>(image, w)
        b = Conv<kernel_shape=[7], pads=[3,3]>("past.1", v)
        y = Add(a, b)
        z = Relu(b)
    }
"""


@pytest.fixture(scope="module")
def two() -> pytest_rf.Analysis:
    parsed = model(TWO.replace('"past.1"', "past_1"))
    parsed.graph.input[1].name = "past.1"
    parsed.graph.node[1].input[0] = "past.1"
    return pytest_rf.analyze(parsed)


def test_from_is_about_one_input(two: pytest_rf.Analysis) -> None:
    assert two.check("final rf from image == 3") == []
    assert two.check("final rf.t from 'past.1' == 7 and is bounded from image") == []
    assert two.check("7 <= rf from 'past.1' <= 7") == []
    assert {finding.input for finding in two.check("rf <= 3")} == {"past.1"}
    assert two.check("rf from image <= 3") == []
    assert [f.input for f in two.check("is causal from image")] == ["image"]


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("rf from imag == 3", 8, 'the model has no input "imag", did you mean "image"?'),
        ("is causal from nothing", 15, "its inputs are image, past.1"),
        ('"z" rf from image == 3', 0, 'selects only what reads nothing of input "image"'),
        ("rf.h from image == 3", 0, 'no input has an axis "h"'),
    ],
)
def test_an_input_that_is_not_there(two: pytest_rf.Analysis, text: str, position: int, says: str) -> None:
    with pytest.raises(RequirementTextError) as caught:
        two.check(text)
    assert says in str(caught.value)
    assert caught.value.position == position


def test_an_input_can_have_any_name() -> None:
    for name in ("input", "from", "output", "rf"):
        assert str(parse(f"rf from {name} >= 3")) == f'final rf from "{name}" >= 3'
    assert parse("rf.h from x >= 3") == parse("RF.H FROM 'x' >= 3")
    assert parse("rf from X >= 3") != parse("rf from x >= 3")


# ---------------------------------------------------------------------- properties

numbers = st.one_of(
    st.integers(0, 999).map(str), st.decimals(0, 99, places=2).map(str), st.sampled_from(["1/3", "7/2"])
)
atoms = st.one_of(numbers, st.sampled_from(["input", *(f"meta:{name}" for name in DECLARED)]))


def _joined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    signs = st.sampled_from([" + ", " - ", " * ", " / ", "+", "*"])
    return st.one_of(
        st.tuples(parts, signs, parts).map("".join),
        parts.map(lambda text: f"({text})"),
        parts.map(lambda text: f"-{text}"),
    )


expressions = st.recursive(atoms, _joined, max_leaves=12)


def by_python(text: str) -> Fraction:
    """Evaluate an expression with Python's own grammar over fractions."""
    names = {f"meta_{name}": Fraction(number) for name, number in DECLARED.items()}
    code = re.sub(r"\d+(?:\.\d+)?", lambda m: f"Fraction('{m.group()}')", text.replace("meta:", "meta_"))
    found = eval(code, {"Fraction": Fraction, "input": Fraction(100), **names})
    assert isinstance(found, Fraction)
    return found


@given(expressions)
def test_expressions_come_to_what_fractions_do(net: pytest_rf.Analysis, text: str) -> None:
    try:
        found = value_of(text, net)
    except RequirementError as error:
        reason = str(error)
    else:
        assert found == by_python(text)
        return
    if "division by zero" in reason:
        with pytest.raises(ZeroDivisionError):
            by_python(text)
    else:
        assert "out of range" in reason or "product is not one" in reason or "counts nothing" in reason


@given(expressions)
def test_what_is_written_is_read_back(text: str) -> None:
    try:
        requirement = parse(f"rf >= {text}")
    except RequirementTextError:
        return
    assert parse(str(requirement)) == requirement


pieces = st.sampled_from(
    [
        *"+-*/()%.",
        "input",
        "1",
        "2.5",
        "1/2",
        "ms",
        "px",
        "steps",
        "attr:a.b",
        "meta:k",
        "file:a.toml#b",
        "yes",
        "from x",
    ]
)


@given(st.lists(pieces, max_size=14).map(" ".join))
def test_any_text_is_read_or_refused_at_its_place(text: str) -> None:
    try:
        requirement = parse(f"rf >= {text}")
    except RequirementTextError as error:
        refusal = error
    else:
        assert parse(str(requirement)) == requirement
        return
    assert "\n" not in str(refusal)
    assert 0 <= refusal.position <= len(text) + 6
