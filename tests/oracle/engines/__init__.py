"""What runs a model for the oracle, with its tensors visible; nothing here knows what a receptive field is.

``files``       ONNX models, in onnxruntime or in onnx's reference evaluator
``modules``     PyTorch modules, in double precision or just as they are called
``linearised``  PyTorch modules with stand-ins for what hides influence

Only the engine that is asked for is imported: whoever holds ONNX files against the analysis needs no torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeVar

import numpy as np

Arrays = Mapping[str, np.ndarray]
Value = TypeVar("Value", contravariant=True)


class NoEngineError(Exception):
    """No engine can run the model, or every one that can is known to run it wrongly."""


class Engine(Protocol[Value]):
    """Something that computes tensors of one model from inputs of its own kind: arrays, or what torch has."""

    name: str

    def run(self, inputs: Mapping[str, Value]) -> dict[str, np.ndarray]:
        """Compute every visible tensor."""


def first_run(engine: Engine[Value], inputs: Mapping[str, Value]) -> dict[str, np.ndarray]:
    """Run a model for the first time: some engines only find out here what they lack.

    Raises:
        NoEngineError: It cannot be run.
    """
    try:
        return engine.run(inputs)
    except Exception as error:
        raise NoEngineError(f"{engine.name}: {error}") from error
