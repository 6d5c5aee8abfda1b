"""The page on threats names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs/developers/threats.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_every_test_that_is_named_exists(file: str, name: str) -> None:
    assert re.search(rf"(?m)^def {name}\(", (TESTS / file).read_text(encoding="utf-8"))


def test_every_promise_has_one() -> None:
    assert len(NAMED) > 80
    rows = [
        line
        for line in PAGE.splitlines()
        if line.startswith("| ") and not line.startswith(("| promise", "| ---"))
    ]
    assert all(re.search(r"\| `[\w/]+\.py::\w+`", row) for row in rows)
