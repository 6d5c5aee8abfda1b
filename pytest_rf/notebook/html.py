"""Pieces of HTML that can stand in any page. All text from models passes through :func:`text` on its way out."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

#: Longer texts are cut.
_LIMIT = 200

#: Notebooks set cells to the right; names and words stand left.
_LEFT = ' style="text-align:left"'


def text(value: str) -> str:
    """Return text that is shown as it is: neither markup nor what steers the order of signs acts."""
    cut = value if len(value) <= _LIMIT else f"{value[:_LIMIT]}…"
    return html.escape("".join(sign if sign.isprintable() else _escaped(sign) for sign in cut))


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """Return a table; columns that are empty throughout are left out.

    Args:
        heads: the names of the columns.
        rows: their cells, as text.
        left: so many of the first columns are set to the left.
    """
    lines = list(rows)
    kept = [n for n in range(len(heads)) if not lines or any(row[n] for row in lines)]
    looks = [_LEFT if n < left else "" for n in range(len(heads))]
    head = "".join(f"<th{looks[n]}>{text(heads[n])}</th>" for n in kept)
    body = "".join(f"<tr>{''.join(f'<td{looks[n]}>{text(row[n])}</td>' for n in kept)}</tr>" for row in lines)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def heading(name: str, about: str) -> str:
    """Return a line that says what is shown: its name, and what it is."""
    return f"<p><strong>{text(name)}</strong>{' ' if about else ''}{text(about)}</p>"


def folded(summary: str, content: str) -> str:
    """Return what is shown when somebody opens it; ``content`` is HTML."""
    return f"<details><summary>{text(summary)}</summary>{content}</details>"
