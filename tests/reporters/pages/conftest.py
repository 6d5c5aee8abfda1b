"""Real Chromium, one for all tests.

Where ``CI`` or ``BROWSER_TESTS`` is set these tests never skip; elsewhere they say what is missing.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import onnx
import pytest

import pytest_rf
from pytest_rf.check import run
from pytest_rf.config.declared import Config
from reporters.pages import nets

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

#: How Chromium runs in a container.
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")

#: What pages are made of, by name, and what each net is required to.
NETS: dict[str, tuple[Callable[[], onnx.ModelProto], tuple[str, ...]]] = {
    "resnet50": (
        nets.resnet50,
        ("final rf >= 500", "final rf >= 224", "final stride == 32", "final rf <= 90%"),
    ),
    "unet": (nets.unet, ("final rf >= 180", "final halo <= 90", "output stride == 1")),
    "tcn": (nets.tcn, ("final is causal", "final lookback >= 200")),
    "unet3d": (lambda: nets.unet(3, 48, 3), ("final rf >= 60",)),
    "two": (nets.two_inputs, ("final is bounded", "final rf from left >= 13")),
    "windows": (nets.windows, ("final rf >= 32",)),
    "dilated": (nets.dilated, ("final density >= 0.9",)),
    "step": (nets.step, ("final is causal",)),
    "hostile": (nets.hostile, ("final rf >= 99",)),
}

#: How they are called, where that is not clear.
CALLS: dict[str, dict[str, Any]] = {"step": {"state": {"cache": "new_cache"}}}


def missing(what: str) -> NoReturn:
    """Skip a test for want of something; in CI fail."""
    if os.environ.get("CI") or os.environ.get("BROWSER_TESTS"):
        pytest.fail(f"{what}; here it must be")
    pytest.skip(what)


@cache
def document(name: str) -> tuple[str, pytest_rf.Analysis]:
    """Return the page of a net, and the analysis that it is about."""
    from pytest_rf.reporters import html
    from pytest_rf.reporters.pages.drawing import Drawing

    make, requires = NETS[name]
    analysis = pytest_rf.analyze(make(), name=name, **CALLS.get(name, {}))
    drawing = Drawing()
    job = {"load": lambda target: analysis}
    found = run(Config(), [f"{name}.onnx"], requires, fail_on=None, examiner=drawing.by(_here(job["load"])))
    return html.check(found, drawing.drawn), analysis


def _here(load: Any) -> Any:
    from pytest_rf.examining import examine

    return lambda jobs: ((place, examine(job, load)) for place, job in enumerate(jobs))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is not installed; install it with pip install -e '.[browser]'")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        missing("there is no chromium; install it with apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Return what opens a page without any network, and fails the test for anything that it complains of."""
    complaints: list[str] = []
    contexts = []

    def fetched(url: str, file: Path) -> None:
        if url != file.as_uri() and not url.startswith("data:"):
            complaints.append(url)

    def open_page(html: str, width: int = 1280, **options: Any) -> Page:
        file = tmp_path / f"page{len(contexts)}.html"
        file.write_text(html, encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": 900}, offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda told: complaints.append(told.text))
        page.on("request", lambda asked: fetched(asked.url, file))
        page.goto(file.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


#: Faults of these impacts are serious.
SERIOUS = ("serious", "critical")


def serious(page: Page) -> list[tuple[str, list[str]]]:
    """Return the serious faults that axe-core finds in a page, which is opened with ``bypass_csp``."""
    axe = Path(os.environ.get("AXE_CORE", ""))
    if not axe.is_file():
        missing("axe-core is not there: npm install axe-core, and AXE_CORE=.../axe.min.js")
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    page.evaluate(axe.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        (one["id"], [node["html"][:120] for node in one["nodes"][:3]])
        for one in found["violations"]
        if one["impact"] in SERIOUS
    ]
