"""Requirements against the engine: what is selected, what a finding says."""

from __future__ import annotations

import pytest
from models import model

import pytest_rf
from pytest_rf.analysis import Analysis
from pytest_rf.errors import RequirementError
from pytest_rf.findings import Measurement, Required
from pytest_rf.requirements.wording import measured, required

CHAIN = """
    net (float[1,3,32,32] x) => (float[1,4,16,16] y)
    <float[4,3,3,3] w1, float[4,4,3,3] w2>
    {
        a = Conv<kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1]>(x, w1)
        r = Relu(a)
        y = Conv<kernel_shape=[3,3], pads=[1,1,1,1]>(r, w2)
    }
"""
NORM = CHAIN.replace("r = Relu(a)", "r = InstanceNormalization(a, s, s)").replace("w2>", "w2, float[4] s>")
WARP = CHAIN.replace("r = Relu(a)", "r = Softwarp(a)")
STYLE = """
    net (float[1,3,32,32] x, float[1,4,8,8] style) => (float[1,4,?,?] y)
    <float[4,3,3,3] w1>
    {
        a = Conv<kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1]>(x, w1)
        g = GlobalAveragePool(style)
        y = Mul(a, g)
    }
"""


@pytest.fixture(scope="module")
def chain() -> Analysis:
    return pytest_rf.analyze(model(CHAIN))


def test_what_holds_gives_nothing(chain: Analysis) -> None:
    for text in (
        "final rf == 7",
        "64 >= rf.h >= 7",
        '"a" stride == 2 and rf == 3',
        "op:Conv rf >= 3",
        "is bounded",
    ):
        assert chain.check(text) == []


def test_a_violation_says_what_where_and_how_it_came_about(chain: Analysis) -> None:
    (finding,) = chain.check("final rf >= 8", model="net", file="rf.toml", line=7)
    assert finding.message == 'final rf is 7 on axes h and w, required >= 8 (tensor "y", Conv)'
    assert (finding.code, finding.rule) == ("RF001", "requirement-violated")
    assert (finding.model, finding.file, finding.line) == ("net", "rf.toml", 7)
    assert (finding.tensor, finding.op, finding.axes, finding.input) == ("y", "Conv", ("h", "w"), "x")
    assert finding.measured == (Measurement(low=7, high=7),)
    assert finding.required == Required(text="8", comparator=">=", value=8)
    assert [(step.growth, step.total) for step in finding.path] == [(2, 3), (4, 7)]
    assert finding.path[0].layer.endswith("3×3 stride 2")
    assert finding.help == "1 input position is missing"


def test_too_large_names_the_layer_that_adds_most(chain: Analysis) -> None:
    (finding,) = chain.check("rf.w <= 5")
    assert finding.axes == ("w",)
    assert finding.help.startswith("2 input positions too many; the layer that adds most is")
    assert finding.help.endswith("3×3 (+4)")


def test_every_selected_tensor_must_hold(chain: Analysis) -> None:
    assert [f.tensor for f in chain.check("op:conv rf >= 4")] == ["a"]
    assert [[one.tensor for one in f.tensors] for f in chain.check('"*" rf >= 100')] == [["a", "r", "y"]]


def test_each_part_is_reported(chain: Analysis) -> None:
    assert [required(f) for f in chain.check("rf >= 8 and rf <= 6 and rf == 7")] == [">= 8", "<= 6"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('"nope.*" rf >= 3', "selects nothing"),
        ('"yy" rf >= 3', 'did you mean "y"'),
        ("op:Conf rf >= 3", 'did you mean "Conv"'),
        ("rf.t >= 3", "there are h, w"),
        ("rf.7 >= 3", 'an axis "7"'),
        ("rf >= 3 mm", "no spacing"),
    ],
)
def test_what_cannot_be_applied_is_an_error_at_its_place(chain: Analysis, text: str, says: str) -> None:
    with pytest.raises(RequirementError, match="column") as caught:
        chain.check(text)
    assert says in str(caught.value)
    assert "^" in caught.value.detail  # type: ignore[attr-defined]


def test_axes_by_number_and_by_role(chain: Analysis) -> None:
    assert chain.check("rf.2 == 7") == []
    assert chain.check("output rf.h == 7 and rf.H == 7") == []


def test_units_of_the_spacing(chain: Analysis) -> None:
    spacing = {"h": "0.5 mm", "w": "0.5 mm"}
    assert chain.check("rf >= 3.5 mm and rf <= 0.35 cm", spacing=spacing) == []
    (finding,) = chain.check("rf.h >= 4 mm", spacing=spacing)
    assert (measured(finding), required(finding)) == ("7 (3.5 mm)", ">= 4 mm (8)")
    (finding,) = chain.check("rf.h >= 8", spacing=spacing)
    assert measured(finding) == "7 (3.5 mm)"
    with pytest.raises(RequirementError, match="axis h has its spacing in mm"):
        chain.check("rf >= 25 ms", spacing=spacing)


def test_an_unknown_operator_is_undecidable_and_named() -> None:
    analysis = pytest_rf.analyze(model(WARP))
    for text in ("rf >= 1", "rf <= 1000", "is bounded", "is not bounded", "context == no"):
        (finding,) = analysis.check(text)
        assert finding.undecidable
        assert finding.code == "RF002"
        assert "Softwarp" in finding.message
    assert analysis.check('"a" rf == 3') == []


def test_sizes_leave_context_out_and_guarantees_count_it() -> None:
    analysis = pytest_rf.analyze(model(NORM))
    assert analysis.check("rf == 7") == []
    for text in (
        "is bounded",
        "lookahead <= 2",
        "halo <= 3",
        "context == no",
        "is not bounded and context == no",
    ):
        (finding,) = analysis.check(text)
        assert "statistics of the whole axis" in finding.help
        assert not finding.accepted
    (finding,) = analysis.check("lookahead <= 2")
    assert measured(finding) == "inf (2 without context)"


def test_accepted_context_breaks_no_guarantee_and_is_told() -> None:
    analysis = pytest_rf.analyze(model(NORM), accept_context=["op:InstanceNormalization"])
    assert analysis.check("is bounded and lookahead <= 2 and halo <= 3 and context == no") == []
    (finding,) = analysis.check("lookahead <= 1")
    assert measured(finding) == "2"
    assert len(finding.accepted) == 1
    later = pytest_rf.analyze(model(NORM))
    assert later.check("is bounded", accept_context=["op:InstanceNormalization"]) == []
    assert later.check("is bounded") != []


def test_sizes_of_final_are_about_inputs_that_it_has_positions_of() -> None:
    analysis = pytest_rf.analyze(model(STYLE))
    assert analysis.check("stride == 2 and rf == 3") == []
    (finding,) = analysis.check("is bounded")
    assert finding.input == "style"
    assert 'of input "style"' in finding.message


def test_hundreds_of_findings_stay_quick_by_telling_few_paths(chain: Analysis) -> None:
    layers = "\n".join(f"a{i + 1} = Relu(a{i})" for i in range(200))
    deep = CHAIN.replace("a = Conv", "a0 = Conv").replace("r = Relu(a)", layers + "\nr = Relu(a200)")
    (finding,) = pytest_rf.analyze(model(deep)).check('"*" rf >= 100')
    assert len(finding.tensors) == 203
    assert finding.path
