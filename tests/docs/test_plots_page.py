"""The pictures of docs/plots.md are those that its script draws, and all of them are shown."""

from __future__ import annotations

import io
import re
import runpy
from pathlib import Path
from xml.etree import ElementTree

import pytest
from blocks import of

DOCS = Path(__file__).parents[2] / "docs"
PICTURES = DOCS / "pictures" / "plots"
SVG = "{http://www.w3.org/2000/svg}"


def texts(picture: str) -> list[str]:
    """Return all that is written in a picture: which figures it shows, whatever the release of matplotlib."""
    return ["".join(text.itertext()).strip() for text in ElementTree.fromstring(picture).iter(f"{SVG}text")]


def test_pictures_show_what_the_script_draws() -> None:
    pytest.importorskip("matplotlib")
    drawn = dict(runpy.run_path(str(DOCS / "generate_plots.py"))["drawn"]())
    assert {path.stem for path in PICTURES.glob("*.svg")} == drawn.keys()
    for name, figure in drawn.items():
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg")
        shown = (PICTURES / f"{name}.svg").read_text(encoding="utf-8")
        assert texts(buffer.getvalue()) == texts(shown), (
            f"run 'python docs/generate_plots.py' if {name} is right"
        )


def test_pictures_are_small_and_described_on_the_page() -> None:
    shown = dict(
        re.findall(
            r"!\[(.+?)\]\(pictures/plots/([\w-]+)\.svg\)", (DOCS / "plots.md").read_text(encoding="utf-8")
        )
    )
    assert {*shown.values()} <= {path.stem for path in PICTURES.glob("*.svg")}
    assert len(shown) == 7
    assert all(path.stat().st_size < 60_000 for path in PICTURES.glob("*.svg"))


def test_the_python_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(DOCS.parent)
    blocks = of("docs/plots.md", "python")
    code = "".join(block.code for block in blocks).replace('"growth.pdf"', repr(str(tmp_path / "growth.pdf")))
    exec(code, {})
    assert (tmp_path / "growth.pdf").exists()
