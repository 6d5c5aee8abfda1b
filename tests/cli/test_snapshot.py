"""``pytest-rf snapshot``: all figures in a lock, and a run that holds models to it."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import onnx
import pytest


def widen(name: str, output: str = "encoder.1.conv2") -> None:
    """Dilate a convolution of a model file."""
    model = onnx.load(name)
    (node,) = (one for one in model.graph.node if one.output[0] == output)
    (pads,) = (one for one in node.attribute if one.name == "pads")
    pads.ints[:] = [2 * pad for pad in pads.ints]
    node.attribute.append(onnx.helper.make_attribute("dilations", [2, 2]))
    onnx.save(model, name)


CONFIG = """
lock = "rf.lock"

[[model]]
name = "net"
source = "unet.onnx"

[[model]]
source = "tcn.onnx"
"""


@pytest.fixture
def lock(folder: Path) -> Path:
    (folder / "rf.toml").write_text(CONFIG)
    return folder / "rf.lock"


def test_it_is_written_and_then_held(rf, lock: Path) -> None:
    result = rf("snapshot")
    assert (result.status, result.out, result.err) == (0, "Wrote rf.lock: 2 models, 38 tensors.\n", "")
    before = lock.read_bytes()
    result = rf("snapshot")
    assert (result.status, result.err) == (0, "")
    assert result.out == "No figure differs from rf.lock to the models now (2 models).\n"
    assert lock.read_bytes() == before
    assert rf("check").status == 0  # a lock judges models, too


def test_what_moved_is_told_and_renewed(rf, lock: Path) -> None:
    rf("snapshot")
    before = lock.read_bytes()
    widen("unet.onnx")
    result = rf("snapshot")
    assert result.status == 1
    assert "net: 16 of 23 tensors changed" in result.out
    assert "encoder.1.conv2 (+1)   14 → 18 " in result.out
    assert "\nfinal mask: rf 36 to 40 → 40 to 44, " in result.out
    assert result.out.endswith("1 of 2 models changed from rf.lock to the models now.\n")
    assert "pytest-rf snapshot --update" in result.err
    assert lock.read_bytes() == before
    result = rf("snapshot", "--update")
    assert (result.status, result.err) == (0, "")
    assert lock.read_bytes() != before
    assert rf("snapshot").status == 0


def test_check_holds_models_to_the_lock(rf, lock: Path) -> None:
    result = rf("check")
    assert (result.status, result.out) == (2, "")
    assert (
        "rf.lock: rf.toml names this lock, and there is none; write it with pytest-rf snapshot" in result.err
    )
    rf("snapshot")
    widen("unet.onnx")
    result = rf("check")
    assert result.status == 1
    assert (
        "RF006 the figures are not those of rf.lock: 16 of 23 tensors changed; final rf was 36 to 40, now 40 to 44, "
        'halo was 18, now 20; first at tensor "encoder.1.conv2" (Conv): rf was 14, now 18, halo was 6, now 8\n'
    ) in result.out
    line = next(n for n, one in enumerate(lock.read_text().splitlines(), 1) if "encoder.1.conv2 " in one)
    assert f" --> rf.lock:{line} in model net\n" in result.out
    assert "= help: if this is meant, renew it: pytest-rf snapshot --update" in result.out
    assert "✓ tcn" in result.out
    rf("snapshot", "--update")
    assert rf("check").status == 0


@pytest.mark.parametrize("name", ["rf.toml", "my models.toml"])
def test_what_it_says_to_run_finds_the_configuration(
    rf, folder: Path, lock: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (folder / "rf.toml").rename(folder / name)
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    config = [] if name == "rf.toml" else ["--config", f"../{name}"]
    first = told(rf("check", *config).err, "write it with ")
    assert rf(*first).status == 0
    widen("../unet.onnx")
    told_by_check = told(rf("check", *config).out, "renew it: ")
    assert told(rf("snapshot", *config).err, "renew it: ") == told_by_check
    assert told_by_check == ["snapshot", "--update", *config]
    assert rf(*told_by_check).status == 0
    assert rf("check", *config).status == 0


def told(text: str, before: str) -> list[str]:
    """Return the arguments of the command that a message says to run."""
    program, *arguments = shlex.split(text.partition(before)[2].splitlines()[0])
    assert program == "pytest-rf"
    return arguments


def test_where_nothing_could_be_analysed_nothing_is_said_to_be_the_same(rf, lock: Path) -> None:
    rf("snapshot")
    result = rf("snapshot", "nix.onnx")
    assert (result.status, result.out) == (2, "")


def test_it_cannot_be_ignored_but_waived(rf, lock: Path, folder: Path) -> None:
    rf("snapshot")
    widen("unet.onnx")
    (folder / "rf.toml").write_text('ignore = ["RF006"]\n' + CONFIG)
    assert "RF006 cannot be ignored" in rf("check").err
    waiver = '\n[[model.waiver]]\nrule = "figures-changed"\nreason = "v3 is on its way"\n'
    first, second = CONFIG.split("\n[[model]]\nsource")
    (folder / "rf.toml").write_text(f"{first}{waiver}\n[[model]]\nsource{second}")
    result = rf("check")
    assert result.status == 0
    assert "1 waived" in result.out
    assert rf("baseline").out == "Nothing fails: no baseline is needed.\n"


def test_a_model_that_the_lock_does_not_have(rf, lock: Path, folder: Path) -> None:
    rf("snapshot", "tcn.onnx")
    result = rf("check", "--format", "concise")
    assert result.status == 1
    assert "rf.lock: RF006 net: rf.lock has no figures of this model\n" in result.out
    result = rf("snapshot")
    assert result.status == 1
    assert "net: the model is new" in result.out
    rf("snapshot", "--update", "unet.onnx")
    assert rf("check").status == 0


def test_a_model_that_is_gone(rf, lock: Path, folder: Path) -> None:
    rf("snapshot")
    (folder / "rf.toml").write_text(CONFIG.partition("\n[[model]]\nsource")[0])
    result = rf("check")
    assert result.status == 0
    assert 'rf.lock: has model "tcn" (tcn.onnx), which rf.toml does not have' in result.err
    assert "tcn: the model is gone" in rf("snapshot").out
    rf("snapshot", "--update")
    assert "tcn" not in lock.read_text()
    assert rf("check").err == ""


def test_a_model_that_cannot_be_read_stays_in_the_lock(rf, lock: Path, folder: Path) -> None:
    rf("snapshot")
    before = lock.read_bytes()
    (folder / "tcn.onnx").write_bytes(b"")
    for option in ((), ("--update",)):
        result = rf("snapshot", *option)
        assert result.status == 2
        assert "tcn.onnx: is empty" in result.err
        assert lock.read_bytes() == before


def test_it_needs_no_configuration(rf, folder: Path) -> None:
    (folder / "rf.toml").unlink()
    assert rf("snapshot").status == 2
    assert rf("snapshot", "unet.onnx").out == "Wrote rf.lock: 1 model, 23 tensors.\n"
    assert "final mask" in (folder / "rf.lock").read_text()


def test_what_the_authors_say_of_a_model_counts(rf, lock: Path, folder: Path) -> None:
    (folder / "rf.toml").write_text('[[model]]\nsource = "tcn.onnx"\naxes = { audio = { time = 2 } }\n')
    rf("snapshot")
    assert "input audio time=400" in lock.read_text()
    assert " audio time rf=3 " in lock.read_text()


def test_models_of_one_name_in_different_folders(rf, lock: Path, folder: Path) -> None:
    (folder / "sub").mkdir()
    shutil.copy("tcn.onnx", "sub/tcn.onnx")
    (folder / "rf.toml").write_text(
        CONFIG.replace('"tcn.onnx"', '"tcn.onnx"\n[[model]]\nsource = "sub/tcn.onnx"')
    )
    rf("snapshot")
    assert [one for one in lock.read_text().splitlines() if one.startswith("model ")] == [
        "model net unet.onnx",
        "model tcn sub/tcn.onnx",
        "model tcn tcn.onnx",
    ]
    assert rf("check").status == 0


def test_a_lock_that_is_not_one_is_an_error_and_stays(rf, lock: Path) -> None:
    lock.write_text("<<<<<<< HEAD\n")
    for arguments in (("check",), ("snapshot",), ("snapshot", "--update")):
        result = rf(*arguments)
        assert (result.status, result.out) == (2, "")
        assert result.err.startswith("error: rf.lock:1: not a lock")
    assert lock.read_text() == "<<<<<<< HEAD\n"


def test_it_is_not_written_through_a_link(rf, lock: Path, folder: Path, tmp_path_factory) -> None:
    lock.symlink_to(folder / "elsewhere")
    assert "is a symbolic link" in rf("snapshot").err
    lock.unlink()
    outside = tmp_path_factory.mktemp("outside") / "file"
    lock.symlink_to(outside)
    assert "lies outside of the configuration's folder" in rf("snapshot").err
    assert not (folder / "elsewhere").exists()
    assert not outside.exists()


def test_another_extent_is_told(rf, lock: Path) -> None:
    rf("snapshot")
    model = onnx.load("tcn.onnx")
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[2].dim_value = 500
    onnx.save(model, "tcn.onnx")
    result = rf("check", "--format", "concise")
    assert result.status == 1
    assert "the figures are not those of rf.lock: input audio was t=400, now t=500" in result.out


def test_models_that_cannot_be_told_apart_are_refused(rf, lock: Path, folder: Path) -> None:
    twice = '[[model]]\nsource = "tcn.onnx"\nrequire = ["final rf >= 64"]\n'
    (folder / "rf.toml").write_text(twice + twice)
    for command in ("snapshot", "baseline"):
        result = rf(command)
        assert (result.status, result.out) == (2, "")
        assert (
            result.err
            == 'error: rf.toml:4: a second model is called "tcn" (tcn.onnx); give it another name\n'
        )
