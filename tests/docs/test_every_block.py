"""No block of code on any page goes untested: tests take blocks by page and language, or their reason stands here."""

from __future__ import annotations

from pathlib import Path

import pytest
from blocks import Block, Taken, every, taken

#: Blocks that no test runs or compares, by page, with the reason. Single commands of shell blocks that cannot be run
#: here stand in test_shell_blocks.py.
NOT_RUN: dict[str, str] = {}


def test_every_block_is_taken_by_a_test_or_listed_with_its_reason() -> None:
    tests = taken()
    alone = [block for block in every() if not any(test.holds(block) for test in tests)]
    assert {block.page for block in alone} == NOT_RUN.keys(), "\n".join(map(str, alone))


def test_every_test_takes_blocks_that_there_are() -> None:
    blocks = list(every())
    for test in taken():
        for kind in test.kinds:
            assert any(Taken(test.module, test.page, (kind,)).holds(block) for block in blocks), test


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("```toml\na = 1\n```\n", [("toml", "a = 1\n")]),
        ("- one\n\n  ```sh\n  b\n  ```\n", [("sh", "b\n")]),
        ("~~~~python title\nc\n~~~~\n", [("python", "c\n")]),
        ("text\n\n    indented\n", [("", "indented\n")]),
        ("> ```\n> quoted\n> ```\n", [("", "quoted\n")]),
    ],
)
def test_blocks_are_seen_however_they_are_written(
    text: str, found: list[tuple[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "new.md"
    page.write_text(text, encoding="utf-8")
    monkeypatch.setattr("blocks.PAGES", [page])
    monkeypatch.setattr("blocks.ROOT", tmp_path)
    assert [(block.kind, block.code) for block in every()] == found
    assert not any(test.holds(Block("docs/new.md", 1, "toml", "", "")) for test in taken())
