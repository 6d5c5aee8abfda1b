"""Draws the pictures of docs/report.md and docs/report-gallery.md: pages of nets that are built here, in Chromium.

Usage: pip install -e '.[dev]' && python docs/draw_report.py [FOLDER]

With FOLDER they are put there instead. It needs Chromium (apt-get install chromium). What fonts a machine has decides
about the bytes.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import onnx
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from pytest_rf import cli

HERE = Path(__file__).parent
PICTURES = HERE / "pictures" / "report"
sys.path.insert(0, str(HERE.parent / "tests"))

from reporters.pages import nets  # noqa: E402


class Net(NamedTuple):
    """A net whose page is opened.

    Attributes:
        make: builds it.
        requires: what it is required to.
        words: further words of the command line.
        tilings: the tilings that it is run in, as TOML.
    """

    make: Callable[[], onnx.ModelProto]
    requires: list[str]
    words: tuple[str, ...] = ()
    tilings: str = ""


class Picture(NamedTuple):
    """A picture to take.

    Attributes:
        name: its file, without the ending.
        net: the net whose page is opened.
        part: what of the page is shown, as a CSS selector; empty for all of it.
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
    "resnet50": Net(
        nets.resnet50,
        ["final rf >= 480", "final rf >= input", "final stride <= 32", "final is symmetric"],
    ),
    "unet": Net(
        nets.unet,
        ["final rf >= 180", "final halo <= 90"],
        tilings="""
[[model.tiling]]
tile = { h = 128, w = 128 }
overlap = { h = 64, w = 64 }
[[model.tiling]]
tile = { h = 240, w = 240 }
context = { h = 96, w = 96 }
""",
    ),
    "tcn": Net(nets.tcn, ["final is causal", "final lookback >= 200"]),
    "unet3d": Net(lambda: nets.unet(3, 64, 3), ["final rf >= 60"]),
    "windows": Net(nets.windows, ["final rf >= 32"]),
    "two": Net(nets.two_inputs, ["final is bounded"]),
    "step": Net(nets.step, ["final is causal", "final lookback >= 4"], ("--state", "cache=new_cache")),
    "deep": Net(lambda: nets.deep(hostile=True), ["final rf <= input", "final stride == 64"]),
    "hostile": Net(nets.hostile, ["final rf >= 99"]),
    "shallow": Net(lambda: nets.unet(depth=3), ["final rf >= 180"]),
}

GALLERY = ("resnet50", "unet", "tcn", "unet3d", "windows", "two", "step", "deep")

#: Widths of the gallery's windows: a desk's and a phone's.
WIDTHS = (1280, 390)

#: Few colours make small files, and these pages have few. An octree keeps the rare ones.
COLOURS = 256

#: Pages about several nets, by the words of the command line behind ``report``.
SEVERAL = {
    "models": ["[rtu]*.onnx", "--require", "final rf >= 70", "--require", "final rf <= 256"],
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
        act="[...document.querySelector('.tensors').tBodies].slice(9).forEach(one => one.remove());"
        "document.querySelectorAll('.side').forEach(one => one.remove())",
    ),
]
"""The pictures of the page in the docs."""


def gallery() -> Iterator[Picture]:
    """Yield whole pages of the nets of the gallery, light and dark, wide and narrow."""
    for net in GALLERY:
        for width in WIDTHS:
            for scheme in ("light", "dark"):
                yield Picture(f"gallery/{net}-{scheme}-{width}", net, "", scheme, width)


def main(folder: Path, pictures: list[Picture]) -> None:
    """Write pages and take the pictures."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    folder = folder.absolute()
    (folder / "gallery").mkdir(parents=True, exist_ok=True)
    wanted = {picture.net for picture in pictures}
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        os.chdir(scratch)  # files are named from here
        for name, net in NETS.items():
            onnx.save(net.make(), f"{name}.onnx")
            if name in wanted:
                _page(name, net)
        for name, words in SEVERAL.items():
            if name in wanted:
                _run(["report", *words, "-o", f"{name}.html"])
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        for picture in pictures:
            _take(browser, picture, Path(scratch) / f"{picture.net}.html", folder)
        browser.close()


def _page(name: str, net: Net) -> None:
    model = f'[[model]]\nname = "{name}"\nsource = "{name}.onnx"\n' if net.tilings else ""
    Path("rf.toml").write_text(model + net.tilings, encoding="utf-8")  # and no other one is found further up
    required = [word for text in net.requires for word in ("--require", text)]
    _run(["report", name if net.tilings else f"{name}.onnx", *required, *net.words, "-o", f"{name}.html"])


def _run(words: list[str]) -> None:
    status = cli.run(words)
    if status:
        raise SystemExit(status)


def _take(browser: Browser, picture: Picture, page: Path, folder: Path) -> None:
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
    shown = opened.locator(picture.part).first if picture.part else opened
    taken = Image.open(io.BytesIO(shown.screenshot())).convert("RGB")
    flat = taken.quantize(COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    flat.convert("RGB").save(folder / f"{picture.name}.webp", lossless=True, quality=50, method=4)
    context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES, [*CHOSEN, *gallery()])
