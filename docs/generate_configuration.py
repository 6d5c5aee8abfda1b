"""Writes docs/configuration.md: every table and key of ``rf.toml``, from the types that hold a configuration.

Usage: python docs/generate_configuration.py
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pytest_rf.checks import RULES
from pytest_rf.checks.options import Options
from pytest_rf.config.shapes import json_schema

PAGE = Path(__file__).parent / "configuration.md"

INTRODUCTION = """\
# Configuration

<!-- Written by docs/generate_configuration.py from the configuration's types; do not edit. -->

`rf.toml`, `.rf.toml`, or the table `[tool.pytest-rf]` of `pyproject.toml`, in which every table below is written with
that prefix (`[[tool.pytest-rf.model]]`). The nearest one upwards from the working directory counts; `--config FILE`
names another. Paths are relative to the file's folder and stay below it. A key that is not listed here is an error
that names the nearest one. `pytest-rf schema config` prints the JSON Schema, with which editors complete and check.

**What goes before what.** There are two layers: the file, for all models, and on top of it a model's own `extend`,
`select`, `ignore` and `require`, for that model alone. A layer begins with what it extends, in the order written, each
file once (what the file extends is not taken again for a model). Requirements add up; all of them must hold. Rules: the
file's `select` (or the defaults) without its `ignore`, then with the model's `select` added and its `ignore` taken
away. So a model can select what the file ignores and ignore what the file selects; within a layer `ignore` goes before
`select`. [Rules](rules.md) that are checked *always* cannot be left out. What requirements say stands in
[The requirement language](requirements.md).
"""

#: How the tables are headed, by the type that stands for them; the outermost comes first.
HEADINGS = {
    "ConfigFile": "The file itself",
    "ModelTable": "`[[model]]`",
    "WaiverTable": "`[[model.waiver]]`",
    "TilingTable": "`[[model.tiling]]`",
    "OperatorTable": "`[[operator]]`",
    "LimitsTable": "`[limits]`",
    "RuleTables": "`[rule]`",
    "Options": "`[rule.NAME]`",
    **{rule.options.__name__: f"`[rule.{rule.name}]`" for rule in RULES if rule.options is not Options},
}

Schema = Mapping[str, Any]


def page() -> str:
    """Return the page as text."""
    tables: Mapping[str, Schema] = json_schema()["$defs"]
    parts = [INTRODUCTION]
    for name in [*HEADINGS, *sorted(tables.keys() - HEADINGS.keys())]:
        if name in tables:
            parts.append(_section(name, tables))
    return "\n".join(parts)


def _section(name: str, tables: Mapping[str, Schema]) -> str:
    table = tables[name]
    heading = HEADINGS.get(name) or f"`{name}`"
    about = _about(table)
    rows = "\n".join(_rows(table, tables))
    text = (
        f"## {heading}\n\n{about}\n\n| key | takes | default | meaning |\n| --- | --- | --- | --- |\n{rows}\n"
    )
    examples = "".join(
        f"{key} = {_date(kind, toml(kind['examples'][0]))}\n"
        for key, kind in table["properties"].items()
        if "examples" in kind
    )
    return f"{text}\n```toml\n{examples}```\n" if examples else text


def _date(kind: Schema, text: str) -> str:
    """Return an example as TOML has it: a date is no text there."""
    formats = [one.get("format") for one in kind.get("anyOf", [])]
    return text.strip('"') if "date" in formats else text


def _about(table: Schema) -> str:
    """Return a table's description as a sentence, without the heading that it begins with."""
    text = str(table.get("description", "")).replace("``", "`")
    after = text.partition("]`: ")[2] or text
    return after[:1].upper() + after[1:]


def _rows(table: Schema, tables: Mapping[str, Schema]) -> Iterator[str]:
    needed = table.get("required", [])
    for key, kind in table["properties"].items():
        default = "*required*" if key in needed else _default(kind.get("default"))
        inner = kind.get("$ref") or kind.get("items", {}).get("$ref", "")
        said = meaning(kind) or _about(tables.get(inner.rpartition("/")[2], {})).rstrip(".")
        cells = (f"`{key}`", takes(kind), default, said[:1].lower() + said[1:])
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(value: Any) -> str:
    return "" if value is None or value in ("", [], {}) or isinstance(value, Mapping) else f"`{toml(value)}`"


def meaning(kind: Schema) -> str:
    """Return a key's description, wherever in its type it stands."""
    inner = [meaning(one) for one in kind.get("anyOf", [])]
    return str(kind.get("description") or next(filter(None, inner), ""))


def takes(kind: Schema) -> str:
    """Return in words what values a key takes."""
    if "enum" in kind:
        return ", ".join(f"`{toml(one)}`" for one in kind["enum"])
    if "$ref" in kind:
        return HEADINGS.get(kind["$ref"].rpartition("/")[2], "a table")
    if "anyOf" in kind:
        return " or ".join(dict.fromkeys(takes(one) for one in kind["anyOf"] if one.get("type") != "null"))
    if kind.get("format") == "date":
        return "a date"
    if kind.get("type") == "array":
        return f"a list of {_plural(takes(kind['items']))}" if kind.get("items") else "a list"
    if kind.get("type") == "object":
        values = kind.get("additionalProperties")
        return f"{_plural(takes(values))} by name" if values else "a table"
    return {
        "string": "a text",
        "integer": "a whole number",
        "number": "a number",
        "boolean": "true or false",
    }[kind["type"]]


def _plural(words: str) -> str:
    if words.startswith("`[["):
        return f"tables {words}"
    head, of, rest = words.partition(" of ")
    plurals = [one.removeprefix("a ") + ("s" if one.startswith("a ") else "") for one in head.split(" or ")]
    return " or ".join(plurals) + of + rest


def toml(value: Any) -> str:
    """Return a value as TOML writes it."""
    if isinstance(value, Mapping):
        return (
            "{ " + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + " }" if value else "{}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return value.isoformat() if isinstance(value, datetime.date) else json.dumps(value)


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
