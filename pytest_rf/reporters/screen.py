"""What the reader's screen can show."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_rf.reporters.lines import visible_line
from pytest_rf.reporters.signs import fitting

#: On narrower screens tables have this width.
NARROWEST = 40

_BLOCKS = "█▒░·"


@dataclass(frozen=True, slots=True)
class Screen:
    """What the reader's screen can show.

    Attributes:
        width: how many columns a line may take; None for as many as it needs, as in files and pipes.
        encoding: that of the stream, which tells the signs that it can show.
    """

    width: int | None = None
    encoding: str = "utf-8"

    @property
    def room(self) -> int | None:
        """The width, or the narrowest that can be worked with."""
        return None if self.width is None else max(self.width, NARROWEST)

    @property
    def blocks(self) -> bool:
        """Whether it has block signs, of which pictures are made."""
        return fitting(_BLOCKS, self.encoding) == _BLOCKS

    @property
    def cut(self) -> str:
        """What stands for what is left out."""
        return fitting("…", self.encoding)

    def text(self, text: str, limit: int) -> str:
        """Return text as the screen will show it, so that its width is known; it is cut at a limit."""
        return fitting(visible_line(text, limit), self.encoding)
