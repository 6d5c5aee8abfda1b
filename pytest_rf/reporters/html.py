"""HTML for people to look at: one page about all models, which needs nothing but itself."""

from __future__ import annotations

import json
from typing import Any

from pytest_rf.reporters import NOTHING_DRAWN, Drawn
from pytest_rf.reporters.lines import visible
from pytest_rf.reporters.pages import document, sections
from pytest_rf.results import ModelResult, Run, severity
from pytest_rf.severity import SEVERITIES


def check(run: Run, drawn: Drawn = NOTHING_DRAWN) -> str:
    """Return a run as a page.

    Args:
        run: what was found.
        drawn: what was drawn of its models; of those that could not be analysed there is nothing.

    Raises:
        OutputError: the extra is missing that pages need.
    """
    return document.html([_page(model, drawn.get((model.model, model.file), "")) for model in run.models])


def _page(result: ModelResult, drawn: str) -> Any:
    """Return the data of a model's page, with the sections that wait for the end of a run."""
    page = json.loads(drawn) if drawn else document.plain(sections.bare(result))
    places = {one["name"]: place for place, one in enumerate(page["tensors"])}

    def place(name: str) -> int | None:
        return places.get(visible(name, document.LONGEST))

    page["failing"] = sum(severity(found) == SEVERITIES[0] for found in result.findings)
    for section, data in sections.judged(result, place):
        page["sections"][section] = document.plain(data)
    return page
