"""A pack's requirement about what a model does not have is not applicable there; the model's own is an error."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from models import model

from pytest_rf import check, config
from pytest_rf.results import Run

NET = """
    net (float[1,3,32,32] x, float[4] scale) => (float[1,4,32,32] y) <float[4,3,3,3] w>
    { y = Conv<pads=[1,1,1,1]>(x, w) }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    onnx.save(model(NET), tmp_path / "net.onnx")
    return tmp_path


def run(shared: str = "", own: str = "rf >= 3") -> Run:
    Path("team.toml").write_text(f"require = ['''{shared}''']\n" if shared else "")
    Path("rf.toml").write_text(
        f"extend = [\"team.toml\"]\n[[model]]\nsource = \"net.onnx\"\nrequire = ['''{own}''']\n"
    )
    return check.run(config.load("rf.toml"))


ABSENT = [
    ("output lookahead.t <= 0", 'no input has an axis "t"'),
    ("rf.7 >= 3", 'no input has an axis "7"'),
    ("op:ConvTranspose stride <= 2", 'the model has no operator "ConvTranspose"'),
    ('"encoder.*" rf >= 3', "selects nothing"),
    ("halo from image <= 3", 'the model has no input "image"'),
    ("halo from scale <= 3", 'selects only what reads nothing of input "scale"'),
]


@pytest.mark.parametrize(("text", "reason"), ABSENT)
def test_what_the_model_does_not_have(folder: Path, text: str, reason: str) -> None:
    found = run(shared=text)
    assert found.exit_code == 0
    (result,) = found.models
    first, second = result.requirements
    assert (first.text, first.status, second.status) == (text, "not applicable", "holds")
    assert first.reason.startswith(reason)
    assert "requirement `" not in first.reason
    own = run(own=text)
    assert own.exit_code == 2
    assert reason in own.problems[0].message


@pytest.mark.parametrize(
    "text",
    [
        "rf >= 3 mm",
        "rf == meta:rf",
        "rf == attr:rf",
        "rf == file:none.toml#rf",
        "rf >= 3 / meta:rf",
    ],
)
def test_what_is_missing_in_the_description_stays_an_error(folder: Path, text: str) -> None:
    assert run(shared=text).exit_code == 2


def test_what_does_not_hold_or_is_open_stays_a_finding(folder: Path) -> None:
    assert run(shared="rf >= 4").exit_code == 1
    (finding,) = run(shared="is independent").findings
    assert finding.undecidable


def test_nothing_but_inapplicable_requirements_judges_nothing(folder: Path) -> None:
    (folder / "team.toml").write_text('require = ["op:ConvTranspose stride <= 2"]\n')
    (folder / "rf.toml").write_text('extend = ["team.toml"]\n[[model]]\nsource = "net.onnx"\n')
    found = check.run(config.load("rf.toml"))
    assert found.exit_code == 2
    (problem,) = found.problems
    assert problem.unjudged
    assert '(op:ConvTranspose stride <= 2: the model has no operator "ConvTranspose"' in problem.message


def test_of_a_chain_what_applies_is_held(folder: Path) -> None:
    assert run(shared="lookahead.t <= 0 and rf >= 4").exit_code == 1
    assert run(shared="lookahead.t <= 0 and rf >= 3").exit_code == 0
