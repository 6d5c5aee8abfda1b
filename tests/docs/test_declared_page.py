"""The recipes of docs/declared-figures.md: the modules are built, the files written, and every requirement holds."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import onnx
import pytest
from blocks import ROOT, of

torch = pytest.importorskip("torch")

import pytest_rf  # noqa: E402
from pytest_rf.calls import KEYS  # noqa: E402

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PAGE = (ROOT / "docs" / "declared-figures.md").read_text(encoding="utf-8")
BLOCKS = of("docs/declared-figures.md", "python", "toml", "json")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Any, dict[str, Any], list[str]]]:
    folder = tmp_path_factory.mktemp("page")
    model = onnx.load(ROOT / "examples" / "tcn.onnx")
    names: dict[str, Any] = {"nn": torch.nn, "onnx": onnx, "model": model}
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for _, _, kind, file, text in BLOCKS:
            if kind == "python":
                exec(text, names)
            elif kind == "json":
                Path(file).write_text(text, encoding="utf-8")
            else:
                (entry,) = tomllib.loads(text)["model"]
                _, _, factory = entry["source"].partition(":")
                source = names[factory]() if factory else str(folder / entry["source"])
                given = {key: entry[key] for key in KEYS if key in entry}
                analysis = pytest_rf.analyze(source, **given)
                analysis.root = folder
                found.append((analysis, entry, entry["require"]))
    return found


def test_every_requirement_holds(models: list[tuple[Any, dict[str, Any], list[str]]]) -> None:
    for analysis, entry, requirements in models:
        settings = analysis.settings()
        for text in requirements:
            assert (
                pytest_rf.requirements.evaluate(analysis, pytest_rf.requirements.parse(text), settings) == []
            ), (
                entry["source"],
                text,
            )
    assert len(models) == 6


def test_every_form_of_the_table_is_read() -> None:
    (table,) = re.findall(r"(?ms)^\| --- \| --- \|\n(.*?)\n\n", PAGE)
    for row in table.splitlines():
        text = re.findall(r"`([^`]*)`", row.split("|")[2])[0]
        assert pytest_rf.requirements.parse(text)
