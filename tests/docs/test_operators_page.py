"""The page on operators says what the tables say."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import onnx
import pytest

from pytest_rf.operators.onnx import table
from pytest_rf.operators.onnx.coverage import LIMITS

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(DOCS / "generate_operators.py"))


def test_the_page_is_up_to_date(script: dict[str, Any]) -> None:
    text = (DOCS / "operators.md").read_text(encoding="utf-8")
    if f"<!-- onnx {onnx.__version__} -->" not in text:
        pytest.skip("the page was written with another version of onnx")
    assert text == script["page"]()


def test_every_limit_belongs_to_an_operator() -> None:
    assert LIMITS.keys() <= table().keys() | {"Constant"}
