"""Models that the project's own code makes: ``package.module:factory``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

CODE = """
import os, sys
import torch
from torch import nn

class Leaving(nn.Module):
    def forward(self, x):
        sys.exit(0)

class Talking(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 5)

    def forward(self, x):
        print("forward")
        return self.conv(x)

def ends(): os._exit(0)
"""


def test_what_code_prints_and_how_it_leaves(rf, folder: Path) -> None:
    pytest.importorskip("torch")
    (folder / "rf_cli_nets.py").write_text(CODE)
    given = ("--allow-code", "--input", "x=1,3,16,16")
    result = rf("show", "rf_cli_nets:Talking", *given, "--format", "json")
    assert result.status == 0
    assert json.loads(result.out)["model"] == "Talking"
    assert "forward" in result.err
    names = ("Leaving", "ends", "Talking")
    result = rf("check", *(f"rf_cli_nets:{name}" for name in names), *given, "--require", "final rf >= 5")
    assert result.status == 2
    assert "SystemExit: 0" in result.err
    assert "rf_cli_nets:ends: exits" in result.err
    assert "✓ Talking" in result.out


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("rf_cli_nets.py:net", "write the module's name, rf_cli_nets:net"),
        ("../nets:build", "a callable that makes a model is written package.module:name"),
        ("rf_cli_none:net", "No module named 'rf_cli_none'; it is looked for below"),
    ],
)
def test_sources_that_are_written_wrong(rf, source: str, message: str) -> None:
    result = rf("check", source, "--allow-code", "--require", "final rf >= 5")
    assert result.status == 2
    assert message in result.err
