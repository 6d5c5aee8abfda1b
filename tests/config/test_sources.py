from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pytest_rf import check, cli, config, isolation
from pytest_rf.config import sources
from pytest_rf.config.declared import Model
from pytest_rf.errors import ConfigError
from pytest_rf.running.cache import Cache

EXAMPLE = Path(__file__).parents[2] / "examples" / "tcn.onnx"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    for name in (
        "a.onnx",
        "m/b.onnx",
        "m/c.txt",
        "m/deep/b.onnx",
        ".venv/x.onnx",
        "env/y.onnx",
        "env/pyvenv.cfg",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (tmp_path / "outside.onnx").touch()
    monkeypatch.chdir(root)
    return root


def found(root: Path, source: str, name: str = "") -> list[tuple[str, str]]:
    model = Model(source=source, name=name, root=root, file="rf.toml", line=3)
    return [(target.name, target.source) for target in sources.of(model)]


def test_a_path(root: Path) -> None:
    assert found(root, "m/b.onnx") == [("b", "m/b.onnx")]
    assert found(root, "m/b.onnx", "net") == [("net", "m/b.onnx")]
    # What does not exist is for the reader of the file to complain about.
    assert found(root, "m/none.onnx") == [("none", "m/none.onnx")]


def test_globs(root: Path) -> None:
    assert found(root, "*.onnx") == [("a", "a.onnx")]
    assert found(root, "*.onnx", "net") == [("net", "a.onnx")]
    assert found(root, "./m/*.onnx") == [("b", "m/b.onnx")]
    assert found(root, "m/[bc].*") == [("b", "m/b.onnx"), ("c", "m/c.txt")]
    assert found(root, "**/b.onnx", "net") == [("net:m/b", "m/b.onnx"), ("net:m/deep/b", "m/deep/b.onnx")]


def test_two_stars_leave_out_hidden_folders_and_environments(root: Path) -> None:
    assert [source for _, source in found(root, "**/*.onnx")] == ["a.onnx", "m/b.onnx", "m/deep/b.onnx"]
    assert [source for _, source in found(root, "env/*.onnx")] == ["env/y.onnx"]
    assert [source for _, source in found(root, ".venv/*.onnx")] == [".venv/x.onnx"]


@pytest.mark.parametrize("source", ["nope/*.onnx", "*.pt", "**/z*"])
def test_a_glob_that_matches_nothing_is_an_error(root: Path, source: str) -> None:
    with pytest.raises(ConfigError, match=r"rf.toml:3: source .* matches no file"):
        found(root, source)


@pytest.mark.parametrize(
    "source", ["../outside.onnx", "../*.onnx", "m/../../outside.onnx", "/etc/passwd", "/etc/*"]
)
def test_sources_stay_below_the_root(root: Path, source: str) -> None:
    with pytest.raises(ConfigError, match="leads out"):
        found(root, source)


@pytest.mark.parametrize("source", ["link.onnx", "folder/outside.onnx"])
def test_symlinks_do_not_lead_out(root: Path, source: str) -> None:
    (root / "link.onnx").symlink_to(root.parent / "outside.onnx")
    (root / "folder").symlink_to(root.parent)
    with pytest.raises(ConfigError, match="leads out"):
        found(root, source)


@pytest.mark.parametrize("source", ["../outside.onnx", "../*.onnx", "../*/link.onnx", "link.onnx", "l*.onnx"])
def test_the_command_line_can_name_a_wider_folder(
    root: Path, source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(EXAMPLE, root.parent / "outside.onnx")
    (root / "link.onnx").symlink_to(root.parent / "outside.onnx")
    (root.parent / "shared.toml").write_text('require = ["output rf.t >= 1"]\n')
    (root / "rf.toml").write_text(f'extend = ["../shared.toml"]\n[[model]]\nsource = "{source}"\n')
    assert cli.run(["check", "--no-cache"]) == 2
    assert "--root DIR" in capsys.readouterr().err
    assert cli.run(["check", "--no-cache", "--root", ".."]) == 0
    assert "1 requirement holds" in capsys.readouterr().out
    (root / "within").mkdir()
    assert cli.run(["check", "--no-cache", "--root", "within"]) == 2
    assert "--root within: rf.toml does not lie in it" in capsys.readouterr().err
    assert cli.run(["check", "--no-cache"]) == 2, "it holds for one run"


def test_a_wider_folder_is_not_everything(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(EXAMPLE, root.parent.parent / "outside.onnx")
    for source in ("../../outside.onnx", "../../*.onnx", "/etc/*"):
        (root / "rf.toml").write_text(f'[[model]]\nsource = "{source}"\nrequire = ["output rf.t >= 1"]\n')
        assert cli.run(["check", "--no-cache", "--root", ".."]) == 2
        assert f'source "{source}" leads out of --root ..' in capsys.readouterr().err


@pytest.mark.parametrize("source", ["*.onnx", "**/*.onnx", "m/*.onnx"])
def test_a_link_that_leads_out_is_that_files_error_alone(root: Path, source: str) -> None:
    shutil.copy(EXAMPLE, root / "a.onnx")
    shutil.copy(EXAMPLE, root / "m" / "b.onnx")
    (root / "m" / "deep" / "b.onnx").unlink()
    shutil.copy(EXAMPLE, root.parent / "outside.onnx")
    folder = root / "m" if source.startswith("m/") else root
    (folder / "link.onnx").symlink_to(root.parent / "outside.onnx")
    (root / "rf.toml").write_text(f'[[model]]\nsource = "{source}"\nrequire = ["output rf.t >= 1"]\n')
    ran = check.run(config.load("rf.toml"), examiner=isolation.Examiners(cache=Cache(root / "cache")))
    assert ran.exit_code == 2
    told = {one.file: [problem.message for problem in one.problems] for one in ran.models}
    (wrong,) = told.pop(f"{folder.relative_to(root).as_posix()}/link.onnx".removeprefix("./"))
    assert "leads out of the folder of the configuration; put the file itself there" in wrong
    assert wrong.startswith("rf.toml:1: ")
    assert not any(told.values())
    assert told


def test_a_circle_of_symlinks_ends(root: Path) -> None:
    (root / "m" / "again").symlink_to(root / "m")
    assert [source for _, source in found(root, "m/**/*.onnx")] == ["m/b.onnx", "m/deep/b.onnx"]


def test_factories(root: Path) -> None:
    (target,) = sources.of(Model(source="pkg.models:build", root=root))
    assert (target.name, target.source, target.is_code) == ("build", "pkg.models:build", True)
    for source in ("pkg.models:build()", "pkg models:x", "pkg:", ":x", "pkg:a.b", "os;x:y"):
        assert not sources.is_factory(source)


@pytest.mark.parametrize(
    "source",
    [
        "**/" * 30 + "z.onnx",
        "**/*d*/" * 15 + "z.onnx",
        "**/d/" * 30 + "**",
        "*/" * 59 + "**/**/**/z.onnx",
        "**/d/**/d/**/d/**/d/**/d/**/d/**/*.pt",
    ],
)
def test_many_stars_cost_folders_times_parts(
    tmp_path: Path, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path
    for _ in range(60):
        folder /= "d"
        folder.mkdir()
    (folder / "x.txt").touch()
    looked = []
    entries = sources._entries
    monkeypatch.setattr(sources, "_entries", lambda folder: looked.append(folder) or entries(folder))
    if source.endswith("**"):
        assert [path for _, path in found(tmp_path, source)] == [f"{'d/' * 60}x.txt"]
    else:
        with pytest.raises(ConfigError, match="matches no file"):
            found(tmp_path, source)
    assert len(looked) == len(set(looked)) <= 61


@pytest.mark.parametrize(
    ("source", "files"),
    [
        ("**", {"a.onnx", "m/b.onnx", "m/n/b.onnx"}),
        ("**/**/*.onnx", {"a.onnx", "m/b.onnx", "m/n/b.onnx"}),
        ("**/n/*.onnx", {"m/n/b.onnx"}),
        ("**/m/**/*.onnx", {"m/b.onnx", "m/n/b.onnx"}),
        ("m/**", {"m/b.onnx", "m/n/b.onnx"}),
        ("*/*.onnx", {"m/b.onnx"}),
        ("**/b.onnx", {"m/b.onnx", "m/n/b.onnx"}),
        ("**/*/b.onnx", {"m/b.onnx", "m/n/b.onnx"}),
    ],
)
def test_what_stars_mean(
    tmp_path: Path, source: str, files: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m/n").mkdir(parents=True)
    for name in ("a.onnx", "m/b.onnx", "m/n/b.onnx"):
        (tmp_path / name).touch()
    assert {path for _, path in found(tmp_path, source)} == files


@pytest.mark.parametrize("name", ["*a" * 200, "a" * 300, "[ab]" * 90, "a" * 200 + "/" + "?" * 300])
def test_names_that_no_file_can_have(tmp_path: Path, name: str) -> None:
    (tmp_path / "rf.toml").write_text(
        f'[[model]]\nname = "a"\nsource = "{name}.onnx"\nrequire = ["final rf >= 3"]\n'
    )
    run = check.run(config.load(tmp_path / "rf.toml"))
    assert run.exit_code == 2
    (problem,) = run.problems
    assert not problem.internal
