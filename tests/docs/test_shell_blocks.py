"""The commands of the pages' shell blocks are run, beside models of the names that they mention."""

from __future__ import annotations

import re
import struct
import sys
import zlib
from pathlib import Path

import pytest
import stage
from blocks import PAGES, ROOT, Block, of
from oracle.engines.abilities import onnxruntime_reads
from shell import HERE, commands, execute

BLOCKS = [
    *of("README.md", "sh"),
    *of("docs/developers/threats.md", "sh"),
    *of("docs/formats.md", "sh"),
    *of("docs/plots.md", "sh"),
    *of("docs/report.md", "sh"),
]

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

#: Commands that are not run here, and why.
NOT_RUN = {
    "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/pytest-rf check --config examples/rf.toml": (
        "installs packages; CI runs it, word for word"
    ),
    ".venv/bin/pip install -e '.[dev]' && .venv/bin/pytest -n auto": (
        "installs packages and runs these tests; CI runs it, word for word"
    ),
    "pip install 'pytest-rf[torch]'": "installs packages, and ours from an index; test_extras_are_there reads the name",
    "model-explorer unet.onnx --extensions=model_explorer_onnx --node_data_paths=rf.json": (
        "serves pages until it is stopped; tests/reporters/test_model_explorer.py holds what it reads against its form"
    ),
}


def picture() -> bytes:
    """Return a PNG of one grey pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0\x7f")) + chunk(b"IEND", b"")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    stage.write(tmp_path)
    (tmp_path / "slice.png").write_bytes(picture())
    (tmp_path / "rf.toml").write_text('[[model]]\nsource = "unet.onnx"\nrequire = ["final rf >= 36"]\n')
    return tmp_path


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_commands_end_well(block: Block, folder: Path) -> None:
    if "plots.md" in block.page:
        pytest.importorskip("matplotlib")
    if "report" in block.code:
        pytest.importorskip("jinja2")
    if "tests/fuzz" in block.code and not onnxruntime_reads(24):
        pytest.skip("this onnxruntime dies of some models that are drawn")
    for command in commands(block):
        if command not in NOT_RUN:
            execute(command, folder)


def test_what_is_not_run_is_on_the_pages_and_nothing_else() -> None:
    assert NOT_RUN.keys() | HERE.keys() <= {
        part
        for block in BLOCKS
        for command in commands(block)
        for part in (command, " ".join(command.split()[:3]))
    }


def test_extras_are_there() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    assert set(re.findall(r"pytest-rf\[([\w,]+)\]", pages)) <= extras.keys()
