"""What ``check`` is asked to judge and to tell: rules, severities, counts, verbosity, reports."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from pytest_rf import checks
from pytest_rf.checks import Choice, find

TWO = """
[[model]]
name = "net"
source = "unet.onnx"
require = ["final rf >= 36", "final rf >= 41"]

[[model.waiver]]
rule = "RF001"
at = "mask"
reason = "until v3"

[[model]]
name = "tcn"
source = "tcn.onnx"
require = ["final rf >= 63", "final rf >= 64"]
"""


@pytest.fixture
def two(folder: Path) -> Path:
    """A folder with a model whose violation is waived, and one with a violation."""
    (folder / "rf.toml").write_text(TWO)
    return folder


def codes(text: str) -> list[str]:
    return [found["code"] for model in json.loads(text)["models"] for found in model["findings"]]


# ------------------------------------------------------------------ what is judged


def test_rules_can_be_selected_and_left_out(rf, folder: Path) -> None:
    every = ("check", "--format", "json", "--select")
    phases = [rule.code for rule in map(find, ("uneven-phases", "checkerboard"))]
    found = codes(rf(*every, ",".join(phases)).out)
    assert set(found) == {find("uneven-phases").code}
    assert codes(rf(*every, "RF", "--ignore", find("uneven-phases").name).out) == codes(
        rf(*every, "RF1,RF2", "--select", "RF3,RF4", "--ignore", find("uneven-phases").code).out
    )
    assert codes(rf(*every, "RF1").out) == []


def test_requirements_are_judged_whatever_is_selected(rf) -> None:
    result = rf(
        "check", "--select", "RF4", "--ignore", "RF0", "--require", "final rf >= 41", "--format", "json"
    )
    assert (result.status, codes(result.out)) == (1, ["RF001"])


def test_the_command_line_goes_before_the_configuration() -> None:
    def chosen(choice: Choice) -> set[str]:
        rules = choice.over(["RF101", "RF301"], ["RF303", "RF301"])
        return {rule.code for rule in rules if not rule.always}

    assert chosen(Choice()) == {"RF101"}
    assert chosen(Choice(ignore=("RF1",))) == set()
    assert chosen(Choice(select=("RF303",))) == {"RF303"}
    assert chosen(Choice(("RF301", "RF303"), ("RF301",))) == {"RF303"}


@pytest.mark.parametrize("option", ["--select", "--ignore"])
def test_what_stands_for_no_rule_is_a_usage_error(rf, option: str) -> None:
    result = rf("check", option, "RF1,RF999")
    assert (result.status, result.out) == (2, "")
    assert option in result.err
    assert 'no rule "RF999"' in result.err


@pytest.mark.parametrize(
    ("severity", "arguments", "status"),
    [
        ("error", (), 1),
        ("error", ("--fail-on", "error"), 1),
        ("warning", (), 0),
        ("warning", ("--fail-on", "warning"), 1),
        ("warning", ("--fail-on", "info"), 1),
        ("info", ("--fail-on", "warning"), 0),
        ("info", ("--fail-on", "info"), 1),
        ("error", ("--exit-zero",), 0),
        ("info", ("--exit-zero", "--fail-on", "info"), 0),
    ],
)
def test_findings_that_are_not_grave_enough_do_not_fail(
    rf, monkeypatch: pytest.MonkeyPatch, severity: str, arguments: tuple[str, ...], status: int
) -> None:

    softened = tuple(replace(rule, severity=severity) for rule in checks.RULES)
    monkeypatch.setattr(checks, "RULES", softened)
    result = rf("check", "--select", find("uneven-phases").code, "--format", "json", *arguments)
    assert result.status == status
    report = json.loads(result.out)
    assert report["exit_code"] == status
    assert {found["severity"] for found in report["models"][0]["findings"]} == {severity}


def test_what_cannot_be_decided_is_an_error_whatever_its_severity() -> None:
    from pytest_rf.findings import Finding
    from pytest_rf.requirements.verdicts import UNDECIDABLE
    from pytest_rf.results import ModelResult, Run

    found = Finding(code=UNDECIDABLE[0], rule=UNDECIDABLE[1], model="m", message="?", severity="info")
    assert Run.of([ModelResult(model="m", findings=(found,))]).exit_code == 0
    assert Run.of([ModelResult(model="m", findings=(replace(found, undecidable=True),))]).exit_code == 1


def test_exit_zero_hides_no_error(rf, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rf("check", "nix.onnx", "--exit-zero").status == 2
    assert rf("check", "--require", "final rff >= 3", "--exit-zero").status == 2
    assert rf("check", "tcn.onnx", "--exit-zero").status == 2  # nothing judges it
    from pytest_rf import judging

    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(judging, "hold", broken)
    assert rf("check", "--exit-zero").status == 3


# ------------------------------------------------------------------ what is told


def test_statistics_count_by_rule_and_by_requirement(rf, two: Path) -> None:
    result = rf("check", "--statistics", "--require", "final rf >= 70")
    assert result.status == 1
    assert result.out == (
        "2  RF001  requirement-violated\n\n"
        "1  final rf >= 64\n1  final rf >= 70\n\n"
        "Checked 2 models, 6 requirements: 2 violations, 2 waived.\n"
    )
    assert rf("check", "--statistics", "--format", "concise", "--require", "final rf >= 70").out == result.out


def test_statistics_of_nothing(rf) -> None:
    assert rf("check", "--statistics").out == "Checked 1 model, 1 requirement: all hold.\n"


def test_statistics_are_for_readers(rf) -> None:
    result = rf("check", "--statistics", "--format", "sarif")
    assert result.status == 2
    assert "--statistics goes with --format full and concise, not with sarif" in result.err


def test_quiet_tells_findings_only(rf, two: Path) -> None:
    full, quiet = rf("check").out, rf("check", "-q")
    assert quiet.status == 1
    assert full.startswith(quiet.out)
    assert quiet.out.startswith("RF001 final rf is 63")
    assert "Checked" not in quiet.out
    (line,) = rf("check", "-q", "--format", "concise").out.splitlines()
    assert line.startswith("rf.toml:")


@pytest.mark.parametrize("format", ["full", "concise", "json", "sarif", "github"])
def test_very_quiet_tells_nothing(rf, two: Path, format: str) -> None:
    result = rf("check", "-qq", "--format", format)
    assert (result.status, result.out, result.err) == (1, "", "")


def test_quiet_runs_still_say_why_they_went_wrong(rf) -> None:
    result = rf("check", "-qq", "nix.onnx")
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("error: nix.onnx: no such file")


def test_verbose_tells_what_holds_and_what_is_waived(rf, two: Path) -> None:
    lines = rf("check", "-v").out.splitlines()
    place = lines.index(next(line for line in lines if "net (unet.onnx)" in line))
    assert lines[place + 1] == "    holds  final rf >= 36: 36 to 40 on axes h and w at mask (rf.toml:5)"
    assert lines[place + 2].startswith("    waived  RF001 final rf is 36 to 40")
    assert lines[place + 2].endswith(": until v3")
    assert "    holds  final rf >= 63: 63 on axis t at mask (rf.toml:15)" in lines
    assert (
        "    holds  final rf >= 36: 36 to 40 on axes h and w at mask (rf.toml:5)"
        in rf("check", "-v", "--format", "concise").out
    )
    assert rf("check", "-v", "-q").out == rf("check").out


def test_verbose_tells_what_does_not_apply_and_why(rf, folder: Path) -> None:
    (folder / "rf.toml").write_text(
        'extend = ["pytest-rf:streaming"]\n[[model]]\nsource = "unet.onnx"\nrequire = ["final rf >= 3"]\n'
    )
    text = rf("check", "-v").out
    assert "    not applicable  final is causal.t: " in text
    assert "    holds           final rf >= 3: 36 to 40 on axes h and w at mask (rf.toml:4)\n" in text


def test_the_version(rf) -> None:
    from pytest_rf import __version__

    assert rf("-V").out == rf("--version").out == f"pytest-rf {__version__}\n"


def test_a_waiver_is_a_suppression_with_its_reason(rf, two: Path) -> None:
    (log,) = json.loads(rf("check", "--format", "sarif").out)["runs"]
    violated, waived = log["results"]
    assert violated["locations"][0]["physicalLocation"]["region"]["startLine"] == 15
    assert waived["suppressions"][0]["justification"] == "until v3"
    assert log["invocations"][0]["exitCode"] == 1


# ------------------------------------------------------------------ where to


def test_several_reports_at_once(rf, two: Path) -> None:
    result = rf(
        "check", "--report", "sarif:out", "--report", "rf.json", "--report", "../rf.xml", "--report", "s.md",
        "--report", "gitlab:gl.json", "--report", "concise:rf.log", "--format", "github",
    )  # fmt: skip
    assert result.status == 1
    assert result.out.startswith("::error file=rf.toml,")
    assert json.loads((two / "out").read_text())["version"] == "2.1.0"
    assert (two / "rf.json").read_text() == rf("check", "--format", "json").out
    assert ElementTree.parse(two / "../rf.xml").getroot().attrib["failures"] == "1"
    assert (two / "s.md").read_text(encoding="utf-8") == rf("check", "--format", "markdown").out
    assert len(json.loads((two / "gl.json").read_text())) == 1
    assert (two / "rf.log").read_text() == rf("check", "--format", "concise").out


def test_reports_are_whole_in_quiet_runs(rf, two: Path) -> None:
    assert rf("check", "-qq", "--report", "rf.txt").status == 1
    assert (two / "rf.txt").read_text(encoding="utf-8") == rf("check").out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--report", "nix/rf.json"), "nix/rf.json: its folder is not there"),
        (("--report", "sarif:unet.onnx"), "unet.onnx: ends as a model"),
        (("--report", "sarfi:rf"), 'did you mean "sarif"?'),
        (("--report", "rf.json", "--report", "gitlab:rf.json"), "rf.json: is asked for twice"),
        (("--report", "rf.json", "-o", "rf.json"), "--report and --output both write rf.json"),
        (("unet.onnx", "model.json", "--report", "model.json"), "model.json: belongs to the run"),
    ],
)
def test_reports_that_cannot_be_written_stop_the_run_before_it_begins(
    rf, folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], told: str
) -> None:
    from pytest_rf import targets

    (folder / "model.json").write_text("kept")
    monkeypatch.setattr(targets, "analyse", None)
    result = rf("check", *arguments)
    assert (result.status, result.out) == (2, "")
    assert told in result.err
    assert len(result.err.splitlines()) == 1
    assert (folder / "model.json").read_text() == "kept"


def test_a_report_that_fails_in_the_end_hides_no_other(
    rf, two: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pytest_rf.reporters import destinations, files

    def save(text: str, file: str, *rest: object) -> None:
        if file == "rf.sarif":
            raise files.OutputError(
                "rf.sarif: cannot be written: No space left on device; choose another file"
            )
        files.save(text, file)

    monkeypatch.setattr(destinations, "save", save)
    result = rf("check", "--report", "rf.sarif", "--report", "rf.json")
    assert result.status == 2
    assert result.err == "error: rf.sarif: cannot be written: No space left on device; choose another file\n"
    assert "Checked 2 models" in result.out
    assert (two / "rf.json").exists()
