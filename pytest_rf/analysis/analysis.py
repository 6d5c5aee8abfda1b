"""An analysed model: what users hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pytest_rf.analysis.runs import Runs
from pytest_rf.analysis.tensors import Input, Tensor
from pytest_rf.domains.layout import are_within, is_mixed
from pytest_rf.domains.structure import Facts
from pytest_rf.errors import RequirementError
from pytest_rf.globs import selects
from pytest_rf.graph import Graph, Node, Shape, Value
from pytest_rf.interpreter import Ignorance, amended

if TYPE_CHECKING:
    from pytest_rf.findings import Finding

AXIS_NAMES = {1: ("t",), 2: ("h", "w"), 3: ("d", "h", "w")}
"""Names of an input's spatial axes by their number (SEMANTICS 3)."""


@dataclass(eq=False, repr=False)
class Analysis:
    """An analysed model.

    Attributes:
        graph: the program that was analysed.
        name: the model's name in messages.
        path: the file that it came from, if any.
        capture: how the graph was obtained.
        wanted_axes: input name -> spatial axes that the user named outright.
        accept_context: patterns of nodes whose context is accepted (``op:Name`` or globs).
    """

    graph: Graph
    name: str
    path: str | None = None
    capture: str = "onnx"
    wanted_axes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    accept_context: Sequence[str] = ()

    def __repr__(self) -> str:
        return f"<Analysis {self.name!r}: {len(self)} tensors, {self.capture}>"

    @cached_property
    def runs(self) -> Runs:
        """The runs of the interpreter over the graph."""
        return Runs(self.graph, self._inputs, self._is_accepted)

    def amended(self, graph: Graph) -> Analysis:
        """Return the analysis of a graph that differs here and there; inputs keep the roles of their axes."""
        other = replace(self, graph=graph)
        # The place of a cached property: what both graphs share is not planned again.
        planned = amended(self.runs.plan, graph)
        other.runs = Runs(graph, lambda _: self.inputs, other._is_accepted, planned)
        return other

    def _is_accepted(self, number: int) -> bool:
        node = self.graph.nodes[number]
        names = [name for name in (node.name, node.module, *node.outputs) if name]
        return any(selects(pattern, node.op, names) for pattern in self.accept_context)

    # ------------------------------------------------------------------ inputs

    @property
    def inputs(self) -> Mapping[str, Input]:
        """The graph inputs by name, with the roles of their axes (SEMANTICS 3)."""
        return self.runs.inputs

    def _inputs(self, facts: Facts) -> dict[str, Input]:
        return {
            name: self._input(name, value.extents, facts.channel.get(name), facts)
            for name, value in self.graph.inputs.items()
        }

    def _input(self, name: str, shape: Shape, channel: int | None, facts: Facts) -> Input:
        spatial = sorted(axis for owner, axis in facts.windowed if owner == name and axis != channel)
        if not spatial:
            moved = sorted(axis for owner, axis in facts.moved if owner == name and axis != channel)
            spatial = [axis for axis in moved if axis != 0 or len(shape) < 2]
        wanted = self.wanted_axes.get(name)
        if wanted is not None:
            axes = dict(wanted)
        else:
            names = AXIS_NAMES.get(len(spatial), tuple(f"a{axis}" for axis in spatial))
            axes = dict(zip(names, spatial, strict=True))
        batch = 0 if len(shape) >= 2 and 0 not in axes.values() and channel != 0 else None
        return Input(name, shape, axes, batch, channel)

    # ------------------------------------------------------------------ tensors

    @cached_property
    def tensors(self) -> Mapping[str, Tensor]:
        """Every computed tensor that depends on an input, by name, in graph order."""
        return {
            name: Tensor(self, name, node, value)
            for node in self.graph.nodes
            for name, value in node.outputs.items()
            if value.varies
        }

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self.tensors.values())

    def __len__(self) -> int:
        return len(self.tensors)

    def __getitem__(self, name: str) -> Tensor:
        if not isinstance(name, str) or not name:
            raise KeyError(f"{name!r} is no name of a tensor, node or module; iterate to see all tensors")
        if name in self.tensors:
            return self.tensors[name]
        name = name.removesuffix("@1")  # the first call of a module goes by its path alone
        returned = self.graph.modules.get(name)
        for source, value in self.graph.inputs.items():
            if value is returned:  # an encoder's first feature map, say
                return self._input_tensor(source)
        found = [t for t in self if returned is not None and t.number == returned.number]
        # Behind the module others may pass the same value on.
        path = name.partition("@")[0]
        found = [t for t in found if t.module == path or t.module.startswith(f"{path}.")] or found
        found = found or [t for t in self if t.node == name] or [t for t in self if t.module == name]
        if found:
            return found[-1]
        for node in self.graph.nodes:
            if name in node.outputs:
                return Tensor(self, name, node, node.outputs[name])
        if name in self.graph.outputs:
            return self._output(name, self.graph.outputs[name])
        if name in self.graph.constants:
            return Tensor(self, name, Node(name, "Constant"), self.graph.constants[name])
        if name in self.graph.inputs:
            return self._input_tensor(name)
        known = {x for t in self for x in (t.name, t.node, t.module) if x}
        close = get_close_matches(name, known, n=3, cutoff=0.5)
        raise KeyError(
            f"no tensor, node or module {name!r}" + (f"; near misses: {', '.join(close)}" if close else "")
        )

    def _input_tensor(self, name: str) -> Tensor:
        return Tensor(self, name, Node(name, "Input"), self.graph.inputs[name])

    @cached_property
    def outputs(self) -> list[Tensor]:
        """The graph outputs, literally."""
        return [self._output(name, value) for name, value in self.graph.outputs.items()]

    def _output(self, name: str, value: Value) -> Tensor:
        # In PyTorch another tensor, or an input, can have the name that the output's key gives it.
        if name in self.tensors and self.tensors[name].value is value:
            return self.tensors[name]
        for node in reversed(self.graph.nodes):
            if value in node.outputs.values():
                return Tensor(self, name, node, value)
        return Tensor(self, name, Node(name, "Input" if value.varies else "Constant"), value)

    @cached_property
    def final(self) -> list[Tensor]:
        """For each output the last tensor on the way to it that still has positions (SEMANTICS 3)."""
        return [self._final(output) for output in self.outputs]

    def _final(self, output: Tensor) -> Tensor:
        # What a pixel shuffle returns has positions; what is flattened for a head on the way does not.
        if self._has_positions(output, parts=True) or output.status == "unknown":
            return output
        ancestors = self.ancestors(output.number)
        found: Tensor | None = None
        # Elementwise operators pass the value on: of those that share the last one, the last in the graph.
        latest = list(self)[::-1]
        for tensor in sorted(latest, key=lambda t: -t.number):
            if tensor.number in ancestors and self._has_positions(tensor):
                found = tensor
                break
        return found or output

    def _has_positions(self, tensor: Tensor, parts: bool = False) -> bool:
        """Whether all spatial axes of some input have a position in axes that count no samples or channels.

        ``parts``: an axis can also count parts of each position.
        """
        outcome = self.runs.structure(tensor.value)
        if isinstance(outcome, Ignorance):
            return False
        spatial = self.runs.spatial
        axes = [axis for axis in outcome.layout if any(f.carries & spatial for f in axis)]
        seen = {key for axis in axes for factor in axis for key in factor.carries}
        others = {(one.name, number) for one in self.inputs.values() for number in (one.batch, one.channel)}
        if seen & others or any(is_mixed(axis) and not (parts and are_within(axis)) for axis in axes):
            return False
        whole = [
            {(source.name, number) for number in source.axes.values()} for source in self.inputs.values()
        ]
        return any(keys and keys <= seen for keys in whole)

    def ancestors(self, number: int) -> set[int]:
        """Return the numbers of all values that value ``number`` is computed from, and itself."""
        found = {number}
        for step in reversed(self.graph.program):
            if step.value.number in found:
                found.update(step.operands)
        return found

    # ------------------------------------------------------------------ questions

    def check(self, text: str, **settings: Any) -> list[Finding]:
        """Return what violates a requirement ("final rf >= 224"); empty where it holds.

        Raises:
            RequirementError: the requirement cannot be understood, or selects nothing.
        """
        from pytest_rf import requirements

        if not isinstance(text, str):
            raise RequirementError(f'{text!r} is no requirement; give one as text: "final rf >= 224"')
        check: Callable[..., list[Finding]] = requirements.check
        return check(self, text, **settings)

    def to_dict(self) -> dict[str, Any]:
        """Return all figures as plain dicts, lists, numbers and text: the report of ``show --format json``."""
        from pytest_rf import report

        return report.to_dict(report.of_analysis(self))

    def to_json(self) -> str:
        """Return :meth:`to_dict` as JSON text."""
        from pytest_rf import report

        return report.to_json(report.of_analysis(self))
