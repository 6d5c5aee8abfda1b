"""The configuration: ``rf.toml``, ``.rf.toml``, or ``[tool.pytest-rf]`` in ``pyproject.toml``.

``load`` reads a file with all that it extends, refuses whatever it does not understand, and keeps the line of
every requirement for the findings. What a model's source stands for is looked up later, model by model
(:mod:`pytest_rf.config.sources`), so that one missing file does not hide the results of the others.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_rf import checks
from pytest_rf.analysis import steps
from pytest_rf.config import packs, tomlfile
from pytest_rf.config.declared import Config, Limits, Model, PlacedRequirement, Waiver
from pytest_rf.config.discovery import is_nearly_ours, ours
from pytest_rf.config.sources import Target
from pytest_rf.config.tomlfile import Document
from pytest_rf.errors import ConfigError, RequirementError
from pytest_rf.globs import matcher
from pytest_rf.requirements import RequirementTextError, parse
from pytest_rf.requirements.settings import spacings

if TYPE_CHECKING:
    from pytest_rf.config.tables import LimitsTable, ModelTable, PackFile, WaiverTable

__all__ = ["Config", "Limits", "Model", "PlacedRequirement", "Target", "Waiver", "load", "schema"]

#: Files that extend files that extend files.
MAX_DEPTH = 8

#: Limits that the format has and that are not enforced yet.
NOT_ENFORCED = ("depth", "seconds", "memory")


def load(path: Path | str) -> Config:
    """Read a configuration file, with all that it extends.

    Raises:
        ConfigError: it cannot be read or says something that is wrong; the text names the line.
    """
    path = Path(path).absolute()
    return _Loader(path.parent).config(ours(tomlfile.read(path)))


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a configuration file."""
    from pytest_rf.config.tables import json_schema

    return json_schema()


class _Loader:
    """Turns documents into a configuration."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.select: list[str] = []
        self.ignore: list[str] = []
        self.requires: list[PlacedRequirement] = []

    def config(self, document: Document) -> Config:
        from pytest_rf.config.tables import ConfigFile

        table: ConfigFile = _convert(document, ConfigFile)
        self.general(document, table, (document.path.resolve(),))
        names: dict[str, int] = {}
        models = []
        limits = self.limits(document, table.limits)
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
            select=tuple(dict.fromkeys(self.select)),
            ignore=tuple(dict.fromkeys(self.ignore)),
            requires=tuple(self.requires),
            models=tuple(models),
            uncovered=table.uncovered,
            lfs=table.lfs,
            limits=limits,
        )

    def general(
        self,
        document: Document,
        table: PackFile,
        chain: tuple[Path, ...],
        place: tuple[str, int] | None = None,
    ) -> None:
        """Take what is not about one model, first from the files that this one extends."""
        from pytest_rf.config.tables import PackFile

        part = document.part()
        for text in table.extend:
            line = document.line_of_text(text, part)
            path = packs.locate(text, document, self.root, line)
            if path in chain:
                raise document.error(f'"{text}" extends itself in a circle', line)
            if len(chain) > MAX_DEPTH:
                raise document.error(f"files extend files more than {MAX_DEPTH} deep", line)
            extended = tomlfile.read(path)
            # Who reads a finding of a pack's requirement can change the line that takes the pack in, not the pack.
            taken = place or ((document.name, line) if text.startswith("pytest-rf:") else None)
            self.general(extended, _convert(extended, PackFile), (*chain, path), taken)
        for texts in (table.select, table.ignore):
            for text in texts:
                self.rule(document, text, document.line_of_text(text, part))
        for text in table.ignore:
            kept = [rule for rule in checks.match(text) if rule.always]
            if kept and len(text) > len("RF0"):
                line = document.line_of_text(text, part)
                raise document.error(
                    f"{kept[0].code} cannot be ignored; waive the finding in [[model.waiver]]", line
                )
        self.select += table.select
        self.ignore += table.ignore
        stated = self.stated(document, table.require, part)
        shared = len(chain) > 1
        self.requires += [
            PlacedRequirement(one.requirement, *(place or (one.file, one.line)), shared=shared)
            for one in stated
        ]

    def limits(self, document: Document, table: LimitsTable) -> Limits:
        """Take the limits; one that would not be enforced is refused."""
        limits = Limits(**{name: getattr(table, name) for name in table.__struct_fields__})
        for name in NOT_ENFORCED:
            if getattr(limits, name) is not None:
                line = document.line_of_key(name, (0, len(document.lines)))
                raise document.error(f"limits.{name} is not enforced yet in this version of pytest-rf", line)
        return limits

    def rule(self, document: Document, text: str, line: int) -> None:
        """Refuse what stands for no rule."""
        try:
            checks.match(text)
        except KeyError as error:
            raise document.error(str(error.args[0]), line) from None

    def model(self, document: Document, index: int, entry: ModelTable) -> Model:
        part = document.part(index)
        line = part[0] + 1 if document.models else 0
        try:
            spacing = spacings(entry.spacing)
        except RequirementError as error:
            raise document.error(f"spacing: {error}", document.line_of_key("spacing", part) or line) from None
        for axis, text in entry.stands_for.items():
            try:
                steps.parse(text)
            except RequirementError as error:
                place = document.line_of_key("stands_for", part) or line
                raise document.error(f"{axis}: {error}", place) from None
        self.patterns(document, (entry.source, *entry.accept_context), line)
        return Model(
            source=entry.source,
            name=entry.name,
            inputs={name: tuple(shape) for name, shape in entry.inputs.items()},
            values=dict(entry.values),
            spacing=spacing,
            axes=entry.axes,
            origin=entry.origin,
            stands_for=entry.stands_for,
            accept_context=tuple(entry.accept_context),
            accept_lines=tuple(document.line_of_text(text, part) for text in entry.accept_context),
            requires=(*self.requires, *self.stated(document, entry.require, part)),
            waivers=tuple(self.waiver(document, index, i, waiver) for i, waiver in enumerate(entry.waiver)),
            root=self.root,
            file=document.name,
            line=line,
        )

    def waiver(self, document: Document, model: int, index: int, entry: WaiverTable) -> Waiver:
        part = document.part(model, index)
        line = part[0] + 1
        try:
            rule = checks.find(entry.rule)
        except KeyError as error:
            raise document.error(
                f"waiver: {error.args[0]}", document.line_of_key("rule", part) or line
            ) from None
        self.patterns(document, (entry.at,), line)
        return Waiver(
            rule=rule.code, at=entry.at, reason=entry.reason, until=entry.until, file=document.name, line=line
        )

    def patterns(self, document: Document, patterns: Iterable[str], line: int) -> None:
        """Refuse patterns that are too long to match."""
        for pattern in patterns:
            try:
                matcher(pattern)
            except ValueError as error:
                raise document.error(str(error), line) from None

    def stated(
        self, document: Document, texts: Iterable[str], part: tuple[int, int]
    ) -> list[PlacedRequirement]:
        """Read requirements and remember their lines."""
        found: list[PlacedRequirement] = []
        seen: dict[str, int] = {}
        for text in texts:
            line = document.line_of_text(text, part, seen.get(text, 0))
            seen[text] = seen.get(text, 0) + 1
            try:
                found.append(PlacedRequirement(parse(text), document.name, line))
            except RequirementTextError as error:
                raise document.error(str(error), line, error.detail) from None
        return found


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
    from pytest_rf.config.tables import choices, field_names

    reason, _, where = text.partition(" - at `$")
    where = where.rstrip("`").lstrip(".")
    model = re.match(r"model\[(\d+)\]", where)
    waiver = re.match(r"model\[\d+\]\.waiver\[(\d+)\]", where)
    part = document.part(int(model[1]) if model else None, int(waiver[1]) if waiver else None)
    unknown = re.search(r"unknown field `(.*)`", reason)
    if unknown is not None:
        table = "waiver" if waiver else "model" if model else where
        keys = field_names().get(table, ()) if table else kind.__struct_fields__
        hint = _nested(document, unknown[1]) if not table else ""
        hint = hint or _nearest(unknown[1], keys)
        everywhere = part if model else (0, len(document.lines))
        line = document.line_of_key(unknown[1], everywhere) or (part[0] + 1 if model else 0)
        return document.error(f'unknown key "{unknown[1][:100]}"{hint}', line)
    if "enum value" in reason:
        reason += f"; there are {', '.join(choices(where.rpartition('.')[2]))}"
    if where == "model" and "got `object`" in reason:
        reason += "; write [[model]], with two brackets"
    key = re.findall(r"[A-Za-z_]+", where)
    line = (document.line_of_key(key[-1], part) if key else 0) or (part[0] + 1 if model else 0)
    return document.error(f"{where + ': ' if where else ''}{reason[:1].lower()}{reason[1:]}", line)


def _nested(document: Document, key: str) -> str:
    """Return what to say about our own table in a file that is all ours, as people move it from a pyproject.toml."""
    if not isinstance(document.data.get(key), dict) or (key != "tool" and not is_nearly_ours(key)):
        return ""
    return "; all of this file is pytest-rf's, so its keys and [[model]] stand at the top, in no table"


def _nearest(key: str, keys: Sequence[str]) -> str:
    near = difflib.get_close_matches(key[:100].lower(), keys, n=1)
    return f', did you mean "{near[0]}"?' if near else f"; there are {', '.join(keys)}"
