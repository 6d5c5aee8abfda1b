"""The analysis that users hold: all figures of a model, and requirements held against them."""

from __future__ import annotations

from typing import Any

from pytest_rf import analysis, requirements
from pytest_rf.errors import RequirementError
from pytest_rf.findings import Finding


class Analysis(analysis.Analysis):
    """An analysed model: its inputs, its tensors with all their figures, and what it is held against.

    Requirements are written in a language that stands on the figures, so they join here; what needs the figures
    alone takes :class:`pytest_rf.analysis.Analysis`.
    """

    def check(self, text: str, **settings: Any) -> list[Finding]:
        """Return what violates a requirement ("final rf >= 224"); empty where it holds.

        Args:
            text: the requirement.
            settings: what :func:`pytest_rf.requirements.check` takes.

        Raises:
            RequirementError: the requirement cannot be understood, or selects nothing.
        """
        if not isinstance(text, str):
            raise RequirementError(f'{text!r} is not a requirement; give one as text: "final rf >= 224"')
        return requirements.check(self, text, **settings)
