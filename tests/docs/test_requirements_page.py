"""The page of the requirement language: its written parts are current, and every example on it is read and holds."""

from __future__ import annotations

import dataclasses
import re
import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from blocks import ROOT, of, only
from grammar import sentences, words
from hypothesis import HealthCheck, given, settings
from models import model

import pytest_rf
from pytest_rf.analysis.metrics import METRICS, PREDICATES
from pytest_rf.requirements import Settings, evaluate, parse
from pytest_rf.requirements.settings import spacings
from pytest_rf.requirements.syntax import RequirementTextError

PAGE = ROOT / "docs" / "requirements.md"
TEXT = PAGE.read_text(encoding="utf-8")

EXAMPLES = [
    (block.info, line.partition("  #")[0].partition(" # ")[0].strip())
    for block in of("docs/requirements.md", "rf")
    for line in block.code.splitlines()
]

NET = """
    net (float[1,3,100] x) => (float[1,4,100] y) <float[4,3,5] w>
    { y = Conv<kernel_shape=[5], pads=[2,2]>(x, w) }
"""
TWO = """
    net (float[1,3,100] near, float[1,3,100] far) => (float[1,4,100] y) <float[4,3,3] w, float[4,3,81] v>
    { a = Conv<pads=[2,0]>(near, w) b = Conv<pads=[40,40]>(far, v) y = Add(a, b) }
"""


def example(name: str, folder: Path) -> tuple[pytest_rf.Analysis, Settings]:
    """Return the model that examples are about, and what its authors state."""
    if name in ("unet", "tcn"):
        spacing = {"h": "0.5 mm", "w": "0.5 mm", "t": "1/16000 s"}
        analysis = pytest_rf.analyze(ROOT / "examples" / f"{name}.onnx")
        analysis.graph.metadata["receptive_field"] = "63"
        return analysis, Settings(spacing=spacings(spacing))
    if name == "near-and-far":
        parsed = model(TWO)
        parsed.graph.input[1].name = parsed.graph.node[1].input[0] = "far.1"
        return pytest_rf.analyze(parsed), Settings()
    analysis = pytest_rf.analyze(model(NET))
    if name == "beside-a-file":
        (folder / "docs").mkdir()
        (folder / "docs" / "model.toml").write_text('[unet]\nrf = 5\n"with-context" = 5\n')
        return analysis, Settings(root=folder)
    assert name == "module"
    encoder = SimpleNamespace(receptive_field=5, left_context=2, right_context=2, layers=3, hop=2, delay=2)
    module: Any = SimpleNamespace(encoder=encoder)
    return dataclasses.replace(analysis, module=module), Settings(spacing=spacings({"t": "1 ms"}))


@pytest.mark.parametrize(("name", "text"), EXAMPLES, ids=lambda value: value)
def test_examples_are_read_and_hold(tmp_path: Path, name: str, text: str) -> None:
    analysis, stated = example(name, tmp_path)
    assert evaluate(analysis, parse(text), stated) == []


def test_examples_show_every_value_and_both_signs() -> None:
    texts = "\n".join(text for _, text in EXAMPLES)
    for piece in (
        "attr:",
        "meta:",
        "file:",
        "input",
        "%",
        "px",
        "steps",
        "samples",
        " mm",
        " ms",
        *"+-*/(",
        "from ",
        "is not",
    ):
        assert piece in texts.lower(), piece
    assert len(EXAMPLES) >= 30


@pytest.mark.parametrize("text", ["25 ms + 3", "3 px * 2 px", "1 / 0"])
def test_what_the_page_calls_an_error_is_one(text: str) -> None:
    with pytest.raises(pytest_rf.RequirementError):
        parse(f"rf >= {text}")


def test_the_written_parts_are_current() -> None:
    script = runpy.run_path(str(ROOT / "docs" / "generate_requirements.py"))
    assert script["page"](TEXT) == TEXT, "run python docs/generate_requirements.py"
    for name in (*METRICS, *(f"is {name}" for name in PREDICATES)):
        assert f"| [`{name}`](figures.md#{name.removeprefix('is ')}) |" in TEXT


GRAMMAR = only("docs/requirements.md", "text")

#: What a sentence of the grammar can be refused for, as it makes no sense.
NONSENSE = (
    "is compared with|not compared with|takes == or !=|is a share|takes no percentage|takes nothing in brackets|"
    "counts nothing|is open|product is not one|takes no unit|division by zero|out of range|expected an axis|"
    "whole number from 1"
)


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(sentences(GRAMMAR))
def test_sentences_of_the_grammar_are_read(text: str) -> None:
    try:
        requirement = parse(text)
    except RequirementTextError as error:
        assert re.search(NONSENSE, error.reason), text  # noqa: PT017  (most are read)
    else:
        assert parse(str(requirement)) == requirement


def test_the_grammar_has_all_words_that_the_parser_knows() -> None:
    assert words(GRAMMAR) >= {"and", "is", "not", "final", "output", "from", "input", "yes", "no", "align"}
    assert words(GRAMMAR) >= {
        "op:",
        "attr:",
        "meta:",
        "file:",
        *"+-*/()%.=",
        ">=",
        "<=",
        ">",
        "<",
        "==",
        "!=",
    }


@pytest.mark.parametrize("metric", METRICS)
def test_metrics_are_compared_with_what_the_page_says(metric: str) -> None:
    (row,) = re.findall(rf"(?m)^\| \[`{metric}`\]\(.*?\) \| ([^|]*) \|", TEXT)
    takes = {"positions": "3 px", "percentages": "3%", "a share": "0.5", "`yes`": "yes", "lengths": "3 mm"}
    for said, value in takes.items():
        text = f"{metric} == {value}"
        if said in row or (value == "3%" and "%" in row) or (value == "0.5" and "positions" in row):
            assert parse(text)
        else:
            with pytest.raises(pytest_rf.RequirementError):
                parse(text)
