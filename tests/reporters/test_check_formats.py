from __future__ import annotations

import json

import jsonschema
import msgspec
import pytest
from models import conv
from msgspec.structs import replace

import pytest_rf
from pytest_rf import report
from pytest_rf.findings import Elsewhere, Measurement, Problem, Step
from pytest_rf.reporters import check
from pytest_rf.results import ModelResult, RequirementResult, Run
from reporters.findings import HOSTILE, PATH, finding, lines, run

FULL = """\
RF001 final rf is 19 on axes h and w, required >= 20
  --> rf.toml:7 in model net
   |
 7 | final rf >= 20
   |          ^^^^^ measured 19
   = at tensor y (Conv, node /layer2/Conv, module layer2), made in net.py:42, towards input x
     how the field grew along h and w, layer by layer:
       +6 →  7  stem 7×7 stride 2
       +4 → 11  layer1 3×3
       +8 → 19  layer2 3×3 stride 2
   = help: 1 input position is missing

✗ net (net.onnx): 1 violation

Checked 1 model, 1 requirement: 1 violation."""


def test_full_says_what_where_how_and_what_helps() -> None:
    assert "\n".join(lines(run(finding()), "full")) == FULL


def test_long_paths_are_folded_in_the_middle() -> None:
    path = tuple(Step(f"layer{n} 3×3", 2, 3 + 2 * n) for n in range(100))
    text = lines(run(finding(path=path)), "full")
    grown = [one for one in text if "→" in one]
    assert len(grown) == 10
    assert "layer0 3×3" in grown[0]
    assert grown[-1].endswith("+2 → 201  layer99 3×3")
    folded = next(one for one in text if "⋮" in one)
    assert folded.split() == ["⋮", "90", "layers", "more:", "+180"]
    assert folded.index("90") == grown[0].index("layer0")


def test_of_further_tensors_what_the_message_says_is_not_told_again() -> None:
    truth = (Measurement(low=True, high=True),)
    some = [Elsewhere(tensor=name, measured=truth, axes=("h", "w")) for name in ("a", "b")]
    (also,) = [
        one
        for one in lines(run(finding(metric="identity", measured=truth, others=some)), "full")
        if "also" in one
    ]
    assert also.endswith("also: a, b")
    same = Elsewhere(tensor="y", axes=("w",), measured=(Measurement(low=21, high=21),))
    assert not any("also" in one for one in lines(run(finding(axes=("h",), others=[same])), "full"))


def test_a_layer_that_reads_the_whole_axis_ends_the_count() -> None:
    text = lines(run(finding(path=(*PATH, Step("attn", "inf", "inf")))), "full")
    assert any(one.endswith("whole axis → all  attn") for one in text)


def test_undecidable_is_told_from_violated() -> None:
    found = finding(code="RF002", undecidable=True, measured=(), path=(), message="no rule for Foo")
    text = lines(run(finding(), found), "full")
    assert any(one.endswith("^^^^^ undecidable") for one in text)
    assert text[-1] == "Checked 1 model, 2 requirements: 1 violation, 1 undecidable."


def test_what_is_required_is_underlined_where_it_stands() -> None:
    text = lines(run(finding(requirement="20 <= final rf", span=(0, 5))), "full")
    assert "   | ^^^^^ measured 19" in text


def test_concise_is_a_line_per_finding() -> None:
    assert lines(run(finding()), "concise") == [
        'rf.toml:7: RF001 net: final rf is 19 on axes h and w, required >= 20 (tensor "y", Conv)',
        "Checked 1 model, 1 requirement: 1 violation.",
    ]


def test_places_have_a_column_where_it_is_known() -> None:
    assert lines(run(finding(column=3)), "full")[1] == "  --> rf.toml:7:3 in model net"
    assert lines(run(finding(column=3)), "concise")[0].startswith("rf.toml:7:3: RF001 net: ")
    bare = run(finding(file="", line=0))
    assert lines(bare, "full")[1] == " --> --require in model net"
    assert lines(bare, "concise")[0].startswith("net.onnx: RF001 net: ")


def test_what_holds_is_told_per_model() -> None:
    held = ModelResult(
        model="net",
        file="net.onnx",
        judged=True,
        requirements=(RequirementResult(text="final rf >= 3", status="holds"),),
        accepted=("op:InstanceNormalization",),
    )
    other = replace(held, model="b", requirements=(), rules=("RF201",))
    assert lines(Run.of([held, other]), "full") == [
        "✓ net (net.onnx): 1 requirement holds; accepts context of op:InstanceNormalization",
        "✓ b (net.onnx): nothing wrong; accepts context of op:InstanceNormalization",
        "",
        "Checked 2 models, 1 requirement: all hold.",
    ]


def test_errors_and_waived_findings_are_counted() -> None:
    broken = run(problems=(Problem(message="net.onnx: is empty"),), waived=(finding(),))
    assert lines(broken, "full") == [
        "✗ net (net.onnx): error, 1 waived",
        "",
        "Checked 1 model: 1 error, 1 waived.",
    ]


@pytest.mark.parametrize("format", ["full", "concise"])
def test_names_cannot_steer_the_terminal(format: str) -> None:
    hostile = finding(
        message=HOSTILE, model=HOSTILE, tensor=HOSTILE, node=HOSTILE, op=HOSTILE, module=HOSTILE, source=HOSTILE,
        requirement=HOSTILE, figure=HOSTILE, file=HOSTILE,
        path=(Step(HOSTILE, 2, 3),), help=HOSTILE, input=HOSTILE, accepted=(HOSTILE,),
    )  # fmt: skip
    for one in lines(run(hostile), format):
        assert not any(ord(char) < 32 or char in "\u202e\u2066" for char in one)
        assert not one.lstrip().startswith("::")


@pytest.mark.parametrize(("format", "most"), [("full", 100), ("concise", 1000)])
def test_a_flood_of_findings_is_cut_with_a_count(format: str, most: int) -> None:
    text = lines(run(*[finding(path=())] * 100_000), format)
    assert sum(one.startswith(("RF001", "rf.toml:7: RF001")) for one in text) == most
    assert f"… and {100_000 - most:,} more findings of this model; --format json lists all" in text


def test_a_name_of_a_megabyte_is_cut() -> None:
    huge = "x" * 1_000_000
    text = "\n".join(lines(run(finding(tensor=huge, message=huge, requirement=huge)), "full"))
    assert len(text) < 10_000
    assert "more characters" in text


def test_json_holds_everything_and_fits_its_schema() -> None:
    found = run(finding(), problems=(Problem(message="bad", file="net.onnx", line=1),))
    text = check(found, "json")
    assert isinstance(text, str)
    data = json.loads(text)
    jsonschema.validate(data, report.schema())
    assert data["report"] == "check"
    assert data["exit_code"] == 2
    (model,) = data["models"]
    assert model["findings"][0]["path"][0] == {
        "layer": "stem 7×7 stride 2",
        "growth": 6,
        "total": 7,
        "times": False,
    }
    assert model["findings"][0]["measured"] == [{"low": 19, "high": 19, "certain": None, "side": ""}]
    assert model["problems"][0]["message"] == "bad"


def test_json_escapes_what_steers_a_terminal() -> None:
    text = check(run(finding(tensor=HOSTILE + "\x9b\u2028\udc80")), "json")
    assert isinstance(text, str)
    assert not any(char in text for char in "\x1b\x9b\u202e\u2066\u2028\udc80\r")
    assert json.loads(text)["models"][0]["findings"][0]["tensor"] == HOSTILE + "\x9b\u2028\udc80"


def test_a_run_goes_through_json_and_between_processes_as_it_is() -> None:
    found = run(
        finding(), finding(number=1, span=None), problems=(Problem(message="bad"),), waived=(finding(),)
    )
    assert msgspec.convert(msgspec.to_builtins(found), Run) == found
    assert msgspec.json.decode(check(found, "json"), type=Run) == found


def test_every_key_of_a_report_is_required_by_its_schema() -> None:
    given = pytest_rf.analyze(conv(3)).to_dict()["tensors"][0]["fields"]["image"]["h"]
    for name, kind in report.schema()["$defs"].items():
        # Figures that have to be asked for are the only ones that a report can lack.
        whole = given if name == "AxisReport" else kind["properties"]
        assert set(kind["required"]) == set(whole) <= set(kind["properties"])


def test_a_path_that_several_findings_share_is_told_once() -> None:
    steps = tuple(Step(f"conv{n}", 2, 2 * n + 1) for n in range(1, 5))
    first = finding(path=steps, line=7)
    same = finding(path=steps, line=8, requirement="final rf >= 30")
    rule = finding(code="RF101", rule="padding", path=steps, line=0, requirement="")
    other = finding(path=steps, line=9, axes=("h",))
    told = "\n".join(lines(run(first, same, rule, other), "full"))
    assert told.count("conv3") == 2
    assert told.count("as told above, of RF001 at rf.toml:7") == 2


def test_short_paths_are_told_again() -> None:
    steps = (Step("conv1", 2, 3), Step("conv2", 2, 5))
    told = "\n".join(lines(run(finding(path=steps), finding(path=steps, line=8)), "full"))
    assert told.count("conv2") == 2


def test_the_path_of_another_model_is_told_again() -> None:
    steps = tuple(Step(f"conv{n}", 2, 2 * n + 1) for n in range(1, 5))
    told = "\n".join(lines(run(finding(path=steps), finding(path=steps, model="twin")), "full"))
    assert told.count("conv3") == 2
