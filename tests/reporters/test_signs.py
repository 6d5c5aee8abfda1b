from __future__ import annotations

import ast
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pytest_rf
from pytest_rf.reporters.signs import FOR_JSON, FOR_XML, SIGNS, fitting


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "3×3 → 5 ≥ 4 … ✗ – über 日"),
        ("cp1252", "3×3 -> 5 >= 4 … x – über \\u65e5"),
        ("latin-1", "3×3 -> 5 >= 4 ... x - über \\u65e5"),
        ("ascii", "3x3 -> 5 >= 4 ... x - \\xfcber \\u65e5"),
        (None, "3x3 -> 5 >= 4 ... x - \\xfcber \\u65e5"),
        ("no such encoding", "3x3 -> 5 >= 4 ... x - \\xfcber \\u65e5"),
    ],
)
def test_what_an_encoding_lacks_is_said_in_ascii(encoding: str | None, shown: str) -> None:
    assert fitting("3×3 → 5 ≥ 4 … ✗ – über 日", encoding) == shown


@given(st.text())
def test_data_formats_mean_the_same(text: str) -> None:
    written = fitting(json.dumps({"name": text}, ensure_ascii=False), "ascii", FOR_JSON)
    assert written.isascii()
    assert json.loads(written) == {"name": text}


@given(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn", "Cc"])))
def test_xml_means_the_same(text: str) -> None:
    element = ElementTree.Element("a", name=text)
    written = fitting(ElementTree.tostring(element, encoding="unicode"), "ascii", FOR_XML)
    assert written.isascii()
    assert ElementTree.fromstring(written).attrib["name"] == text


def test_every_sign_that_texts_use_has_its_form() -> None:
    """What is not ASCII in the package's strings is in the table, so that no terminal shows an escape."""
    used = set()
    for file in Path(pytest_rf.__file__).parent.rglob("*.py"):
        if file.name in ("signs.py", "job_summary.py") or file.parent.name == "pages":  # which have escapes
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        docs = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if hasattr(node, "body") and
                isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)}  # fmt: skip
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in docs:
                used |= {char for char in node.value if not char.isascii() and char.isprintable()}
    assert used - set(SIGNS) == set()
    assert all(form.isascii() for form in SIGNS.values())
