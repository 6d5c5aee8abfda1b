"""``extend``, ``select`` and ``ignore`` of one model, on top of those of the whole file."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from models import model

from pytest_rf import check, config
from pytest_rf.checks import selected
from pytest_rf.config.layers import MAX_FILES
from pytest_rf.errors import ConfigError
from pytest_rf.results import Run

CAUSAL = """
    net (float[1,3,100] x) => (float[1,4,100] y) <float[4,3,3] w>
    { y = Conv<kernel_shape=[3], pads=[2,0]>(x, w) }
"""
IMAGES = """
    net (float[1,3,64,64] x) => (float[1,4,128,128] y) <float[3,4,3,3] w>
    { y = ConvTranspose<strides=[2,2], pads=[1,1,1,1], output_padding=[1,1]>(x, w) }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    onnx.save(model(CAUSAL), tmp_path / "speech.onnx")
    onnx.save(model(IMAGES), tmp_path / "images.onnx")
    return tmp_path


def run(text: str) -> Run:
    Path("rf.toml").write_text(text, encoding="utf-8")
    return check.run(config.load("rf.toml"))


def refused(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        run(text)
    return str(caught.value)


SPEECH = '[[model]]\nsource = "speech.onnx"\n'
PICTURES = '[[model]]\nsource = "images.onnx"\n'


def test_a_pack_of_one_model_is_of_that_model_alone(folder: Path) -> None:
    found = run(
        f'{SPEECH}extend = ["pytest-rf:streaming"]\nrequire = ["rf >= 3"]\n{PICTURES}require = ["rf >= 1"]\n'
    )
    assert found.exit_code == 0
    speech, pictures = found.models
    assert [one.text for one in speech.requirements] == ["final is causal.t", "rf >= 3"]
    assert (speech.requirements[0].file, speech.requirements[0].line) == ("rf.toml", 3)
    assert [one.text for one in pictures.requirements] == ["rf >= 1"]


def test_the_order_is_what_the_file_extends_the_file_what_the_model_extends_the_model(folder: Path) -> None:
    for name in ("team", "speech"):
        (folder / f"{name}.toml").write_text(f'require = ["rf != {len(name)}0"]\n')
    (found,) = run(
        f'extend = ["team.toml"]\nrequire = ["rf != 1"]\n{SPEECH}require = ["rf != 2"]\nextend = ["speech.toml"]\n'
    ).models
    assert [one.text for one in found.requirements] == ["rf != 40", "rf != 1", "rf != 60", "rf != 2"]


def test_what_the_file_extends_is_not_taken_twice(folder: Path) -> None:
    (folder / "base.toml").write_text('require = ["rf >= 3"]\n')
    (folder / "one.toml").write_text('extend = ["base.toml"]\n')
    (folder / "two.toml").write_text('extend = ["base.toml"]\n')
    (found,) = run(f'extend = ["one.toml", "two.toml"]\n{SPEECH}extend = ["base.toml"]\n').models
    assert [one.text for one in found.requirements] == ["rf >= 3"]


@pytest.mark.parametrize(
    ("whole", "own", "fires"),
    [
        ("", "", False),
        ("", 'select = ["RF303"]', True),
        ('select = ["RF303"]', "", True),
        ('select = ["RF303"]', 'ignore = ["RF3"]', False),
        ('select = ["RF303"]', 'select = ["RF201"]', True),
        ('select = ["RF3"]\nignore = ["RF303"]', 'select = ["RF303"]', True),
        ('ignore = ["RF3"]', 'select = ["RF3"]', True),
        ("", 'select = ["RF303"]\nignore = ["RF303"]', False),
        ("", 'extend = ["pytest-rf:segmentation"]', True),
        ("", 'extend = ["pytest-rf:segmentation"]\nignore = ["RF303"]', False),
        ('extend = ["pytest-rf:segmentation"]', 'ignore = ["checkerboard"]', False),
    ],
)
def test_the_word_of_the_model_goes_before_that_of_the_file(
    folder: Path, whole: str, own: str, fires: bool
) -> None:
    (found,) = run(f'{whole}\n{PICTURES}{own}\nrequire = ["rf >= 1"]\n').models
    assert ("RF303" in {finding.code for finding in found.findings}) is fires
    assert ("RF303" in found.rules) is fires


def test_another_model_keeps_the_rules_of_the_file(folder: Path) -> None:
    onnx.save(model(IMAGES), folder / "more.onnx")
    found = run(
        f'select = ["RF303"]\n{PICTURES}ignore = ["RF303"]\nrequire = ["rf >= 1"]\n[[model]]\nsource = "more.onnx"\n'
    )
    assert [result.rules for result in found.models] == [(), ("RF303",)]


@pytest.mark.parametrize(
    ("own", "says"),
    [
        ('select = ["RF999"]', 'rf.toml:3: no rule "RF999"'),
        ('ignore = ["RF001"]', "rf.toml:3: RF001 cannot be ignored"),
        ('extend = ["pytest-rf:streamng"]', 'rf.toml:3: no rule pack "pytest-rf:streamng", did you mean'),
        ('extend = ["../out.toml"]', "rf.toml:3: "),
        ('extend = ["rf.toml"]', 'rf.toml:3: "rf.toml" extends itself in a circle'),
        ('extends = ["pytest-rf:streaming"]', 'rf.toml:3: unknown key "extends", did you mean "extend"?'),
        (
            'extend = "pytest-rf:streaming"',
            'rf.toml:3: model[0].extend: expected a list, got a text; write extend = ["..."]',
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_line(folder: Path, own: str, says: str) -> None:
    assert refused(SPEECH + own + "\n").startswith(says)


def test_files_are_read_once_and_there_are_not_thousands(folder: Path) -> None:
    # Each of eight files extends the next one a thousand times: read anew each time, it would never end.
    for number in range(7):
        names = ", ".join([f'"f{number + 1}.toml"'] * 1000)
        (folder / f"f{number}.toml").write_text(f"extend = [{names}]\n")
    (folder / "f7.toml").write_text('require = ["rf >= 3"]\n')
    (found,) = run(f'extend = ["f0.toml"]\n{SPEECH}').models
    assert [one.text for one in found.requirements] == ["rf >= 3"]
    names = [f"m{number}.toml" for number in range(MAX_FILES + 1)]
    for name in names:
        (folder / name).write_text("")
    many = ", ".join(f'"{name}"' for name in names)
    assert refused(f"extend = [{many}]\n{SPEECH}") == f"rf.toml:1: more than {MAX_FILES} files are extended"


def test_the_command_line_goes_before_both(folder: Path) -> None:
    Path("rf.toml").write_text(f'select = ["RF303"]\n{PICTURES}select = ["RF101"]\nrequire = ["rf >= 1"]\n')
    settings = config.load("rf.toml")

    def rules(**asked: list[str]) -> tuple[str, ...]:
        (found,) = check.run(settings, **asked).models
        return found.rules

    assert rules() == ("RF101", "RF303")
    assert rules(ignore=["RF1"]) == ("RF303",)
    assert rules(select=["RF303"]) == ("RF303",)


def test_rules_are_selected_layer_by_layer() -> None:
    def codes(*layers: tuple[list[str], list[str]]) -> set[str]:
        first, *more = layers
        return {rule.code for rule in selected(*first, *more) if not rule.always}

    assert codes(([], []), (["RF303"], [])) == {"RF303", "RF404", "RF405"}
    assert codes((["RF301", "RF303"], []), (["RF101"], ["RF301"])) == {"RF303", "RF101"}
    assert codes((["RF101"], ["RF101"]), (["RF101"], []), ([], ["RF1"])) == set()
