"""Reads an ONNX file without trusting it: one clear error, nothing else opened, limits before anything is built."""

from __future__ import annotations

import os
from pathlib import Path

from google.protobuf.message import DecodeError

from pytest_rf import limits
from pytest_rf.errors import ModelError
from pytest_rf.frontends.onnx.attributes import size_of
from pytest_rf.frontends.onnx.payloads import Model, Payloads, identity
from pytest_rf.frontends.onnx.proto import onnx, parse
from pytest_rf.frontends.onnx.skimming import Skimmed, skim
from pytest_rf.frontends.onnx.wire import Changed, Content, Cut, opened
from pytest_rf.paths import below

SMALL = 1 << 20
"""Files of no more bytes than this are parsed at once: nothing in them can grow large."""

PICKLED = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pt2", ".torchscript")
"""Suffixes of formats that run code when they are read."""

FOREIGN = {
    b"version https://git-lfs": "is a Git LFS pointer, not the model; run 'git lfs pull'",
    b"\x1f\x8b": "is gzip-compressed; unpack it first",
    b"PK\x03\x04": "is a zip archive, not an ONNX model; unpack it or export the model with torch.onnx.export",
}


def read(path: str | Path) -> onnx.ModelProto:
    """Return the whole model in a file, weights included. Tensors that lie in other files are never opened.

    Raises:
        ModelError: the file is no ONNX model, exceeds a limit or cannot be read.
    """
    return _read(path, whole=True).proto


def skimmed(path: str | Path) -> Model:
    """Return the model in a file; the elements of large tensors stay there until somebody asks for them.

    Raises:
        ModelError: the file is no ONNX model, exceeds a limit or cannot be read.
    """
    return _read(path, whole=False)


def _read(path: str | Path, whole: bool) -> Model:
    place, name = Path(path), below(path)
    if place.suffix.lower() == ".py":
        raise ModelError(
            f"{name}: is code; name what makes the model, as package.module:factory, with --allow-code"
        )
    if place.suffix.lower() in PICKLED:
        raise ModelError(
            f"{name}: {place.suffix} files run code when they are read; export the model to ONNX, or check it "
            "as package.module:factory with --allow-code"
        )
    try:
        with opened(place) as file:
            status = os.fstat(file.fileno())
            if status.st_size > limits.current().file_size:
                limits.exceeded(
                    name, "bytes", "file_size", "store the weights as external data", status.st_size
                )
            content = Content(file, status.st_size)
            _refuse_foreign(content, name)
            if whole or content.size <= SMALL:
                return Model(_parsed(content.read(0, content.size), name))
            model, left = _skimmed(content, name)
    except IsADirectoryError:
        raise ModelError(f"{name}: is not a regular file; give the path of an .onnx file") from None
    except FileNotFoundError:
        what = "is a dangling symbolic link" if place.is_symlink() else "no such file"
        raise ModelError(f"{name}: {what}; check the path") from None
    except Changed:
        raise ModelError(f"{name}: has changed while it was read; run again") from None
    except OSError as error:
        raise ModelError(
            f"{name}: cannot be read: {error.strerror or error}; check its permissions"
        ) from None
    return Model(model, Payloads(left, place.absolute(), name, identity(status)))


def _refuse_foreign(content: Content, name: str) -> None:
    if not content.size:
        raise ModelError(f"{name}: is empty; export the model again")
    head = content.read(0, min(content.size, 64))
    for magic, problem in FOREIGN.items():
        if head.startswith(magic):
            raise ModelError(f"{name}: {problem}")


def _skimmed(content: Content, name: str) -> tuple[onnx.ModelProto, frozenset[tuple[int, int]]]:
    """Return the model without the elements of large tensors, and where these stand."""
    found = _walked(content, name)
    model = _built(found.graph, content, name)
    _count(model, content, name, found.unseen, found.unknown)
    return model, found.left


def _parsed(data: bytes, name: str) -> onnx.ModelProto:
    """Return the model that bytes hold."""
    content = Content.of(data)
    if len(data) > SMALL or len(data) // 2 > limits.current().fields:
        _walked(content, name)
    model = _built(data, content, name)
    _count(model, content, name, len(data), 0)
    return model


def _walked(content: Content, name: str, **free: int) -> Skimmed:
    try:
        return skim(content, name, **free)
    except Cut:
        raise ModelError(f"{name}: {_NO_MODEL}") from None


_NO_MODEL = "is not an ONNX model, or cut off; export the model again"


def _built(data: bytes, content: Content, name: str) -> onnx.ModelProto:
    """Return the model that protobuf makes of what is left of a file."""
    model = onnx.ModelProto()
    try:
        parse(model, data)
    except (DecodeError, RuntimeError, ValueError):
        _walked(content, name, free=0)  # which says more than protobuf, of what nests too deep
        raise ModelError(f"{name}: {_NO_MODEL}") from None
    if not model.HasField("graph"):
        raise ModelError(f"{name}: holds no graph, so it is not an ONNX model; export the model again")
    return model


def _count(model: onnx.ModelProto, content: Content, name: str, unseen: int, unknown: int) -> None:
    """Hold against the limits what small messages hide, of which there are ``unseen`` bytes.

    A field takes two bytes at least, so it is seldom that somebody has to look.
    """
    held, most = limits.current(), unseen // 2
    if len(model.graph.node) > held.nodes:
        limits.exceeded(name, "nodes", "nodes", "export a smaller model", len(model.graph.node))
    if most > held.nodes:
        nodes = sum(map(size_of, (model.graph, *model.functions)))
        if nodes > held.nodes:
            limits.exceeded(name, "nodes", "nodes", "export a smaller model", nodes)
    if most + unknown > held.unknown_fields:
        before = model.ByteSize()
        model.DiscardUnknownFields()
        if (before - model.ByteSize()) // 2 + unknown > held.unknown_fields:
            _walked(content, name, free=0)
