from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import onnx
import pytest
from models import model

from pytest_rf import check, config, factories, judging, targets
from pytest_rf.config import asked, declared
from pytest_rf.config.sources import Target
from pytest_rf.errors import ConfigError, ModelError, RequirementError
from pytest_rf.results import Run

CHAIN = """
    net (float[1,3,32,32] x) => (float[1,4,16,16] y)
    <float[4,3,3,3] w1, float[4,4,3,3] w2>
    {
        a = Conv<kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1]>(x, w1)
        y = Conv<kernel_shape=[3,3], pads=[1,1,1,1]>(a, w2)
    }
"""
OPEN = CHAIN.replace("float[1,3,32,32] x", "float[n,3,H,W] x").replace(
    "float[1,4,16,16] y", "float[n,4,a,b] y"
)
WARP = CHAIN.replace("y = Conv<kernel_shape=[3,3], pads=[1,1,1,1]>(a, w2)", "y = Softwarp(a)")


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in (("chain", CHAIN), ("open", OPEN), ("warp", WARP)):
        onnx.save(model(text), f"{name}.onnx")
    Path("broken.onnx").write_bytes(b"\xff" * 100)


def run(text: str, *paths: str, **settings: Any) -> Run:
    Path("rf.toml").write_text(text)
    return check.run(config.load("rf.toml"), paths, **settings)


def entry(source: str, *requires: str, more: str = "") -> str:
    return f"[[model]]\nsource = '{source}'\nrequire = {list(requires)!r}\n{more}\n"


def test_clean() -> None:
    found = run(entry("chain.onnx", "final rf == 7", "is bounded"))
    assert found.exit_code == 0
    (result,) = found.models
    assert (result.model, result.file, result.findings, result.error) == ("chain", "chain.onnx", (), None)
    assert [(one.text, one.status, one.line) for one in result.requirements] == [
        ("final rf == 7", "holds", 3),
        ("is bounded", "holds", 3),
    ]
    assert found.config == "rf.toml"


def test_a_violation_points_at_the_line_of_the_requirement() -> None:
    found = run(entry("chain.onnx", "final rf >= 8"))
    assert found.exit_code == 1
    (finding,) = found.findings
    assert (finding.code, finding.model, finding.file, finding.line) == ("RF001", "chain", "rf.toml", 3)
    assert found.models[0].requirements[0].status == "violated"
    assert finding.number == 0


def test_what_is_unknown_is_never_a_pass() -> None:
    found = run(entry("warp.onnx", "final rf >= 1"))
    assert found.exit_code == 1
    assert [finding.code for finding in found.findings] == ["RF002", "RF005"]
    assert found.models[0].requirements[0].status == "undecidable"
    assert [finding.code for finding in run("select = ['RF1']\n" + entry("warp.onnx")).findings] == ["RF005"]


def test_one_models_trouble_hides_no_others() -> None:
    def load(target: Target) -> Any:
        if target.name == "bug":
            raise ZeroDivisionError("of ours")
        return targets.analyse(target)

    text = entry("broken.onnx", "rf >= 3") + entry("none*.onnx") + entry("chain.onnx", "rf >= 8")
    text += entry("chain.onnx", "rf.q >= 3", "rf >= 7") + entry("chain.onnx", "rf >= 3", more="name = 'bug'")
    found = run(text, load=load)
    assert found.exit_code == 3
    broken, missing, violated, wrong, bug = found.models
    assert "broken.onnx" in str(broken.error)
    assert broken.requirements[0].status == "error"
    assert missing.error == 'rf.toml:5: source "none*.onnx" matches no file'
    assert [finding.code for finding in violated.findings] == ["RF001"]
    assert [one.status for one in wrong.requirements] == ["error", "holds"]
    assert wrong.problems[0].detail.endswith("^")
    assert wrong.error is not None
    assert wrong.error.startswith("rf.toml:15:12: chain: requirement `rf.q >= 3`, column 1: ")
    assert bug.problems[0].internal
    assert "ZeroDivisionError: of ours" in bug.problems[0].message
    assert "Traceback" in bug.problems[0].detail
    assert [result.problems[0].internal for result in found.models if result.problems] == [
        False,
        False,
        False,
        True,
    ]


def test_a_wrong_run_goes_before_violations() -> None:
    assert run(entry("chain.onnx", "rf >= 8") + entry("broken.onnx")).exit_code == 2
    assert run(entry("missing.onnx")).exit_code == 2


def test_a_bug_in_a_rule_or_a_requirement_is_an_internal_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: Any) -> Any:
        raise RuntimeError("a bug")

    monkeypatch.setattr(judging, "evaluate", bug)
    found = run(entry("chain.onnx", "rf >= 8") + entry("warp.onnx"))
    assert found.exit_code == 3
    assert found.models[0].requirements[0].status == "error"
    assert [finding.code for finding in found.models[1].findings] == ["RF005"]


def test_paths_choose_models_of_the_config() -> None:
    text = entry("chain.onnx", "rf >= 8") + entry("warp.onnx", "rf >= 8")
    assert [result.model for result in run(text, "./chain.onnx").models] == ["chain"]
    assert run(text, "chain.onnx").exit_code == 1
    assert len(run(text, "chain.onnx", "rf.toml").models) == 2


def test_paths_beside_the_config() -> None:
    text = "require = ['rf >= 8']\n" + entry("warp.onnx")
    (result,) = run(text, "chain.onnx").models
    assert [one.text for one in result.requirements] == ["rf >= 8"]


def test_requirements_and_shapes_of_the_command_line() -> None:
    found = check.run(None, ["open.onnx"], ["rf >= 8"], call={"inputs": {"x": (2, 3, 64, 64)}})
    assert found.exit_code == 1
    assert (found.findings[0].file, found.findings[0].line) == ("open.onnx", 0)
    assert check.run(None, ["open.onnx"], ["rf >= 7"], call={"inputs": {"x": (2, 3, 64, 64)}}).exit_code == 0
    assert check.run(None, ["open.onnx"], ["rf >= 7"]).exit_code == 0
    assert check.run(None, ["open.onnx"], ["rf >= 8"]).exit_code == 1
    with pytest.raises(RequirementError):
        check.run(None, ["chain.onnx"], ["rff >= 8"])


def test_models_by_name() -> None:
    text = entry("chain.onnx", more="name = 'a'") + entry("warp.onnx", more="name = 'b'")
    assert [result.model for result in run(text, models=["a"]).models] == ["a"]
    with pytest.raises(ConfigError, match='no model "aa", did you mean "a"'):
        run(text, models=["aa"])


def test_nothing_to_check_is_no_pass() -> None:
    with pytest.raises(ConfigError, match=r"has no \[\[model\]\]"):
        run("select = ['RF1']\n")
    with pytest.raises(ConfigError, match="nothing to check"):
        check.run()


def test_settings_of_a_model_reach_its_requirements() -> None:
    norm = CHAIN.replace("y = Conv", "i = InstanceNormalization(a, s, s)\ny = Conv").replace(
        "(a, w2)", "(i, w2)"
    )
    onnx.save(model(norm.replace("w2>", "w2, float[4] s>")), "norm.onnx")
    more = "accept_context = ['op:InstanceNormalization']\nspacing = { h = '0.5 mm', w = '0.5 mm' }\norigin = 'start'"
    found = run(entry("norm.onnx", "is bounded", "rf == 3.5 mm", "lookahead == 3", more=more))
    assert found.exit_code == 0, found
    assert found.models[0].accepted == ("op:InstanceNormalization",)


def waived(until: str = "", at: str = "op:Conv", rule: str = "RF001", select: str = "") -> Run:
    waiver = f"[[model.waiver]]\nrule = '{rule}'\nat = '{at}'\nreason = 'known'\n{until}"
    return run(select + entry("chain.onnx", "rf >= 8", "rf == 7") + waiver, today=date(2026, 6, 1))


@pytest.mark.parametrize("at", ["op:Conv", "y", "*"])
def test_a_waiver_covers_a_finding(at: str) -> None:
    found = waived(at=at, until="until = 2026-06-01")
    assert found.exit_code == 0
    (result,) = found.models
    assert [finding.code for finding in result.waived] == ["RF001"]
    assert [one.status for one in result.requirements] == ["waived", "holds"]


def test_a_waiver_past_its_date_covers_nothing_and_is_reported() -> None:
    found = waived("until = 2026-05-31")
    assert [finding.code for finding in found.findings] == ["RF001", "RF003"]
    assert (found.findings[1].file, found.findings[1].line) == ("rf.toml", 5)
    assert found.models[0].requirements[0].status == "violated"


def test_a_waiver_covers_its_rule_and_place_only() -> None:
    assert [finding.code for finding in waived(at="a").findings] == ["RF001"]
    assert [finding.code for finding in waived(rule="requirement-undecidable").findings] == ["RF001"]


def test_a_waiver_that_covers_nothing_is_told_if_selected() -> None:
    assert [finding.code for finding in waived(at="a", select="select=['RF004']\n").findings] == [
        "RF001",
        "RF004",
    ]


def test_the_same_run_twice_is_the_same() -> None:
    text = entry("*.onnx", "rf >= 8", "'*' stride <= 1", more="inputs = { x = [2, 3, 64, 64] }")
    assert run(text).models == run(text).models


def test_code_runs_only_if_it_is_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("rf_test_factory.py").write_text("raise SystemExit('ran')\n")
    text = entry("rf_test_factory:build") + entry("chain.onnx", "rf >= 3")
    found = run(text)
    assert found.exit_code == 2
    assert "--allow-code" in str(found.models[0].error)
    assert found.models[1].requirements[0].status == "holds"
    found = run(text, allow_code=True)
    assert "SystemExit: ran" in str(found.models[0].error)
    assert found.models[1].requirements[0].status == "holds"


def test_what_a_factory_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("rf_test_factory2.py").write_text(
        "class Net:\n    def named_modules(self): ...\n\n"
        "def build():\n    return Net()\n\ndef fails():\n    raise ValueError('no')\n\n"
        "def other():\n    return 3\n\nnumber = 3\n"
    )
    made = asked.models(declared.Config(), ["rf_test_factory2:build"], [])[0].target
    assert made is not None
    assert type(factories.made(made.source, made.model.root)).__name__ == "Net"
    for name, message in {
        "fails": r"ValueError: no \(at rf_test_factory2.py:8\)$",
        "other": "gave int '3' instead of an nn.Module",
        "number": "neither an nn.Module nor a callable",
        "none": "no attribute 'none'$",
    }.items():
        wrong = asked.models(declared.Config(), [f"rf_test_factory2:{name}"], [])[0].target
        assert wrong is not None
        with pytest.raises(ModelError, match=message):
            factories.made(wrong.source, wrong.model.root)


@pytest.mark.parametrize(
    ("limit", "says"), [("file_size", "bytes"), ("nodes", "nodes"), ("extent", "positions")]
)
def test_limits_are_kept_and_named(limit: str, says: str) -> None:
    found = run(entry("chain.onnx", "rf >= 3") + f"[limits]\n{limit} = 1\n")
    assert found.exit_code == 2
    assert f"{says}" in str(found.models[0].error)
    assert f"(limits.{limit})" in str(found.models[0].error)
    assert run(entry("chain.onnx", "rf >= 3") + f"[limits]\n{limit} = 100000\n").exit_code == 0


RATED = """
    net (float[1,1,9] x, int64 sr) => (y) <int64 rate = {16000}, float[1,1,7] w = {1,1,1,1,1,1,1}> {
        c = Equal(sr, rate)
        y = If(c) <
            then_branch = a () => (p) { p = AveragePool<kernel_shape=[3], pads=[1,1]>(x) },
            else_branch = b () => (q) { q = Add(x, w) }
        >
    }
"""


def test_a_branch_that_does_not_fit_is_undecidable_and_hides_no_other_model() -> None:
    onnx.save(model(RATED), "rated.onnx")
    found = run(entry("rated.onnx", "output rf <= 3") + entry("chain.onnx", "final rf == 7"))
    assert found.exit_code == 1
    rated, chain = found.models
    assert (rated.error, [one.status for one in rated.requirements]) == (None, ["undecidable"])
    assert "the else branch of node 'y' (If)" in " ".join(one.message for one in rated.findings)
    assert [one.status for one in chain.requirements] == ["holds"]


def test_a_value_in_the_configuration_settles_the_branch() -> None:
    onnx.save(model(RATED), "rated.onnx")
    found = run(entry("rated.onnx", "output rf == 3", more="values = { sr = 16000 }"))
    assert (found.exit_code, [one.status for one in found.models[0].requirements]) == (0, ["holds"])
    wrong = run(entry("rated.onnx", "output rf == 3", more="values = { rate = 16000 }"))
    assert (wrong.exit_code, "has no input 'rate'" in str(wrong.models[0].error)) == (2, True)
    beside = run(entry("rated.onnx", "output rf == 3", more="values = { sr = 8000 }"))
    assert (beside.exit_code, "node 'q' (Add)" in str(beside.models[0].error)) == (2, True)
