"""What all pictures share: the figure that is returned, its colours, and how text from models is shown."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.text import Text

#: Told apart by the colour-blind (Okabe and Ito, 2008), and in grey by line style, hatch or lightness.
FIELD = "#0072b2"
EFFECTIVE = "#b25900"
STRIDE = "#00664c"
REQUIRED = "#a8005c"
EXTENT = "#444444"
PADDING = "#e69f00"
MUTED = "#666666"
FAINT = "#e8e8e8"

#: Longer texts lose their middle.
LONGEST = 60

#: Lines that are seen on any image.
CASED = [withStroke(linewidth=2.8, foreground="white", alpha=0.8)]

STYLE: Mapping[str, Any] = {
    "axes.edgecolor": MUTED,
    "axes.grid": False,
    "axes.labelsize": 9,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "figure.titlesize": 10,
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans", "Arial", "Helvetica", "sans-serif"],  # the first comes with matplotlib
    "font.size": 9,
    "hatch.linewidth": 0.7,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "pdf.fonttype": 42,
    "savefig.dpi": 200,
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "pytest-rf",
    "text.parse_math": False,  # names of tensors can have dollar signs
    "text.usetex": False,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
}


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the style of these pictures, whatever the user's is."""
    # Whoever asks for the backend has pyplot imported.
    defaults = {
        key: matplotlib.rcParamsDefault[key] for key in matplotlib.rcParamsDefault if key != "backend"
    }
    with matplotlib.rc_context({**defaults, **STYLE}):
        yield


class Drawing(Figure):
    """A matplotlib figure that is saved as it was drawn, and that notebooks show without pyplot."""

    def savefig(self, fname: Any, *, transparent: bool | None = None, **settings: Any) -> None:
        """Save the figure, with text as text and without the date: the same file every time."""
        if transparent is not None:
            settings["transparent"] = transparent
        kind = settings.get("format") or str(fname).rpartition(".")[2].lower()
        undated: Mapping[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind, {})
        settings["metadata"] = {**undated, **(settings.get("metadata") or {})}
        with styled(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing")  # viewers of SVG have fonts of their own
            super().savefig(fname, **settings)

    def _repr_svg_(self) -> str:
        """Return what a notebook shows."""
        buffer = io.StringIO()
        self.savefig(buffer, format="svg")
        text = buffer.getvalue()
        return text[text.index("<svg") :]


def figure(width: float, height: float) -> Drawing:
    """Return an empty figure of a size in inches."""
    return Drawing(figsize=(width, height), layout="constrained")


def shown(text: str, most: int = LONGEST) -> str:
    r"""Return text from a model as pictures show it: what steers or hides is escaped, ``\x1b``; long text is cut."""
    safe = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
    if len(safe) <= most:
        return safe
    kept = most - 1
    return f"{safe[: kept - kept // 2]}…{safe[len(safe) - kept // 2 :]}"


def plain(artist: Artist) -> None:
    """Have all text within an artist shown as it is, dollar signs too."""
    for text in artist.findobj(Text):
        assert isinstance(text, Text)
        text.set_parse_math(False)
