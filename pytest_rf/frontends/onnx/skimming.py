"""Walks the wire of an ONNX file: what the graph is stays, the elements of large tensors stay in the file.

Nodes, fields, levels and unknown fields are counted on the way, so that limits are held before anything is built. What
comes out is again a file of the format, which protobuf's own parser judges and merges. In place of its elements a
tensor has a ``segment``: where in the file it stands as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from google.protobuf.message import DecodeError

from pytest_rf import limits
from pytest_rf.errors import ModelError
from pytest_rf.frontends.onnx.doubles import domain_of, of_domain
from pytest_rf.frontends.onnx.proto import onnx
from pytest_rf.frontends.onnx.wire import BYTES, FIXED32, FIXED64, VARINT, Content, Cut, encoded, number

KEPT = 1 << 12
"""Messages of no more bytes than this are not looked into and stay whole: the geometry's constants are among them."""
FREE = 1 << 22
"""Bytes of such messages in a file; what is beyond is looked into all the same, and counted."""
LONGEST_STORY = 64
"""Longer descriptions stay in the file: nobody reads them."""
LONGEST_TEXT = 1 << 20
"""Longer texts in attributes stay in the file: they are compiled engines of other runtimes."""
DEEPEST = 100
"""Levels of messages; protobuf itself reads no more."""

Range = tuple[int, int]

_WIRE = {
    1: FIXED64,
    2: FIXED32,
    6: FIXED64,
    7: FIXED32,
    9: BYTES,
    11: BYTES,
    12: BYTES,
    15: FIXED32,
    16: FIXED64,
}
"""Type of a field in a descriptor -> wire type; the others are numbers (``VARINT``)."""
_ELEMENTS = (
    "float_data",
    "int32_data",
    "string_data",
    "int64_data",
    "raw_data",
    "double_data",
    "uint64_data",
)
_NEW_SEGMENT = b"\x1a"


@dataclass(slots=True, eq=False)
class Schema:
    """A kind of message.

    Attributes:
        name: what the format calls it.
        fields: tag -> the kind of message that the field holds, None where it holds none.
        leave: tag -> number of bytes; fields with more are left in the file.
        elements: the tags of a tensor's elements.
        once: the tags of fields that hold one tensor.
    """

    name: str
    fields: dict[int, Schema | None] = field(default_factory=dict)
    leave: dict[int, int] = field(default_factory=dict)
    elements: frozenset[int] = frozenset()
    once: frozenset[int] = frozenset()


@cache
def schema_of(descriptor: Any) -> Schema:
    """Return a kind of message as the installed version of the format describes it."""
    made: dict[str, Schema] = {}

    def of(one: Any) -> Schema:
        if one.full_name in made:
            return made[one.full_name]
        schema = made[one.full_name] = Schema(one.name)
        elements, once = set(), set()
        for each in one.fields:
            tag = each.number << 3 | _WIRE.get(each.type, VARINT)
            is_repeated = (
                each.label == each.LABEL_REPEATED if not hasattr(each, "is_repeated") else each.is_repeated
            )
            tags = {tag, each.number << 3 | BYTES} if is_repeated else {tag}
            inner = of(each.message_type) if each.message_type is not None else None
            schema.fields.update(dict.fromkeys(tags, inner))
            if each.name == "doc_string":
                schema.leave[tag] = LONGEST_STORY
            if one.name == "AttributeProto" and each.name == "s":
                schema.leave[tag] = LONGEST_TEXT
            if one.name == "TensorProto" and each.name in _ELEMENTS:
                elements.update(tags)
            if not is_repeated and inner is not None and inner.name == "TensorProto":
                once.update(tags)
        schema.elements, schema.once = frozenset(elements), frozenset(once)
        return schema

    return of(descriptor)


@dataclass(slots=True)
class Skimmed:
    """What is left of a file.

    Attributes:
        graph: the model without the elements of large tensors.
        left: where the tensors stand whose elements were left in the file.
        unseen: bytes of the messages that were not looked into.
        unknown: fields that the format does not have, in what was looked into.
    """

    graph: bytes
    left: frozenset[Range]
    unseen: int
    unknown: int


def skim(content: Content, name: str, free: int = FREE) -> Skimmed:
    """Return a model without the elements of its large tensors.

    Args:
        content: the file.
        name: how errors name it.
        free: bytes of small messages that are not looked into.

    Raises:
        Cut: it is no model, or cut off.
        Changed: the file has become shorter.
        ModelError: it exceeds a limit.
    """
    walk = _Walk(content, name, free)
    pieces = walk.message(schema_of(onnx.ModelProto.DESCRIPTOR), 0, content.size, 0, -1)
    if pieces is None:
        pieces = [content.read(0, content.size)]
    return Skimmed(b"".join(pieces), frozenset(walk.left), free - walk.free, walk.unknown)


class _Walk:
    """One walk over a file."""

    def __init__(self, content: Content, name: str, free: int) -> None:
        self.content, self.name, self.free = content, name, free
        self.held = limits.current()
        self.left: set[Range] = set()
        self.fields = self.nodes = self.unknown = self.kept = 0
        self.domains: set[str] = set()

    def message(self, schema: Schema, at: int, end: int, level: int, depth: int) -> list[bytes] | None:
        """Return what stays of a message, in pieces; None where that is all of it.

        Args:
            schema: its kind.
            at: where it begins.
            end: where it ends.
            level: in how many messages it stands.
            depth: in how many graphs its nodes stand inside of one another.
        """
        depth += schema.name == "GraphProto"
        if level > DEEPEST or depth > self.held.depth:
            self._too_deep(depth)
        content, fields, leave, first = self.content, schema.fields, schema.leave, at
        elements: frozenset[int] = schema.elements if end - at > KEPT else frozenset()
        out: list[bytes] = []
        since, skipped = at, False
        seen: set[int] = set()
        while at < end:
            tag, body, stop = self._field(at, end)
            self.fields += 1
            if self.fields > self.held.fields:
                limits.exceeded(self.name, "fields in the file", "fields", _EXPORT)
            if tag not in fields:
                self._unknown()
                drop, pieces = True, None
            else:
                drop, pieces = tag in elements or (tag in leave and stop - body > leave[tag]), None
                skipped |= tag in elements
                inner = fields[tag]
                if inner is not None and not drop:
                    if tag in schema.once:
                        if tag in seen and end - first > KEPT:
                            raise Cut("a tensor comes in pieces")
                        seen.add(tag)
                    pieces = self._inner(inner, body, stop, level, depth)
                elif not drop:
                    self._keep(stop - at)
            if drop or pieces is not None:
                if since < at:
                    out.append(content.read(since, at))
                if pieces is not None:
                    out += [encoded(tag), encoded(sum(map(len, pieces))), *pieces]
                since = stop
            at = stop
        if since == first:
            return None
        if since < end:
            out.append(content.read(since, end))
        if skipped:
            self.left.add((first, end))
            place = b"\x08" + encoded(first) + b"\x10" + encoded(end)
            out += [_NEW_SEGMENT, encoded(len(place)), place]
        return out

    def _field(self, at: int, end: int) -> tuple[int, int, int]:
        """Return the tag of the field at a place, where its body begins and where it ends."""
        content = self.content
        content.around(at)
        data, base = content.data, content.base
        i = at - base
        tag = data[i]
        i += 1
        if tag > 127:
            tag, i = number(data, i - 1)
        kind = tag & 7
        if kind == BYTES:
            if i >= len(data):
                raise Cut("a length is cut off")
            size = data[i]
            i += 1
            if size > 127:
                size, i = number(data, i - 1)
            body, stop = base + i, base + i + size
        else:
            body = base + i
            if kind == VARINT:
                stop = base + number(data, i)[1]
            elif kind == FIXED32:
                stop = body + 4
            elif kind == FIXED64:
                stop = body + 8
            else:
                raise Cut("a field of a kind that the format does not have")
        if stop > end or tag < 8:
            raise Cut("a field leaves its message")
        return tag, body, stop

    def _inner(self, schema: Schema, body: int, stop: int, level: int, depth: int) -> list[bytes] | None:
        """Look at a message in a message."""
        size = stop - body
        if schema.name == "NodeProto":
            self.nodes += 1
            if self.nodes > self.held.nodes:
                limits.exceeded(self.name, "nodes", "nodes", _EXPORT)
        elif schema.name == "OperatorSetIdProto" and level == 0 and size <= KEPT:
            self._once(self.content.read(body, stop))
        if size <= KEPT and size <= self.free:
            self.free -= size
            self._keep(size)
            return None
        return self.message(schema, body, stop, level + 1, depth)

    def _keep(self, size: int) -> None:
        self.kept += size
        if self.kept > self.held.graph_size:
            limits.exceeded(self.name, "bytes beside the weights", "graph_size", _EXPORT)

    def _unknown(self) -> None:
        self.unknown += 1
        if self.unknown > self.held.unknown_fields:
            limits.exceeded(
                self.name, "fields that ONNX does not have", "unknown_fields", "export the model again"
            )

    def _once(self, opset: bytes) -> None:
        """Refuse a second version of one domain as soon as it comes."""
        try:
            domain = domain_of(onnx.OperatorSetIdProto.FromString(opset).domain)
        except DecodeError:
            raise Cut("no version of a domain") from None
        if domain in self.domains:
            raise ModelError(f"{self.name}: {of_domain(domain)}")
        self.domains.add(domain)

    def _too_deep(self, depth: int) -> None:
        if depth <= self.held.depth:  # what else nests this deep is a type
            raise ModelError(
                f"{self.name}: messages nest deeper than {DEEPEST} levels, more than protobuf reads; export the model "
                "with fewer levels of subgraphs"
            )
        limits.exceeded(self.name, "levels of subgraphs", "depth", "export the model with fewer levels")


_EXPORT = "export a smaller model"
