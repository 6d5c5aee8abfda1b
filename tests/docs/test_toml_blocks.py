"""Configurations of the pages are checked against models that they fit; keys and settings are read one by one."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import onnx
import pytest
import stage
from blocks import ROOT, Block, of, only
from models import model

from pytest_rf import checks, cli, config

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

WHOLE = [
    *of("docs/latency.md", "toml"),
    *of("docs/packs.md", "toml"),
    *of("docs/streams.md", "toml"),
    *of("docs/tiles.md", "toml"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    stage.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("block", WHOLE, ids=str)
def test_configurations_hold(block: Block, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if block.page == "docs/packs.md":
        stage.enlarge(folder)
    (folder / "rf.toml").write_text(block.code, encoding="utf-8")
    assert cli.run(["check", "--no-cache"]) == 0, capsys.readouterr()


def test_the_readme_shows_how_the_examples_begin() -> None:
    _, entries = (ROOT / "examples/rf.toml").read_text(encoding="utf-8").split("\n\n", 1)
    assert entries.startswith(only("README.md", "toml"))


@pytest.mark.parametrize("block", of("docs/rules/*.md", "toml"), ids=str)
def test_settings_of_rules_are_their_defaults(block: Block, folder: Path) -> None:
    (folder / "rf.toml").write_text(f'[[model]]\nsource = "unet.onnx"\n{block.code}', encoding="utf-8")
    config.load(folder / "rf.toml")
    ((name, settings),) = tomllib.loads(block.code)["rule"].items()
    options = msgspec.to_builtins(checks.find(name).options())
    assert {**settings, "severity": None} == options


def test_what_a_rule_says_to_write_for_an_operator_is_heard(folder: Path) -> None:
    (code,) = (block.code for block in of("docs/rules/RF005.md", ""))
    text = "net (float[1,3,9] x) => (float[1,3,9] y) { y = com.acme.Warp(x) }"
    onnx.save(model(text, domains=', "com.acme" : 1'), "warp.onnx")
    assert cli.run(["check", "warp.onnx", "--require", "final rf == 3", "--isolate", "never"]) == 1
    (folder / "rf.toml").write_text(code, encoding="utf-8")
    assert cli.run(["check", "warp.onnx", "--require", "final rf == 3"]) == 0


#: What stands around the keys of a section of docs/configuration.md: the tables above, and the keys that are needed.
_MODEL = '[[model]]\nsource = "unet.onnx"\n'
AROUND = {
    "The file itself": "",
    "`[[model]]`": _MODEL,
    "`[[model.waiver]]`": f'{_MODEL}[[model.waiver]]\nrule = "RF303"\nreason = "why"\n',
    "`[[model.tiling]]`": f"{_MODEL}[[model.tiling]]\ntile = {{ h = 512, w = 512 }}\n",
    "`[[operator]]`": '[[operator]]\nname = "acme::Blur"\nkernel = 5\n',
    "`[limits]`": "[limits]\n",
}
#: Keys that take the place of another, and those that need one.
INSTEAD = {"elementwise": "kernel", "mixing": "kernel", "nothing": "kernel"}
WITH = {"output_padding": ["transposed = true"]}


@pytest.mark.parametrize("block", of("docs/configuration.md", "toml"), ids=str)
def test_keys_are_read_one_by_one(block: Block, folder: Path) -> None:
    lines = (ROOT / block.page).read_text(encoding="utf-8").splitlines()[: block.line]
    heading = [line.removeprefix("## ") for line in lines if line.startswith("## ")][-1]
    around = AROUND.get(heading, f"{heading.strip('`').replace('NAME', 'gridding')}\n")
    (folder / "shared").mkdir()
    (folder / "shared" / "rf.toml").write_text('require = ["final stride <= 64"]\n', encoding="utf-8")
    for line in block.code.splitlines():
        key = line.partition(" = ")[0]
        kept = [one for one in around.splitlines() if one.partition(" = ")[0] not in (key, INSTEAD.get(key))]
        (folder / "rf.toml").write_text("\n".join([*kept, *WITH.get(key, ()), line]), encoding="utf-8")
        assert config.load(folder / "rf.toml")
