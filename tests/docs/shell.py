"""Runs the commands of a page, as they stand in its shell blocks and in the steps of workflows."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from blocks import ROOT, Block
from console import PROGRAMS, run

#: What a command asks of the folder or the machine in tests, in the place of what it asks of a reader's.
HERE = {"python tests/fuzz/long.py 100000": "python tests/fuzz/long.py 3"}


def commands(block: Block) -> Iterator[str]:
    """Yield the commands of a block, each in one line and without its comment."""
    for line in block.code.replace("\\\n", " ").splitlines():
        if command := re.sub(r"\s+#.*", "", line).strip():
            yield command


def execute(command: str, folder: Path, **variables: str) -> None:
    """Run a command of a page in a folder: it ends well, and says something or writes a file."""
    for long, short in HERE.items():
        command = command.replace(long, short)
    before = set(folder.iterdir())
    if completion := re.search(r"_PYTEST_RF_COMPLETE=\w+ pytest-rf", command):
        variable, command = completion[0].split()
        variables |= [variable.split("=")]
    program, *arguments = shlex.split(command)
    if program == "python":
        arguments[0] = str(ROOT / arguments[0])
    found = run([*PROGRAMS.get(program, []), *arguments], folder, **variables)
    assert found.returncode == 0, f"{command} ended with {found.returncode}\n{found.stdout}"
    assert found.stdout or set(folder.iterdir()) > before
