"""Code blocks that no page's own test runs are at least of the form that they claim to have; some of them run here."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Callable

import click
import pytest
from console import PAGES, ROOT
from listing import PAGES as LISTINGS

from pytest_rf.cli import cli
from pytest_rf.config.tables import ConfigFile, convert

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

#: Kinds of blocks that are run and compared wherever they stand, and pages whose blocks have a test of their own.
RUN = {"console", "rf"}
ELSEWHERE = {ROOT / "docs" / name for name in ("configuration.md", "pytorch.md")} | set(LISTINGS)

BLOCKS = [
    pytest.param(kind, code, id=f"{page.relative_to(ROOT).as_posix()}-{number}-{kind}")
    for page in PAGES
    if page not in ELSEWHERE
    for number, (kind, code) in enumerate(
        re.findall(r"(?ms)^```([a-z]*)[^\n]*\n(.*?)^```$", page.read_text(encoding="utf-8")), 1
    )
    if kind not in RUN
]


def configuration(code: str) -> None:
    convert(tomllib.loads(code), ConfigFile)


def yaml(code: str) -> None:
    assert pytest.importorskip("yaml").safe_load(code)


def shell(code: str) -> None:
    """Hold the options of our own command against those that there are."""
    for line in code.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["pytest-rf"]:
            command = cli.commands[words[1]]
            known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
            assert {word for word in words if word.startswith("-")} <= known, line


FORMS: dict[str, Callable[[str], object]] = {
    "python": lambda code: compile(code, "page.py", "exec"),
    "toml": configuration,
    "yaml": yaml,
    "sh": shell,
    "json": json.loads,
    "xml": lambda code: code,
    "text": lambda code: code,
    "": lambda code: code,
}


@pytest.mark.parametrize(("kind", "code"), BLOCKS)
def test_blocks_have_the_form_of_their_kind(kind: str, code: str) -> None:
    FORMS[kind](code)


def test_a_wrong_option_is_noticed() -> None:
    with pytest.raises(AssertionError, match="--requires"):
        shell("pytest-rf check net.onnx --requires x")
    assert isinstance(cli, click.Group)


def _python(page: str) -> list[str]:
    return re.findall(r"(?ms)^```python\n(.*?)^```$", (ROOT / "docs" / page).read_text(encoding="utf-8"))


def test_the_python_of_tiles_makes_the_whole() -> None:
    torch = pytest.importorskip("torch")
    import pytest_rf

    (code,) = _python("tiles.md")
    model = torch.nn.Conv2d(3, 3, 5, padding=2).double()
    x = torch.rand(1, 3, 700, 520, dtype=torch.double)
    names = {"torch": torch, "pytest_rf": pytest_rf, "model": model, "x": x}
    with torch.no_grad():
        exec(code, names)
        torch.testing.assert_close(names["y"].double(), model(x), rtol=1e-5, atol=1e-5)


def test_the_python_of_cures_finds_some(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    (code,) = _python("cures.md")
    exec(code, {})
    assert capsys.readouterr().out
