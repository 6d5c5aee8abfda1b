"""The analysis that users hold: all figures of a model, and requirements held against them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pytest_rf import analysis, requirements
from pytest_rf.errors import RequirementError
from pytest_rf.findings import Finding
from pytest_rf.requirements.units import Quantity

if TYPE_CHECKING:
    from pytest_rf.tiles import Plan


@dataclass(eq=False, repr=False)
class Analysis(analysis.Analysis):
    """An analysed model: its inputs, its tensors with all their figures, and what it is held against.

    Requirements are written in a language that stands on the figures, so they join here; what needs the figures
    alone takes :class:`pytest_rf.analysis.Analysis`.

    Attributes:
        spacing: axis name -> the distance between neighbours, where the model's authors say it.
        origin: which of its input steps an output step stands for.
        root: the folder of the configuration that describes it, below which ``file:`` lies; None where none does.
    """

    spacing: Mapping[str, Quantity] = field(default_factory=dict)
    origin: Literal["end", "start", "center"] = "end"
    root: Path | None = None

    def settings(
        self, file: str = "", line: int = 0, model: str = "", root: Path | None = None
    ) -> requirements.Settings:
        """Return the settings under which requirements are held: what is said of the model, and who asks where.

        Args:
            file: the file that holds the requirement, for findings.
            line: its line there.
            model: the model's name in findings; the analysis' own by default.
            root: the folder of ``file:`` where no configuration describes the model.
        """
        return requirements.Settings(
            model=model or self.name,
            file=file,
            line=line,
            spacing=self.spacing,
            origin=self.origin,
            root=self.root or root,
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

    def tiles(
        self,
        tile: Mapping[str, int] | None = None,
        overlap: Mapping[str, int] | None = None,
        *,
        context: Mapping[str, int | Sequence[int]] | None = None,
        align: Mapping[str, int] | None = None,
        crop: Mapping[str, int | Sequence[int]] | None = None,
    ) -> Plan:
        """Plan how the model is run in tiles, and judge whether they make the whole exactly (SEMANTICS 9).

        Args:
            tile: axis name -> extent of a tile, ``{"h": 512, "w": 512}``; other axes are not tiled. By default all
                spatial axes are, with the extents that the model was analysed with.
            overlap: axis name -> what neighbours share, *total*; by default the smallest that is seamless.
            context: axis name -> ``(before, after)``, or one number for both sides, instead of an overlap.
            align: axis name -> tiles begin on multiples of this, beside those that the model demands.
            crop: axis name -> by how many positions outputs are smaller than inputs, ``(before, after)``, where that
                is not what the centres of their units say.

        Raises:
            TilingError: there is no such axis, or a number makes no sense.
        """
        from pytest_rf import tiles

        return tiles.plan(self, tile, overlap, context, align, crop)
