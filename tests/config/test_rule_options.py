"""What a configuration says of single rules: severities and thresholds, for all models, of a pack, for one."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from models import model

from pytest_rf import check, config
from pytest_rf.checks import RULES
from pytest_rf.checks.options import thresholds
from pytest_rf.errors import ConfigError

#: Off the grid by half a position, with holes, and a checkerboard.
NETS = {
    "stem": """
        net (float[1,2,16] x) => (float[1,2,?] y) <float[2,2,3] w>
        { y = Conv<strides=[2], pads=[1,1]>(x, w) }
    """,
    "dilated": """
        net (float[1,2,32] x) => (float[1,2,?] y) <float[2,2,3] w>
        { a = Conv<dilations=[2]>(x, w)  y = Conv<dilations=[2]>(a, w) }
    """,
    "half": """
        net (float[1,2,9] x) => (float[1,2,?] y)
        <float[2,2,2] w, int64[1] start = {0}, int64[1] stop = {8}, int64[1] axis = {2}>
        { a = Conv(x, w)  r = Relu(x)  b = Slice(r, start, stop, axis)  y = Add(a, b) }
    """,
}
MODEL = '[[model]]\nsource = "{}.onnx"\n'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in NETS.items():
        onnx.save(model(text), f"{name}.onnx")
    return tmp_path


def run(text: str, name: str = "rf.toml") -> check.Run:
    Path(name).write_text(text)
    return check.run(config.load(name))


def severities(text: str) -> list[str]:
    return [finding.severity for finding in run(text).findings]


@pytest.mark.parametrize(
    ("net", "rule", "said", "found"),
    [
        ("stem", "off-grid", "", ["error"]),
        ("stem", "off-grid", "steps = 0.25", []),
        ("stem", "off-grid", "steps = 0.2", ["error"]),
        ("stem", "off-grid", 'severity = "warning"', ["warning"]),
        ("dilated", "gridding", "", ["error"]),
        ("dilated", "gridding", "density = 0.5", []),
        ("half", "misaligned-merge", "", ["info"]),
        ("half", "misaligned-merge", "steps = 0.5", ["warning"]),
        ("half", "misaligned-merge", 'steps = 0.5\nseverity = "error"', ["error"]),
        ("half", "misaligned-merge", 'severity = "error"', ["info"]),
    ],
)
def test_thresholds_and_severities(net: str, rule: str, said: str, found: list[str]) -> None:
    start = f'select = ["{rule}"]\n'
    assert severities(f"{start}[rule.{rule}]\n{said}\n{MODEL.format(net)}") == found
    assert severities(f"{start}{MODEL.format(net)}[model.rule.{rule}]\n{said}\n") == found


def test_a_model_goes_before_the_file_and_the_file_before_what_it_extends_key_by_key(folder: Path) -> None:
    (folder / "team.toml").write_text(
        'select = ["off-grid"]\n[rule.off-grid]\nsteps = 1\nseverity = "info"\n'
    )
    start = 'extend = ["team.toml"]\n'
    assert severities(start + MODEL.format("stem")) == []
    assert severities(f"{start}[rule.off-grid]\nsteps = 0\n{MODEL.format('stem')}") == ["info"]
    own = MODEL.format("stem") + '[model.rule.off-grid]\nseverity = "error"\n'
    assert severities(f"{start}[rule.off-grid]\nsteps = 0\n{own}") == ["error"]
    both = MODEL.format("stem") + "[model.rule.off-grid]\nsteps = 0\n" + MODEL.format("stem")
    assert [len(found.findings) for found in run(start + both).models] == [1, 0]


def test_files_that_are_given_by_path_have_the_settings_of_the_file() -> None:
    Path("rf.toml").write_text('select = ["off-grid"]\n[rule.off-grid]\nseverity = "warning"\n')
    (found,) = check.run(config.load("rf.toml"), ["stem.onnx"]).findings
    assert found.severity == "warning"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[rule.off-gird]", 'rf.toml:1: unknown key "off-gird", did you mean "off-grid"?'),
        ("[rule.RF204]", 'rf.toml:1: unknown key "RF204"; write [rule.off-grid]'),
        ("[rule.requirement-violated]", "what RF001 finds is always an error"),
        ("[rule.off-grid]\nstep = 1", 'rf.toml:2: unknown key "step", did you mean "steps"?'),
        (
            "[rule.gridding]\nsteps = 1",
            'rf.toml:2: unknown key "steps"; there are severity, undecidable, density',
        ),
        ('[rule.gridding]\nseverity = "eror"', "there are error, warning, info"),
        ("[rule.gridding]\ndensity = 2", "rf.toml:2: rule.gridding.density: expected a number <= 1.0"),
        ("[rule]\ngridding = 3", "rf.toml:2: rule.gridding: expected a table"),
        (f"{MODEL.format('stem')}[model.rule.off-grid]\nsteps = -1", "rf.toml:4"),
    ],
)
def test_what_is_misspelt_is_told_with_its_line(text: str, reason: str) -> None:
    Path("rf.toml").write_text(text)
    with pytest.raises(ConfigError) as error:
        config.load("rf.toml")
    assert reason in str(error.value)


def test_every_threshold_says_what_it_is() -> None:
    own = {rule.name: [one.name for one in thresholds(rule.options)] for rule in RULES}
    assert own["off-grid"] == ["steps"]
    assert all(one.about and one.default for rule in RULES for one in thresholds(rule.options))


def test_what_rests_on_upper_bounds_alone_has_a_severity_of_its_own() -> None:
    grown = """
        net (float[1,2,40] x) => (float[1,2,?] y) <float[2,2,3] w, float[3] s = {1.0, 1.0, 1.3}>
        { a = Resize<mode="nearest">(x, , s)  y = Conv<strides=[2], pads=[1,1]>(a, w) }
    """
    onnx.save(model(grown), "grown.onnx")
    start = 'select = ["off-grid"]\n'
    found = run(start + MODEL.format("grown")).findings
    assert [(one.severity, one.undecidable) for one in found] == [("warning", True)]
    graver = '[rule.off-grid]\nundecidable = "error"\n'
    assert severities(start + graver + MODEL.format("grown")) == ["error"]
    milder = '[rule.off-grid]\nseverity = "info"\n'
    assert severities(start + milder + MODEL.format("grown")) == ["warning"]


def test_what_is_certain_of_an_upper_bound_decides() -> None:
    text = """
        net (float[1,2,{extent}] x) => (float[1,2,?] y) <float[2,2,3] w, float[2,2,7] v, float[3] s = {{1.0, 1.0, 1.3}}>
        {{ a = Conv<pads=[3,3]>(x, v)  b = Resize<mode="nearest">(a, , s)  y = Conv<pads=[1,1]>(b, w) }}
    """
    onnx.save(model(text.format(extent=5)), "small.onnx")
    (found,) = run('select = ["field-exceeds-input"]\n' + MODEL.format("small")).findings
    assert (found.severity, found.undecidable) == ("error", False)
