from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest
from blocks import PAGES, ROOT, of
from console import chains, printed, same

BLOCKS = [
    pytest.param(chain, id=f"{page.relative_to(ROOT).as_posix()}-{number}")
    for page in PAGES
    for number, chain in enumerate(chains(page.read_text(encoding="utf-8")), 1)
]


@pytest.mark.parametrize("chain", BLOCKS)
def test_pages_show_what_the_commands_print(chain: list[str]) -> None:
    for now, block in zip(printed(chain), chain, strict=True):
        assert same(now, block), f"run 'python tests/docs/console.py' if this is right:\n{now}"


def test_every_block_of_commands_is_one_of_them() -> None:
    pages = [page.read_text(encoding="utf-8") for page in PAGES]
    assert [block for page in pages for chain in chains(page) for block in chain] == [
        block.code for page in PAGES for block in of("*", "console") if ROOT / block.page == page
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"(?ms)^```.*?^```$", "", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_the_python_of_the_readme_gives_what_its_comments_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    _, (*_, code) = of("README.md", "python")
    names: dict[str, object] = {}
    exec(code, names)
    said = [line.split("  # ") for line in code.splitlines() if re.search(r"  # [({\d]", line)]
    assert len(said) == 2
    for expression, value in said:
        assert eval(expression, names) == ast.literal_eval(value)


def test_the_readme_begins_with_two_commands_of_one_line() -> None:
    first, second, *_ = (block.code for block in of("README.md", "sh"))
    assert first.count("\n") == second.count("\n") == 1
    assert "pytest-rf check" in first
    assert "[dev]" in second
    assert second.rstrip().endswith("pytest -n auto")


def test_the_examples_are_what_their_script_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "examples")
    import build
    import builder

    monkeypatch.setattr(builder, "HERE", tmp_path)
    build.main()
    for name in ("build", "builder", "jobs"):
        del sys.modules[name]
    shipped = {path.relative_to(ROOT / "examples") for path in (ROOT / "examples").rglob("*.onnx")}
    assert {path.relative_to(tmp_path) for path in tmp_path.rglob("*.onnx")} == shipped
    for name in shipped:
        assert (tmp_path / name).read_bytes() == (ROOT / "examples" / name).read_bytes(), name
