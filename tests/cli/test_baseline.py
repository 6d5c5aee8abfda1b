"""``pytest-rf baseline``: what fails today is known, what is new or worse fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

CONFIG = """
[[model]]
name = "net"
source = "unet.onnx"
require = ["final rf >= 41", "final stride == 1", "final is causal"]

[[model]]
source = "tcn.onnx"
require = ["final rf >= 64"]
"""


@pytest.fixture
def config(folder: Path) -> Path:
    path = folder / "rf.toml"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def baseline(folder: Path) -> Path:
    return folder / "rf-baseline.toml"


def test_what_fails_is_known_from_then_on(rf, config: Path, baseline: Path) -> None:
    assert rf("check").status == 1
    result = rf("baseline")
    assert (result.status, result.err) == (0, "")
    assert result.out == "Wrote rf-baseline.toml: 5 places of 2 models are known to fail.\n"
    result = rf("check")
    assert (result.status, result.err) == (0, "")
    assert "✓ net (unet.onnx): 1 requirement holds, 2 known to fail" in result.out
    assert "✓ tcn (tcn.onnx): nothing new, 1 known to fail" in result.out
    end = "nothing new, 3 known to fail. RF404 said nothing of 2 models (-v tells why).\n"
    assert result.out.endswith(f"Checked 2 models, 4 requirements: {end}")
    assert rf("check", "unet.onnx").status == 0
    report = json.loads(rf("check", "--format", "json").out)
    assert [one["status"] for one in report["models"][0]["requirements"]] == ["known", "holds", "known"]
    assert [one["requirement"] for one in report["models"][0]["known"]] == [
        "final rf >= 41",
        "final is causal",
    ]


def test_the_file_can_be_read_by_a_person(rf, config: Path, baseline: Path) -> None:
    rf("baseline")
    assert """
[[model]]
name = "tcn"
source = "tcn.onnx"

[[model.known]]
requirement = "final rf >= 64"
at = [
  { tensor = "mask", input = "audio", axis = "t", rf = 63 },
]
""" in baseline.read_text()


def test_what_is_new_or_worse_fails(rf, config: Path, baseline: Path) -> None:
    rf("baseline")
    baseline.write_text(baseline.read_text().replace("rf = 63", "rf = 120"))
    result = rf("check", "--format", "concise")
    assert result.status == 1
    assert "RF001 tcn: final rf is 63 on axis t" in result.out
    assert "; worse than in the baseline: was 120, now 63\n" in result.out
    config.write_text(CONFIG.replace(">= 64", ">= 65"))
    result = rf("check", "--format", "concise")
    assert result.status == 1
    assert "required >= 65" in result.out
    assert 'final rf >= 64 at tensor "mask" on axis t no longer fails' in result.err


def test_it_is_written_once_and_then_renewed_by_an_option(rf, config: Path, baseline: Path) -> None:
    assert rf("baseline", "--prune").status == 2
    rf("baseline")
    before = baseline.read_bytes()
    result = rf("baseline")
    assert result.status == 2
    assert "rf-baseline.toml: exists; --prune" in result.err
    assert rf("baseline", "--prune", "--update").status == 2
    assert rf("baseline", "--update").status == 0
    assert baseline.read_bytes() == before


def test_what_no_longer_fails_is_told_and_pruned(rf, config: Path, baseline: Path) -> None:
    rf("baseline")
    config.write_text(CONFIG.replace('"final rf >= 41", ', ""))
    result = rf("check")
    assert result.status == 0
    assert result.err == (
        'warning: rf-baseline.toml: final rf >= 41 at tensor "mask" on axis h and 1 more no longer fail; take them '
        "out with pytest-rf baseline --prune\n"
    )
    result = rf("baseline", "--prune")
    assert "3 places of 2 models are known to fail (0 added, 2 taken out, 0 with another value)" in result.out
    assert "final rf >= 41" not in baseline.read_text()
    assert rf("check").err == ""


def test_pruning_tightens_and_never_adds(rf, config: Path, baseline: Path) -> None:
    rf("baseline")
    text = baseline.read_text()
    baseline.write_text(text.replace("rf = 63", "rf = 9"))
    assert rf("baseline", "--prune").status == 0
    assert baseline.read_text() == text
    worse = text.replace("rf = 63", "rf = 120")
    baseline.write_text(worse)
    assert rf("baseline", "--prune").status == 0
    assert baseline.read_text() == worse
    config.write_text(CONFIG.replace('"final stride == 1"', '"final stride == 2"'))
    rf("baseline", "--prune")
    assert "final stride == 2" not in baseline.read_text()
    assert "1 added" in rf("baseline", "--update").out.replace("2 added", "1 added")
    assert "final stride == 2" in baseline.read_text()


def test_some_models_alone(rf, config: Path, baseline: Path) -> None:
    rf("baseline", "tcn.onnx")
    assert "unet.onnx" not in baseline.read_text()
    rf("baseline", "--update", "unet.onnx")
    assert "tcn.onnx" in baseline.read_text()
    assert rf("check").status == 0


def test_a_model_that_is_gone_is_told_and_pruned(rf, config: Path, baseline: Path) -> None:
    rf("baseline")
    config.write_text(CONFIG.partition("\n[[model]]\nsource")[0])
    result = rf("check")
    assert result.status == 0
    assert (
        'rf-baseline.toml: has model "tcn" (tcn.onnx), which rf.toml does not have; take it out' in result.err
    )
    # As hooks call it, with the configuration as one of the files: all its models are looked at, too.
    for paths in (("rf.toml",), ("--hook", "rf.toml", "unet.onnx")):
        assert 'has model "tcn" (tcn.onnx)' in rf("check", *paths).err
    assert rf("check", "unet.onnx").err == ""
    rf("baseline", "--prune")
    assert "tcn" not in baseline.read_text()
    assert rf("check").err == ""


def test_the_undecidable_is_known_by_its_reason(rf, config: Path, baseline: Path, folder: Path) -> None:
    import onnx

    model = onnx.load("tcn.onnx")
    model.graph.node[-1].domain = "acme"
    model.graph.node[-1].op_type = "Blur"
    model.opset_import.append(onnx.helper.make_opsetid("acme", 1))
    onnx.save(model, "tcn.onnx")
    rf("baseline")
    assert "undecidable = " in baseline.read_text()
    assert 'rule = "RF005"' in baseline.read_text()
    assert rf("check").status == 0
    model.graph.node[-1].op_type = "Sharpen"
    onnx.save(model, "tcn.onnx")
    result = rf("check", "--format", "concise")
    assert result.status == 1
    assert "could not be decided for another reason" in result.out


def test_rules_are_known_too(rf, config: Path, baseline: Path) -> None:
    config.write_text('select = ["RF301"]\n' + CONFIG)
    rf("baseline")
    assert 'rule = "RF301"' in baseline.read_text()
    assert rf("check").status == 0
    config.write_text(CONFIG)
    assert rf("check").err == ""  # of a rule that is not checked nothing is known


def test_problems_cannot_be_known(rf, config: Path, baseline: Path, folder: Path) -> None:
    (folder / "tcn.onnx").write_bytes(b"")
    result = rf("baseline")
    assert (result.status, result.out) == (2, "")
    first, second = result.err.splitlines()
    assert "tcn.onnx: is empty" in first
    assert second.startswith("error: no baseline was written")
    assert not baseline.exists()


def test_where_nothing_fails_none_is_written(rf, baseline: Path) -> None:
    assert rf("baseline").out == "Nothing fails: no baseline is needed.\n"
    assert not baseline.exists()


def test_it_belongs_to_a_configuration(rf, config: Path) -> None:
    config.unlink()
    result = rf("baseline")
    assert result.status == 2
    assert "a baseline belongs to a configuration" in result.err


def test_the_configuration_can_name_it(rf, config: Path, folder: Path) -> None:
    config.write_text('baseline = "ci/known.toml"\n' + CONFIG)
    (folder / "ci").mkdir()
    result = rf("check")
    assert result.status == 2
    assert "ci/known.toml: the configuration names this baseline, and there is none" in result.err
    assert rf("baseline").status == 0
    assert 'source = "../tcn.onnx"' in (folder / "ci/known.toml").read_text()
    assert rf("check").status == 0
    config.write_text('baseline = "../known.toml"\n' + CONFIG)
    result = rf("check")
    assert result.status == 2
    assert result.err.startswith('error: rf.toml:1: baseline: "../known.toml" lies outside')


def test_it_is_not_written_through_a_link(rf, config: Path, baseline: Path, tmp_path_factory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "file"
    baseline.symlink_to(elsewhere)
    result = rf("baseline")
    assert result.status == 2
    assert "is a symbolic link" in result.err
    assert not elsewhere.exists()


def test_a_broken_baseline_stops_the_run(rf, config: Path, baseline: Path) -> None:
    baseline.write_text("<<<<<<< HEAD\n")
    for command in ("check", "baseline"):
        result = rf(command, *(["--prune"] if command == "baseline" else []))
        assert (result.status, result.out) == (2, "")
        assert result.err.startswith("error: rf-baseline.toml:1: not valid TOML")


def test_waived_findings_are_not_written(rf, config: Path, baseline: Path) -> None:
    waiver = '[[model.waiver]]\nrule = "RF001"\nreason = "so be it"\n'
    config.write_text(CONFIG + waiver)
    rf("baseline")
    assert "tcn" not in baseline.read_text()
    assert "1 waived" in rf("check").out


def test_reports_tell_what_is_known(rf, config: Path, baseline: Path) -> None:
    rf("baseline")
    assert "    known  RF001 final rf is 63 on axis t" in rf("check", "-v").out
    sarif = json.loads(rf("check", "--format", "sarif").out)
    assert [one["suppressions"][0]["justification"] for one in sarif["runs"][0]["results"]] == [
        "known to fail: in the baseline"
    ] * 3
    junit = rf("check", "--format", "junit").out
    assert junit.count('message="known to fail: in the baseline"') == 3
    assert "<failure" not in junit
    for format in ("github", "gitlab", "markdown", "concise"):
        assert "RF001" not in rf("check", "--format", format).out
