"""What a captured call is: plain data, with no reference to the module that was called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from msgspec import Struct, field


class Ref(Struct, frozen=True, gc=False):
    """A tensor that depends on an input, by its place in ``Recording.values``."""

    number: int


class Const(Struct, eq=False):
    """A tensor that depends on no input.

    Attributes:
        tensor: its elements as they were when it was used. On ``meta`` where the module has none.
    """

    tensor: torch.Tensor


LOOKS = frozenset(["_local_scalar_dense", "item", "is_nonzero", "equal", "allclose"])
"""Operators that hand the code a value; whatever it computes from then on may depend on it."""


class Variable(Struct, frozen=True, eq=False, gc=False):
    """Shape and type of a recorded tensor."""

    shape: tuple[int, ...]
    dtype: torch.dtype


class Place(Struct, frozen=True, gc=False):
    """Where an operator was called.

    Attributes:
        module: dotted path of the innermost module, "" for the root.
        kind: class name of that module.
        turn: 0 for the first call of that module, 1 for the second ...
        source: "file.py:line" of the first frame outside torch, "" where there is none.
    """

    module: str
    kind: str
    turn: int
    source: str


class Recorded(Struct, eq=False):
    """One functional operator: in-place forms and writes through views are already resolved.

    Attributes:
        op: "aten.add.Tensor"; an in-place operator has its functional name.
        function: the overload that ran; its functional form may be another.
        args: as given, with a ``Ref`` or ``Const`` in place of each tensor.
        kwargs: likewise.
        outputs: the tensors made, in the order of the schema's returns; None for one that is not
            a tensor or depends on no input.
        place: where it was called.
        opaque: the registered class, if the call stands for a whole module.
    """

    op: str
    function: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: tuple[Ref | None, ...]
    place: Place
    opaque: type | None = None


class Recording(Struct, eq=False):
    """The operators of one call of a module.

    Attributes:
        inputs: name -> tensor, in the order of the call.
        outputs: name -> tensor, named after the keys of the structure that was returned.
        way: how it was recorded ("dispatch/meta", "dispatch/real", "export").
        notes: what the figures cannot know, one sentence each.
        kinds: module path -> class name, for every module of the model.
        modules: module path -> the first tensor that the module returned, "path@2" for its second call.
    """

    values: list[Variable] = field(default_factory=list)
    calls: list[Recorded] = field(default_factory=list)
    inputs: dict[str, Ref] = field(default_factory=dict)
    outputs: dict[str, Ref | Const] = field(default_factory=dict)
    way: str = ""
    notes: list[str] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    modules: dict[str, Ref] = field(default_factory=dict)

    def make(self, shape: tuple[int, ...], dtype: torch.dtype) -> Ref:
        """Add a variable."""
        values = self.values
        values.append(Variable(shape, dtype))
        return Ref(len(values) - 1)

    def note_look(self, place: Place) -> None:
        """Note that the code looks at the value of a tensor."""
        where = place.source or place.module or "the model"
        note = f"{where} looks at the value of a tensor; what it would do at another value is not seen"
        if note not in self.notes:
            self.notes.append(note)


def leaves(tree: Any) -> list[Any]:
    """Return the arguments of a call, those within lists and dicts included."""
    found: list[Any] = []
    for item in (
        tree.values() if isinstance(tree, dict) else tree if isinstance(tree, (list, tuple)) else [tree]
    ):
        if isinstance(item, (list, tuple, dict)):
            found += leaves(item)
        else:
            found.append(item)
    return found


PLAIN = frozenset(
    [int, float, bool, str, type(None), torch.dtype, torch.device, torch.layout, torch.memory_format]
)
"""Types of most arguments; none of them can hold a tensor."""


def tensors_in(tree: Any) -> list[torch.Tensor]:
    """Return the tensors among arguments or results, those within lists and dicts included."""
    if isinstance(tree, torch.Tensor):
        return [tree]
    found: list[torch.Tensor] = []
    for item in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, (list, tuple)) else ():
        if type(item) in PLAIN:
            continue
        if isinstance(item, torch.Tensor):
            found.append(item)
        elif type(item) is not list or not PLAIN.issuperset(map(type, item)):
            found += tensors_in(item)
    return found


def replaced(tree: Any, substitute: Callable[[torch.Tensor], Any]) -> Any:
    """Return nested arguments with every tensor substituted."""
    if isinstance(tree, torch.Tensor):
        return substitute(tree)
    if isinstance(tree, (list, tuple)):
        if PLAIN.issuperset(map(type, tree)):
            return tree if type(tree) is tuple else [*tree]
        made = [item if type(item) in PLAIN else replaced(item, substitute) for item in tree]
        return tuple(made) if type(tree) is tuple else made
    if type(tree) is dict:
        return {key: replaced(item, substitute) for key, item in tree.items()} if tree else tree
    return tree
