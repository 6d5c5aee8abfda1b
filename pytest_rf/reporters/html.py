"""HTML for people to look at: one page about all models, which needs nothing but itself."""

from __future__ import annotations

import json
from typing import Any

from pytest_rf.reporters import NOTHING_DRAWN, Drawn
from pytest_rf.reporters.lines import visible
from pytest_rf.reporters.pages import document, overview, sections
from pytest_rf.results import ModelResult, Run


def check(run: Run, drawn: Drawn = NOTHING_DRAWN) -> str:
    """Return a run as a page.

    Args:
        run: what was found.
        drawn: what was drawn of its models; of those that could not be analysed there is nothing.

    Raises:
        OutputError: the extra is missing that pages need.
    """
    pages = [_page(model, drawn.get((model.model, model.file), "")) for model in run.models]
    return document.html(pages, document.plain(overview.of(run.models, pages)))


def _page(result: ModelResult, drawn: str) -> Any:
    """Return the data of a model's page, with the sections that wait for the end of a run."""
    page = json.loads(drawn) if drawn else document.plain(sections.bare(result))
    places = {one["name"]: place for place, one in enumerate(page["tensors"])}

    def place(name: str) -> int | None:
        return places.get(visible(name, document.LONGEST))

    for section, data in sections.judged(result, place):
        page["sections"][section] = document.plain(data)
    return page
