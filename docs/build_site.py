"""Builds the site of docs/ into build/site, follows its links and looks for its headings, without a network.

Warnings are errors.

Usage: pip install '.[docs]' && python docs/build_site.py
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).parent.parent
SITE = ROOT / "build" / "site"

#: What a page loads when it is opened; links to click may lead elsewhere.
LOADED = {"link", "script", "img", "source", "iframe"}
#: Links of a page's head that only tell where it lies.
NAMED = {"canonical", "prev", "next"}


class Page(HTMLParser):
    """The anchors of a page, and where its links lead."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the anchors and links of an element."""
        found = {name: value for name, value in attrs if value is not None}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        if found.get("rel") not in NAMED:
            self.links += [(tag, found[name]) for name in ("href", "src") if name in found]


def wrong(site: Path) -> Iterator[str]:
    """Yield what is wrong with the links of a site: dead ones, and what is loaded from elsewhere."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        if path.name == "404.html":
            continue  # is shown at any address, so its links are absolute
        for tag, link in page.links:
            to = urlsplit(link)
            place = f"{path.relative_to(site).as_posix()}: {link}"
            if to.scheme == "data":
                continue
            if to.scheme or to.netloc:
                if tag in LOADED:
                    yield f"{place} is loaded from elsewhere"
                continue
            target = (path.parent / unquote(to.path)).resolve() if to.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file() or site.resolve() not in target.resolve().parents:
                yield f"{place} leads nowhere"
            elif to.fragment and target in pages and unquote(to.fragment) not in pages[target].anchors:
                yield f"{place} leads to no anchor"


def lost(docs: Path, site: Path) -> Iterator[str]:
    """Yield the headings of pages that are none on the site, as a block before them was taken for text."""
    for path in sorted(docs.rglob("*.md")):
        text = re.sub(r"(?ms)^```.*?^```$", "", path.read_text(encoding="utf-8"))
        html = (site / path.relative_to(docs).with_suffix(".html")).read_text(encoding="utf-8")
        there = len(re.findall(r"<h[1-6][ >]", html.partition("<article")[2].partition("</article")[0]))
        said = len(re.findall(r"(?m)^#{1,6} ", text))
        if there != said:
            yield f"{path.relative_to(docs).as_posix()}: {said} headings, of which the site shows {there}"


def strays(site: Path) -> Iterator[str]:
    """Yield the files of a site that are code of the docs and no part of it."""
    for path in sorted(site.rglob("*.py*")):
        yield f"{path.relative_to(site).as_posix()} is published"


def main() -> int:
    """Build the site and return the exit status."""
    command = [
        sys.executable,
        "-m",
        "zensical",
        "build",
        "--strict",
        "--clean",
        "-f",
        str(ROOT / "zensical.toml"),
    ]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        return 1
    found = [*wrong(SITE), *lost(ROOT / "docs", SITE), *strays(SITE)]
    print(*found, f"{len(list(SITE.rglob('*.html')))} pages, {len(found)} faults", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
