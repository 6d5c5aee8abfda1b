"""Findings and errors point at the key or item that says so, however the file is written."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytest_rf import config
from pytest_rf.config.positions import Positions
from pytest_rf.errors import ConfigError


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def load(text: str, name: str = "rf.toml") -> config.reading.Config:
    Path(name).write_text(text, encoding="utf-8", newline="")
    return config.load(name)


def places(text: str, name: str = "rf.toml") -> list[list[tuple[str, int, int]]]:
    """Return the requirements of each model with their places."""
    return [
        [(one.requirement.text, one.line, one.column) for one in model.requires]
        for model in load(text, name).models
    ]


def error(text: str, name: str = "rf.toml") -> str:
    with pytest.raises(ConfigError) as caught:
        load(text, name)
    return str(caught.value)


def test_comments_do_not_count() -> None:
    text = """\
# require = ["rf >= 1"]
[[model]]  # [[model]]
source = "a"  # "rf >= 1"
require = [  # "rf >= 1"
  # "rf >= 1",
  "rf >= 2", "rf >= 1",  # as "rf >= 1" was
]
"""
    assert places(text) == [[("rf >= 2", 6, 3), ("rf >= 1", 6, 14)]]


def test_models_in_inline_tables() -> None:
    text = """\
model = [
  { source = "a", require = ["rf >= 1", "rf >= 2"] },
  { require = ["rf >= 2"], source = "b" }, { source = "c", require = ["rf >= 2"] },
]
"""
    assert places(text) == [
        [("rf >= 1", 2, 30), ("rf >= 2", 2, 41)],
        [("rf >= 2", 3, 16)],
        [("rf >= 2", 3, 71)],
    ]
    assert [model.line for model in load(text).models] == [2, 3, 3]


def test_quoted_and_dotted_keys_and_every_kind_of_string() -> None:
    text = """\
[["model"]]
"sou\\u0072ce" = 'a'
'require' = ["rf >= 1", '''rf >= 2''',
\"\"\"
rf \\
>= 3\"\"\"]
spacing.h = "1 mm"
spacing."w" = "2 mm"
"""
    assert places(text) == [[("rf >= 1", 3, 14), ("rf >= 2", 3, 25), ("rf >= 3", 4, 1)]]
    assert error(text.replace("2 mm", "two")).startswith("rf.toml:8: spacing: ")


def test_columns_count_characters_and_windows_lines_are_lines() -> None:
    text = "[[model]]\r\nsource = 'a'\r\nname = 'ü'\r\nrequire = [ # é\r\n'rf >= 1', # é\r\n'rf >= 2']\r\n"
    assert places(text) == [[("rf >= 1", 5, 1), ("rf >= 2", 6, 1)]]
    text = "model = [{ name = 'größer', source = 'a', require = ['rf >= 1'] }]\n"
    assert places(text) == [[("rf >= 1", 1, 54)]]


def test_in_a_pyproject_toml_beside_what_looks_the_same() -> None:
    text = """\
[[tool.other.model]]
source = "x"
require = ["rf >= 1"]
[tool."pytest-rf"]
ignore = ["RF301"]
[[tool.pytest-rf.model]]
source = "a"
require = ["rf >= 1"]
[tool.pytest-rf.model.inputs]
x = [1, 3]
y = [1, 0]
[[tool . pytest-rf . "model"]]
source = "b"
require = ["rf >= 1"]
"""
    message = error(text, "pyproject.toml")
    assert message.startswith("pyproject.toml:11: inputs: input 'y': shape [1, 0]: every extent")
    text = text.replace("[1, 0]", "[1, 2]")
    assert places(text, "pyproject.toml") == [[("rf >= 1", 8, 12)], [("rf >= 1", 14, 12)]]
    broken = text.replace("RF301", "RF9")
    assert error(broken, "pyproject.toml").startswith('pyproject.toml:5: no rule "RF9"')
    misnamed = "[tool.a]\n[tool.pytest_rf]\n"
    assert error(misnamed, "pyproject.toml").startswith("pyproject.toml:2: unknown table [tool.pytest_rf]")


def test_a_table_as_one_key_of_a_pyproject_toml() -> None:
    text = "[tool]\npytest-rf = { model = [{ source = 'a', require = ['rf >= 1'] }] }\n"
    assert places(text, "pyproject.toml") == [[("rf >= 1", 2, 51)]]


MODELS = """\
[[model]]
source = "a*.onnx"
accept_context = ["op:Softmax"]
[[model.waiver]]
rule = "RF303"
reason = "rule = 'RF999'"
[[model]]
source = "b*.onnx"
accept_context = [
  "op:Relu",
  "op:Softmax",
]
stands_for.t = "4i"
[[model.waiver]]
rule = "RF303"
reason = "a"
[[model.waiver]]
reason = "b"
at = "x"
rule = "RF301"
"""


def test_waivers_and_accepted_context_of_the_right_model() -> None:
    first, second = load(MODELS).models
    assert first.places == {("accept_context", 0): (3, 19)}
    assert second.places == {
        ("accept_context", 0): (10, 3),
        ("accept_context", 1): (11, 3),
        ("stands_for", "t"): (13, 1),
    }
    assert [one.line for one in (*first.waivers, *second.waivers)] == [4, 14, 17]


@pytest.mark.parametrize(
    ("old", "new", "starts"),
    [
        ('rule = "RF301"', 'rule = "RF999"', 'rf.toml:20: waiver: no rule "RF999"'),
        ('at = "x"', f'at = "{"*a" * 1000}"', "rf.toml:19: "),
        ('"op:Relu"', f'"{"*a" * 1000}"', "rf.toml:10: "),
        ('"4i"', '"four"', "rf.toml:13: stands_for: t: "),
        ('at = "x"', 'where = "x"', 'rf.toml:19: unknown key "where"'),
        ('reason = "b"\n', "", "rf.toml:17: "),
        ('source = "b*.onnx"\n', "", "rf.toml:7: "),
        ('source = "b*.onnx"', "source = 3", "rf.toml:8: "),
        ('  "op:Relu",', "  3,", "rf.toml:10: "),
    ],
)
def test_errors_of_the_right_model(old: str, new: str, starts: str) -> None:
    assert MODELS.count(old) == 1
    assert error(MODELS.replace(old, new)).startswith(starts)


def test_a_rule_that_is_named_twice() -> None:
    assert error('select = ["RF1"]\nignore = ["RF3", # "RF001"\n"RF001"]').startswith(
        "rf.toml:3: RF001 cannot"
    )


def test_limits_and_extend() -> None:
    never = 'isolate = "never"\n'
    assert error(f"{never}[limits]\n# depth\nnodes = 3\nseconds = 3").startswith("rf.toml:5: limits.seconds")
    assert error(f"{never}limits.seconds = 3").startswith("rf.toml:2: limits.seconds")
    text = 'extend = [ # "no.toml"\n"pytest-rf:streaming",\n"no.toml"]\n'
    assert error(text).startswith('rf.toml:3: "no.toml" does not exist')


def test_what_the_grammar_does_not_know_is_nowhere() -> None:
    assert Positions('a = 1\nb = ["x"]\n').at(("b", 0)) == (2, 6)
    assert Positions('a = ?\nb = ["x"]\n').at(("b", 0)) == (0, 0)
    assert Positions("").at(("b",)) == (0, 0)


def test_what_is_not_there_would_stand_in_its_table() -> None:
    found = Positions("\n[a.b]\nc = 1\n")
    assert found.at(("a", "b", "d", 0)) == (2, 1)
    assert found.at(("z",)) == (0, 0)


@pytest.mark.parametrize(
    "text",
    [
        "x = [" + "1," * 400_000 + "]\n",
        "".join(f"a{i}=1\n" for i in range(60_000)),
        "x = " + "[" * 900 + "]" * 900,
    ],
    ids=["wide", "long", "deep"],
)
def test_hostile_files_cost_seconds_at_most(text: str) -> None:
    start = time.process_time()
    Positions(text).at(("x",))
    assert time.process_time() - start < 20


def test_the_grammar_is_loaded_for_a_place_only() -> None:
    program = """
import sys
from pathlib import Path
import pytest_rf, pytest_rf.check
from pytest_rf import config
Path("rf.toml").write_text("uncovered = 'warn'\\n")
config.load("rf.toml")
assert "tree_sitter" not in sys.modules, "for nothing"
Path("rf.toml").write_text("[[model]]\\nsource = 'a'\\n")
config.load("rf.toml")
assert "tree_sitter" in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)
