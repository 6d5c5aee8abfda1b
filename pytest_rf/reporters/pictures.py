"""Pictures of users that reports show: read, held against what they may be, and written into the report."""

from __future__ import annotations

import base64
from pathlib import Path

from pytest_rf.errors import RFError

LARGEST = 4 << 20
"""Bytes of the largest picture."""

_KINDS = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg"}
"""How pictures begin, and what they are."""


class PictureError(RFError):
    """A picture cannot be shown."""


def as_uri(file: str) -> str:
    """Return a picture as a data URI.

    Raises:
        PictureError: it cannot be read, is too large, or is neither PNG nor JPEG.
    """
    path = Path(file)
    try:
        if not path.is_file():
            raise PictureError(f"{file}: is no file; give a PNG or JPEG picture")
        if path.stat().st_size > LARGEST:
            raise PictureError(f"{file}: is larger than {LARGEST >> 20} MB; give a smaller picture")
        with path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        raise PictureError(f"{file}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    kind = next((kind for start, kind in _KINDS.items() if content.startswith(start)), None)
    if kind is None or len(content) > LARGEST:
        raise PictureError(f"{file}: is neither PNG nor JPEG; give a picture of one of these")
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
