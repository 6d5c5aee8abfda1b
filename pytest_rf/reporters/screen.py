"""What the reader's screen can show."""

from __future__ import annotations

from dataclasses import dataclass

#: On narrower screens tables have this width.
NARROWEST = 40


@dataclass(frozen=True, slots=True)
class Screen:
    """What the reader's screen can show.

    Attributes:
        width: how many columns a line may take; None for as many as it needs, as in files and pipes.
        blocks: whether it has block signs, of which pictures are made.
    """

    width: int | None = None
    blocks: bool = True

    @property
    def room(self) -> int | None:
        """The width, or the narrowest that can be worked with."""
        return None if self.width is None else max(self.width, NARROWEST)
