"""Runs the commands of the documentation's ``console`` blocks and holds what they print against the page.

``python tests/docs/console.py`` writes what they print now into the pages.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

_BLOCK = re.compile(r"(?ms)^```console\n(.*?)^```$")
_TIME = re.compile(r"=+ (.*) in \d+\.\d+s(?: \(.*\))? =+")
_PROGRAMS = {"pytest-rf": ["pytest_rf"], "pytest": ["pytest", "-p", "no:cacheprovider", "-o", "addopts="]}


def blocks(text: str) -> list[str]:
    """Return the console blocks of a page."""
    return _BLOCK.findall(text)


def printed(block: str) -> str:
    """Return a console block with what its commands print now."""
    return "".join(f"$ {command}\n{_run(command)}" for command in commands(block))


def commands(block: str) -> list[str]:
    """Return the commands of a block."""
    return [line[2:] for line in block.splitlines() if line.startswith("$ ")]


def same(one: str, other: str) -> bool:
    """Return whether two outputs are the same but for the time that a run took."""
    return _TIME.sub(r"= \1 =", one) == _TIME.sub(r"= \1 =", other)


def _run(command: str) -> str:
    program, *arguments = shlex.split(command)
    # Plugins of others say something where they find themselves in a worker of pytest-xdist.
    outside = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    result = subprocess.run(
        [sys.executable, "-m", *_PROGRAMS[program], *arguments],
        cwd=ROOT,
        env={**_elsewhere(), "PYTHONUTF8": "1", "COLUMNS": "100", "NO_COLOR": "1"},
        text=True,
        encoding="utf-8",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return result.stdout


def _elsewhere() -> dict[str, str]:
    """Return the environment without what CI systems say of themselves."""
    ours = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR", "FORCE_COLOR", "CLICOLOR_FORCE")
    return {name: value for name, value in os.environ.items() if name not in ours}


def _update(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    page.write_text(_BLOCK.sub(lambda match: f"```console\n{printed(match[1])}```", text), encoding="utf-8")


if __name__ == "__main__":
    for name in PAGES:
        _update(name)
