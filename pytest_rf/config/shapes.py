"""What is told of the shape of a configuration: its JSON Schema, the keys of its tables, the words that keys take."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from pytest_rf.checks import RULES
from pytest_rf.checks.options import Options
from pytest_rf.config.examples import illustrated
from pytest_rf.config.tables import (
    ConfigFile,
    LimitsTable,
    ModelTable,
    OperatorTable,
    RuleTables,
    TilingTable,
    WaiverTable,
)


def field_names() -> dict[str, tuple[str, ...]]:
    """Return the keys of every table, for near misses: by table, the outermost under the empty name."""
    return {
        "": ConfigFile.__struct_fields__,
        "model": ModelTable.__struct_fields__,
        "operator": OperatorTable.__struct_fields__,
        "waiver": WaiverTable.__struct_fields__,
        "tiling": TilingTable.__struct_fields__,
        "limits": LimitsTable.__struct_fields__,
        "rule": RuleTables.__struct_encode_fields__,
        **{rule.name: rule.options.__struct_fields__ for rule in RULES if rule.has_options},
    }


def choices(key: str) -> tuple[str, ...]:
    """Return the words that a key takes; none where it takes others than a few words."""
    for table in (ConfigFile, ModelTable, Options):
        kind = get_type_hints(table).get(key)
        for one in (kind, *get_args(kind)):
            if get_origin(one) is Literal:
                return get_args(one)
    return ()


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a configuration file."""
    return illustrated(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": "urn:pytest-rf:schema:config",
            "title": "Configuration of pytest-rf",
            **msgspec.json.schema(ConfigFile),
        }
    )
