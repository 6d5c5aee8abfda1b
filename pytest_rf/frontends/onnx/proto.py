"""The package ``onnx``, of which no more is imported than is used.

Its messages alone are a fifth of it, and most models need nothing else. Where somebody has imported the package
already, this is the package.
"""

from __future__ import annotations

import importlib
import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from types import ModuleType
from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError, Message

_MESSAGES = "onnx.onnx_ml_pb2"


class _Sparing(ModuleType):
    """Has the attributes of the package, and imports it when one is asked for that is no message."""

    def __init__(self, messages: ModuleType) -> None:
        super().__init__("onnx")
        self._messages = messages

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._messages, name, None) if name.endswith("Proto") else None
        if found is None:
            package = importlib.import_module("onnx")
            found = getattr(package, name, None) or importlib.import_module(f"onnx.{name}")
        setattr(self, name, found)
        return found


def _messages() -> ModuleType | None:
    """Return the module of messages without running the package around it; None where it is not as expected."""
    package = find_spec("onnx")  # finds and does not run it
    for folder in (package.submodule_search_locations or ()) if package is not None else ():
        spec = spec_from_file_location(_MESSAGES, f"{folder}/onnx_ml_pb2.py")
        if spec is None or spec.loader is None:
            continue
        module = sys.modules[_MESSAGES] = module_from_spec(
            spec
        )  # where the package finds it: one set of classes
        try:
            spec.loader.exec_module(module)
        except Exception:  # whatever another version does there, the package itself can import it
            del sys.modules[_MESSAGES]
            return None
        return module
    return None


def parse(message: Message, data: bytes) -> None:
    """Let a message have what bytes say.

    Raises:
        DecodeError: they are no such message.
        MemoryError: it does not fit into memory, which protobuf says as if the bytes were wrong.
    """
    try:
        message.ParseFromString(data)
    except DecodeError as error:
        if "alloc failed" in str(error):
            raise MemoryError from None
        raise


if TYPE_CHECKING:
    import onnx as onnx
else:
    _found = None if "onnx" in sys.modules else _messages()
    onnx = importlib.import_module("onnx") if _found is None else _Sparing(_found)
