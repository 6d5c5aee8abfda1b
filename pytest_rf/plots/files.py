"""Figures as the bytes of files."""

from __future__ import annotations

import io

from matplotlib.figure import Figure

KINDS = ("svg", "png", "pdf")
"""The kinds of files, by their endings."""


def encoded(figure: Figure, kind: str) -> bytes:
    """Return a figure as a file of one of ``KINDS``: the same bytes every time, for one release of matplotlib."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind)
    return buffer.getvalue()
