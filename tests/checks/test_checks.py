from __future__ import annotations

import pytest
from models import model

import pytest_rf
from pytest_rf import checks
from pytest_rf.checks.subject import Subject
from pytest_rf.requirements import Settings

LAYERS = """
    net (float[1,3,{extent},{extent}] x) => (float[1,4,?,?] y)
    <float[4,3,3,3] w, float[4,4,{kernel},{kernel}] u, float[4] s>
    {{
        a = Conv<kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1]>(x, w)
        {middle}
    }}
"""


def codes(
    extent: int = 32, kernel: int = 3, middle: str = "y = Relu(a)", code: str = "RF"
) -> list[tuple[str, ...]]:
    analysis = pytest_rf.analyze(model(LAYERS.format(extent=extent, kernel=kernel, middle=middle)))
    found = []
    for rule in checks.match(code):
        found += _found(rule, analysis)
    return found


def _found(rule: checks.Rule, analysis: pytest_rf.Analysis) -> list[tuple[str, ...]]:
    return [(one.code, *one.axes) for one in rule.findings(Subject(analysis, Settings()))]


def transposed(kernel: int, stride: int) -> str:
    return f"y = ConvTranspose<kernel_shape=[{kernel},{kernel}], strides=[{stride},{stride}]>(a, u)"


def test_codes_and_names_are_unique_and_in_families() -> None:
    assert (
        len({rule.code for rule in checks.RULES})
        == len({rule.name for rule in checks.RULES})
        == len(checks.RULES)
    )
    assert [rule.code for rule in checks.RULES] == sorted(rule.code for rule in checks.RULES)
    assert all(rule.code[:3] in checks.FAMILIES for rule in checks.RULES)


@pytest.mark.parametrize("rule", checks.RULES, ids=lambda rule: rule.code)
def test_every_rule_explains_itself(rule: checks.Rule) -> None:
    assert tuple(rule.explanation) == checks.HEADINGS
    assert all(rule.explanation.values())
    assert rule.summary.endswith(".")
    assert len(rule.summary) <= 100


def test_selecting() -> None:
    always = {rule.code for rule in checks.RULES if rule.always}
    assert {rule.code for rule in checks.selected()} == always | {"RF404", "RF405"}
    assert {rule.code for rule in checks.selected(["RF1"])} == always | {"RF101", "RF102", "RF103", "RF104"}
    assert {rule.code for rule in checks.selected(["ragged-input", "rf303"], ["RF303"])} == always | {"RF201"}
    assert {rule.code for rule in checks.selected(["RF"], ["RF"])} == always
    with pytest.raises(KeyError, match="did you mean"):
        checks.selected(["raged-input"])
    for text in ("", "X", "RF9", "RF1010"):
        with pytest.raises(KeyError):
            checks.match(text)


def test_a_plain_model_breaks_no_rule_but_those_of_taste() -> None:
    assert {code for code, *_ in codes()} == {"RF204", "RF205", "RF206"}


def test_unknown_operator() -> None:
    assert codes(middle="b = Warp(a)\ny = Relu(b)", code="RF0") == [("RF005",)]


def test_field_exceeds_input() -> None:
    assert codes(extent=2, code="RF101") == [("RF101", "h", "w")]
    assert codes(extent=3, code="RF101") == []


@pytest.mark.parametrize(
    ("kernel", "stride", "uneven"),
    [(3, 2, True), (2, 2, False), (4, 2, False), (5, 2, True), (1, 2, True), (3, 1, False)],
)
def test_checkerboard(kernel: int, stride: int, uneven: bool) -> None:
    assert codes(kernel=kernel, middle=transposed(kernel, stride), code="RF303") == [("RF303",)] * uneven


def test_uneven_phases() -> None:
    assert codes(kernel=3, middle=transposed(3, 2), code="RF301") == [("RF301", "h", "w")]
    assert codes(kernel=4, middle=transposed(4, 2), code="RF301") == []


STREAM = """
    net (float[1,3,64] x) => (float[1,4,?] y)
    <float[4,3,3] w, float[4] s>
    {{
        a = Conv<kernel_shape=[3], pads=[{before},{after}]>(x, w)
        y = {norm}
    }}
"""


@pytest.mark.parametrize(
    ("before", "after", "norm", "found"),
    [
        (2, 0, "InstanceNormalization(a, s, s)", [("RF401", "t")]),
        (2, 0, "Relu(a)", []),
        (1, 1, "InstanceNormalization(a, s, s)", []),
    ],
)
def test_context_ahead(before: int, after: int, norm: str, found: list[tuple[str, ...]]) -> None:
    analysis = pytest_rf.analyze(model(STREAM.format(before=before, after=after, norm=norm)))
    assert _found(checks.find("RF401"), analysis) == found


@pytest.mark.parametrize("rule", checks.RULES, ids=lambda rule: rule.code)
def test_the_table_says_of_a_rule_what_its_module_does(rule: checks.Rule) -> None:
    assert rule.is_about_models is (rule.judges is not None)
    assert rule.has_options is (rule.check is not None and not rule.always)
