"""Draws the pictures of docs/report.md: pages of nets that are built here, opened in Chromium.

Usage: pip install -e '.[dev]' && python docs/draw_report.py

It needs Chromium (apt-get install chromium). What fonts a machine has decides about the bytes.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import onnx
from playwright.sync_api import Browser, sync_playwright

from pytest_rf import cli

HERE = Path(__file__).parent
PICTURES = HERE / "pictures" / "report"
sys.path.insert(0, str(HERE.parent / "tests"))

from reporters.pages import nets  # noqa: E402


class Picture(NamedTuple):
    """A picture to take.

    Attributes:
        name: its file, without the ending.
        net: the net whose page is opened.
        part: what of the page is shown, as a CSS selector.
        scheme: ``light`` or ``dark``.
        width: that of the window.
        act: what is done before, in JavaScript.
    """

    name: str
    net: str
    part: str
    scheme: Any = "light"
    width: int = 1280
    act: str = ""


NETS = {
    "resnet50": (
        nets.resnet50,
        ["final rf >= 480", "final rf >= input", "final stride <= 32", "final is symmetric"],
    ),
    "unet": (nets.unet, ["final rf >= 180", "final halo <= 90"]),
    "tcn": (nets.tcn, ["final is causal", "final lookback >= 200"]),
    "unet3d": (lambda: nets.unet(3, 64, 3), ["final rf >= 60"]),
    "two": (nets.two_inputs, ["final is bounded"]),
    "windows": (nets.windows, ["final rf >= 32"]),
    "hostile": (nets.hostile, ["final rf >= 99"]),
    "shallow": (lambda: nets.unet(depth=3), ["final rf >= 180"]),
}

#: Pages about several nets, by the words of the command line behind ``report``.
SEVERAL = {
    "models": ["*.onnx", "--require", "final rf >= 70", "--require", "final rf <= 256"],
    "changes": ["unet.onnx", "shallow.onnx"],
}

CHOSEN = [
    Picture("look", "resnet50", ".look"),
    Picture("verdicts", "resnet50", ".verdicts", act="document.querySelector('.rules').remove()"),
    Picture("growth", "resnet50", ".growth"),
    Picture("tile", "unet", ".look", act="pytestRf.models[0].look.choose([96, 64], [[96, 143], [64, 127]])"),
    Picture("time", "tcn", ".look", "dark"),
    Picture("slices", "unet3d", ".look", "dark"),
    Picture("inputs", "two", ".look"),
    Picture("phone", "unet", ".look", width=390),
    Picture(
        "graph",
        "unet",
        ".graph",
        act="document.querySelectorAll('.graph .tree [role=treeitem]')[2].click()",
    ),
    Picture("models", "models", "#index"),
    Picture(
        "changes",
        "changes",
        "main",
        act="[...document.querySelector('.tensors').tBodies].slice(9).forEach(one => one.remove())",
    ),
]
"""The pictures of the page in the docs."""


def every() -> Iterator[Picture]:
    """Yield whole pages of all nets, light and dark, wide and narrow: to be looked at, and not kept."""
    for net in NETS:
        for scheme in ("light", "dark"):
            for width in (1280, 390):
                yield Picture(f"{net}-{scheme}-{width}", net, "body", scheme, width)


def main(folder: Path, pictures: list[Picture]) -> None:
    """Write pages and take the pictures."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    folder = folder.absolute()
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        os.chdir(scratch)  # files are named from here
        Path("rf.toml").touch()  # so that no other one is found further up
        for net, (make, requires) in NETS.items():
            onnx.save(make(), f"{net}.onnx")
            required = [word for text in requires for word in ("--require", text)]
            if any(picture.net == net for picture in pictures):
                cli.run(["report", f"{net}.onnx", *required, "-o", f"{net}.html"])
        for name, words in SEVERAL.items():
            if any(picture.net == name for picture in pictures):
                cli.run(["report", *words, "-o", f"{name}.html"])
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        for picture in pictures:
            _take(browser, picture, Path(scratch) / f"{picture.net}.html", folder / f"{picture.name}.png")
        browser.close()


def _take(browser: Browser, picture: Picture, page: Path, file: Path) -> None:
    context = browser.new_context(
        viewport={"width": picture.width, "height": 900}, color_scheme=picture.scheme
    )
    opened = context.new_page()
    opened.goto(page.as_uri())
    opened.evaluate(picture.act or "0")
    # As high as the page is: nothing has to be scrolled into sight.
    height = opened.evaluate("document.body.scrollHeight")
    opened.set_viewport_size({"width": picture.width, "height": height})
    opened.wait_for_timeout(200)
    opened.locator(picture.part).first.screenshot(path=file)
    context.close()


if __name__ == "__main__":
    if len(sys.argv) > 1:  # a folder for whole pages
        main(Path(sys.argv[1]), list(every()))
    else:
        main(PICTURES, CHOSEN)
