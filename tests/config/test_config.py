from __future__ import annotations

import contextlib
import json
import os
import time
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_rf import config
from pytest_rf.config import packs
from pytest_rf.config.declared import Config
from pytest_rf.config.tomlfile import MAX_SIZE
from pytest_rf.errors import ConfigError
from pytest_rf.requirements.units import Quantity

CONTRACT = """\
extend = ["pytest-rf:segmentation"]
select = ["RF1", "RF4"]
ignore = ["RF301"]

[[model]]
name = "unet"
source = "models/unet.onnx"
inputs = { image = [1, 1, 572, 572] }
spacing = { h = "0.5 mm", w = "0.5 mm" }
accept_context = ["op:InstanceNormalization"]
require = [
  "final rf >= 180",
  "final rf.h >= 80 mm",
  '"encoder.*" stride <= 16',
  "64 <= final halo <= 128",
]

[[model.waiver]]
rule = "RF303"
at = "decoder.up4"
reason = "checkerboard accepted until the v3 decoder"
until = 2027-03-01
"""


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def load(text: str | bytes, name: str = "rf.toml") -> Config:
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return config.load(name)


def refused(text: str | bytes, name: str = "rf.toml") -> str:
    with pytest.raises(ConfigError) as caught:
        load(text, name)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(name)
    return str(caught.value)


def test_the_whole_of_it() -> None:
    found = load(CONTRACT)
    assert found.file == "rf.toml"
    assert found.select == ("RF201", "RF205", "RF303", "RF1", "RF4")
    assert found.ignore == ("RF301",)
    (model,) = found.models
    assert (model.name, model.source, model.line) == ("unet", "models/unet.onnx", 5)
    assert model.inputs == {"image": (1, 1, 572, 572)}
    assert model.spacing == {"h": Quantity(Fraction(1, 2), "mm"), "w": Quantity(Fraction(1, 2), "mm")}
    assert model.accept_context == ("op:InstanceNormalization",)
    (waiver,) = model.waivers
    assert (waiver.rule, waiver.at, waiver.until, waiver.line) == (
        "RF303",
        "decoder.up4",
        date(2027, 3, 1),
        18,
    )


def test_requirements_know_their_lines() -> None:
    (model,) = load(CONTRACT).models
    own = [(one.requirement.text, one.line) for one in model.requires if one.line > 1]
    assert own == [
        ("final rf >= 180", 12),
        ("final rf.h >= 80 mm", 13),
        ('"encoder.*" stride <= 16', 14),
        ("64 <= final halo <= 128", 15),
    ]
    # What a pack brings in points at the line that takes the pack in.
    assert {one.line for one in model.requires} == {1, 12, 13, 14, 15}
    assert {one.file for one in model.requires} == {"rf.toml"}


def test_the_same_requirement_twice_and_in_two_models() -> None:
    text = (
        '[[model]]\nsource="a"\nrequire=["rf >= 3",\n"rf >= 3"]\n[[model]]\nsource="b"\nrequire=["rf >= 3"]\n'
    )
    found = load(text)
    assert [[one.line for one in model.requires] for model in found.models] == [[3, 4], [7]]


def test_pyproject() -> None:
    text = "[tool.other]\nx = 1\n[tool.pytest-rf]\nselect = ['RF1']\n"
    text += "[[tool.pytest-rf.model]]\nsource = 'a.onnx'\nrequire = ['rf >= 3']\n"
    found = load(text, "pyproject.toml")
    assert found.select == ("RF1",)
    assert found.models[0].requires[0].line == 7
    message = refused(text.replace("source", "sorce"), "pyproject.toml")
    assert message.startswith('pyproject.toml:6: unknown key "sorce", did you mean "source"?')
    assert "no table" in refused("[tool.other]\n", "pyproject.toml")
    assert "not a table" in refused("[tool]\npytest-rf = 3\n", "pyproject.toml")


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("selct = []", 1, 'unknown key "selct", did you mean "select"?'),
        ("\n\nzzz = 1", 3, 'unknown key "zzz"; there are'),
        ('[[model]]\nsource = "a"\nspacig = {}', 3, 'did you mean "spacing"?'),
        ('[[model]]\nsource="a"\n[[model]]\nsource = "a"\nspacig = {}', 5, 'did you mean "spacing"?'),
        ('[[model]]\nsource="a"\n[[model.waiver]]\nrule="RF001"\nraeson="x"', 5, 'did you mean "reason"?'),
        ('[[model]]\nsource="a"\n[[model.waiver]]\nrule="RF001"', 3, 'the key "reason" is missing'),
        ('[[model]]\nname = "x"', 1, 'the key "source" is missing'),
        ('[[model]]\nsource = "a"\nname = 3', 3, "expected a text, got a whole number"),
        ('[[model]]\nsource = "a"\norigin = "middle"', 3, "invalid enum value"),
        (
            '[model]\nsource = "a"',
            1,
            "model: expected a list, got a table; write [[model]], with two brackets",
        ),
        ('[[model]]\nsource = "a"\nweights = 1', 3, "expected true or false, got a whole number"),
        ('[[model]]\nsource = "a"\ninputs = { x = [0, 1] }', 3, "every extent must be at least 1"),
        ('[[model]]\nsource = "a"\ninputs = { x = [1.5] }', 3, "is not a shape"),
        ('[[model]]\nsource = "a"\nspacing = { h = "much" }', 3, "is not a spacing"),
        ('[[model]]\nsource = "a"\nspacing = { h = "-1 mm" }', 3, "is not a spacing"),
        ("[limits]\nseconds = nan", 2, "expected a number > 0.0"),
        ("[limits]\nseconds = inf", 2, "<= 1000000"),
        ("[limits]\nnodes = -1", 2, "expected a whole number >= 1"),
        (
            '[[model]]\nsource = "a"\nrequire = [\n"final rff >= 3"]',
            4,
            'unknown metric "rff", did you mean "rf"?',
        ),
        ('select = ["RF9"]', 1, 'no rule "RF9"'),
        ('ignore = [\n"RF1",\n"uneven-phase"]', 3, 'did you mean "uneven-phases"?'),
        ('ignore = ["RF001"]', 1, "RF001 cannot be ignored"),
        ('ignore = ["requirement-undecidable"]', 1, "RF002 cannot be ignored"),
        ('[[model]]\nsource="a"\n[[model.waiver]]\nrule="RF999"\nreason="x"', 4, 'waiver: no rule "RF999"'),
        (
            '[[model]]\nsource="a"\nname="x"\n[[model]]\nsource="b"\nname="x"',
            4,
            'a second model is called "x"',
        ),
        ('extend = ["pytest-rf:segmentaton"]', 1, 'did you mean "pytest-rf:segmentation"?'),
        ('extend = ["pytest-rf:../x"]', 1, "not the name of a rule pack"),
        ('extend = ["missing.toml"]', 1, "does not exist"),
        ('extend = ["../other.toml"]', 1, "lies outside"),
        ('extend = ["/etc/passwd"]', 1, "lies outside"),
        ('extend = ["rf.toml"]', 1, "in a circle"),
        ("a = 1\na = 2", 2, "not valid TOML: Cannot overwrite a value"),
        ("a = [", 1, "not valid TOML"),
        ("a = " + "[" * 100_000, 0, "nested too deeply"),
        ("a = " + "9" * 10_000, 0, "not valid TOML"),
        (b"\xef\xbb\xbfselect = []", 1, "byte order mark"),
        (b"select = []\n# caf\xe9", 2, "not UTF-8"),
        (b"\x00", 1, "not valid TOML"),
        ("# " + "x" * MAX_SIZE, 0, "larger than"),
    ],
)
def test_what_is_refused_and_on_which_line(text: str | bytes, line: int, says: str) -> None:
    message = refused(text)
    assert says in message
    assert message.startswith(f"rf.toml:{line}: " if line else "rf.toml: ")


def test_a_requirement_that_is_none_draws_its_caret() -> None:
    with pytest.raises(ConfigError) as caught:
        load('require = ["final rff >= 3"]')
    assert caught.value.detail == "final rff >= 3\n      ^"  # type: ignore[attr-defined]


def test_what_is_no_file(tmp_path: Path) -> None:
    Path("rf.toml").mkdir()
    with pytest.raises(ConfigError, match="not a file"):
        config.load("rf.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        config.load("missing.toml")
    if hasattr(os, "mkfifo"):
        os.mkfifo("pipe.toml")
        with pytest.raises(ConfigError, match="not a file"):
            config.load("pipe.toml")


def test_extending_a_file_of_ones_own() -> None:
    Path("team").mkdir()
    Path("team/base.toml").write_text('extend = ["more.toml"]\nselect = ["RF201"]\nrequire = ["rf >= 3"]\n')
    Path("team/more.toml").write_text('ignore = ["RF301"]\n')
    found = load('extend = ["team/base.toml"]\n[[model]]\nsource = "a"\nrequire = ["rf >= 4"]\n')
    assert (found.select, found.ignore) == (("RF201",), ("RF301",))
    assert [(one.file, one.line) for one in found.models[0].requires] == [
        ("team/base.toml", 3),
        ("rf.toml", 4),
    ]
    Path("team/more.toml").write_text('[[model]]\nsource = "a"\n')
    with pytest.raises(ConfigError, match=r'team/more.toml:1: unknown key "model"'):
        config.load("rf.toml")


def test_discovery_goes_upwards_and_knows_an_order(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("[tool.pytest-rf]\n")
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.other]\n")
    assert config.discover(inner) == tmp_path / "pyproject.toml"
    (tmp_path / ".rf.toml").write_text("")
    assert config.discover(inner) == tmp_path / ".rf.toml"
    (tmp_path / "rf.toml").write_text("")
    assert config.discover(inner) == tmp_path / "rf.toml"
    (tmp_path / "a" / "pyproject.toml").write_text("# pytest-rf\n[tool.pytest-rf]\n")
    assert config.discover(inner) == tmp_path / "a" / "pyproject.toml"


def test_discovery_does_not_mind_the_pyproject_of_others(tmp_path: Path) -> None:
    Path("pyproject.toml").write_text("this is no TOML")
    assert config.discover(tmp_path) is None or config.discover(tmp_path) != tmp_path / "pyproject.toml"
    Path("pyproject.toml").write_text("this is no TOML but says pytest-rf")
    with pytest.raises(ConfigError, match="not valid TOML"):
        config.discover(tmp_path)


@pytest.mark.parametrize("name", packs.names())
def test_every_pack_loads(name: str) -> None:
    found = load(f'extend = ["pytest-rf:{name}"]\n')
    assert found.requires


def test_there_are_packs() -> None:
    assert {"classification", "segmentation"} <= set(packs.names())


def test_the_schema_knows_every_key() -> None:
    text = json.dumps(config.schema())
    for key in ("extend", "accept_context", "waiver", "until", "spacing", "additionalProperties"):
        assert f'"{key}"' in text


def test_the_schema_accepts_what_is_accepted() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = config.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid({"model": [{"source": "a.onnx", "require": ["rf >= 3"]}]})
    assert not validator.is_valid({"model": [{"sorce": "a.onnx"}]})


toml = st.text(max_size=60) | st.lists(
    st.sampled_from(
        [
            "[[model]]",
            "source='a'",
            "require=['rf>=3']",
            "x=1",
            "[",
            "select=['RF1']",
            "name=1",
            "[model]",
            "'''",
            "=",
        ]
    ),
    max_size=8,
).map("\n".join)


@given(toml)
def test_any_text_is_a_configuration_or_one_error(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        config.load(path)
    except ConfigError as error:
        message = str(error)
    else:
        return
    assert "\n" not in message


@pytest.mark.parametrize(
    "text",
    [
        "a" + ".a" * 500_000 + "=1",
        "select=[" + "'RF1'," * 150_000 + "]",
        "require=[\n" + "".join(f"'rf >= {i}',\n" for i in range(1000)) + "]\n" + "#\n" * 400_000,
        '# "' + '\\"' * 500_000 + "\nrequire=['rf >= 3']",
        "x" * 1_000_000 + "=1",
        "[[model]]\nsource='a'\n" * 20_000,
    ],
    ids=["parts of a key", "entries", "lines", "quotes", "a long key", "models"],
)
def test_a_megabyte_of_anything_takes_seconds_at_most(text: str) -> None:
    started = time.process_time()
    with contextlib.suppress(ConfigError):
        load(text)
    assert time.process_time() - started < 20
