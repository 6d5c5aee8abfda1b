"""An analysed model: what users hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cached_property
from math import lcm
from typing import TYPE_CHECKING, Any

from pytest_rf.domains.field import Facts, Field, Policy, nothing
from pytest_rf.domains.layout import Key, carried, is_mixed
from pytest_rf.graph import Graph, Node, Shape, Value
from pytest_rf.interpreter import Ignorance, Outcome, run
from pytest_rf.tensors import Input, Tensor

if TYPE_CHECKING:
    from pytest_rf.findings import Finding

AXIS_NAMES = {1: ("t",), 2: ("h", "w"), 3: ("d", "h", "w")}
"""Names of an input's spatial axes by their number (SEMANTICS 3)."""


@dataclass(eq=False)
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

    def __post_init__(self) -> None:
        self._facts = Facts()
        self._runs: dict[str, dict[int, Outcome]] = {}
        self._named = {value.number for node in self.graph.nodes for value in node.outputs.values()} | {
            value.number for value in self.graph.inputs.values()
        }

    # ------------------------------------------------------------------ runs

    def outcomes(self, kind: str) -> dict[int, Outcome]:
        """Return the outcome of every named value in one run.

        Args:
            kind: "finite" or "theory", prefixed with "full " (context counts), "guaranteed " (context
                counts but where it is accepted), "certain " (what data chooses does not count) or
                "shortest " (the smaller branch wins).
        """
        if kind not in self._runs:
            what, _, where = kind.rpartition(" ")
            policy = Policy(
                endless=self._endless() if where == "theory" else frozenset(),
                context=what in ("full", "guaranteed"),
                accepted=self._is_accepted if what == "guaranteed" else None,
                uncertain=what != "certain",
                shortest=what == "shortest",
            )
            facts = self._facts if kind == "finite" else None
            self._runs[kind] = run(self.graph, policy, facts, keep=self._named.__contains__)
        return self._runs[kind]

    def _endless(self) -> frozenset[Key]:
        return frozenset((i.name, axis) for i in self.inputs.values() for axis in i.axes.values())

    def endless_policy(self) -> Policy:
        """Return the policy of the theoretical run."""
        return Policy(endless=self._endless())

    def outcome(self, value: Value, kind: str = "finite") -> Outcome:
        """Return the outcome for one value; a field that reads nothing for a constant."""
        found = self.outcomes(kind).get(value.number)
        if found is None:
            return nothing(value.shape or ())
        return found

    def finite(self, value: Value, key: Key, context: bool) -> Field:
        """Return the field on the actual input; context counts if asked for, or if no position is left."""
        return self._field(value, key, "finite", context)

    def theory(self, value: Value, key: Key, context: bool = False) -> Field:
        """Return the field on an input without end; context counts if asked for, or if no position is left."""
        return self._field(value, key, "theory", context)

    def _field(self, value: Value, key: Key, kind: str, context: bool) -> Field:
        outcome = self.outcome(value, kind)
        if (
            isinstance(outcome, Field)
            and outcome.context.get(key)
            and (context or key not in carried(outcome.layout))
        ):
            outcome = self.outcome(value, f"full {kind}")
        if isinstance(outcome, Ignorance):
            raise ValueError(f"unknown: {outcome.reason}")
        return outcome

    def _is_accepted(self, number: int) -> bool:
        node = self.graph.nodes[number]
        names = (node.name, node.module, *node.outputs)
        for pattern in self.accept_context:
            if pattern.startswith("op:"):
                if node.op.casefold() == pattern[3:].casefold():
                    return True
            elif any(fnmatchcase(name, pattern) for name in names if name):
                return True
        return False

    # ------------------------------------------------------------------ inputs

    @cached_property
    def inputs(self) -> Mapping[str, Input]:
        """The graph inputs by name, with the roles of their axes (SEMANTICS 3)."""
        self.outcomes_of_inputs()
        return {name: self._input(name, value.extents) for name, value in self.graph.inputs.items()}

    def outcomes_of_inputs(self) -> None:
        """Run the finite analysis, from which the roles of the input axes are learnt."""
        if "finite" not in self._runs:
            self._runs["finite"] = run(self.graph, Policy(), self._facts, keep=self._named.__contains__)

    def _input(self, name: str, shape: Shape) -> Input:
        facts = self._facts
        channel = facts.channel.get(name)
        windowed = sorted(axis for owner, axis in facts.windowed if owner == name and axis != channel)
        if not windowed:
            moved = sorted(axis for owner, axis in facts.moved if owner == name and axis != channel)
            windowed = [axis for axis in moved if axis != 0 or len(shape) < 2]
        wanted = self.wanted_axes.get(name)
        if wanted is not None:
            axes = dict(wanted)
        else:
            names = AXIS_NAMES.get(len(windowed), tuple(f"a{axis}" for axis in windowed))
            axes = dict(zip(names, windowed, strict=True))
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
        if name in self.tensors:
            return self.tensors[name]
        returned = self.graph.modules.get(name)
        found = [t for t in self if returned is not None and t.number == returned.number]
        found = found or [t for t in self if t.node == name] or [t for t in self if t.module == name]
        if found:
            return found[-1]
        for node in self.graph.nodes:
            if name in node.outputs:
                return Tensor(self, name, node, node.outputs[name])
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
        if name in self.tensors:
            return self.tensors[name]
        if name in self.graph.inputs:
            return self._input_tensor(name)
        for node in reversed(self.graph.nodes):
            if value in node.outputs.values():
                return Tensor(self, name, node, value)
        return Tensor(self, name, Node(name, "Constant"), value)

    @cached_property
    def final(self) -> list[Tensor]:
        """For each output the last tensor on the way to it that still has positions (SEMANTICS 3)."""
        return [self._final(output) for output in self.outputs]

    def _final(self, output: Tensor) -> Tensor:
        if self._has_positions(output) or output.status == "unknown":
            return output
        ancestors = self.ancestors(output.number)
        candidates = [
            t for t in self if t.number in ancestors and t.status != "unknown" and self._has_positions(t)
        ]
        if not candidates:
            return output
        # Elementwise operators pass the value on: of those that share the last one, the last in the graph.
        last = max(t.number for t in candidates)
        return [t for t in candidates if t.number == last][-1]

    def _has_positions(self, tensor: Tensor) -> bool:
        """Whether all spatial axes of some input have a position in axes that count nothing else."""
        outcome = self.outcome(tensor.value)
        if isinstance(outcome, Ignorance):
            return False
        for source in self.inputs.values():
            keys = {(source.name, number) for number in source.axes.values()}
            spatial = [axis for axis in outcome.layout if any(f.carries & keys for f in axis)]
            seen = {key for axis in spatial for factor in axis for key in factor.carries}
            if keys and keys <= seen <= keys and not any(is_mixed(axis) for axis in spatial):
                return True
        return False

    def ancestors(self, number: int) -> set[int]:
        """Return the numbers of all values that value ``number`` is computed from, and itself."""
        found = {number}
        for step in reversed(self.graph.program):
            if step.value.number in found:
                found.update(step.operands)
        return found

    # ------------------------------------------------------------------ questions

    def multiple(self, value: Value, key: Key) -> int:
        """Return the least common multiple of the strides of all tensors on the way to ``value``."""
        outcomes = (self.outcomes("finite").get(number) for number in self.ancestors(value.number))
        strides = [one.strides.get(key) for one in outcomes if isinstance(one, Field)]
        return lcm(*(stride.numerator for stride in strides if stride))

    def check(self, text: str, **settings: Any) -> list[Finding]:
        """Return what violates a requirement ("final rf >= 224"); empty where it holds.

        Raises:
            RequirementError: the requirement cannot be understood, or selects nothing.
        """
        from pytest_rf import requirements

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
