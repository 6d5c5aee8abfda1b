"""The page on limits says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec.structs import fields

from pytest_rf import isolation
from pytest_rf.config.tables import LimitsTable
from pytest_rf.limits import Limits
from pytest_rf.running import cache, keys, process, terms

PAGE = (Path(__file__).parents[2] / "docs/limits.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"(?m)^\| `(\w+)` \| .* \| ([^|]+) \|$", PAGE))


def test_every_limit_is_in_the_table() -> None:
    assert set(ROWS) == {*LimitsTable.__struct_fields__}


def test_the_defaults_are_those_of_the_code() -> None:
    defaults = {
        **{field.name: field.default for field in fields(Limits)},
        "seconds": terms.SECONDS,
        "memory": terms.MEMORY,
    }
    for name, number in defaults.items():
        assert ROWS[name].startswith(f"{number:,.0f}"), name


def test_the_other_numbers_are_those_of_the_code() -> None:
    assert f"files of {isolation.LARGE >> 20} MiB and more" in PAGE
    assert f"the first {process.PRINTED >> 10} KiB" in PAGE
    assert f"files of more than {keys.LARGEST >> 20} MiB" in PAGE
    assert f"in {cache.DAYS} days" in PAGE
