"""Writes a message in one of the many ways in which the wire format allows it to be written."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from typing import Any

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def varint(number: int, longer: int = 0) -> bytes:
    """Return a number in as few bytes as it takes, and ``longer`` ones that say nothing."""
    number &= (1 << 64) - 1
    groups = [number & 127]
    while number := number >> 7:
        groups.append(number & 127)
    groups += [0] * min(longer, 10 - len(groups))
    return bytes([group | 128 for group in groups[:-1]] + groups[-1:])


def field(number: int, kind: int, body: bytes, longer: int = 0) -> bytes:
    """Return one field."""
    length = varint(len(body), longer) if kind == _BYTES else b""
    return varint(number << 3 | kind, 0) + length + body


class Writer:
    """Writes messages as chance has it; protobuf reads each as the message that was given."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.unknown = 0

    def message(self, message: Any) -> bytes:
        """Return a message: fields in any order, lists in pieces, packed or not, unknown fields between them."""
        queues = [self._fields(each, value) for each, value in message.ListFields()]
        # An unknown field that later versions may have, of any kind.
        for _ in range(self._random.choice([0, 0, 0, 1, 2])):
            self.unknown += 1
            kind, body = self._random.choice(
                [
                    (_VARINT, varint(self._random.getrandbits(60))),
                    (_FIXED64, bytes(8)),
                    (_FIXED32, bytes(4)),
                    (_BYTES, bytes(range(self._random.randint(0, 40)))),
                ]
            )
            queues.append([field(self._random.choice([77, 1000, 1 << 20]), kind, body)])
        out = []
        while queues := [queue for queue in queues if queue]:
            out.append(self._random.choice(queues).pop(0))  # within a list the order counts
        return b"".join(out)

    def _fields(self, each: Any, value: Any) -> list[bytes]:
        """Return the fields that hold one value or list."""
        if each.message_type is not None:
            if _is_list(each):
                return [field(each.number, _BYTES, self.message(one), self._longer()) for one in value]
            return [field(each.number, _BYTES, part, self._longer()) for part in self._parts(each, value)]
        if each.type in (each.TYPE_STRING, each.TYPE_BYTES):
            texts = value if _is_list(each) else [value]
            raw = [text.encode() if isinstance(text, str) else text for text in texts]
            return [field(each.number, _BYTES, text, self._longer()) for text in raw]
        kind, write = _numbers(each)
        if not _is_list(each):
            return [field(each.number, kind, write(value))]
        pieces, left = [], [write(one) for one in value]
        while left:
            count = self._random.choice([1, 3, len(left)])
            taken, left = left[:count], left[count:]
            if self._random.random() < 0.5:
                pieces.append(field(each.number, _BYTES, b"".join(taken), self._longer()))
            else:
                pieces += [field(each.number, kind, one) for one in taken]
        return pieces

    def _parts(self, each: Any, value: Any) -> list[bytes]:
        """Return a message, perhaps in two, which are merged; nobody ever wrote a tensor like that."""
        if "Tensor" in each.message_type.name or self._random.random() < 0.5:
            return [self.message(value)]
        first, second = type(value)(), type(value)()
        for inner, content in value.ListFields():
            which = self._random.choice([first, second])
            if _is_list(inner):
                getattr(which, inner.name).MergeFrom(content)
            elif inner.message_type is not None:
                getattr(which, inner.name).CopyFrom(content)
            else:
                setattr(which, inner.name, content)
        return [self.message(first), self.message(second)]

    def _longer(self) -> int:
        return self._random.choice([0, 0, 0, 1, 2])


def _is_list(each: Any) -> bool:
    return bool(each.is_repeated if hasattr(each, "is_repeated") else each.label == each.LABEL_REPEATED)


def _numbers(each: Any) -> tuple[int, Callable[[Any], bytes]]:
    if each.type == each.TYPE_FLOAT:
        return _FIXED32, lambda number: struct.pack("<f", number)
    if each.type == each.TYPE_DOUBLE:
        return _FIXED64, lambda number: struct.pack("<d", number)
    return _VARINT, varint
