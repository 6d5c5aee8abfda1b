"""The elements of tensors that were left in the file, read when the geometry or weight-aware mode asks for them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from google.protobuf.message import DecodeError

from pytest_rf.errors import ModelError
from pytest_rf.frontends.onnx.outside import tensors_in
from pytest_rf.frontends.onnx.proto import onnx, parse
from pytest_rf.frontends.onnx.skimming import Range
from pytest_rf.frontends.onnx.wire import Changed, Content, opened

Identity = tuple[int, int, int, int]


def identity(status: os.stat_result) -> Identity:
    """Return what tells a file from another one at the same place, and from itself once it is written to."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


@dataclass(frozen=True, slots=True)
class Payloads:
    """Where the elements are that a model was read without. By default nowhere: the model holds all of them.

    The file is not kept open, so that many models can be held; another one in its place is told from it.

    Attributes:
        left: where the tensors stand in the file.
        path: the file; None where there is none.
        name: how errors name it.
        identity: what tells it from another one.
    """

    left: frozenset[Range] = frozenset()
    path: Path | None = None
    name: str = ""
    identity: Identity = (0, 0, 0, 0)

    def whole(self, tensor: onnx.TensorProto) -> onnx.TensorProto | None:
        """Return a tensor with its elements; None where they lie in pieces, as nobody ever wrote them.

        Raises:
            ModelError: the file has changed since the model was read.
        """
        if not tensor.HasField("segment"):
            return tensor
        place = (tensor.segment.begin, tensor.segment.end)
        if place not in self.left:
            return None
        found = onnx.TensorProto()
        try:
            parse(found, self._read(*place))
        except DecodeError:
            return None
        same = found.dims == tensor.dims and found.data_type == tensor.data_type and found.name == tensor.name
        return found if same else None

    def _read(self, begin: int, end: int) -> bytes:
        assert self.path is not None
        try:
            with opened(self.path) as file:
                if identity(os.fstat(file.fileno())) != self.identity:
                    raise Changed
                return Content(file, end).read(begin, end)
        except (OSError, Changed):
            raise ModelError(f"{self.name}: has changed while it was read; run again") from None

    def filled(self, node: onnx.NodeProto) -> onnx.NodeProto | None:
        """Return a node with the elements of all tensors in it; None where some cannot be had."""
        if not any(tensor.HasField("segment") for _, tensor in tensors_in(node)):
            return node
        result = onnx.NodeProto()
        result.CopyFrom(node)
        for _, tensor in tensors_in(result):
            if tensor.HasField("segment"):
                whole = self.whole(tensor)
                if whole is None:
                    return None
                tensor.CopyFrom(whole)
        return result


NOTHING_LEFT = Payloads()


class Model:
    """A model, and where the rest of it is; it is not changed while it is looked at.

    Attributes:
        proto: the model, perhaps without the elements of large tensors.
        payloads: where these are.
    """

    def __init__(self, proto: onnx.ModelProto, payloads: Payloads = NOTHING_LEFT) -> None:
        self.proto = proto
        self.payloads = payloads

    @cached_property
    def initializers(self) -> list[tuple[str, onnx.TensorProto]]:
        """The dense initializers of the graph with their names, in order; each is taken out of the message once."""
        return [(tensor.name, tensor) for tensor in self.proto.graph.initializer[:]]

    @cached_property
    def inputs(self) -> list[onnx.ValueInfoProto]:
        """The inputs of the graph that are not weights."""
        weights = {name for name, _ in self.initializers}
        weights.update(sparse.values.name for sparse in self.proto.graph.sparse_initializer[:])
        return [info for info in self.proto.graph.input[:] if info.name not in weights]


Given: TypeAlias = "onnx.ModelProto | Model"
"""A model as whoever analyses it has it."""


def of(model: Given) -> Model:
    """Return a model with where the rest of it is."""
    return model if isinstance(model, Model) else Model(model)
