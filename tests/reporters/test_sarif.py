from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_rf.checks import RULES
from pytest_rf.findings import Elsewhere, Finding, Measurement, Problem, Step
from pytest_rf.reporters import check, sarif
from pytest_rf.results import Run
from reporters.findings import HOSTILE, finding, run

SCHEMA = json.loads((Path(__file__).parents[1] / "data/formats/sarif-schema-2.1.0.json").read_text())
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def log(found: Run) -> dict[str, Any]:
    """Return the one run of a log that fits the official schema, each result with a place in a file."""
    text = check(found, "sarif")
    assert isinstance(text, str)
    whole = json.loads(text)
    VALIDATOR.validate(whole)
    (one,) = whole["runs"]
    for result in one["results"]:
        for location in _locations(result):
            physical = location["physicalLocation"]
            assert physical["region"]["startLine"] >= 1
            uri = physical["artifactLocation"]["uri"]
            assert uri
            assert "\\" not in uri
            assert uri.startswith("file:///") or "uriBaseId" in physical["artifactLocation"]
    return one


def _locations(result: dict[str, Any]) -> list[dict[str, Any]]:
    flows = [step for flow in result.get("codeFlows", ()) for step in flow["threadFlows"][0]["locations"]]
    steps = [step["location"] for step in flows]
    return [*result["locations"], *result.get("relatedLocations", ()), *steps]


def test_a_finding_is_a_result_with_place_tensor_path_and_fingerprint() -> None:
    (result,) = log(run(finding(column=3)))["results"]
    assert result["ruleId"] == "RF001"
    assert result["level"] == "error"
    assert result["message"]["text"] == (
        'final rf is 19 on axes h and w, required >= 20 (tensor "y", Conv)\n1 input position is missing'
    )
    (location,) = result["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "rf.toml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 7, "startColumn": 3},
    }
    assert location["logicalLocations"] == [
        {"name": "y", "fullyQualifiedName": "net::layer2::y", "kind": "value"}
    ]
    steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [step["location"]["message"]["text"] for step in steps] == [
        "stem 7×7 stride 2: +6 → 7",
        "layer1 3×3: +4 → 11",
        "layer2 3×3 stride 2: +8 → 19",
    ]
    (made,) = result["relatedLocations"]
    assert made["physicalLocation"]["region"]["startLine"] == 42
    assert result["partialFingerprints"]["pytestRf/v1"]


def test_rules_carry_their_help() -> None:
    rules = log(run())["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.code for rule in RULES]
    for rule in rules:
        assert "Why is this bad" in rule["help"]["text"]
        assert "## Use instead" in rule["help"]["markdown"]
        assert "helpUri" not in rule
        assert rule["defaultConfiguration"]["level"] == "error"


def test_every_result_points_at_its_rule() -> None:
    one = log(run(*(finding(code=rule.code, rule=rule.name) for rule in RULES)))
    for result in one["results"]:
        assert one["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_waived_findings_are_suppressed_with_their_reason() -> None:
    waived = finding(waived="until the v3 decoder (until 2027-03-01)")
    first, second = log(run(finding(), waived=(waived,)))["results"]
    assert "suppressions" not in first
    assert second["suppressions"] == [
        {
            "kind": "external",
            "status": "accepted",
            "justification": "until the v3 decoder (until 2027-03-01)",
        }
    ]


def test_problems_are_notifications_and_the_run_did_not_succeed() -> None:
    one = log(run(problems=(Problem(message="net.onnx: is empty", file="net.onnx"),)))
    assert one["results"] == []
    (invocation,) = one["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["exitCode"] == 2
    (note,) = invocation["toolExecutionNotifications"]
    assert note["level"] == "error"
    assert note["message"]["text"] == "net.onnx: is empty"


def test_no_models_and_nothing_wrong_are_valid() -> None:
    assert log(Run.of([]))["invocations"][0] == {"executionSuccessful": True, "exitCode": 0}
    assert log(run())["results"] == []


@pytest.mark.parametrize(
    ("file", "config", "source", "place"),
    [
        ("net.onnx", "", "", ("net.onnx", 1)),
        ("pkg.mod:make", "rf.toml", "", ("rf.toml", 1)),
        ("pkg.mod:make", "rf.toml", "pkg/net.py:12", ("pkg/net.py", 12)),
        ("pkg.mod:make", "", "", ("pkg/mod.py", 1)),
        ("tests/test_net.py::test_it", "rf.toml", "", ("tests/test_net.py", 1)),
        ("", "", "", ("net", 1)),
    ],
)
def test_no_result_is_without_a_place(file: str, config: str, source: str, place: tuple[str, int]) -> None:
    from msgspec.structs import replace

    found = run(finding(file=file if ":" in file[:-6] else "", line=0, source=source))
    (model,) = found.models
    found = replace(found, config=config, models=(replace(model, file=file),))
    (result,) = log(found)["results"]
    physical = result["locations"][0]["physicalLocation"]
    assert (physical["artifactLocation"]["uri"], physical["region"]["startLine"]) == place


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("a b/ü%.toml", "a%20b/%C3%BC%25.toml"),
        ("../rf.toml", "../rf.toml"),
        ("/abs/rf.toml", "file:///abs/rf.toml"),
        ("C:/abs/rf.toml", "file:///C:/abs/rf.toml"),
        ("a:b.toml", "a%3Ab.toml"),
        ("./x/../rf.toml", "rf.toml"),
    ],
)
def test_paths_are_uris(file: str, uri: str) -> None:
    (result,) = log(run(finding(file=file)))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_further_tensors_are_related_locations() -> None:
    others = tuple(
        Elsewhere(tensor=f"t{n}", source="net.py:9", measured=(Measurement(low=5, high=n),), axes=("h",))
        for n in range(150)
    )
    (result,) = log(run(finding(others=others)))["results"]
    made, first, *_, more = result["relatedLocations"]
    assert made["message"]["text"] == "made here: layer2"
    assert first["message"]["text"] == "t0: 5 to 0 on h"
    assert first["logicalLocations"][0]["name"] == "t0"
    assert more["message"]["text"] == "and 50 more tensors"


def test_a_thousand_findings_are_valid_and_told_apart() -> None:
    findings = [finding(requirement=f"final rf >= {n % 500}", path=()) for n in range(1000)]
    results = log(run(*findings))["results"]
    assert len({result["partialFingerprints"]["pytestRf/v1"] for result in results}) == 1000


def test_more_than_github_takes_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MOST", 3)
    one = log(run(*[finding(path=())] * 4, waived=(finding(waived="x"),)))
    assert len(one["results"]) == 3
    (note,) = one["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"].startswith("2 more findings not in this report")


def test_long_messages_and_paths_are_cut() -> None:
    path = tuple(Step(f"layer{n}", 2, 2 * n) for n in range(100_000))
    text = check(run(finding(path=path, message="x" * 1_000_000, tensor="y" * 1_000_000)), "sarif")
    assert len(text) < 150_000
    (result,) = log(run(finding(path=path)))["results"]
    steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
    assert steps[-1]["location"]["message"]["text"] == "layer99999: +2 → 199998"
    assert len(steps) == 100


def test_a_name_is_no_link() -> None:
    (result,) = log(run(finding(message="[here](https://evil.example)")))["results"]
    assert "](" not in result["message"]["text"]


def test_fingerprints_stay_when_lines_and_figures_change() -> None:
    def mark(**changes: Any) -> str:
        (result,) = log(run(finding(**changes)))["results"]
        text: str = result["partialFingerprints"]["pytestRf/v1"]
        return text

    same = mark()
    assert mark(line=90, message="final rf is 18", tensor="z") == same
    assert mark(requirement="final rf >= 21") != same
    assert mark(model="other") != same
    assert mark(requirement="", tensor="a") != mark(requirement="", tensor="b")


@settings(deadline=None, max_examples=50)
@given(st.text(), st.text())
def test_any_name_gives_a_valid_log(name: str, file: str) -> None:
    found: Finding = finding(
        message=name, model=name, tensor=name, node=name, module=name, source=file, requirement=name, file=file,
        path=(Step(name, 2, 3),), help=name, others=(Elsewhere(tensor=name, source=file),),
    )  # fmt: skip
    one = log(run(found, problems=(Problem(message=name, file=file),), waived=(finding(waived=name),)))
    assert ["suppressions" in result for result in one["results"]] == [False, True]
    assert len(one["invocations"][0]["toolExecutionNotifications"]) == 1


def test_hostile_names_steer_nothing() -> None:
    text = check(run(finding(tensor=HOSTILE, message=HOSTILE, file=HOSTILE)), "sarif")
    assert not any(char in str(text) for char in "\x1b\r\u202e\u2066")
