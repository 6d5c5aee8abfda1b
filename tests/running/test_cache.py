"""Kept results: what they rest on, what breaks them, and who may write them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import onnx
import pytest

from pytest_rf import cli, examining
from pytest_rf.running import cache, keys
from pytest_rf.running.cache import Cache

EXAMPLES = Path(__file__).parents[2] / "examples"
CONFIG = '[[model]]\nname = "net"\nsource = "unet.onnx"\nrequire = ["final rf >= 36", "final halo >= 1"]\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copy(EXAMPLES / "unet.onnx", folder)
    (folder / "rf.toml").write_text(CONFIG)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "kept"


class Checked:
    """Runs ``check`` and says whether it had to examine the model."""

    def __init__(
        self, kept: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.kept, self.capsys, self.examined = kept, capsys, 0
        examine = examining.examine

        def counted(*arguments: object, **options: object) -> object:
            self.examined += 1
            return examine(*arguments, **options)

        monkeypatch.setattr(examining, "examine", counted)

    def __call__(self, *options: str) -> tuple[int, str, bool]:
        before = self.examined
        status = cli.run(["check", "--isolate", "never", "--cache-dir", str(self.kept), *options])
        return status, self.capsys.readouterr().out, self.examined > before


@pytest.fixture
def check(
    kept: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Checked:
    return Checked(kept, monkeypatch, capsys)


def entries(kept: Path) -> list[Path]:
    return [path for path in kept.glob("??/*") if path.is_file()]


@pytest.mark.parametrize("options", [(), ("--require", "final rf >= 300"), ("--format", "json"), ("-v",)])
def test_a_kept_result_is_the_result(check: Checked, options: tuple[str, ...]) -> None:
    status, told, examined = check(*options)
    assert examined
    assert check(*options) == (status, told, False)
    assert check("--no-cache", *options) == (status, told, True)


def grown(folder: Path) -> None:
    model = onnx.load(folder / "unet.onnx")
    model.doc_string = "another"
    onnx.save(model, folder / "unet.onnx")


CHANGES = {
    "model": grown,
    "requirement": lambda folder: (folder / "rf.toml").write_text(CONFIG.replace("36", "35")),
    "line": lambda folder: (folder / "rf.toml").write_text("\n" + CONFIG),
    "name": lambda folder: (folder / "rf.toml").write_text(CONFIG.replace('"net"', '"other"')),
    "rules": lambda folder: (folder / "rf.toml").write_text('select = ["RF3"]\n' + CONFIG),
    "call": lambda folder: (folder / "rf.toml").write_text(CONFIG + "weights = true\n"),
    "limits": lambda folder: (folder / "rf.toml").write_text(CONFIG + "[limits]\nnodes = 1\n"),
    "operator": lambda folder: (folder / "rf.toml").write_text(
        CONFIG + '[[operator]]\nname = "acme::Blur"\nkernel = 5\n'
    ),
    "waiver": lambda folder: (folder / "rf.toml").write_text(
        CONFIG + '[[model.waiver]]\nrule = "RF302"\nreason = "so"\n'
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_result_rests_on(check: Checked, folder: Path, change: str) -> None:
    check()
    assert not check()[2]
    CHANGES[change](folder)
    assert check()[2]


def test_the_options_count(check: Checked) -> None:
    check()
    assert check("--weights")[2]
    assert check("--select", "RF1")[2]
    assert not check("--fail-on", "warning")[2]
    assert check("--no-cures")[2]


def test_another_version_of_ours_counts(check: Checked, monkeypatch: pytest.MonkeyPatch) -> None:
    check()
    monkeypatch.setattr(keys, "ours", lambda: "another")
    assert check()[2]


def test_a_lock_counts(check: Checked, folder: Path) -> None:
    (folder / "rf.toml").write_text('lock = "rf.lock"\n' + CONFIG)
    assert cli.run(["snapshot"]) == 0
    assert check()[2]
    assert not check()[2]
    lock = folder / "rf.lock"
    lock.write_text(lock.read_text().replace(" rf=24 ", " rf=23 "))
    status, _, examined = check()
    assert (status, examined) == (1, True)


def test_what_rests_on_other_files_is_not_kept(check: Checked, folder: Path, kept: Path) -> None:
    (folder / "says.toml").write_text("rf = 36\n")
    (folder / "rf.toml").write_text(CONFIG.replace("final halo >= 1", "final rf >= file:says.toml#rf"))
    status, _, _ = check()
    assert status == 0
    assert check()[2]
    assert not entries(kept)


def test_what_went_wrong_is_not_kept(check: Checked, folder: Path, kept: Path) -> None:
    (folder / "rf.toml").write_text(CONFIG + "[limits]\nnodes = 1\n")
    assert check()[0] == 2
    assert not entries(kept)


def test_code_is_not_kept(tmp_path: Path, kept: Path) -> None:
    pytest.importorskip("torch")
    (tmp_path / "made.py").write_text("import torch\ndef net(): return torch.nn.Conv2d(3, 4, 3)\n")
    command = ["check", "made:net", "--allow-code", "--require", "final rf >= 3", "--input", "input=1,3,8,8"]
    found = subprocess.run(
        [sys.executable, "-m", "pytest_rf", *command, "--cache-dir", str(kept)], cwd=tmp_path, check=False
    )
    assert found.returncode == 0
    assert not entries(kept)


@pytest.mark.parametrize("damage", [b"", b"{}", b"\0" * 100, None], ids=["empty", "short", "zeros", "cut"])
def test_damaged_results_are_ignored_and_renewed(check: Checked, kept: Path, damage: bytes | None) -> None:
    first = check()
    (entry,) = entries(kept)
    entry.write_bytes(entry.read_bytes()[:-1] if damage is None else damage)
    assert check() == first
    assert not check()[2]


def test_a_result_of_another_key_is_none(check: Checked, kept: Path) -> None:
    first = check()
    (entry,) = entries(kept)
    check("--require", "final rf >= 300")
    other = next(path for path in entries(kept) if path != entry)
    other.write_bytes(entry.read_bytes())
    assert check("--require", "final rf >= 300")[0] == 1
    assert first[0] == 0


def test_a_folder_that_cannot_be_written_is_no_error(check: Checked, kept: Path) -> None:
    kept.write_text("a file")
    with pytest.raises(NotADirectoryError):
        (kept / "x").stat()
    assert cli.run(["check", "--cache-dir", str(kept / "below")]) == 0


def test_runs_at_the_same_time(folder: Path, kept: Path) -> None:
    command = [sys.executable, "-m", "pytest_rf", "check", "--cache-dir", str(kept)]
    runs = [subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE) for _ in range(3)]
    told = {run.communicate()[0] for run in runs}
    assert [run.returncode for run in runs] == [0, 0, 0]
    assert len(told) == 1
    assert len(entries(kept)) == 1


def test_old_results_are_deleted_once_a_day(tmp_path: Path) -> None:
    old, new = "a" * 64, "b" * 64
    there = Cache(tmp_path)
    there.keep(old, b"old")
    long_ago = time.time() - (cache.DAYS + 1) * 86400
    os.utime(tmp_path / old[:2] / old[2:], (long_ago, long_ago))
    there.keep(new, b"new")
    there.close()
    assert (there.get(old), there.get(new)) == (None, b"new")


def test_the_folder_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.default() == tmp_path / "pytest-rf"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache.default() == Path.home() / ".cache" / "pytest-rf"
