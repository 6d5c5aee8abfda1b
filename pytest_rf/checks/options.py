"""What a configuration can say of a rule: how grave its findings are, and thresholds that are a matter of taste.

A rule with thresholds has a class of its own here or in its file; its fields, their descriptions and defaults are what
the documentation, ``pytest-rf rule`` and the schema of the configuration show.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, NamedTuple, get_args, get_type_hints

import msgspec
from msgspec import Meta

Severity = Literal["error", "warning", "info"]


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[rule.NAME]``: how grave the findings of a rule are."""

    severity: Annotated[
        Severity | None,
        Meta(
            description="what its findings are, but for those that it calls info itself; its own by default"
        ),
    ] = None
    undecidable: Annotated[
        Severity,
        Meta(description="what findings are of which only upper bounds tell, so that they may be none"),
    ] = "warning"


class Option(NamedTuple):
    """One key of a rule's table, for a reader.

    Attributes:
        name: the key.
        about: what it says.
        default: what holds where it is not written, as TOML; empty where that is the rule's own.
    """

    name: str
    about: str
    default: str


def thresholds(options: type[Options]) -> Iterator[Option]:
    """Yield the keys of a rule's own, without those that every rule has."""
    shared = {field.name for field in msgspec.structs.fields(Options)}
    hints = get_type_hints(options, include_extras=True)
    for field in msgspec.structs.fields(options):
        if field.name not in shared:
            about = next(one.description for one in get_args(hints[field.name]) if isinstance(one, Meta))
            yield Option(field.name, about or "", str(field.default))
