"""Makes the data of models' pages where their analyses are, which may be in other processes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from pytest_rf.checkable import Analysis
from pytest_rf.jobs import Examined, Job
from pytest_rf.reporters.pages import document, sections
from pytest_rf.reporters.pages.subject import Subject
from pytest_rf.results import ModelResult

Examiner = Callable[[Sequence[Job]], Iterator[tuple[int, Examined]]]


@dataclass
class Drawing:
    """Has the pages of models drawn, and keeps them.

    Attributes:
        image: a picture to show an input with, as a data URI; empty for none.
        drawn: the data of pages as JSON, by the names and sources of models.
    """

    image: str = ""
    drawn: dict[tuple[str, str], str] = field(default_factory=dict)

    def by(self, examiner: Examiner) -> Examiner:
        """Return an examiner that also has what it examines drawn."""

        def examine(jobs: Sequence[Job]) -> Iterator[tuple[int, Examined]]:
            whole = [job._replace(draw=partial(draw, image=self.image)) for job in jobs]
            for place, one in examiner(whole):
                if one.drawn:
                    self.drawn[one.result.model, one.result.file] = one.drawn
                yield place, one

        return examine


def draw(analysis: Analysis, result: ModelResult, image: str = "") -> str:
    """Return the data of a model's page as JSON: all sections but those that wait for the end of the run."""
    return json.dumps(document.plain(sections.of(Subject(analysis, result, _images(analysis, image)))))


def _images(analysis: Analysis, image: str) -> Mapping[str, str]:
    """Return the pictures of inputs: the one that there is shows the first input with two axes."""
    flat = [one.name for one in analysis.inputs.values() if len(one.axes) == 2]
    return {flat[0]: image} if image and flat else {}
