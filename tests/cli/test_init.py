"""``pytest-rf init``: a first configuration that passes at once."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import onnx
import pytest

from pytest_rf.starting import search

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def empty(folder: Path) -> Path:
    """The folder of two models without a configuration."""
    (folder / "rf.toml").unlink()
    return folder


def test_what_it_writes_passes_at_once(rf, empty: Path) -> None:
    for path in (*EXAMPLES.glob("*.onnx"), *EXAMPLES.glob("changed/*.onnx"), *EXAMPLES.glob("layers/*.onnx")):
        (empty / path.relative_to(EXAMPLES)).parent.mkdir(exist_ok=True)
        shutil.copy(path, empty / path.relative_to(EXAMPLES))
    result = rf("init")
    assert (result.status, result.err) == (0, "")
    assert result.out == (
        "Wrote rf.toml: 11 models, 35 requirements that hold today. Next: read it, then run pytest-rf check\n"
    )
    result = rf("check")
    assert (result.status, result.err) == (0, "")
    assert result.out.endswith(
        "Checked 11 models, 35 requirements: all hold. RF404 said nothing of 11 models (-v tells why).\n"
    )


def test_what_it_writes(rf, empty: Path) -> None:
    rf("init")
    _, tcn, unet = (empty / "rf.toml").read_text().split("\n[[model]]\n")
    assert tcn == (
        'name = "tcn"                          # 15 tensors, audio 1×1×400\n'
        'source = "tcn.onnx"\n'
        '# spacing = { t = "1/16000 s" }  # then require "final rf >= 25 ms"\n'
        "require = [\n"
        '  "final rf >= 63",                   # what a unit sees\n'
        '  "final stride == 1",                # a step is one input position\n'
        '  "final is causal",                  # no step reads ahead: it can run on a stream\n'
        '  "final halo <= 62",                 # context that a tile needs on either side\n'
        "]\n"
    )
    assert '"final rf >= 36",                   # what a unit sees at least; 40 at most\n' in unet


def test_what_stands_in_its_comments_can_be_said(rf, empty: Path) -> None:
    rf("init")
    text = (empty / "rf.toml").read_text()
    text = text.replace("# spacing", "spacing").replace("# extend", "extend").replace("# select", "select")
    (empty / "rf.toml").write_text(text)
    assert rf("check", "tcn.onnx", "--require", "final rf >= 3 ms").status in (0, 1)


@pytest.mark.parametrize("name", ["rf.toml", ".rf.toml", "pyproject.toml"])
def test_it_never_overwrites(rf, empty: Path, name: str) -> None:
    text = "[tool.pytest-rf]\n" if name == "pyproject.toml" else "# mine\n"
    (empty / name).write_text(text)
    result = rf("init")
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(f"error: {name}: exists, and a configuration is never overwritten")
    assert (empty / name).read_text() == text
    assert [one.name for one in empty.iterdir() if one.suffix == ".toml"] == [name]
    if name == "rf.toml":
        (empty / name).unlink()
        (empty / name).symlink_to("nix")
        assert rf("init").status == 2
        assert (empty / name).is_symlink()


def test_another_file(rf, empty: Path) -> None:
    (empty / "sub").mkdir()
    shutil.move("tcn.onnx", "sub/tcn.onnx")
    result = rf("init", "-o", "sub/models.toml")
    assert "Wrote sub/models.toml: 1 model" in result.out
    assert "--config sub/models.toml" in result.out
    assert rf("check", "--config", "sub/models.toml").status == 0
    assert rf("init", "-o", "sub/models.toml").status == 2


def test_a_model_outside_of_the_folder_is_refused_with_what_helps(rf, empty: Path) -> None:
    (empty / "sub").mkdir()
    out = "leads out of the folder of the configuration; "
    wider = "write the configuration into a folder that holds both, with -o DIR/rf.toml"
    assert f"unet.onnx: {out}{wider}" in rf("init", "unet.onnx", "-o", "sub/more.toml").err
    (empty / "sub" / "link.onnx").symlink_to(empty / "unet.onnx")
    refused = rf("init", "sub/link.onnx", "-o", "sub/more.toml").err
    assert f"link.onnx: {out}put the file itself there, or {wider}" in refused
    assert rf("init", "sub/link.onnx", "-o", "./more.toml").status == 0
    assert rf("check", "--config", "more.toml").status == 0


def test_what_cannot_be_checked_stands_in_a_comment(rf, empty: Path) -> None:
    (empty / "bad.onnx").write_bytes(b"bad")
    (empty / "lfs.onnx").write_text(
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 9\n"
    )
    model = onnx.load("tcn.onnx")
    model.graph.node[-1].domain, model.graph.node[-1].op_type = "acme", "Blur"
    model.opset_import.append(onnx.helper.make_opsetid("acme", 1))
    onnx.save(model, "own.onnx")
    result = rf("init")
    assert result.status == 0
    assert "Wrote rf.toml: 2 models" in result.out
    bad, lfs, own = result.err.splitlines()
    assert bad.startswith("warning: bad.onnx: not checked: is not an ONNX model")
    assert "Git LFS pointer" in lfs
    assert "acme.Blur" in own.replace("::", ".")
    text = (empty / "rf.toml").read_text()
    assert "# Not checked: is not an ONNX model, or cut off; export the model again\n# [[model]]\n" in text
    assert str(empty) not in text
    assert rf("check").status == 0


def test_extents_that_the_file_leaves_open_can_be_stated(rf, empty: Path) -> None:
    model = onnx.load(empty / "unet.onnx")
    for dim in model.graph.input[0].type.tensor_type.shape.dim[2:]:
        dim.dim_param = "side"
    del model.graph.value_info[:]
    onnx.save(model, empty / "unet.onnx")
    assert rf("init", "unet.onnx").status == 0
    text = (empty / "rf.toml").read_text()
    line = "# inputs = { image = [1, 1, 256, 256] }  # the file leaves h and w open: state what they are in use\n"
    assert f'source = "unet.onnx"\n{line}' in text
    (empty / "rf.toml").write_text(text.replace(line, line[2:]))
    assert rf("check").status == 0
    assert "leaves open" not in rf("check").out


def test_where_nothing_can_be_checked_nothing_is_written(rf, empty: Path) -> None:
    for name in ("unet.onnx", "tcn.onnx"):
        (empty / name).write_bytes(b"bad")
    result = rf("init")
    assert result.status == 2
    assert result.err.splitlines()[-1] == "error: nothing was written: nothing can be checked of any model"
    for name in ("unet.onnx", "tcn.onnx"):
        (empty / name).unlink()
    assert "no .onnx file; export a model, or give package.module:factory with --allow-code" in rf("init").err
    assert "nix: no such file or folder" in rf("init", "nix").err
    assert not (empty / "rf.toml").exists()


def test_what_is_not_ours_is_left_out(rf, empty: Path, tmp_path_factory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    shutil.copy("tcn.onnx", outside / "tcn.onnx")
    for place in (".git", "node_modules/a", "venv/lib", "site-packages", "__pycache__", "kept/deep"):
        (empty / place).mkdir(parents=True)
        shutil.copy("tcn.onnx", empty / place / "a.onnx")
    (empty / "venv/pyvenv.cfg").touch()
    (empty / "linked").symlink_to(outside)
    (empty / "link.onnx").symlink_to(outside / "tcn.onnx")
    (empty / "dangling.onnx").symlink_to("nix")
    (empty / "inner.onnx").symlink_to("tcn.onnx")
    (empty / "folder.onnx").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(empty / "pipe.onnx")
    assert search.models(empty, empty) == [
        empty / name for name in ("inner.onnx", "kept/deep/a.onnx", "tcn.onnx", "unet.onnx")
    ]
    assert rf("init", "kept").status == 0
    assert 'source = "kept/deep/a.onnx"' in (empty / "rf.toml").read_text()


def test_the_search_is_bounded(rf, empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MOST_MODELS", 1)
    assert "more than 1 models; name the folders" in rf("init").err
    monkeypatch.setattr(search, "MOST_MODELS", 9)
    monkeypatch.setattr(search, "MOST_ENTRIES", 1)
    assert "more than 1 files; name the folders" in rf("init").err


def test_models_of_one_name(rf, empty: Path) -> None:
    for place in ("a", "b"):
        (empty / place).mkdir()
        shutil.copy("tcn.onnx", empty / place / "model.onnx")
    rf("init", "a", "b", "a/model.onnx")
    text = (empty / "rf.toml").read_text()
    assert text.count("[[model]]") == 2
    assert 'name = "a/model"' in text
    assert 'name = "b/model"' in text
    assert rf("check").status == 0


@pytest.mark.skipif(sys.platform == "win32", reason="names that Windows does not have")
@pytest.mark.parametrize("name", ['a"b', "a\nb", "a\\b", "a\x1b[2J", "[a]*", "ü", "'", "# a", "\u202eb"])
def test_hostile_names_are_written_harmlessly(rf, empty: Path, name: str) -> None:
    shutil.copy("tcn.onnx", f"{name}.onnx")
    result = rf("init", f"{name}.onnx")
    assert result.status == 0
    text = (empty / "rf.toml").read_text(encoding="utf-8")
    assert "\x1b" not in text + result.out
    assert "\u202e" not in text
    assert rf("check").status == 0
    (empty / "rf.toml").unlink()
    Path(f"{name}.onnx").write_bytes(b"bad")
    assert rf("init").status == 0
    assert rf("check").status == 0


def test_code_needs_leave(rf, empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (empty / "mine.py").write_text("import pathlib\npathlib.Path('ran').touch()\ndef net(): return 3\n")
    result = rf("init", "mine:net")
    assert result.status == 2
    assert "--allow-code" in result.err
    assert not (empty / "ran").exists()
    assert not (empty / "rf.toml").exists()


def test_a_factory(rf, empty: Path) -> None:
    pytest.importorskip("torch")
    (empty / "initnets.py").write_text(
        "from torch import nn\ndef net():\n    return nn.Sequential(nn.Conv2d(3, 4, 3, 2), nn.Conv2d(4, 4, 3))\n"
    )
    result = rf("init", "initnets:net", "unet.onnx", "--allow-code", "--input", "input=1,3,32,48")
    assert result.status == 0
    assert "unet.onnx: not checked" in result.err
    assert result.out.endswith("Next: read it, then run pytest-rf check --allow-code\n")
    text = (empty / "rf.toml").read_text()
    assert "Check them with: pytest-rf check --allow-code\n" in text
    assert 'source = "initnets:net"\ninputs = { input = [1, 3, 32, 48] }\n' in text
    assert '"final rf >= 7",' in text
    assert rf("check", "--allow-code").status == 0
