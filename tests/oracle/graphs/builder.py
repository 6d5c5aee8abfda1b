"""A random graph in the making: every node is run as it is added, so that its shape is the engine's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import onnx.checker
import onnx.parser
from onnx import helper, inliner, numpy_helper

from oracle.engines.files import load
from oracle.perturb import sample

OPSET = 21
DOMAINS = {"ai.onnx.ml": 3, "ai.onnx.preview.training": 1, "com.microsoft": 1, "local": 1}
ONE_TREE = 24
"""The first opset beside which ai.onnx.ml has its newest version: one operator for all trees."""
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
    operator and can be 0, such as those of cubic interpolation. ``choices`` names where data chooses what is
    read, so that the analysis may answer with an upper bound.
    """

    def __init__(self, seed: int, opset: int = OPSET) -> None:
        self.opset = opset
        self.doubts: set[str] = set()
        self.choices: set[str] = set()
        self._functions: dict[str, onnx.FunctionProto] = {}
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

    def choice(self, *shape: int, below: int) -> np.ndarray:
        """Return random whole numbers from 0."""
        return self._rng.integers(0, below, shape)

    def of_rank(self, x: Value, rank: int) -> Value | None:
        """Return a tensor with this many axes: the last ones merged, or some of extent 1 put in the middle."""
        if x.rank == rank:
            return x
        lead = x.shape[: min(rank, x.rank) - 1]
        made = self.add("Reshape", [x, self.ints([*lead, *[1] * (rank - x.rank), -1])])
        return made[0] if made else None

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
        return [Value(name, self._arrays[name].shape) for name in made] if self._enter([node], engine) else []

    def script(self, text: str, outputs: str = "y", **names: Value | str) -> list[Value]:
        """Add nodes in onnx's textual form and return some of their outputs, or nothing as ``add`` does.

        Sequences, whole numbers and the like can pass between them unseen.

        Args:
            text: The nodes.
            outputs: Names of tensors of real numbers that are of interest outside.
            names: What the nodes find under a name: values and constants.
        """
        scope = {name: one if isinstance(one, str) else one.name for name, one in names.items()}
        graph = onnx.parser.parse_graph(f"g () => () {{ {text} }}")
        nodes = [self._renamed(node, scope) for node in graph.node]
        if not self._enter(nodes):
            return []
        return [Value(scope[name], self._arrays[scope[name]].shape) for name in outputs.split()]

    def function(self, name: str, text: str, stand_in: bool = False) -> str:
        """Add a function in onnx's textual form, of the domain ``local``, and return its name.

        Args:
            name: What it is called; a number is added.
            text: Its attributes, inputs, outputs and nodes.
            stand_in: Whether it says what the operator ``name`` of com.microsoft does, which no engine has on
                a CPU: the analysis does not get to see it.
        """
        domain = "com.microsoft" if stand_in else "local"
        name = name if stand_in else self._fresh(name)
        head = f'<domain: "{domain}", opset_import: ["" : {self.opset}, "local" : 1]>'
        self._functions[name] = onnx.parser.parse_function(f"{head} {name} {text}")
        return name

    def _renamed(self, node: onnx.NodeProto, scope: dict[str, str]) -> onnx.NodeProto:
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        copy.input[:] = [scope[name] if name else "" for name in node.input]
        for attribute in copy.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                self._rename_body(attribute.g, dict(scope))
        scope.update({name: self._fresh(name) for name in node.output if name})
        copy.output[:] = [scope[name] if name else "" for name in node.output]
        copy.name = next(name for name in copy.output if name)
        return copy

    def _rename_body(self, body: onnx.GraphProto, scope: dict[str, str]) -> None:
        for info in body.input:
            scope[info.name] = self._fresh(info.name)
        nodes = [self._renamed(node, scope) for node in body.node]
        del body.node[:]
        body.node.extend(nodes)
        for info in (*body.input, *body.output):
            info.name = scope[info.name]
            if info.type.tensor_type.elem_type == onnx.TensorProto.FLOAT:
                info.type.tensor_type.ClearField(
                    "shape"
                )  # the textual form has no other way to leave it open

    def _enter(self, nodes: list[onnx.NodeProto], engine: str | None = None) -> bool:
        """Run nodes on what there is; keep them if that succeeds and what they give is small enough."""
        try:
            self._verify(nodes)
            alone = self._alone(nodes)
            given = {i.name: self._arrays[i.name] for i in alone.graph.input}
            found = load(_flat(alone), engine=engine).run(given)
        except Exception:  # an engine refuses with whatever error it has
            return False
        arrays = {name: value for name, value in found.items() if isinstance(value, np.ndarray)}
        for array in arrays.values():
            if not 0 < array.size <= MOST_ELEMENTS or max(array.shape, default=1) > LONGEST_AXIS:
                return False
        self._arrays.update(arrays)
        self._nodes += nodes
        return True

    def _verify(self, nodes: list[onnx.NodeProto]) -> None:
        """Refuse what is not of this opset: engines take some of it all the same."""
        context = onnx.checker.C.CheckerContext()
        context.ir_version, context.opset_imports = 10, self.imports
        for node in nodes:
            known = onnx.defs.has(node.op_type, node.domain) or node.domain not in ("", "ai.onnx")
            # onnxruntime has operators in the standard's domain that are none of the standard
            if known and not any(a.type == onnx.AttributeProto.GRAPH for a in node.attribute):
                onnx.checker.check_node(node, context)

    def _alone(self, nodes: list[onnx.NodeProto]) -> onnx.ModelProto:
        made = [name for node in nodes for name in node.output if name]
        used = dict.fromkeys(name for node in nodes for name in _reads(node) if name in self._arrays)
        infos = [_info(n, self._arrays[n].dtype, self._arrays[n].shape) for n in used if n not in made]
        return self._wrap(nodes, infos, [onnx.ValueInfoProto(name=n) for n in made], [])

    def model(self) -> onnx.ModelProto:
        """Return the model; its outputs are the tensors that no node reads."""
        used = {name for node in self._nodes for name in _reads(node)}
        ends = [n for node in self._nodes for n in node.output if n in self._arrays and n not in used]
        infos = [_info(name, array.dtype, array.shape) for name, array in self.inputs.items()]
        outputs = [_info(n, self._arrays[n].dtype, None) for n in ends]
        return self._wrap(self._nodes, infos, outputs, [w for w in self._weights if w.name in used])

    def analysed(self) -> onnx.ModelProto:
        """Return the model without the functions that stand in for operators which the analysis must know."""
        model = self.model()
        own = [function for function in model.functions if function.domain == "local"]
        del model.functions[:]
        model.functions.extend(own)
        return model

    def flat(self) -> onnx.ModelProto:
        """Return the model with its functions written out: what the engines run."""
        return _flat(self.model())

    def _wrap(self, nodes: Any, inputs: Any, outputs: Any, weights: Any) -> onnx.ModelProto:
        graph = helper.make_graph(nodes, "random", inputs, outputs, weights)
        functions: dict[str, onnx.FunctionProto] = {}
        called = [name for node in nodes for name in _calls(node)]
        while called:
            name = called.pop()
            if name in self._functions and name not in functions:
                functions[name] = self._functions[name]
                called += [one for node in functions[name].node for one in _calls(node)]
        return helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid(domain, version) for domain, version in self.imports.items()],
            functions=list(functions.values()),
            ir_version=10,
        )

    @property
    def imports(self) -> dict[str, int]:
        """The version of every domain."""
        return {"": self.opset, **DOMAINS} | ({"ai.onnx.ml": 5} if self.opset >= ONE_TREE else {})

    @property
    def size(self) -> int:
        """The number of nodes."""
        return len(self._nodes)

    @property
    def tensors(self) -> list[str]:
        """The computed tensors of real numbers: shapes and the like are of no interest to a field."""
        made = [n for node in self._nodes for n in node.output if n in self._arrays]
        return [n for n in made if self._arrays[n].dtype == np.float32]

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape that a tensor has."""
        return self._arrays[name].shape

    def ranks(self) -> dict[str, int]:
        """Return the rank of every tensor."""
        return {name: array.ndim for name, array in self._arrays.items()}


def _flat(model: onnx.ModelProto) -> onnx.ModelProto:
    return inliner.inline_local_functions(model) if model.functions else model


def _info(name: str, dtype: np.dtype, shape: tuple[int, ...] | None) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape)


def _bodies(node: onnx.NodeProto) -> list[onnx.GraphProto]:
    return [a.g for a in node.attribute if a.type == onnx.AttributeProto.GRAPH]


def _reads(node: onnx.NodeProto) -> list[str]:
    """Return what a node and the bodies in it read."""
    return [*node.input, *(name for body in _bodies(node) for one in body.node for name in _reads(one))]


def _calls(node: onnx.NodeProto) -> list[str]:
    return [node.op_type, *(name for body in _bodies(node) for one in body.node for name in _calls(one))]


Draw = Callable[..., Any]
Family = Callable[[Draw, Graph, Value, "list[Value]"], "list[Value]"]
FAMILIES: dict[str, Family] = {}
KINDS: dict[str, list[str]] = {}
OPSETS: dict[str, range] = {}


def family(name: str, since: int = 1, until: int = 99) -> Callable[[Family], Family]:
    """Enter a family: from a value (and the others there are) to new values, none if it does not fit.

    Families of one module are one kind; a strategy draws the kind first.

    Args:
        name: What it is called.
        since: The first opset that it is for.
        until: The last one.
    """

    def enter(function: Family) -> Family:
        FAMILIES[name] = function
        OPSETS[name] = range(since, until + 1)
        KINDS.setdefault(function.__module__.rpartition(".")[2], []).append(name)
        return function

    return enter
