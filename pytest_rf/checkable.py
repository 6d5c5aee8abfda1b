"""The analysis that users hold: all figures of a model, and requirements held against them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pytest_rf import analysis, requirements
from pytest_rf.errors import RequirementError
from pytest_rf.findings import Finding
from pytest_rf.requirements.units import Quantity


@dataclass(eq=False, repr=False)
class Analysis(analysis.Analysis):
    """An analysed model: its inputs, its tensors with all their figures, and what it is held against.

    Requirements are written in a language that stands on the figures, so they join here; what needs the figures
    alone takes :class:`pytest_rf.analysis.Analysis`.

    Attributes:
        spacing: axis name -> the distance between neighbours, where the model's authors say it.
        origin: which of its input steps an output step stands for.
    """

    spacing: Mapping[str, Quantity] = field(default_factory=dict)
    origin: Literal["end", "start", "center"] = "end"

    def settings(self, file: str = "", line: int = 0, model: str = "") -> requirements.Settings:
        """Return the settings under which requirements are held: what is said of the model, and who asks where."""
        return requirements.Settings(
            model=model or self.name, file=file, line=line, spacing=self.spacing, origin=self.origin
        )

    def check(self, text: str, **settings: Any) -> list[Finding]:
        """Return what violates a requirement ("final rf >= 224"); empty where it holds.

        Args:
            text: the requirement.
            settings: what :func:`pytest_rf.requirements.check` takes; spacing and origin are by default those that
                are said of the model.

        Raises:
            RequirementError: the requirement cannot be understood, or selects nothing.
        """
        if not isinstance(text, str):
            raise RequirementError(f'{text!r} is not a requirement; give one as text: "final rf >= 224"')
        given = {
            "origin": self.origin,
            **settings,
            "spacing": {**self.spacing, **settings.get("spacing", {})},
        }
        return requirements.check(self, text, **given)
