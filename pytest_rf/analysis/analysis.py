"""An analysed model: what users hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pytest_rf import gc_pause
from pytest_rf.analysis import tensors
from pytest_rf.analysis.described import Described, StateFigures, alone
from pytest_rf.analysis.doors import notebook
from pytest_rf.analysis.finals import final
from pytest_rf.analysis.inputs import Input
from pytest_rf.analysis.runs import Runs
from pytest_rf.analysis.tensors import Tensor
from pytest_rf.figures import shape
from pytest_rf.node import Node
from pytest_rf.value import Value

if TYPE_CHECKING:
    from pytest_rf.analysis.report import AnalysisReport


class Analysis(Described):
    """An analysed model: its description, its inputs, and its tensors with all their figures."""

    def __repr__(self) -> str:
        ends = (_listed(ends) for ends in (self.graph.inputs, self.graph.outputs))
        return f"<Analysis {self.name!r}: {len(self)} tensors, {self.capture}, {' to '.join(ends)}>"

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        found: str = notebook().analysis(self)
        return found

    @cached_property
    def runs(self) -> Runs:
        """The runs of the interpreter over the graph."""
        about = alone(self)
        made: Runs = Runs(about) if self.stream is None else self.stream.runs(about)
        return made

    # ------------------------------------------------------------------ inputs

    @property
    def inputs(self) -> Mapping[str, Input]:
        """The graph inputs by name, with the roles of their axes (SEMANTICS 3)."""
        return self.runs.inputs

    @cached_property
    def state(self) -> Mapping[str, StateFigures]:
        """How much of each state of a step model is needed, by the name of its input; empty of other models."""
        return {} if self.stream is None else self.stream.state(self.runs)

    # ------------------------------------------------------------------ tensors

    @cached_property
    def tensors(self) -> Mapping[str, Tensor]:
        """Every computed tensor that depends on an input, by name, in graph order."""
        return tensors.of(self.runs)

    def __iter__(self) -> Iterator[Tensor]:
        every = self.tensors.values()
        self.runs.expect(tensor.value for tensor in every)
        return iter(every)

    def __len__(self) -> int:
        return len(self.tensors)

    def __getitem__(self, name: str) -> Tensor:
        if not isinstance(name, str) or not name:
            raise KeyError(
                f"{name!r} is not the name of a tensor, node or module; iterate to see all tensors"
            )
        if name in self.tensors:
            return self.tensors[name]
        name = name.removesuffix("@1")  # the first call of a module goes by its path alone
        returned = self.graph.modules.get(name)
        for source, value in self.graph.inputs.items():
            if value is returned:  # an encoder's first feature map, say
                return self._input_tensor(source)
        found = [t for t in self.tensors.values() if returned is not None and t.number == returned.number]
        # Behind the module others may pass the same value on.
        path = name.partition("@")[0]
        found = [t for t in found if t.module == path or t.module.startswith(f"{path}.")] or found
        found = (
            found
            or [t for t in self.tensors.values() if t.node == name]
            or [t for t in self.tensors.values() if t.module == name]
        )
        if found:
            return found[-1]
        for node in self.graph.nodes:
            if name in node.outputs:
                return Tensor(self.runs, name, node, node.outputs[name])
        if name in self.graph.outputs:
            return self._output(name, self.graph.outputs[name])
        if name in self.graph.constants:
            return Tensor(self.runs, name, Node(name, "Constant"), self.graph.constants[name])
        if name in self.graph.inputs:
            return self._input_tensor(name)
        known = {x for t in self.tensors.values() for x in (t.name, t.node, t.module) if x}
        from difflib import get_close_matches

        close = get_close_matches(name, known, n=3, cutoff=0.5)
        raise KeyError(
            f"no tensor, node or module {name!r}" + (f"; near misses: {', '.join(close)}" if close else "")
        )

    def _input_tensor(self, name: str) -> Tensor:
        return Tensor(self.runs, name, Node(name, "Input"), self.graph.inputs[name])

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
                return Tensor(self.runs, name, node, value)
        return Tensor(self.runs, name, Node(name, "Input" if value.varies else "Constant"), value)

    @cached_property
    def final(self) -> list[Tensor]:
        """For each output, and each input axis, the last tensor on the way that still has positions (SEMANTICS 3).

        Where several axes end at different tensors it is a :class:`~pytest_rf.analysis.finals.Final`.
        """
        return [final(output, self) for output in self.outputs]

    # ------------------------------------------------------------------ reports

    @gc_pause.paused()
    def report(self, tensors: Iterable[Tensor] | None = None, asked: tuple[str, ...] = ()) -> AnalysisReport:
        """Return the report of ``show --format json``.

        Args:
            tensors: those that it is about; by default all.
            asked: metrics that it shows beside the usual ones.
        """
        from pytest_rf.analysis.report import AnalysisReport, Figures, of_input, of_tensor

        figures = Figures(self.runs, asked)
        shown = list(self if tensors is None else tensors)
        self.runs.expect(tensor.value for tensor in shown)
        return AnalysisReport(
            model=self.name,
            path=self.path,
            capture=self.capture,
            inputs=tuple(of_input(source, self.frontend) for source in self.inputs.values()),
            outputs=tuple(tensor.name for tensor in self.outputs),
            final=tuple(tensor.name for tensor in self.final),
            final_axes=tuple(
                {
                    name: {axis: tensor.at(axis, name).name for axis in self.inputs[name].axes}
                    for name in tensor.inputs
                }
                for tensor in self.final
            ),
            notes=tuple(self.graph.remarks),
            chunk=self.chunk,
            tensors=tuple(of_tensor(one, figures) for one in shown),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return all figures as plain dicts, lists, numbers and text: the report of ``show --format json``."""
        from pytest_rf.analysis.report import to_dict

        return to_dict(self.report())

    def to_json(self) -> str:
        """Return :meth:`to_dict` as JSON text."""
        from pytest_rf.analysis.report import to_json

        return to_json(self.report())


def _listed(values: Mapping[str, Value]) -> str:
    """Return the first of some named values with its shape, and how many more there are."""
    name, value = next(iter(values.items()), ("nothing", None))
    first = name if value is None else f"{name} {shape(value.shape)}"
    return first if len(values) <= 1 else f"{first} and {len(values) - 1} more"
