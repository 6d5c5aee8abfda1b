"""The section look."""

from __future__ import annotations

import msgspec

from pytest_rf.reporters.pages.subject import Subject


class Data(msgspec.Struct, frozen=True, kw_only=True):
    """What the section shows."""


def of(subject: Subject) -> Data | None:
    """Return the data of the section; None where there is nothing to show."""
    return None
