"""``meta:`` and ``file:`` in requirements: figures that a model's file, or a file beside it, declares."""

from __future__ import annotations

import json
import os
from pathlib import Path

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from models import model

import pytest_rf
from pytest_rf import RequirementError, check, config
from pytest_rf.requirements import Settings, evaluate, parse
from pytest_rf.requirements.expressions import Value
from pytest_rf.requirements.files import MAX_SIZE, number
from pytest_rf.requirements.references import References

NET = """
    net (float[1,3,100] x) => (float[1,4,100] y) <float[4,3,5] w>
    { y = Conv<kernel_shape=[5], pads=[2,2]>(x, w) }
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    (folder / "docs").mkdir(parents=True)
    (folder / "docs" / "model.toml").write_text(
        "[unet]\nrf = 5\nshare = 0.1\nname = 'x'\non = true\nlist = [1, 2]\nbig = 1e300\nday = 2026-01-01\n"
        "'right-context' = 2\nmany = 1_000\n[unet.sub]\nrf = -7\n"
    )
    (folder / "docs" / "model.json").write_text(
        json.dumps({"unet": {"rf": 5, "list": [{"rf": 2.5}], "nan": float("nan")}})
    )
    return folder


@pytest.mark.parametrize(
    ("name", "is_"),
    [
        ("docs/model.toml#unet.rf", 5),
        ("docs/model.toml#unet.share", "1/10"),
        ("docs/model.toml#unet.sub.rf", -7),
        ("docs/model.toml#unet.list.1", 2),
        ("docs/model.toml#unet.right-context", 2),
        ("docs/model.toml#unet.many", 1000),
        ("docs/model.json#unet.rf", 5),
        ("docs/model.json#unet.list.0.rf", "5/2"),
        ("docs/../docs/model.json#unet.rf", 5),
    ],
)
def test_numbers_in_files(root: Path, name: str, is_: object) -> None:
    assert str(number(name, root)) == str(is_)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("docs/model.toml#unet.rff", 'docs/model.toml: has no "unet.rff", did you mean "rf"?'),
        ("docs/model.toml#unett.rf", 'docs/model.toml: has no "unett", did you mean "unet"?'),
        ("docs/model.toml#unet.list.2", 'has no "unet.list.2"'),
        ("docs/model.toml#unet.rf.x", 'has no "unet.rf.x"'),
        ("docs/model.toml#unet", "unet is not a number but a table"),
        ("docs/model.toml#unet.list", "not a number but a list"),
        ("docs/model.toml#unet.name", "not a number but a text"),
        ("docs/model.toml#unet.on", "not a number but a truth"),
        ("docs/model.toml#unet.day", "not a number but something else"),
        ("docs/model.toml#unet.big", "not a number but a text"),
        ("docs/model.json#unet.nan", "not a number but a text"),
        ("docs/model.tml#unet.rf", ".toml and .json files, no others"),
        ("docs/model.yaml#unet.rf", ".toml and .json files, no others"),
        ("docs/none.toml#unet.rf", 'docs/none.toml: there is no such file below "root"'),
        ("../out.toml#rf", '../out.toml: lies outside of "root"'),
        ("docs/link.toml#rf", 'docs/link.toml: lies outside of "root"'),
        ("docs/folder.toml#rf", "docs/folder.toml: not a file"),
        ("docs/pipe.toml#rf", "docs/pipe.toml: not a file"),
        ("docs/large.json#rf", f"larger than {MAX_SIZE} bytes"),
        ("docs/broken.toml#rf", "docs/broken.toml: not valid TOML"),
        ("docs/broken.json#rf", "docs/broken.json: not valid JSON"),
        ("docs/deep.json#rf", "nested too deeply"),
        ("docs/dots.toml#rf", "more than 200 dots"),
        ("docs/latin.toml#rf", "not UTF-8"),
        ("docs/model.toml#", "needs a file and a key"),
        ("docs/\0.toml#rf", "cannot be read"),
    ],
)
def test_what_is_refused_names_file_and_key(root: Path, name: str, says: str) -> None:
    docs = root / "docs"
    (root.parent / "out.toml").write_text("rf = 5\n")
    (docs / "folder.toml").mkdir()
    (docs / "large.json").write_text(" " * (MAX_SIZE + 1))
    (docs / "broken.toml").write_text("rf = \n")
    (docs / "broken.json").write_text("{")
    (docs / "deep.json").write_text("[" * 200_000)
    (docs / "dots.toml").write_text("a" + ".a" * 300 + " = 1\n")
    (docs / "latin.toml").write_bytes(b"rf = '\xe9'\n")
    try:
        (docs / "link.toml").symlink_to(root.parent / "out.toml")
        os.mkfifo(docs / "pipe.toml")
    except (OSError, AttributeError):  # pragma: no cover  (Windows)
        if "link" in name or "pipe" in name:
            pytest.skip("no links or pipes here")
    with pytest.raises(RequirementError) as caught:
        number(name, root)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_nothing_outside_of_the_root_is_opened(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root.parent / "out.toml").write_text("rf = 5\n")
    opened: list[Path] = []
    monkeypatch.setattr(Path, "open", lambda self, *args, **kwargs: opened.append(self))
    for name in ("../out.toml#rf", f"{root.parent}/out.toml#rf"):
        with pytest.raises(RequirementError, match="outside"):
            number(name, root)
    assert opened == []


@given(st.text(max_size=40))
def test_any_name_is_a_number_or_an_error_of_one_line(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    with pytest.raises(RequirementError) as caught:
        number(name, tmp_path_factory.getbasetemp())
    assert "\n" not in str(caught.value)


def test_a_requirement_reads_files_below_the_root_of_its_settings(root: Path) -> None:
    analysis = pytest_rf.analyze(model(NET))
    settings = Settings(root=root)
    for text in (
        "rf == file:docs/model.toml#unet.rf",
        "rf == file:docs/model.toml#unet.rf*2-5",
        'rf == 2 * file:"docs/model.toml#unet.right-context" + 1',
        "rf == file:docs/model.json#unet.list.0.rf * 2",
    ):
        assert evaluate(analysis, parse(text), settings) == []
    (finding,) = evaluate(analysis, parse("rf == file:docs/model.toml#unet.sub.rf"), settings)
    assert "required == file:docs/model.toml#unet.sub.rf (-7)" in finding.message
    with pytest.raises(RequirementError, match=r'column 7: docs/model\.toml: has no "rf"'):
        evaluate(analysis, parse("rf == file:docs/model.toml#rf"), settings)


def test_a_file_is_read_once_for_all_tensors(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    analysis = pytest_rf.analyze(
        model("net (float[1,3,9,9] x) => (float[1,3,9,9] y) { a = Relu(x) b = Relu(a) y = Relu(b) }")
    )
    opened: list[str] = []
    original = Path.open
    monkeypatch.setattr(
        Path, "open", lambda self, *a, **k: (opened.append(self.name), original(self, *a, **k))[1]
    )
    evaluate(analysis, parse('"*" rf.2 >= file:docs/model.toml#unet.rf'), Settings(root=root))
    assert opened == ["model.toml"]


def test_the_root_of_a_configuration_is_its_folder(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    onnx.save(model(NET), root / "net.onnx")
    (root / "rf.toml").write_text(
        '[[model]]\nsource = "net.onnx"\nrequire = ["final rf == file:docs/model.toml#unet.rf"]\n'
    )
    monkeypatch.chdir(root.parent)
    assert check.run(config.load("root/rf.toml")).exit_code == 0
    (root / "docs" / "model.toml").write_text("[unet]\nrf = 6\n")
    assert check.run(config.load("root/rf.toml")).exit_code == 1
    (root / "docs" / "model.toml").unlink()
    (problem,) = check.run(config.load("root/rf.toml")).problems
    assert problem.message.startswith("root/rf.toml:3:12: requirement")
    assert "docs/model.toml: there is no such file" in problem.message


def test_metadata_of_a_file_with_signs_in_their_names(tmp_path: Path) -> None:
    parsed = model(NET)
    onnx.helper.set_model_props(parsed, {"right-context": "2", "acme:rf": "5", "note": "about 5\nor so"})
    analysis = pytest_rf.analyze(parsed)
    assert analysis.check("lookahead == meta:'right-context' and rf == meta:acme:rf") == []
    with pytest.raises(RequirementError, match='meta:note is not a number but "about 5 or so"'):
        analysis.check("rf == meta:note")


@pytest.mark.parametrize(
    ("name", "is_"),
    [
        ("left.0", 64),
        ("left.2", 16),
        ("brackets.1", "1/2"),
        ("stream.chunk", 32),
        ("stream.shapes.1.0", 4),
        ("dotted.name", 7),
        ("dotted.name.list.1", 2),
    ],
)
def test_numbers_within_entries_of_metadata(name: str, is_: object) -> None:
    assert str(References(described()).number(Value("meta", name=name))) == str(is_)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("left", 'meta:left is not a number but "64,32,16"; one of its numbers is meta:left.0'),
        ("left.3", 'meta:left: has no "3"'),
        ("left.chunk", 'meta:left: has no "chunk"'),
        ("stream.chunks", 'meta:stream: has no "chunks", did you mean "chunk"?'),
        ("stream.name", "meta:stream: name is not a number but a text"),
        ("words.0", "meta:words is neither a list of numbers nor JSON, so it has no 0"),
        ("broken.0", "meta:broken: not valid JSON"),
        ("lefft.0", "the model declares no meta:lefft.0"),
    ],
)
def test_entries_that_hold_no_such_number(name: str, says: str) -> None:
    with pytest.raises(RequirementError) as caught:
        References(described()).number(Value("meta", name=name))
    assert says in str(caught.value)


def described() -> pytest_rf.Analysis:
    entries = {
        "left": "64,32,16",
        "brackets": "[1, 0.5]",
        "stream": '{"chunk": 32, "name": "x", "shapes": [[1], [4, 2]]}',
        "words": "a, b",
        "broken": "{chunk",
        "dotted.name": "7",
        "dotted.name.list": "1, 2",
    }
    analysis = pytest_rf.analyze(model(NET))
    analysis.graph.metadata.update(entries)
    return analysis
