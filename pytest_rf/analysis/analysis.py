"""An analysed model: what users hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pytest_rf.analysis.accepting import is_accepted
from pytest_rf.analysis.finals import final
from pytest_rf.analysis.roles import checked, roles
from pytest_rf.analysis.runs import Runs
from pytest_rf.analysis.steps import Steps
from pytest_rf.analysis.tensors import Input, Tensor
from pytest_rf.domains.facts import Facts
from pytest_rf.errors import RequirementError
from pytest_rf.graph import Graph, Node, Shape, Value
from pytest_rf.interpreter import amended

if TYPE_CHECKING:
    from pytest_rf.analysis.alignment import Merge
    from pytest_rf.domains.layout import Key
    from pytest_rf.findings import Finding


@dataclass(eq=False, repr=False)
class Analysis:
    """An analysed model.

    Attributes:
        graph: the program that was analysed.
        name: the model's name in messages.
        path: the file that it came from, if any.
        capture: how the graph was obtained.
        wanted_axes: input name -> axes that the user named outright, the batch axis among them.
        accept_context: patterns of nodes whose context is accepted (``op:Name`` or globs).
        stands_for: axis name -> what a step stands for, where its authors say it.
    """

    graph: Graph
    name: str
    path: str | None = None
    capture: str = "onnx"
    wanted_axes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    accept_context: Sequence[str] = ()
    stands_for: Mapping[str, Steps] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.wanted_axes = checked(self.name, self._shapes(), self.wanted_axes)

    def __repr__(self) -> str:
        return f"<Analysis {self.name!r}: {len(self)} tensors, {self.capture}>"

    @cached_property
    def runs(self) -> Runs:
        """The runs of the interpreter over the graph."""
        return Runs(self.graph, self._inputs, self._is_accepted)

    @cached_property
    def merges(self) -> dict[Key, dict[int, Merge]]:
        """What is known so far of the steps at which branches meet, by input axis and value number."""
        return {}

    def amended(self, graph: Graph) -> Analysis:
        """Return the analysis of a graph that differs here and there; inputs keep the roles of their axes."""
        other = replace(self, graph=graph)
        # The place of a cached property: what both graphs share is not planned again.
        planned = amended(self.runs.plan, graph)
        other.runs = Runs(graph, lambda _: self.inputs, other._is_accepted, planned)
        return other

    def _is_accepted(self, number: int) -> bool:
        return is_accepted(self.graph.nodes[number], self.accept_context)

    # ------------------------------------------------------------------ inputs

    @property
    def inputs(self) -> Mapping[str, Input]:
        """The graph inputs by name, with the roles of their axes (SEMANTICS 3)."""
        return self.runs.inputs

    def _inputs(self, facts: Facts) -> dict[str, Input]:
        return roles(self._shapes(), facts, self.wanted_axes)

    def _shapes(self) -> dict[str, Shape]:
        return {name: value.extents for name, value in self.graph.inputs.items()}

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
        """For each output, and each input axis, the last tensor on the way that still has positions (SEMANTICS 3).

        Where several axes end at different tensors it is a :class:`~pytest_rf.analysis.finals.Final`.
        """
        return [final(self, output) for output in self.outputs]

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
