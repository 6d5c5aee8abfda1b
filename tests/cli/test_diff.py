"""``pytest-rf diff``: what changed in the fields, between files, locks and revisions."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import jsonschema
import onnx
import pytest
from models import model
from test_snapshot import widen

from pytest_rf.reporters import difference
from pytest_rf.reporters.lines import plain


@pytest.fixture
def wider(folder: Path) -> str:
    """A copy of the U-Net with a dilated convolution."""
    shutil.copy("unet.onnx", "wider.onnx")
    widen("wider.onnx")
    return "wider.onnx"


@pytest.fixture
def repository(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit: both models and their lock."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(folder.parent))
    git("init", "-q")
    return folder


def git(*arguments: str) -> None:
    names = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *names, *arguments], check=True, capture_output=True)


def commit() -> None:
    git("add", "-A")
    git("commit", "-qm", "x")


def test_the_same_is_status_0(rf) -> None:
    result = rf("diff", "unet.onnx", "net")
    assert (result.status, result.err) == (0, "")
    assert result.out == "No figure differs from unet.onnx to net (1 model).\n"


def test_tensors_that_moved_in_what_is_left_out_alone_are_counted() -> None:
    body = [
        difference._Row("a", 2, {"multiple": "112 → 224"}),
        difference._Row("b" * 40, 0, {"rf": "3 → 5", "multiple": "112 → 224"}),
    ]
    heads, row, *note = plain(difference._rows(body, 54))
    assert heads.split() == ["tensor", "rf"]
    assert row.startswith("b")
    assert "multiple; 3 tensors moved in these alone (--format json has all)" in " ".join(
        map(str.strip, note)
    )
    assert [*plain(difference._rows(body, 120))][1].startswith("a (+2)")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_table_fits_the_terminal(rf, wider: str, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    result = rf("diff", "unet.onnx", wider)
    assert result.status == 1
    table = result.out.partition("\n(+2)")[0].splitlines()
    assert max(map(len, table)) <= width
    assert table[2].split()[:2] == ["tensor", "rf"]
    assert table[3].startswith("encoder.1.conv2 (+1)   14 → 18")
    missing = {60: "halo, rf_min, lookahead, lookback", 80: "lookahead, lookback", 120: ""}[width]
    told = " ".join(result.out.split())
    assert (f"left out at {width} columns, moved too: {missing} (" in told) is bool(missing)
    assert max(map(len, result.out.splitlines())) <= width


def test_in_a_pipe_and_in_a_file_nothing_is_left_out(
    rf, folder: Path, wider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    piped = rf("diff", "unet.onnx", wider).out
    assert "lookback" in piped
    assert "left out at" not in piped
    monkeypatch.setenv("COLUMNS", "60")
    rf("diff", "unet.onnx", wider, "-o", "diff.txt")
    assert (folder / "diff.txt").read_text(encoding="utf-8") == piped


def test_long_names_keep_both_ends(rf, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    model = onnx.load("unet.onnx")
    model.graph.node[0].output[0] = model.graph.node[1].input[0] = f"first.{'x' * 90}.last"
    model.graph.node[0].name = ""
    for initializer in model.graph.initializer:
        if initializer.name == model.graph.node[0].input[1]:
            initializer.name = model.graph.node[0].input[1] = "w"
    onnx.save(model, "old.onnx")
    shutil.copy("old.onnx", "new.onnx")
    widen("new.onnx", f"first.{'x' * 90}.last")
    (row,) = (one for one in rf("diff", "old.onnx", "new.onnx").out.splitlines() if one.startswith("first"))
    assert "…" in row
    assert ".last" in row
    assert len(row) <= 80


def test_what_is_the_same_in_the_columns_that_fit_is_one_row(
    rf, wider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 120 columns look-ahead tells ``bottleneck.conv2`` and ``decoder.1.up`` apart, at 60 nothing does."""
    monkeypatch.setenv("COLUMNS", "120")
    assert "\ndecoder.1.up  " in rf("diff", "unet.onnx", wider).out
    monkeypatch.setenv("COLUMNS", "60")
    narrow = rf("diff", "unet.onnx", wider).out
    assert "\ndecoder.1.up  " not in narrow
    assert "\nbottleneck.conv2 (+3)  32 → 36" in narrow


def test_modules_are_told_where_names_do_not(rf, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in what torch.onnx exports today: tensors are numbered, and modules stand in the metadata."""
    for name, kernel in (("old.onnx", 3), ("new.onnx", 5)):
        onnx.save(numbered(kernel), name)
    monkeypatch.setenv("COLUMNS", "80")
    head, first, *_ = rf("diff", "old.onnx", "new.onnx").out.splitlines()[2:]
    assert head.split()[:3] == ["tensor", "module", "rf"]
    assert first.split()[:3] == ["conv2d_1", "(+1)", "encoder.stage0.block0.conv"]
    assert "module" not in rf("diff", "unet.onnx", "unet.onnx").out


def numbered(kernel: int) -> onnx.ModelProto:
    """A model whose modules only the metadata names."""
    made = model(f"""
        net (float[1,1,32,32] x) => (float[1,1,?,?] conv2d_3)
        <float[1,1,{kernel},{kernel}] w, float[1,1,3,3] v>
        {{
            conv2d_1 = Conv<kernel_shape=[{kernel},{kernel}]>(x, w)
            relu_1 = Relu(conv2d_1)
            conv2d_2 = Conv<kernel_shape=[3,3]>(relu_1, v)
            conv2d_3 = Conv<kernel_shape=[3,3]>(conv2d_2, v)
        }}
    """)
    for place, node in enumerate(made.graph.node):
        scopes = ["", "encoder", f"encoder.stage{place}.block0.conv", node.output[0]]
        node.metadata_props.add(key="pkg.torch.onnx.name_scopes", value=str(scopes))
    return made


def test_markdown_and_json(rf, wider: str) -> None:
    result = rf("diff", "unet.onnx", wider, "--format", "markdown")
    assert result.status == 1
    assert "| tensor | rf | start | halo | rf\\_min |" in result.out.replace("rf_min", "rf\\_min")
    assert "| encoder.1.conv2 \\(\\+1\\) | 14 → 18 |" in result.out
    found = json.loads(rf("diff", "unet.onnx", wider, "--format", "json").out)
    jsonschema.validate(found, json.loads(rf("schema", "report").out))
    first = found["models"][0]["changed"][0]
    assert (first["tensor"], first["op"]) == ("encoder.1.conv2", "Conv")
    assert {"input": "image", "axes": ["h", "w"], "metric": "rf", "old": "14", "new": "18"} in first["moved"]


def test_layers_that_came_and_went(rf, folder: Path) -> None:
    model = onnx.load("tcn.onnx")
    node = model.graph.node[0]
    old = node.input[0]
    node.input[0] = "before"
    model.graph.node.insert(0, onnx.helper.make_node("Sqrt", [old], ["before"], name="before"))
    onnx.save(model, "new.onnx")
    assert "+ before  Sqrt\n" in rf("diff", "tcn.onnx", "new.onnx").out
    result = rf("diff", "new.onnx", "tcn.onnx")
    assert result.status == 1
    assert "tcn: 1 removed" in result.out
    assert "- before  Sqrt\n" in result.out


def test_a_lock_and_a_file(rf, wider: str, folder: Path) -> None:
    rf("snapshot", "unet.onnx", "tcn.onnx")
    assert rf("diff", "rf.lock", "unet.onnx").status == 0
    assert rf("diff", "unet.onnx", "rf.lock").status == 0
    result = rf("diff", "rf.lock", wider)
    assert result.status == 2
    assert 'rf.lock: has no model that is wider.onnx; it has "net", "tcn"' in result.err
    shutil.copy(wider, "unet.onnx")
    assert rf("diff", "rf.lock", "unet.onnx").status == 1


def test_two_revisions_of_a_lock(rf, repository: Path) -> None:
    rf("snapshot", "unet.onnx", "tcn.onnx")
    commit()
    widen("unet.onnx")
    rf("snapshot", "--update", "unet.onnx")
    result = rf("diff", "HEAD:rf.lock", "rf.lock")
    assert result.status == 1
    assert "net: 16 of 23 tensors changed" in result.out
    assert result.out.endswith("1 of 2 models changed from HEAD:rf.lock to rf.lock.\n")
    commit()
    assert rf("diff", "HEAD:rf.lock", "rf.lock").status == 0
    assert rf("diff", "HEAD~1:./rf.lock", "HEAD:rf.lock").status == 1


def test_a_model_at_a_revision(rf, repository: Path) -> None:
    commit()
    widen("unet.onnx")
    assert rf("diff", "HEAD:unet.onnx", "unet.onnx").status == 1
    assert rf("diff", "HEAD:unet.onnx", "HEAD:./unet.onnx").status == 0
    (repository / "bad.onnx").write_bytes(b"bad")
    commit()
    result = rf("diff", "HEAD:bad.onnx", "unet.onnx")
    assert result.status == 2
    assert result.err.startswith("error: HEAD:bad.onnx: is not an ONNX model")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("HEAD~7:rf.lock", "git has no such revision or file"),
        ("HEAD:nix.lock", "git has no such revision or file"),
        ("HEAD:rf.toml", "neither a lock nor an .onnx file"),
        ("HEAD:../rf.lock", "git has no such revision or file"),
        ("--batch:x", "begins with a dash"),
        ("HEAD:\x1b[2J", "git has no such revision or file"),
    ],
)
def test_what_git_does_not_have_is_one_line(rf, repository: Path, word: str, said: str) -> None:
    commit()
    result = rf("diff", "--", word, "unet.onnx")
    assert (result.status, result.out) == (2, "")
    (line,) = result.err.splitlines()
    assert said in line
    assert "\x1b" not in line


def test_nothing_of_the_repository_is_run(rf, repository: Path) -> None:
    git("config", "diff.lock.textconv", f"touch {repository / 'ran'}; cat")
    (repository / ".gitattributes").write_text("rf.lock diff=lock\n")
    rf("snapshot", "unet.onnx")
    commit()
    assert rf("diff", "HEAD:rf.lock", "rf.lock").status == 0
    assert not (repository / "ran").exists()


def test_without_git_or_a_repository(rf, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(folder.parent))
    assert rf("diff", "HEAD:rf.lock", "unet.onnx").status == 2
    monkeypatch.setenv("PATH", str(folder))
    result = rf("diff", "HEAD:rf.lock", "unet.onnx")
    assert result.status == 2
    assert "there is no git" in result.err


def test_code_needs_leave(rf, folder: Path) -> None:
    (folder / "mine.py").write_text("import pathlib\npathlib.Path('ran').touch()\ndef net(): return 3\n")
    assert "--allow-code" in rf("diff", "mine:net", "unet.onnx").err
    assert not (folder / "ran").exists()
