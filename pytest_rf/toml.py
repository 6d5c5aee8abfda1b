"""The parser of TOML, which is Python's own from 3.11 on; imported where there is a text to parse."""

from __future__ import annotations

import sys

if sys.version_info >= (3, 11):
    from tomllib import loads
else:  # pragma: no cover
    from tomli import loads

__all__ = ["loads"]
