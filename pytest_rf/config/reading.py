"""The configuration: ``rf.toml``, ``.rf.toml``, or ``[tool.pytest-rf]`` in ``pyproject.toml``.

``load`` reads a file with all that it extends, refuses whatever it does not understand, and keeps the line of
every requirement for the findings. What a model's source stands for is looked up later, model by model
(:mod:`pytest_rf.config.sources`), so that one missing file does not hide the results of the others.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from pytest_rf import checks, paths
from pytest_rf.calls import KEYS, CallError, stated
from pytest_rf.config import records, tilings, tomlfile
from pytest_rf.config.declared import Config, Limits, Model, PlacedRequirement, Waiver
from pytest_rf.config.discovery import is_nearly_ours, ours
from pytest_rf.config.layers import Files, Layer
from pytest_rf.config.positions import Keys
from pytest_rf.config.sources import Target
from pytest_rf.config.tomlfile import Document
from pytest_rf.errors import ConfigError
from pytest_rf.globs import matcher

if TYPE_CHECKING:
    from pytest_rf.config.tables import ModelTable, PackFile, WaiverTable

__all__ = ["Config", "Limits", "Model", "PlacedRequirement", "Target", "Waiver", "load", "schema"]

#: What the documentation calls the types that msgspec names.
_KINDS = {
    "array": "a list",
    "object": "a table",
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "date": "a date",
}


def load(path: Path | str) -> Config:
    """Read a configuration file, with all that it extends.

    Raises:
        ConfigError: it cannot be read or says something that is wrong; the text names the line.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100  (resolve() would follow symlinks)
    with paths.named_from(paths.around(path.parent)):
        within = paths.reach() or path.parent
        if not paths.lies_in(path.parent, within):
            raise ConfigError(f"--root {paths.display(within)}: {paths.display(path)} does not lie in it")
        return _Loader(path.parent, within).config(ours(tomlfile.read(path)))


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a configuration file."""
    from pytest_rf.config.shapes import json_schema

    return json_schema()


class _Loader:
    """Turns documents into a configuration."""

    def __init__(self, root: Path, within: Path) -> None:
        self.root = root
        self.within = within
        self.files = Files(within, lambda document: _convert(document, _pack()))
        self.shared = Layer(self.files)

    def config(self, document: Document) -> Config:
        from pytest_rf.config.tables import ConfigFile

        table: ConfigFile = _convert(document, ConfigFile)
        self.shared.take(document, table, operator=table.operator)
        names: dict[str, int] = {}
        models = []
        limits = Limits(**{name: getattr(table.limits, name) for name in Limits.__struct_fields__})
        if table.isolate == "never":
            self.refuse_unlimited(document, limits)
        for index, entry in enumerate(table.model):
            model = self.model(document, index, entry)
            if entry.name and entry.name in names:
                line = names[entry.name]
                raise document.error(
                    f'a second model is called "{entry.name}" (the first: line {line})', model.line
                )
            names[entry.name] = model.line
            models.append(replace(model, limits=limits))
        return Config(
            path=document.path,
            file=document.name,
            root=self.root,
            select=tuple(dict.fromkeys(self.shared.select)),
            ignore=tuple(dict.fromkeys(self.shared.ignore)),
            requires=tuple(self.shared.requires),
            options=checks.options(self.shared.rules),
            models=tuple(models),
            uncovered=table.uncovered,
            lfs=table.lfs,
            limits=limits,
            operators=self.shared.operators,
            baseline=records.named(document, "baseline", table.baseline)
            or records.beside(document.path, records.BASELINE),
            lock=records.named(document, "lock", table.lock),
            jobs=table.jobs,
            isolate=table.isolate,
        )

    def refuse_unlimited(self, document: Document, limits: Limits) -> None:
        """Refuse limits that nothing would hold."""
        for name in ("seconds", "memory"):
            if getattr(limits, name) is not None:
                reason = f'limits.{name} is held by a process of its own, which isolate = "never" forbids'
                raise document.error(reason, document.line("limits", name))

    def model(self, document: Document, index: int, entry: ModelTable) -> Model:
        at = ("model", index)
        self.pattern(document, entry.source, *at, "source")
        for number, text in enumerate(entry.accept_context):
            self.pattern(document, text, *at, "accept_context", number)
        own = Layer(self.files, self.shared)
        own.take(document, entry, *at)
        model = Model(
            source=entry.source,
            name=entry.name,
            places={keys: document.place(*at, *written) for keys, written in _of_analysis(entry)},
            requires=(*self.shared.requires, *own.requires),
            select=tuple(dict.fromkeys(own.select)),
            ignore=tuple(dict.fromkeys(own.ignore)),
            options=checks.options(self.shared.rules, own.rules),
            waivers=tuple(self.waiver(document, index, i, waiver) for i, waiver in enumerate(entry.waiver)),
            tilings=tuple(
                tilings.stated(document, tiling, *at, "tiling", i) for i, tiling in enumerate(entry.tiling)
            ),
            root=self.root,
            within=self.within,
            operators={**self.shared.operators, **own.operators},
            file=document.name,
            line=document.line(*at),
        )
        # What is empty or false is as if it were not written.
        given = {key: getattr(entry, key) or None for key in KEYS}
        try:
            return stated(model, given, self.root)
        except CallError as error:
            line, detail = document.line(*at, error.key, *error.at), getattr(error, "detail", "")
            raise document.error(str(error), line, detail) from None

    def waiver(self, document: Document, model: int, index: int, entry: WaiverTable) -> Waiver:
        at = ("model", model, "waiver", index)
        try:
            rule = checks.find(entry.rule)
        except KeyError as error:
            raise document.error(f"waiver: {error.args[0]}", document.line(*at, "rule")) from None
        self.pattern(document, entry.at, *at, "at")
        return Waiver(
            rule=rule.code,
            at=entry.at,
            reason=entry.reason,
            until=entry.until,
            file=document.name,
            line=document.line(*at),
        )

    def pattern(self, document: Document, pattern: str, *keys: str | int) -> None:
        """Refuse a pattern that is too long to match."""
        try:
            matcher(pattern)
        except ValueError as error:
            raise document.error(str(error), document.line(*keys)) from None


def _of_analysis(entry: ModelTable) -> Iterator[tuple[Keys, Keys]]:
    """Yield the keys of a model that only its analysis can refute, as messages name them and as they are written."""
    for number in range(len(entry.accept_context)):
        yield ("accept_context", number), ("accept_context", number)
    for axis in entry.spacing:
        yield ("spacing", axis.lower()), ("spacing", axis)
    for axis in entry.stands_for:
        yield ("stands_for", axis), ("stands_for", axis)
    for axis in entry.frontend:
        yield ("frontend", axis.lower()), ("frontend", axis)
    for state in entry.state if isinstance(entry.state, dict) else ():
        yield ("state", state), ("state", state)
    if entry.chunk:
        yield ("chunk",), ("chunk",)


def _pack() -> type[PackFile]:
    from pytest_rf.config.tables import PackFile

    return PackFile


def _convert(document: Document, kind: type[PackFile]) -> Any:
    """Return the data of a document as a table, or raise the error of its place."""
    import msgspec

    from pytest_rf.config.tables import convert

    try:
        return convert(document.data, kind)
    except msgspec.ValidationError as error:
        raise _invalid(document, str(error), kind) from None
    except RecursionError:
        raise document.error("nested too deeply") from None


def _invalid(document: Document, text: str, kind: type[PackFile]) -> ConfigError:
    """Return the error of data that has not the shape that it should."""
    from pytest_rf.config.shapes import choices, field_names

    reason, _, where = text.partition(" - at `$")
    where = where.rstrip("`").lstrip(".")
    at = _keys(document, text, where, kind)
    unknown = re.search(r"unknown field `(.*)`", reason, re.DOTALL)
    if unknown is not None:
        # A model's tables go by their own names, as tables.field_names has them.
        table = next((str(key) for key in reversed(at) if not isinstance(key, int)), "")
        keys = field_names().get(table, ()) if table else kind.__struct_fields__
        hint = _nested(document, unknown[1]) if not table else _of_rule(unknown[1]) if table == "rule" else ""
        hint = hint or _nearest(unknown[1], keys)
        return document.error(f'unknown key "{unknown[1][:100]}"{hint}', document.line(*at, unknown[1]))
    if "enum value" in reason:
        reason += f"; there are {', '.join(choices(where.rpartition('.')[2]))}"
    elif where in ("model", "operator") and "got `object`" in reason:
        reason += f"; write [[{where}]], with two brackets"
    elif reason.startswith("Expected `array`, got `str`"):
        reason += f'; write {where.rpartition(".")[2]} = ["..."]'
    return document.error(f"{where + ': ' if where else ''}{_in_words(reason)}", document.line(*at))


def _in_words(reason: str) -> str:
    """Return what msgspec says in the words of the documentation: a list is no array, a table no object."""
    missing = re.fullmatch(r"Object missing required field `(\w+)`", reason)
    if missing is not None:
        return f'the key "{missing[1]}" is missing'
    return re.sub(r"`([a-z]+(?: \| [a-z]+)*)`", _kinds, reason[:1].lower() + reason[1:])


def _kinds(found: re.Match[str]) -> str:
    kinds = [_KINDS.get(one, one) for one in found[1].split(" | ") if one != "null"]
    return " or ".join(dict.fromkeys(kinds))


def _keys(document: Document, text: str, where: str, kind: type[PackFile]) -> Keys:
    """Return the way to what is wrong, which msgspec writes as ``model[0].inputs[...][1]``.

    A key of the user's own is ``[...]``: it is the one that is wrong in the same way without its neighbours.
    """
    import msgspec

    from pytest_rf.config.tables import convert

    keys: list[str | int] = []
    holder: Any = document.data
    for name, number in re.findall(r"([\w-]+)|\[(\d+|\.\.\.)\]", where):
        value: Any = holder[keys[-1]] if keys else holder
        if number == "...":
            for key in value:
                holder[keys[-1]] = {key: value[key]}
                try:
                    convert(document.data, kind)
                except msgspec.ValidationError as error:
                    if str(error) == text:
                        break
            holder[keys[-1]] = value
            keys.append(key)
        else:
            keys.append(int(number) if number else name)
        holder = value
    return tuple(keys)


def _nested(document: Document, key: str) -> str:
    """Return what to say about our own table in a file that is all ours, as people move it from a pyproject.toml."""
    if not isinstance(document.data.get(key), dict) or (key != "tool" and not is_nearly_ours(key)):
        return ""
    return "; all of this file is pytest-rf's, so its keys and [[model]] stand at the top, in no table"


def _of_rule(key: str) -> str:
    """Return what to say about a rule that goes by its name, or of which nothing can be said."""
    try:
        rule = checks.find(key)
    except KeyError:
        return ""
    return (
        f"; write [rule.{rule.name}]" if rule.has_options else f"; what {rule.code} finds is always an error"
    )


def _nearest(key: str, keys: Sequence[str]) -> str:
    import difflib

    near = difflib.get_close_matches(key[:100].lower(), keys, n=1)
    return f', did you mean "{near[0]}"?' if near else f"; there are {', '.join(keys)}"
