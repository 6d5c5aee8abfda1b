"""Builds ONNX models node by node, named as exporters name them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).parent


class Builder:
    """Collects nodes and weights; every method returns the name of the tensor that it made."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.random = np.random.default_rng(0)

    def node(self, op: str, inputs: Sequence[str], module: str, **attributes: object) -> str:
        path = module.replace(".", "/")
        output = module
        self.nodes.append(helper.make_node(op, inputs, [output], name=f"/{path}/{op}", **attributes))
        return output

    def weight(self, name: str, shape: Sequence[int]) -> str:
        values = self.random.standard_normal(shape).astype(np.float32) / 4
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def constant(self, name: str, values: Sequence[float], dtype: type = np.int64) -> str:
        self.weights.append(numpy_helper.from_array(np.array(values, dtype), name))
        return name

    def conv(
        self, x: str, module: str, channels: tuple[int, int], kernel: Sequence[int], **attributes: object
    ) -> str:
        weight = self.weight(f"{module}.weight", [channels[1], channels[0], *kernel])
        return self.node("Conv", [x, weight], module, kernel_shape=kernel, **attributes)

    def save(
        self,
        name: str,
        inputs: tuple[str, list[int]] | dict[str, list[int]],
        *outputs: tuple[str, list[int]],
        states: Mapping[str, list[int]] | None = None,
    ) -> None:
        """Write the model; its last nodes make the outputs, and are called by their names.

        ``states`` are inputs whose next values tensors called ``new_...`` are.
        """
        given = {**(inputs if isinstance(inputs, dict) else dict([inputs])), **(states or {})}
        for node, (output, _) in zip(self.nodes[-len(outputs) :], outputs, strict=True):
            node.output[0] = output
        outputs += tuple((f"new_{state}", shape) for state, shape in (states or {}).items())
        graph = helper.make_graph(
            self.nodes,
            Path(name).stem,
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in given.items()],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs],
            self.weights,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model, full_check=True)
        (HERE / name).parent.mkdir(exist_ok=True)
        (HERE / name).write_bytes(model.SerializeToString(deterministic=True))
