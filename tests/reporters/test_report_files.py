from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from pytest_rf.reporters import destinations
from pytest_rf.reporters.destinations import Destination
from pytest_rf.reporters.files import OutputError, place, save
from reporters.findings import finding, run


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("word", "destination"),
    [
        ("sarif:rf.sarif", ("sarif", "rf.sarif")),
        ("SARIF:out", ("sarif", "out")),
        ("rf.sarif", ("sarif", "rf.sarif")),
        ("out/rf.JSON", ("json", "out/rf.JSON")),
        ("rf.xml", ("junit", "rf.xml")),
        ("summary.md", ("markdown", "summary.md")),
        ("rf.txt", ("full", "rf.txt")),
        ("concise:rf.txt", ("concise", "rf.txt")),
        ("gitlab:gl.json", ("gitlab", "gl.json")),
        (r"C:\reports\x.sarif", ("sarif", r"C:\reports\x.sarif")),
        (r"sarif:C:\reports\x", ("sarif", r"C:\reports\x")),
        ("c:/x.json", ("json", "c:/x.json")),
        ("./odd:name.json", ("json", "./odd:name.json")),
    ],
)
def test_a_report_is_a_kind_and_a_file(word: str, destination: tuple[str, str]) -> None:
    assert destinations.read([word]) == (Destination(*destination),)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["sarfi:x"], 'sarfi:x: "sarfi" is not a kind of report; did you mean "sarif"?'),
        (["what:x.json"], '"what" is not a kind of report; the kinds are full, concise, json'),
        (["sarif:"], "sarif:: names no file; write sarif:FILE"),
        (["rf.pdf"], "rf.pdf: its ending does not tell the kind of report; end it in .sarif, .json"),
        (["rf"], "or write KIND:FILE"),
        (["rf.json", "gitlab:./rf.json"], "./rf.json: is asked for twice"),
    ],
)
def test_what_is_no_report_is_told(words: list[str], told: str) -> None:
    with pytest.raises(OutputError) as error:
        destinations.read(words)
    assert told in str(error.value)


def test_a_report_goes_anywhere(folder: Path) -> None:
    (folder / "target.txt").write_text("old")
    (folder / "link.txt").symlink_to("target.txt")
    for file in ("new.txt", "../up.txt", str(folder / "absolute.txt"), "link.txt"):
        save("text", file)
        assert Path(file).read_text() == "text"
    assert (folder / "link.txt").is_symlink()
    assert not [name for name in names(folder) if name.endswith(".tmp")]


def test_a_name_of_the_greatest_length_can_be_written(folder: Path) -> None:
    save("text", "x" * 255)
    assert (folder / ("x" * 255)).read_text() == "text"


def test_permissions_stay_and_new_files_get_the_usual_ones(folder: Path) -> None:
    (folder / "old.txt").write_text("old")
    (folder / "old.txt").chmod(0o640)
    (folder / "usual").touch()
    save("text", "old.txt")
    save("text", "new.txt")
    assert (folder / "old.txt").stat().st_mode & 0o777 == 0o640
    assert (folder / "new.txt").stat().st_mode == (folder / "usual").stat().st_mode


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("nix/out.txt", "nix/out.txt: its folder is not there; create it"),
        ("..", "is a folder"),
        ("", "is a folder"),
        ("nix/", "nix/: is a folder; name a file in it"),
        ("fifo", "fifo: is not a regular file"),
        ("a\0b", "cannot be written"),
        ("y" * 256, "cannot be written: File name too long"),
        ("kept.txt", "kept.txt: belongs to the run and is not written over"),
        ("link.txt", "link.txt: belongs to the run"),
        ("hard.txt", "hard.txt: belongs to the run"),
        ("loop.txt", "loop.txt: is a symbolic link that leads in a circle"),
    ],
)
def test_what_cannot_be_written_is_told_and_left(folder: Path, file: str, told: str) -> None:
    (folder / "kept.txt").write_text("kept")
    (folder / "link.txt").symlink_to("kept.txt")
    (folder / "hard.txt").hardlink_to(folder / "kept.txt")
    (folder / "loop.txt").symlink_to("loop.txt")
    os.mkfifo(folder / "fifo")
    before = names(folder)
    with pytest.raises(OutputError) as error:
        save("text", file, kept=["kept.txt", "pkg.mod:factory", "tests/x.py::test"])
    assert told in str(error.value)
    assert (folder / "kept.txt").read_text() == "kept"
    assert names(folder) == before


def test_an_old_report_survives_what_fails_half_way(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save("old", "out.txt")

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OutputError, match="No space left on device; choose another file"):
        save("new", "out.txt")
    assert Path("out.txt").read_text() == "old"
    assert names(folder) == ["out.txt"]


def test_what_the_run_is_about_is_never_written_over(folder: Path) -> None:
    for name in ("net.json", "pack.json", "models.json"):
        (folder / name).write_text("kept")
    found = run(finding(file="pack.json"))
    found = replace(found, config="models.json", models=(replace(found.models[0], file="net.json"),))
    wanted = destinations.read(["net.json", "pack.json", "models.json", "new.json", "sarif:new.onnx"])
    wrong = destinations.write(found, wanted)
    assert [str(error).partition(":")[0] for error in wrong] == [
        "net.json", "pack.json", "models.json", "new.onnx",
    ]  # fmt: skip
    assert names(folder) == ["models.json", "net.json", "new.json", "pack.json"]
    assert (folder / "net.json").read_text() == "kept"


@pytest.mark.skipif(
    os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write"
)
def test_a_protected_file_is_left(folder: Path) -> None:
    (folder / "out.txt").touch(0o444)
    with pytest.raises(OutputError, match="write-protected"):
        place("out.txt")
