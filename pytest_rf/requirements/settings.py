"""What the authors of a model state about it, as far as requirements need to know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct, field

from pytest_rf.findings import Finding
from pytest_rf.requirements.units import Quantity, parse_spacing


class Settings(Struct, frozen=True, kw_only=True):
    """The settings under which requirements are held against a model.

    Attributes:
        model: the model's name, for findings; by default the analysis' own.
        file: the file that holds the requirement, for findings.
        line: its line there.
        column: the column in that line.
        pack: the pack that holds the requirement, where one does.
        waived: says of a finding at one tensor whether a waiver covers it; what is waived is told apart.
        spacing: the distance between neighbours on an axis, by the axis' name.
        origin: which of the input steps that an output step covers it stands for: the last (``end``), the
            first (``start``) or their middle (``center``).
        root: the folder that ``file:`` is relative to and never leaves; None for the working directory.
    """

    model: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    pack: str = ""
    waived: Callable[[Finding], bool] | None = None
    spacing: Mapping[str, Quantity] = field(default_factory=dict)
    origin: Literal["end", "start", "center"] = "end"
    root: Path | None = None


def spacings(texts: Mapping[str, str | Quantity]) -> dict[str, Quantity]:
    """Return spacings, by axis, from the texts that users write.

    Raises:
        RequirementError: a text is not a spacing.
    """
    return {
        axis.lower(): parse_spacing(text) if isinstance(text, str) else text for axis, text in texts.items()
    }
