"""Which file is the configuration: what looks like one is read or refused, never skipped."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_rf import config
from pytest_rf.config.discovery import NAMES, is_nearly_ours
from pytest_rf.errors import ConfigError

EXAMPLES = Path(__file__).parents[2] / "examples"

#: Seconds that a program may take which would wait for ever if it opened a pipe.
PATIENCE = 60


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


SPECIAL = {
    "folder": lambda path: path.mkdir(),
    "named pipe": lambda path: os.mkfifo(path),
    "link to gone.toml": lambda path: path.symlink_to("gone.toml"),
    "link to loop": lambda path: (Path("loop").symlink_to("loop"), path.symlink_to("loop")),
}
specials = pytest.mark.parametrize("kind", SPECIAL)


def program(*arguments: str, module: str = "pytest_rf") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


@specials
@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_a_configuration_on_no_file_is_refused(kind: str, name: str, folder: Path) -> None:
    SPECIAL[kind](folder / name)
    (folder / "deep").mkdir()
    for start in (folder, folder / "deep"):
        with pytest.raises(ConfigError, match=f"{name}: not a file but a {kind}"):
            config.discover(start)
    with pytest.raises(ConfigError, match=f"^{name}: not a file but a {kind}"):
        config.load(name)


@specials
def test_no_program_skips_it_or_waits_for_it(kind: str, folder: Path) -> None:
    shutil.copy(EXAMPLES / "tcn.onnx", "tcn.onnx")
    (folder / "here").mkdir()
    SPECIAL[kind](folder / "here" / "rf.toml")
    os.chdir("here")
    for arguments in (
        ("check",),
        ("check", "../tcn.onnx", "--require", "final rf >= 3"),
        ("check", "../tcn.onnx", "--config", "rf.toml"),
        ("check", "../tcn.onnx", "./rf.toml"),
        ("show", "../tcn.onnx"),
    ):
        done = program(*arguments)
        assert done.returncode == 2, arguments
        (line,) = done.stderr.splitlines()
        assert f"rf.toml: not a file but a {kind}" in line
        assert "move this away" in line or "delete the link" in line


@specials
def test_what_is_extended_is_a_file(kind: str, folder: Path) -> None:
    SPECIAL[kind](folder / "team.toml")
    (folder / "rf.toml").write_text('select = []\nextend = ["team.toml"]\n')
    with pytest.raises(ConfigError, match=rf"^rf\.toml:2: extend: team\.toml: not a file but a {kind}"):
        config.load("rf.toml")


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("loop.onnx", 'source = "loop.onnx"'),
        ("loop.toml", 'source = "tcn.onnx"\nrequire = ["final rf >= file:loop.toml#rf"]'),
        ("loop.npy", 'source = "tcn.onnx"\nvalues = { x = "loop.npy" }'),
    ],
)
def test_a_link_to_itself_is_told_by_its_name(name: str, keys: str, folder: Path) -> None:
    shutil.copy(EXAMPLES / "tcn.onnx", "tcn.onnx")
    (folder / name).symlink_to(name)
    (folder / "rf.toml").write_text(f"[[model]]\n{keys}\n")
    done = program("check")
    assert done.returncode == 2
    error = next(line for line in done.stderr.splitlines() if line.startswith("error: rf.toml:"))
    assert f" {name}" in error
    assert "cannot be read: Too many levels of symbolic links" in error
    assert str(folder) not in error


def test_a_link_to_a_file_is_a_configuration(folder: Path) -> None:
    (folder / "shared").mkdir()
    (folder / "shared" / "base.toml").write_text('require = ["rf >= 3"]\n')
    (folder / "rf.toml").symlink_to("shared/base.toml")
    assert config.discover() == folder / "rf.toml"
    assert len(config.load("rf.toml").requires) == 1


@pytest.mark.parametrize(
    ("text", "line", "table"),
    [
        ("[tool.pytest_rf]", 1, "tool.pytest_rf"),
        ("[tool.ruff]\n[[tool.pytestrf.model]]", 2, "tool.pytestrf"),
        ("[tool.rf]", 1, "tool.rf"),
        ('[[tool."pytest-rf ".model]]', 1, 'tool."pytest-rf "'),
        ("[tool.Pytest-RF]", 1, "tool.Pytest-RF"),
        ("[tool.pytset-rf]", 1, "tool.pytset-rf"),
        ("[tool.pytest-rff]", 1, "tool.pytest-rff"),
        ("[tool.pytest.rf]", 1, "tool.pytest.rf"),
        ("[tools.pytest-rf]", 1, "tools.pytest-rf"),
        ("[pytest-rf]", 1, "pytest-rf"),
        ("[[pytest_rf.model]]", 1, "pytest_rf"),
        ("[tool]\npytest_rf = { select = [] }", 2, "tool.pytest_rf"),
        # Beside the right one, too: half of what is written would not be read.
        ("[tool.pytest-rf]\n[[tool.pytest_rf.model]]", 2, "tool.pytest_rf"),
    ],
)
def test_tables_of_nearly_our_name_are_told_the_right_one(text: str, line: int, table: str) -> None:
    Path("pyproject.toml").write_text(text + "\n")
    said = f"pyproject.toml:{line}: unknown table [{table}], did you mean [tool.pytest-rf]?"
    for find in (config.discover, lambda: config.load("pyproject.toml")):
        with pytest.raises(ConfigError) as caught:
            find()
        assert str(caught.value) == said


def test_tables_of_others_are_left_alone(folder: Path) -> None:
    Path("pyproject.toml").write_text(
        "[project]\nname = 'pytest_rf_models'\ndependencies = ['pytest-rf']\n"
        "[dependency-groups]\nrf = ['pytest-rf']\n[tool.pytest-ruff]\nx = 1\n[tool.pytest]\nrf_config = 'a'\n"
        "[tool.pytest.ini_options]\nrf_config = 'a'\n[tool.setuptools]\npackages = ['pytest_rf']\n"
    )
    assert config.discover() != folder / "pyproject.toml"
    assert not any(
        map(is_nearly_ours, ("pytest", "pytest-cov", "pytest-xdist", "pytest-ruff", "ruff", "mypy"))
    )


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("\n[pytest-rf]\nselect = []", 2, "keys and [[model]] stand at the top"),
        ("[[tool.pytest-rf.model]]\nsource = 'a'", 1, "keys and [[model]] stand at the top"),
        ("\n[[models]]\nsource = 'a'", 2, 'did you mean "model"?'),
        ("\n[[Model]]\nsource = 'a'", 2, 'did you mean "model"?'),
        ("[[MODELS]]\nsource = 'a'", 1, 'did you mean "model"?'),
        ("\n[model]\nsource = 'a'", 2, "write [[model]], with two brackets"),
        ("Uncovered = 'warn'", 1, 'did you mean "uncovered"?'),
        ("rf = 3", 1, "there are"),
    ],
)
def test_tables_and_keys_of_a_file_that_is_all_ours(text: str, line: int, says: str) -> None:
    Path("rf.toml").write_text(text + "\n")
    with pytest.raises(ConfigError) as caught:
        config.load("rf.toml")
    assert str(caught.value).startswith(f"rf.toml:{line}: ")
    assert says in str(caught.value)


@pytest.mark.parametrize("name", ["rf.tml", "pytest-rf.toml", "pytest_rf.toml", "rf.toml.txt"])
def test_files_of_nearly_our_name_are_told_the_right_one(name: str) -> None:
    Path(name).write_text("select = []\n")
    with pytest.raises(ConfigError, match=f"^{name}: .*rename it to rf.toml"):
        config.discover()
    assert config.load(name).file == name
    Path("rf.toml").write_text("select = []\n")
    assert config.discover() == Path.cwd() / "rf.toml"


def test_a_configuration_beside_another_is_told(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool.pytest-rf]\n")
    assert config.unread(folder / "pyproject.toml") == ""
    (folder / "rf.toml").write_text('[[model]]\nsource = "tcn.onnx"\nrequire = ["final rf >= 3"]\n')
    said = "pyproject.toml is not read, because rf.toml lies beside it; keep one of them"
    assert config.unread(folder / "rf.toml") == said
    shutil.copy(EXAMPLES / "tcn.onnx", "tcn.onnx")
    done = program("check")
    assert (done.returncode, done.stderr) == (0, f"warning: {said}\n")
    assert program("check", "--config", "rf.toml").stderr == ""
    (folder / "pyproject.toml").write_text("[tool.other]\n")
    assert program("check").stderr == ""
