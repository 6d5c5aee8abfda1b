"""How grave a finding can be."""

from __future__ import annotations

#: The severities, the gravest first.
SEVERITIES = ("error", "warning", "info")


def at_least(severity: str) -> tuple[str, ...]:
    """Return the severities that are as grave as this one, or graver."""
    return SEVERITIES[: SEVERITIES.index(severity) + 1]
