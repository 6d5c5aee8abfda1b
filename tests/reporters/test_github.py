from __future__ import annotations

import io
import re
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pytest_rf.findings import Problem, Step
from pytest_rf.reporters import CHECK, check, github
from pytest_rf.reporters.lines import visible, write
from pytest_rf.results import Run
from reporters.findings import HOSTILE, finding, run


class Command(NamedTuple):
    kind: str
    properties: dict[str, str]
    message: str


def obeyed(output: str) -> list[Command]:
    """Return the commands that a runner finds in a step's output, as its ActionCommand.cs reads them."""
    found = []
    for text in re.split("[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]", output):
        text = text.strip()
        if text.startswith("::") and "::" in text[2:]:
            head, _, data = text[2:].partition("::")
            kind, _, properties = head.partition(" ")
            pairs = [pair.partition("=") for pair in properties.split(",") if pair]
            named = {name.strip(): _unescaped(value, property=True) for name, _, value in pairs}
            found.append(Command(kind, named, _unescaped(data)))
        elif "##[" in text:  # the old form counts anywhere in a line
            found.append(Command("old", {}, text))
    return found


def _unescaped(text: str, property: bool = False) -> str:
    signs = {"%0D": "\r", "%0A": "\n", **({"%3A": ":", "%2C": ","} if property else {}), "%25": "%"}
    for escape, sign in signs.items():
        text = text.replace(escape, sign)
    return text


def told(found: Run) -> str:
    text = check(found, "github")
    assert isinstance(text, str)
    return text


def test_a_finding_is_an_annotation_at_its_line() -> None:
    assert told(run(finding(column=3))).splitlines() == [
        "::error file=rf.toml,line=7,col=3,title=RF001 requirement-violated (net)::final rf is 19 on axes h and w, "
        'required >= 20 (tensor "y", Conv)%0Ahelp: 1 input position is missing',
        "Checked 1 model, 1 requirement: 1 violation.",
    ]


def test_problems_and_warnings_are_annotations_too() -> None:
    found = run(problems=(Problem(message="net.onnx: 100% empty", file="net.onnx"),), warnings=("mind",))
    assert told(found).splitlines() == [
        "::error file=net.onnx,line=1,title=pytest-rf::net.onnx: 100%25 empty",
        "::warning title=pytest-rf::mind",
        "Checked 1 model: 1 error.",
    ]


@pytest.mark.parametrize(
    ("severity", "kind"), [("error", "error"), ("warning", "warning"), ("info", "notice")]
)
def test_severities(severity: str, kind: str) -> None:
    (command,) = obeyed(told(run(finding(severity=severity))))
    assert command.kind == kind


#: What commands are made of.
ORDERS = ["::", "##[", "error", "%", "0A", "\n", "\r", ",", ":", "]", " "]


@settings(deadline=None, max_examples=300)
@given(st.text() | st.lists(st.sampled_from(ORDERS)).map("".join))
def test_no_name_injects_a_command(name: str) -> None:
    found = finding(
        message=name, model=name, tensor=name, rule=name, file=name, help=name, requirement=name,
        path=(Step(name, 1, 1),),
    )  # fmt: skip
    commands = obeyed(told(run(found, problems=(Problem(message=name, file=name),), warnings=(name,))))
    assert [command.kind for command in commands] == ["error", "warning", "error"]
    problem, _, violation = commands
    assert set(problem.properties) == {"file", "line", "title"}
    assert set(violation.properties) == {"file", "line", "title"}
    shown = visible(name, 2000)
    assert problem.message.strip() == shown.strip()
    assert violation.properties["title"].startswith("RF001 ")


@settings(deadline=None, max_examples=200)
@given(st.text() | st.lists(st.sampled_from(ORDERS)).map("".join), st.sampled_from([*CHECK]), st.booleans())
def test_no_format_injects_a_command_where_a_step_prints_it(name: str, format: str, color: bool) -> None:
    found = finding(
        message=name, model=name, tensor=name, rule=name, file=name, help=name, requirement=name, code=name,
        path=(Step(name, 1, 1),),
    )  # fmt: skip
    whole = run(found, problems=(Problem(message=name, file=name, detail=name),), warnings=(name,))
    stream = io.StringIO()
    write(
        check(replace(whole, models=(replace(whole.models[0], model=name, file=name),)), format),
        stream,
        color,
    )
    assert len(obeyed(stream.getvalue())) == (3 if format == "github" else 0)


def test_hostile_names_stay_on_their_line() -> None:
    text = told(run(finding(message=HOSTILE, model=HOSTILE), problems=(Problem(message=f"\n{HOSTILE}"),)))
    assert len(text.splitlines()) == 3
    assert text.isprintable() or set(re.sub(r"[ -~]", "", text)) == {"\n"}


def test_a_flood_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(github, "MOST", 2)
    *lines, more, closing = told(run(*[finding(path=())] * 5)).splitlines()
    assert len(lines) == 2
    assert more == "... and 3 more; --report json:FILE lists all"
    assert closing == "Checked 1 model, 5 requirements: 5 violations."


def test_paths_are_from_the_root_of_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ml").mkdir()
    monkeypatch.chdir(tmp_path / "ml")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    assert "file=ml/rf.toml," in told(run(finding()))
    assert "file=rf.toml," in told(run(finding(file="../rf.toml")))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path / "elsewhere"))
    assert "file=rf.toml," in told(run(finding()))
