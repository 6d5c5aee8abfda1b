"""The part of SARIF 2.1.0 that reports of pytest-rf use, as types; names are those of the specification."""

from __future__ import annotations

import re
from urllib.parse import quote

from msgspec import Struct, field

from pytest_rf.findings import Witness

#: What relative paths are relative to; the name is the one that GitHub knows.
ROOT = "%SRCROOT%"

VERSION = "2.1.0"

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_DRIVE = re.compile("[A-Za-z]:/")


class _Object(Struct, frozen=True, rename="camel", omit_defaults=True):
    """What all objects of a log share: defaults are left out, as the specification has it."""


class Text(_Object, frozen=True, kw_only=True):
    """A text, and perhaps the same as Markdown."""

    text: str
    markdown: str = ""


class Message(_Object, frozen=True, kw_only=True):
    """What a person reads."""

    text: str


class ArtifactLocation(_Object, frozen=True, kw_only=True):
    """A file."""

    uri: str = ""
    uri_base_id: str = ""
    description: Message | None = None


class Region(_Object, frozen=True, kw_only=True):
    """A part of a file; lines and columns are counted from 1."""

    start_line: int
    start_column: int | None = None


class PhysicalLocation(_Object, frozen=True):
    """A place in a file."""

    artifact_location: ArtifactLocation
    region: Region


class LogicalLocation(_Object, frozen=True, kw_only=True):
    """A tensor of a model."""

    name: str
    fully_qualified_name: str
    kind: str


class Location(_Object, frozen=True):
    """A place in a file and, perhaps, in a model."""

    physical_location: PhysicalLocation
    logical_locations: tuple[LogicalLocation, ...] = ()
    message: Message | None = None


class ThreadFlowLocation(_Object, frozen=True, kw_only=True):
    """A step of a path."""

    location: Location


class ThreadFlow(_Object, frozen=True, kw_only=True):
    """A path."""

    locations: tuple[ThreadFlowLocation, ...]


class CodeFlow(_Object, frozen=True, kw_only=True):
    """How it came to a result."""

    thread_flows: tuple[ThreadFlow, ...]


class Suppression(_Object, frozen=True, kw_only=True):
    """Why a result is accepted."""

    kind: str
    status: str
    justification: str


class Properties(_Object, frozen=True, kw_only=True):
    """What the specification has no word for."""

    witness: Witness | None = None


class Result(_Object, frozen=True, kw_only=True):
    """A finding."""

    rule_id: str
    rule_index: int = -1
    level: str
    message: Message
    locations: tuple[Location, ...]
    related_locations: tuple[Location, ...] = ()
    code_flows: tuple[CodeFlow, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    partial_fingerprints: dict[str, str]
    properties: Properties | None = None


class Configuration(_Object, frozen=True, kw_only=True):
    """How a rule is set."""

    level: str


class ReportingDescriptor(_Object, frozen=True, kw_only=True):
    """A rule."""

    id: str
    name: str
    short_description: Text
    full_description: Text
    help: Text
    default_configuration: Configuration


class ToolComponent(_Object, frozen=True, kw_only=True):
    """A program."""

    name: str
    version: str
    semantic_version: str
    rules: tuple[ReportingDescriptor, ...]


class Tool(_Object, frozen=True, kw_only=True):
    """What made the log."""

    driver: ToolComponent


class Notification(_Object, frozen=True, kw_only=True):
    """Something about the run itself."""

    level: str
    message: Message
    locations: tuple[Location, ...] = ()


class Invocation(_Object, frozen=True, kw_only=True):
    """How the run went."""

    execution_successful: bool
    exit_code: int
    tool_execution_notifications: tuple[Notification, ...] = ()


class Run(_Object, frozen=True, kw_only=True):
    """A run of the tool."""

    tool: Tool
    invocations: tuple[Invocation, ...]
    original_uri_base_ids: dict[str, ArtifactLocation]
    results: tuple[Result, ...]


class Log(_Object, frozen=True, kw_only=True):
    """The whole file."""

    schema: str = field(name="$schema")
    version: str
    runs: tuple[Run, ...]


def artifact(file: str) -> ArtifactLocation:
    """Return a file by its URI: relative to the root of the repository unless its path is absolute."""
    uri = quote(file, safe="/", errors="surrogatepass")
    if file.startswith("/"):
        return ArtifactLocation(uri=f"file://{uri}")
    if _DRIVE.match(file):
        return ArtifactLocation(uri=f"file:///{quote(file, safe='/:', errors='surrogatepass')}")
    return ArtifactLocation(uri=uri, uri_base_id=ROOT)
