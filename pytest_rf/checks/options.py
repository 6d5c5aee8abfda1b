"""What a configuration can say of a rule: how grave its findings are, and thresholds that are a matter of taste.

A rule with thresholds has a class of its own here; its fields, their descriptions and defaults are what
the documentation, ``pytest-rf rule`` and the schema of the configuration show.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, get_args, get_type_hints

import msgspec
from msgspec import Meta, Struct

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


class FieldExceedsInput(Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[rule.field-exceeds-input]``: how large a field may be."""

    times: Annotated[
        float, Meta(gt=0, description="the largest field that is silent, in times the input's extent")
    ] = 1


class Gridding(Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[rule.gridding]``: how many holes a field may have."""

    density: Annotated[
        float, Meta(gt=0, le=1, description="the smallest share of its field that an output may read")
    ] = 1


class MisalignedMerge(Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[rule.misaligned-merge]``: how far the centres of branches may be apart."""

    steps: Annotated[
        float, Meta(ge=0, description="from how many steps of the merged tensor on it is more than info")
    ] = 1


class OffGrid(Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[rule.off-grid]``: how far the units of an output may lie off its grid."""

    steps: Annotated[
        float, Meta(ge=0, description="the largest mean offset that is silent, in steps of the output")
    ] = 0


class UnevenPhases(Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[rule.uneven-phases]``: how much the fields of units may differ."""

    positions: Annotated[
        int, Meta(ge=0, description="by how many input positions the fields of units may differ")
    ] = 0


class UnreadInput(Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[rule.unread-input]``: how much of an input may go unread."""

    positions: Annotated[
        int, Meta(ge=0, description="how many positions at both ends of an axis may go unread")
    ] = 0


class Option(Struct, frozen=True):
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
