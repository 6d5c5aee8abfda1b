"""Findings of markers and calls point at the text that states the requirement."""

from __future__ import annotations

import json

import pytest

Pytester = pytest.Pytester

HEAD = "import pytest, pytest_rf\n"


def places(project: Pytester, test: str, *args: str) -> dict[str, list[str]]:
    """Return where the findings of each failing test are said to be."""
    project.makepyfile(test_it=HEAD + test)
    project.runpytest("--strict-markers", "--rf-report", "report.json", *args)
    report = json.loads((project.path / "report.json").read_text(encoding="utf-8"))
    found: dict[str, list[str]] = {}
    for model in report["models"]:
        told = [f"{one['file']}:{one['line']}:{one['column']}" for one in model["findings"]]
        found.setdefault(model["file"].partition("::")[2], []).extend(told)
    return found


def test_the_marker_itself_not_the_test_nor_its_twin(project: Pytester) -> None:
    test = """
@pytest.mark.rf("final rf >= 41", model="unet.onnx")
def test_first(): pass

@pytest.mark.skipif(False, reason='pytest.mark.rf("final rf >= 41")')
@pytest.mark.rf("final stride == 1", model="unet.onnx")
# @pytest.mark.rf("final rf >= 41")
@pytest.mark.rf(
    "final rf >= 1",  # "final rf >= 41"
    "final rf"
    " >= 41", "final stride > 1",
    model="unet.onnx",
)
def test_second():
    "final rf >= 41"
"""
    assert places(project, test) == {
        "test_first": ["test_it.py:3:17"],
        "test_second": ["test_it.py:11:5", "test_it.py:12:15"],
    }


def test_columns_count_characters(project: Pytester) -> None:
    test = """
@pytest.mark.rf("1 ≤ final rf", "final rf ≥ 41", model="unet.onnx")
def test_it(): pass
"""
    assert places(project, test) == {"test_it": ["test_it.py:3:33"]}


def test_parametrised(project: Pytester) -> None:
    test = """
@pytest.mark.parametrize("x", [
    pytest.param(1, marks=pytest.mark.rf("final rf >= 41", model="unet.onnx")),
    pytest.param(2, marks=[pytest.mark.rf("final rf >= 42", model="unet.onnx")]),
])
@pytest.mark.rf("final rf >= 43", model="unet.onnx")
def test_it(x): pass
"""
    assert places(project, test) == {
        "test_it[1]": ["test_it.py:4:42", "test_it.py:7:17"],
        "test_it[2]": ["test_it.py:5:43", "test_it.py:7:17"],
    }


def test_classes_and_their_bases(project: Pytester) -> None:
    project.makepyfile(
        base="""
import pytest

class Base:
    pytestmark = pytest.mark.rf("final rf >= 44", model="unet.onnx")
"""
    )
    test = """
from base import Base

@pytest.mark.rf("final rf >= 41", model="unet.onnx")
class TestDecorated:
    def test_it(self): pass

    class TestInner:
        pytestmark = [pytest.mark.slow, pytest.mark.rf("final rf >= 42", model="unet.onnx")]
        def test_it(self): pass

class TestInherited(Base):
    def test_it(self): pass
"""
    project.makeini("[pytest]\nmarkers = slow: s")
    found = places(project, test)
    assert found["TestDecorated::test_it"] == ["test_it.py:5:17"]
    assert found["TestDecorated::TestInner::test_it"] == ["test_it.py:5:17", "test_it.py:10:56"]
    assert found["TestInherited::test_it"] == ["base.py:4:33"]


def test_whole_modules(project: Pytester) -> None:
    test = """
pytestmark = [
    pytest.mark.rf("final rf >= 41", model="unet.onnx"),
]
def test_it(): pass
"""
    assert places(project, test) == {"test_it": ["test_it.py:4:20"]}


def test_what_syntax_does_not_tell_stands_where_the_marker_does(project: Pytester) -> None:
    test = """
TEXT = "final rf >= 41"
marked = pytest.mark.rf

@marked("final rf >= 41", model="unet.onnx")
def test_alias(): pass

@pytest.mark.rf(TEXT, model="unet.onnx")
def test_variable(): pass

shared = pytest.mark.rf(TEXT, model="unet.onnx")

@shared
def test_elsewhere(): pass
"""
    assert places(project, test) == {
        "test_alias": ["test_it.py:6:9"],
        "test_variable": ["test_it.py:9:2"],
        "test_elsewhere": ["test_it.py:14:0"],
    }


def test_calls_of_the_fixture(project: Pytester) -> None:
    project.makeconftest("""
def held(rf):
    rf.check("unet.onnx", "final rf >= 41")
""")
    test = """
from conftest import held

def test_call(rf):
    "final rf >= 41"
    rf.check("unet.onnx", "final rf >= 1"); rf.check("unet.onnx", "final rf >= 41")

def test_lines(rf):
    rf.check(
        "unet.onnx",
        "final stride > 1",
        "final rf >= 41",
    )

def test_variable(rf):
    text = "final rf >= 41"
    rf.check("unet.onnx", text)

def test_helper(rf):
    held(rf)
"""
    found = places(project, test)
    assert found["test_call"] == ["test_it.py:7:67"]
    assert found["test_lines"] == ["test_it.py:12:9", "test_it.py:13:9"]
    assert found["test_variable"] == ["test_it.py:18:0"]
    assert found["test_helper"] == ["conftest.py:2:27"]


def test_assert_rf_names_its_caller(project: Pytester) -> None:
    project.makepyfile(
        test_it=HEAD
        + """
def test_call():
    pytest_rf.assert_rf("unet.onnx", "final rf >= 41")
"""
    )
    project.runpytest().stdout.fnmatch_lines(["*--> test_it.py:4:38 in model unet"])


def test_files_are_told_from_the_root_folder(project: Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = project.mkdir("deep")
    (folder / "test_it.py").write_text(
        HEAD + '@pytest.mark.rf("final rf >= 41", model="unet.onnx")\ndef test_it(): pass\n'
        'def test_call(rf): rf.check("../unet.onnx", "final rf >= 41")\n'
    )
    project.makeini("[pytest]")
    monkeypatch.chdir(folder)
    project.runpytest("test_it.py").stdout.fnmatch_lines(
        ["*--> deep/test_it.py:2:17 in model unet", "*--> deep/test_it.py:4:45 in model unet"]
    )
