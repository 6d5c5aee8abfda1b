"""A random graph in the making: every node is run as it is added, so that its shape is the engine's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from oracle.engines import NoEngineError, load
from oracle.perturb import sample

OPSET = 21
MOST_ELEMENTS = 1200
LONGEST_AXIS = 18


@dataclass(frozen=True)
class Value:
    """A tensor of the graph under construction."""

    name: str
    shape: tuple[int, ...]

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.shape)


class Graph:
    """Collects nodes and weights, refuses nodes that no trusted engine runs or that grow too large.

    ``doubts`` names what makes equality with an oracle too much to ask for: weights that are fixed by the
    operator and can be 0, such as those of cubic interpolation.
    """

    def __init__(self, seed: int, opset: int = OPSET) -> None:
        self.opset = opset
        self.doubts: set[str] = set()
        self.inputs: dict[str, np.ndarray] = {}
        self._rng = np.random.default_rng(seed)
        self._arrays: dict[str, np.ndarray] = {}
        self._weights: list[onnx.TensorProto] = []
        self._nodes: list[onnx.NodeProto] = []
        self._count = 0

    def _fresh(self, stem: str) -> str:
        self._count += 1
        return f"{stem.lower()}_{self._count}"

    def input(self, shape: Sequence[int]) -> Value:
        """Add a graph input."""
        name = f"x{len(self.inputs)}"
        self.inputs[name] = self._arrays[name] = sample(tuple(shape), np.dtype(np.float32), self._rng)
        return Value(name, tuple(shape))

    def constant(self, array: Any, dtype: Any = np.float32) -> str:
        """Add a constant with the given values."""
        name = self._fresh("c")
        self._arrays[name] = np.asarray(array, dtype)
        self._weights.append(numpy_helper.from_array(self._arrays[name], name))
        return name

    def weight(self, *shape: int) -> str:
        """Add weights: generic numbers of either sign."""
        return self.constant(sample(shape, np.dtype(np.float32), self._rng))

    def ints(self, values: Any) -> str:
        """Add a constant of whole numbers: a shape, axes, pads, indices."""
        return self.constant(values, np.int64)

    def add(
        self,
        op: str,
        inputs: Iterable[Value | str],
        outputs: int = 1,
        engine: str | None = None,
        **attrs: Any,
    ) -> list[Value]:
        """Add a node and return its outputs, or nothing if it cannot be run or is too large.

        Args:
            op: The operator.
            inputs: Values and constants.
            outputs: How many outputs it has.
            engine: The one to ask for the shape, where none is trusted with the operator's values.
            attrs: The attributes.
        """
        names = [i if isinstance(i, str) else i.name for i in inputs]
        made = [self._fresh(op) for _ in range(outputs)]
        node = helper.make_node(op, names, made, name=made[0], **attrs)
        try:
            found = load(self._alone(node), engine=engine).run(
                {n: self._arrays[n] for n in dict.fromkeys(names) if n}
            )
        except (NoEngineError, Exception):  # an engine refuses with whatever error it has
            return []
        for array in found.values():
            if not 0 < array.size <= MOST_ELEMENTS or max(array.shape, default=1) > LONGEST_AXIS:
                return []
        self._arrays.update(found)
        self._nodes.append(node)
        return [Value(name, found[name].shape) for name in made]

    def _alone(self, node: onnx.NodeProto) -> onnx.ModelProto:
        infos = [
            _info(n, self._arrays[n].dtype, self._arrays[n].shape) for n in dict.fromkeys(node.input) if n
        ]
        return self._wrap([node], infos, [onnx.ValueInfoProto(name=n) for n in node.output], [])

    def model(self) -> onnx.ModelProto:
        """Return the model; its outputs are the tensors that no node reads."""
        used = {name for node in self._nodes for name in node.input}
        ends = [n for node in self._nodes for n in node.output if n not in used]
        infos = [_info(name, array.dtype, array.shape) for name, array in self.inputs.items()]
        outputs = [_info(n, self._arrays[n].dtype, None) for n in ends]
        return self._wrap(self._nodes, infos, outputs, [w for w in self._weights if w.name in used])

    def _wrap(self, nodes: Any, inputs: Any, outputs: Any, weights: Any) -> onnx.ModelProto:
        graph = helper.make_graph(nodes, "random", inputs, outputs, weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=10)

    @property
    def tensors(self) -> list[str]:
        """The computed tensors of real numbers: shapes and the like are of no interest to a field."""
        return [n for node in self._nodes for n in node.output if self._arrays[n].dtype.kind == "f"]

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape that a tensor has."""
        return self._arrays[name].shape

    def ranks(self) -> dict[str, int]:
        """Return the rank of every tensor."""
        return {name: array.ndim for name, array in self._arrays.items()}


def _info(name: str, dtype: np.dtype, shape: tuple[int, ...] | None) -> onnx.ValueInfoProto:
    kinds = {"f": TensorProto.FLOAT, "i": TensorProto.INT64, "b": TensorProto.BOOL}
    return helper.make_tensor_value_info(name, kinds[dtype.kind], shape)


Draw = Callable[..., Any]
Family = Callable[[Draw, Graph, Value, "list[Value]"], "list[Value]"]
FAMILIES: dict[str, Family] = {}
KINDS: dict[str, list[str]] = {}


def family(name: str) -> Callable[[Family], Family]:
    """Enter a family: from a value (and the others there are) to new values, none if it does not fit.

    Families of one module are one kind; a strategy draws the kind first.
    """

    def enter(function: Family) -> Family:
        FAMILIES[name] = function
        KINDS.setdefault(function.__module__.rpartition(".")[2], []).append(name)
        return function

    return enter
