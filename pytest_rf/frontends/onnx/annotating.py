"""A copy of a model whose nodes tell what was found out about them; all else is as in the file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from google.protobuf.message import DecodeError, EncodeError

from pytest_rf.errors import ModelError
from pytest_rf.frontends.onnx.names import text
from pytest_rf.frontends.onnx.outside import first_outside
from pytest_rf.frontends.onnx.proto import onnx
from pytest_rf.frontends.onnx.reading import skimmed
from pytest_rf.paths import below

PREFIX = "pytest_rf."
"""How the keys of what is told begin."""


class Annotated(NamedTuple):
    """A model as the bytes of a file.

    Attributes:
        data: the bytes.
        outside: the name of a tensor whose elements lie in another file, beside the model; None where none does.
    """

    data: bytes
    outside: str | None


def annotated(path: str | Path, told: Mapping[str, Mapping[str, str]]) -> Annotated:
    """Return a copy of the model in a file with entries in the ``metadata_props`` of its nodes.

    Other files are not opened, and what refers to them stays as it is. What an earlier copy told is replaced.

    Args:
        path: the file.
        told: name of a tensor -> key, without the prefix -> what its node tells; tensors that are not computed by a
            node of the model's own graph are left aside.

    Raises:
        ModelError: the file cannot be read, or is no ONNX model.
    """
    name = below(path)
    skimmed(path)  # which holds it against the limits first
    model = onnx.ModelProto()
    try:
        model.ParseFromString(Path(path).read_bytes())
        for node in model.graph.node:
            outputs = [text(output) for output in node.output if output]
            found = {output: told[output] for output in outputs if output in told}
            kept = [entry for entry in node.metadata_props if not text(entry.key).startswith(PREFIX)]
            if len(kept) < len(node.metadata_props):
                own = [type(entry).FromString(entry.SerializeToString()) for entry in kept]
                del node.metadata_props[:]
                node.metadata_props.extend(own)
            for output, entries in found.items():
                of = f" of {output}" if len(outputs) > 1 else ""
                for key, value in entries.items():
                    node.metadata_props.add(key=f"{PREFIX}{key}{of}", value=value)
        return Annotated(model.SerializeToString(), first_outside(model))
    except (OSError, DecodeError, EncodeError, ValueError, RuntimeError) as error:
        reason = (
            error.strerror
            if isinstance(error, OSError)
            else "it is larger than a message can be, or has changed"
        )
        raise ModelError(f"{name}: cannot be copied: {reason}; store the weights as external data") from None
