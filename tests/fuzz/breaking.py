"""Ways to break an ONNX model at random: parts of it, each by its structure, and its bytes."""

from __future__ import annotations

from random import Random

import onnx

from fuzz import contents, wiring  # noqa: F401  (they fill the table)
from fuzz.parts import BAD_BYTES, BREAKS, names_of


def flip(data: bytes, rng: Random) -> bytes:
    """Return bytes with some flipped, cut off, left out, repeated or put in."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5))):
        if not changed:
            break
        place = rng.randrange(len(changed))
        far = min(len(changed), place + rng.choice((1, 2, 8, 40)))
        choice = rng.randrange(6)
        if choice == 0:
            changed[place] ^= 1 << rng.randrange(8)
        elif choice == 1:
            changed[place] = rng.randrange(256)
        elif choice == 2:
            del changed[place:far]
        elif choice == 3:
            changed[place:place] = changed[place:far] * rng.choice((1, 3, 100))
        elif choice == 4:
            changed[place:place] = rng.choice((*BAD_BYTES, rng.randbytes(5), b"\xff" * 10 + b"\x01"))
        else:
            del changed[place:]
    return bytes(changed)


def rename(data: bytes, rng: Random) -> bytes:
    """Return bytes in which a name is no text any more, or another one."""
    model = onnx.ModelProto.FromString(data)
    names = [name.encode() for name in names_of(model.graph) if 0 < len(name) < 40]
    if not names:
        return data
    old = rng.choice(names)
    new = (rng.choice(BAD_BYTES) * len(old))[: len(old)]
    return data.replace(old, new)


def broken(model: onnx.ModelProto, steps: list[tuple[str, int]]) -> bytes:
    """Return the bytes of a model after some breaks, each a name and a seed; ``flip`` and ``rename`` come last."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    for called, seed in steps:
        if called in BREAKS:
            BREAKS[called](changed, Random(seed))
    data = changed.SerializeToString()
    for called, seed in steps:
        if called == "rename":
            try:
                data = rename(data, Random(seed))
            except Exception:  # what was changed before is no model any more
                continue
        elif called == "flip":
            data = flip(data, Random(seed))
    return data


STEPS = (*BREAKS, "rename", "flip")
"""The names of all of them."""


def mutants(model: onnx.ModelProto, rng: Random, size: int) -> list[bytes]:
    """Return files that are broken from a model, each by some of the breaks."""
    return [
        broken(model, [(rng.choice(STEPS), rng.getrandbits(32)) for _ in range(rng.choice((1, 1, 2, 3)))])
        for _ in range(size)
    ]
