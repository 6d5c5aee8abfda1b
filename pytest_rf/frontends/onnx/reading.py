"""Reads an ONNX file without trusting it: one clear error, nothing else opened, no weights touched."""

from __future__ import annotations

import stat
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from pytest_rf.errors import ModelError
from pytest_rf.paths import below

SIZE_LIMIT = 2 << 30
"""Bytes; protobuf itself reads no more."""
NODE_LIMIT = 1_000_000

PICKLED = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pt2", ".torchscript")
"""Suffixes of formats that run code when they are read."""

FOREIGN = {
    b"version https://git-lfs": "is a Git LFS pointer, not the model; run 'git lfs pull'",
    b"\x1f\x8b": "is gzip-compressed; unpack it first",
    b"PK\x03\x04": "is a zip archive, not an ONNX model; unpack it or export the model with torch.onnx.export",
}


def read(path: str | Path, size_limit: int = SIZE_LIMIT) -> onnx.ModelProto:
    """Return the model in a file. Tensors that lie in other files are never opened.

    Raises:
        ModelError: the file is no ONNX model, is larger than ``size_limit`` bytes or cannot be read.
    """
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
        status = place.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ModelError(f"{name}: is not a regular file; give the path of an .onnx file")
        if status.st_size > size_limit:
            raise ModelError(
                f"{name}: {status.st_size} bytes are more than the limit of {size_limit} (limits.file_size); "
                "store the weights as external data"
            )
        content = place.read_bytes()
    except FileNotFoundError:
        what = "is a dangling symbolic link" if place.is_symlink() else "no such file"
        raise ModelError(f"{name}: {what}; check the path") from None
    except OSError as error:
        raise ModelError(
            f"{name}: cannot be read: {error.strerror or error}; check its permissions"
        ) from None
    return parse(content, name)


def parse(content: bytes, name: str) -> onnx.ModelProto:
    """Return the model that ``content`` holds; ``name`` stands for it in errors.

    Raises:
        ModelError: it is no ONNX model.
    """
    if not content:
        raise ModelError(f"{name}: is empty; export the model again")
    for magic, problem in FOREIGN.items():
        if content.startswith(magic):
            raise ModelError(f"{name}: {problem}")
    model = onnx.ModelProto()
    try:
        model.ParseFromString(content)
    except (DecodeError, RuntimeError, ValueError):
        raise ModelError(f"{name}: is not an ONNX model, or cut off; export the model again") from None
    if not model.HasField("graph"):
        raise ModelError(f"{name}: holds no graph, so it is not an ONNX model; export the model again")
    if len(model.graph.node) > NODE_LIMIT:
        raise ModelError(
            f"{name}: {len(model.graph.node)} nodes are more than the limit of {NODE_LIMIT} (limits.nodes)"
        )
    return model
