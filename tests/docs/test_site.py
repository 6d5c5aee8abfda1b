"""The site has every page, in an order; its builder notices links that lead nowhere."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from console import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DOCS = ROOT / "docs"
NAV = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]["nav"]


def pages(items: list[Any]) -> Iterator[str]:
    for item in items:
        for value in [item] if isinstance(item, str) else item.values():
            if isinstance(value, str):
                yield value
            else:
                yield from pages(value)


def test_every_page_is_in_the_navigation_once() -> None:
    assert sorted(pages(NAV)) == sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


def test_the_order_is_that_of_a_reader() -> None:
    assert [next(iter(item)) for item in NAV[1:]] == [
        "Tutorial",
        "Jobs",
        "Reference",
        "Explanation",
        "Developers",
    ]


def test_rules_stand_under_their_codes() -> None:
    (rules,) = [path for path in _sections(NAV) if any("rules/" in page for page in pages(path))]
    for item in rules[1:]:
        ((title, page),) = item.items()
        heading = (DOCS / page).read_text(encoding="utf-8").splitlines()[0]
        code, name = title.split(" ", 1)
        assert heading == f"# {name} ({code})"


def _sections(items: list[Any]) -> Iterator[list[Any]]:
    """Yield the lists that hold nothing but pages."""
    inner = [
        value
        for item in items
        if isinstance(item, dict)
        for value in item.values()
        if isinstance(value, list)
    ]
    if not inner:
        yield items
    for each in inner:
        yield from _sections(each)


def test_dead_links_are_noticed(tmp_path: Path) -> None:
    wrong = runpy.run_path(str(DOCS / "build_site.py"))["wrong"]
    (tmp_path / "other.html").write_text("<h2 id='here'>x</h2>")
    (tmp_path / "index.html").write_text(
        "<head><link rel='canonical' href='https://example.org'><script src='https://example.org/x.js'></script></head>"
        "<a href='other.html#here'>well</a> <a href='https://example.org'>elsewhere</a>"
        "<a href='none.html'></a> <a href='other.html#gone'></a> <img src='picture.svg'> <a href='../out.html'></a>"
    )
    assert list(wrong(tmp_path)) == [
        "index.html: https://example.org/x.js is loaded from elsewhere",
        "index.html: none.html leads nowhere",
        "index.html: other.html#gone leads to no anchor",
        "index.html: picture.svg leads nowhere",
        "index.html: ../out.html leads nowhere",
    ]


def test_code_that_is_published_is_noticed(tmp_path: Path) -> None:
    strays = runpy.run_path(str(DOCS / "build_site.py"))["strays"]
    cache = tmp_path / "examples" / "__pycache__"
    cache.mkdir(parents=True)
    (tmp_path / "index.html").touch()
    assert not list(strays(tmp_path))
    (cache / "test_unet.cpython-311.pyc").touch()
    assert list(strays(tmp_path)) == ["examples/__pycache__/test_unet.cpython-311.pyc is published"]


def test_headings_that_got_lost_are_noticed(tmp_path: Path) -> None:
    lost = runpy.run_path(str(DOCS / "build_site.py"))["lost"]
    docs, site = tmp_path / "docs", tmp_path / "site"
    docs.mkdir()
    site.mkdir()
    (docs / "page.md").write_text("# One\n\n```sh\n# a comment\n```\n\n## Two\n")
    (site / "page.html").write_text("<h1>Site</h1><article><h1>One</h1><h2 id='two'>Two</h2></article>")
    assert not list(lost(docs, site))
    (site / "page.html").write_text("<article><h1>One</h1><p>## Two</p></article>")
    assert list(lost(docs, site)) == ["page.md: 2 headings, of which the site shows 1"]
