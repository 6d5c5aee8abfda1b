"""Runs the commands of the documentation's ``console`` blocks and holds what they print against the page.

``python tests/docs/console.py [PAGE ...]`` writes what they print now into the pages. A block whose commands write
files runs in a copy of the examples; there ``cat`` and ``cp`` do what they do in a shell. A block behind the comment
``<!-- goes on -->`` runs where the block before it did.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from blocks import PAGES, ROOT

_BLOCK = re.compile(r"(?ms)^(<!-- goes on -->\n\n)?```console\n(.*?)^```$")
_TIME = re.compile(r"=+ (.*) in \d+\.\d+s(?: \(.*\))? =+")
#: How Python runs the programs of the pages.
PROGRAMS = {
    "pytest-rf": ["-m", "pytest_rf"],
    "pytest": ["-m", "pytest", "-p", "no:cacheprovider", "-p", "no:inline_snapshot", "-o", "addopts="],
}


def chains(text: str) -> list[list[str]]:
    """Return the console blocks of a page: those that go on where the last one ended, in one list with it."""
    found: list[list[str]] = []
    for goes_on, block in _BLOCK.findall(text):
        if goes_on:
            found[-1].append(block)
        else:
            found.append([block])
    return found


def printed(chain: list[str]) -> list[str]:
    """Return console blocks with what their commands print now."""
    if not any(map(_writes, commands("".join(chain)))):
        return [_printed(block, ROOT) for block in chain]
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "examples", Path(folder) / "examples")
        return [_printed(block, Path(folder)) for block in chain]


def _printed(block: str, folder: Path) -> str:
    return "".join(f"$ {command}\n{_run(command, folder)}" for command in commands(block))


def _writes(command: str) -> bool:
    return command.startswith(
        ("pytest-rf init", "pytest-rf baseline", "pytest-rf snapshot", "pytest-rf scan")
    )


def commands(block: str) -> list[str]:
    """Return the commands of a block."""
    return [line[2:] for line in block.splitlines() if line.startswith("$ ")]


def same(one: str, other: str) -> bool:
    """Return whether two outputs are the same but for the time that a run took."""
    return _TIME.sub(r"= \1 =", one) == _TIME.sub(r"= \1 =", other)


def _run(command: str, folder: Path) -> str:
    program, *arguments = shlex.split(command)
    if program == "cat":
        return (folder / arguments[0]).read_text(encoding="utf-8")
    if program == "cp":
        shutil.copy(folder / arguments[0], folder / arguments[1])
        return ""
    return run([*PROGRAMS[program], *arguments], folder).stdout


def run(arguments: list[str], folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python with arguments, as on a terminal of 100 columns; what it prints comes in one stream."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**_elsewhere(), "PYTHONUTF8": "1", "COLUMNS": "100", "NO_COLOR": "1", **variables},
        text=True,
        encoding="utf-8",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )


def _elsewhere() -> dict[str, str]:
    """Return the environment without what CI systems and workers of pytest-xdist say of themselves."""
    ours = ("CI", "BUILD_NUMBER", "GITHUB_WORKSPACE", "CI_PROJECT_DIR", "FORCE_COLOR", "CLICOLOR_FORCE")
    return {
        name: value
        for name, value in os.environ.items()
        if name not in ours and not name.startswith("PYTEST_")
    }


def _update(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    now = iter([block for chain in chains(text) for block in printed(chain)])
    page.write_text(
        _BLOCK.sub(lambda match: f"{match[1] or ''}```console\n{next(now)}```", text), encoding="utf-8"
    )


if __name__ == "__main__":
    for name in map(Path, sys.argv[1:]) if sys.argv[1:] else PAGES:
        _update(name)
