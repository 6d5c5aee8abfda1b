"""Makes the data of models' pages where their analyses are, which may be in other processes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_rf.checkable import Analysis
from pytest_rf.reporters.pages import document, sections
from pytest_rf.reporters.pages.subject import Subject
from pytest_rf.results import ModelResult


@dataclass(frozen=True)
class Drawing:
    """Makes the data of a model's page, as text that can pass between processes.

    Attributes:
        images: pictures to show inputs with, as data URIs by the names of inputs.
    """

    images: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, analysis: Analysis | None, result: ModelResult) -> str:
        """Return the data as JSON."""
        return json.dumps(document.plain(sections.of(Subject(analysis, result, self.images))))
