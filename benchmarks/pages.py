"""Time that pages take: to be made, against the figures of the model, and to be opened in Chromium.

    python benchmarks/pages.py

Prints a Markdown table. "drawn" is when the graph of the page can be clicked, from the beginning of loading; it needs
Chromium and the extras ``report`` and ``browser``.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

import pytest_rf
from pytest_rf.reporters.pages import document, sections
from pytest_rf.reporters.pages.subject import Subject
from pytest_rf.results import ModelResult

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from reporters.pages import nets

NETS = {"ResNet-50": nets.resnet50, "U-Net": nets.unet, "5,000 nodes": nets.deep}
LEAST = 3


def drawn(page: Page, file: Path) -> float:
    """Return the seconds until the graph is there."""
    begun = time.perf_counter()
    page.goto(file.as_uri())
    page.locator(".graph").scroll_into_view_if_needed()
    page.locator(".graph .stage svg").wait_for(state="attached")
    return time.perf_counter() - begun


def main() -> None:
    """Measure each net."""
    print(
        "| net | figures, s | page, s | page / figures | size, MB | drawn, s |\n| --- | --- | --- | --- | --- | --- |"
    )
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        for name, make in NETS.items():
            begun = time.process_time()
            pytest_rf.analyze(make()).to_dict()
            figures = time.process_time() - begun
            begun = time.process_time()
            data = sections.of(Subject(pytest_rf.analyze(make()), ModelResult(model=name)))
            html = document.html([document.plain(data)])
            taken = time.process_time() - begun
            file = Path(folder) / "page.html"
            file.write_text(html, encoding="utf-8")
            opened = min(drawn(browser.new_page(), file) for _ in range(LEAST))
            print(
                f"| {name} | {figures:.2f} | {taken:.2f} | {taken / figures:.1f} "
                f"| {len(html) / 1e6:.2f} | {opened:.2f} |"
            )
        browser.close()


if __name__ == "__main__":
    main()
