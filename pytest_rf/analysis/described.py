"""A graph with what is said of the model: its name, where it comes from, and what its authors state about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Protocol

from pytest_rf.analysis.roles import checked
from pytest_rf.analysis.steps import Steps
from pytest_rf.globs import selects
from pytest_rf.graph import Graph
from pytest_rf.node import Node
from pytest_rf.value import Shape

if TYPE_CHECKING:
    from pytest_rf.domains.layout import Key
    from pytest_rf.framing import Framing


class Unrolled(Protocol):
    """The calls of a step model, as far as an analysis has to know of them.

    Attributes:
        advance: (input, axis) of a stream -> positions from a call to the next.
    """

    @property
    def advance(self) -> Mapping[Key, int]:
        """Positions from a call to the next."""

    def runs(self, about: Described) -> Any:
        """Return the runs over them."""

    def given(self, name: str) -> Shape:
        """Return the shape that one call is given of an input."""

    def state(self, runs: Any) -> Mapping[str, StateFigures]:
        """Return the figures of each state, by the name of its input."""


class StateFigures(Protocol):
    """How much of a state is needed.

    Attributes:
        needed: how many of its positions, from the newest on, any output ever reads; None where that is not known.
        length: how many it holds.
        axis: the axis along which it holds them; None where it has one for all of the past.
        grows: by how many positions it grows in a call.
    """

    @property
    def needed(self) -> int | None:
        """Return how many any output reads."""

    @property
    def length(self) -> int:
        """Return how many it holds."""

    @property
    def grows(self) -> int:
        """Return by how many positions it grows in a call."""

    @property
    def axis(self) -> int | None:
        """Return the axis along which it holds them."""


Relower = Callable[[Mapping[str, Shape]], Graph]
"""From shapes of some inputs, by name, to the graph of a model that is called with them."""


@dataclass(eq=False, repr=False)
class Described:
    """A graph with what is said of the model.

    Attributes:
        graph: the program that was analysed.
        name: the model's name in messages.
        path: the file that it came from, if any.
        capture: how the graph was obtained.
        wanted_axes: input name -> axes that the user named outright, the batch axis among them.
        accept_context: patterns of nodes whose context is accepted (``op:Name`` or globs).
        stands_for: axis name -> what a step stands for, where its authors say it.
        frontend: axis name -> what makes its positions of samples, outside of the model.
        chunk: how many positions along the stream a call advances by; 0 where that is not said.
        reopen: gives what lowers the model again at other shapes of its inputs.
        chosen: input name -> its axes that the model leaves open and nobody gave; their extents are our choice.
        fixed: input name -> its axes that the model takes at one extent alone, larger than 1.
        module: the PyTorch module or program that was analysed, whose attributes can declare figures; None for an
            ONNX model.
        called: what it was called with, for whoever runs it: of a PyTorch model its examples, inputs, keyword arguments
            and values, of an ONNX one the model or its path, and values. None where that is not known.
        stream: of a step model whose calls the graph holds one after the other, what tells them apart; None else.

    Raises:
        ModelError: ``wanted_axes`` name an input or an axis that there is not.
    """

    graph: Graph
    name: str
    path: str | None = None
    capture: str = "onnx"
    wanted_axes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    accept_context: Sequence[str] = ()
    stands_for: Mapping[str, Steps] = field(default_factory=dict)
    frontend: Mapping[str, Framing] = field(default_factory=dict)
    chunk: int = 0
    reopen: Callable[[], Relower] | None = None
    chosen: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    fixed: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    module: object | None = None
    called: tuple[Any, ...] | None = None
    stream: Unrolled | None = None

    def __post_init__(self) -> None:
        self.wanted_axes = checked(self.name, self.shapes, self.wanted_axes)

    def accepts(self, node: Node) -> bool:
        """Return whether the context that a node brings in is accepted."""
        return is_accepted(node, self.accept_context)

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: what the model is, without what was found out and without the model itself."""
        return {one.name: getattr(self, one.name) for one in fields(self)} | {
            "reopen": None,
            "module": None,
            "called": None,
        }

    @property
    def shapes(self) -> dict[str, Shape]:
        """The extents of the graph inputs, by name."""
        return {name: value.extents for name, value in self.graph.inputs.items()}


def alone(about: Described) -> Described:
    """Return a description without what was found out: what is found out holds it, and it nothing of that.

    So all of an analysis is freed with the last word about it, and not by a search of garbage later.
    """
    return Described(**{one.name: getattr(about, one.name) for one in fields(Described)})


def say(about: Described, **more: Any) -> None:
    """Say more of a model: whatever of it has been asked for already knows that too.

    Args:
        about: the model.
        more: attributes of the description, and what they are from now on.
    """
    runs = vars(about).get("runs")
    for one in (about,) if runs is None else (about, runs.about):
        for name, value in more.items():
            setattr(one, name, value)


def is_accepted(node: Node, patterns: Sequence[str]) -> bool:
    """Return whether patterns of ``accept_context`` accept the context that a node brings in."""
    known = names(node)
    return any(selects(pattern, node.op, known) for pattern in patterns)


def names(node: Node) -> list[str]:
    """Return the names by which a pattern can mean a node: its own, its module's, those of its results."""
    return [name for name in (node.name, node.module, *node.outputs) if name]
