"""What was heard of a module that a test calls: what it goes by, where it was called, at which inputs."""

from __future__ import annotations

import inspect
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_rf.errors import ModelError

if TYPE_CHECKING:
    from pytest_rf.checkable import Analysis
    from pytest_rf.frontends.torch.snapshot import Snapshot

#: A module is judged at no more different inputs than this; one that has more is an error.
MOST = 200

#: Attributes are followed this far: ``self.system.student``.
_DEPTH = 3


class Key(NamedTuple):
    """What makes two calls of a module different."""

    method: str
    training: bool
    form: Hashable
    numbers: Hashable


@dataclass(eq=False)
class Call:
    """A module's call at one input."""

    snapshot: Snapshot
    place: str
    _weighed: dict[float | None, Analysis] = field(default_factory=dict)

    @cached_property
    def analysis(self) -> Analysis:
        """The module, analysed with the inputs of that call, as it was then.

        Raises:
            ModelError: it cannot be analysed.
        """
        return self._analysed()

    def analysed(self, weights: bool, mask_below: float | None) -> Analysis:
        """Return the same, in weight-aware mode or not; what that counts as masks.

        Raises:
            ModelError: it cannot be analysed.
        """
        if not weights:
            return self.analysis
        if mask_below not in self._weighed:
            self._weighed[mask_below] = self._analysed(weights=True, mask_below=mask_below)
        return self._weighed[mask_below]

    def _analysed(self, weights: bool = False, mask_below: float | None = None) -> Analysis:
        from pytest_rf.analyzing import analyze

        snapshot = self.snapshot
        if snapshot.problem:
            raise ModelError(
                f"{snapshot.problem}; call the model itself, model(x), or use the fixture: rf.check(...)"
            )
        with snapshot.restored():
            return analyze(
                snapshot.module, snapshot.call, name=snapshot.name, weights=weights, mask_below=mask_below
            )

    @property
    def input(self) -> str:
        """The call's input for messages."""
        from pytest_rf.frontends.torch.signatures import described

        return described(self.snapshot.module, self.snapshot.call)

    @property
    def is_step(self) -> bool:
        """Whether it is a method's call that makes nothing but scalars: a step of training, not a model."""
        if self.snapshot.call.method in ("forward", "__call__"):
            return False
        try:
            return all(output.shape == () for output in self.analysis.outputs)
        except ModelError:
            return False


@dataclass(eq=False)
class Heard:
    """A module that a test called.

    Attributes:
        module: the module, behind torch's own wrappers.
        kinds: the names of its class and of the classes above that, as they were at the first call.
        names: what it goes by, and as what: ``{"net": "fixture"}``.
        calls: its calls at different inputs, in their order.
        rank: what it is: 0 has weights, 1 has none, 2 has none and makes no tensor with positions (a loss).
        within: the modules a method of which calls it.
        outermost: whether the test calls it in another way, too.
        last: when it was called last.
        more: whether there were more different inputs than are kept.
    """

    module: Any
    kinds: Sequence[str]
    names: dict[str, str] = field(default_factory=dict)
    calls: dict[Key, Call] = field(default_factory=dict)
    rank: int = 2
    within: list[Any] = field(default_factory=list)
    outermost: bool = False
    last: int = 0
    more: bool = False

    @property
    def name(self) -> str:
        """Its class, and the method where it is called by methods alone."""
        names = {call.snapshot.name for call in self.calls.values()}
        return names.pop() if len(names) == 1 else self.kinds[0]

    @property
    def place(self) -> str:
        """Where it was called first."""
        return next(iter(self.calls.values())).place

    def __str__(self) -> str:
        """Return its class, what it goes by, and where it was called."""
        known = ", ".join(f"{kind} {name}" for name, kind in list(self.names.items())[:2])
        return f"{self.name}{f' ({known})' if known else ''}, called at {self.place}"

    def different(self) -> Iterator[tuple[Call, str]]:
        """Yield the calls that can have different figures, and their inputs in words.

        Raises:
            ModelError: there are too many.
        """
        if self.more:
            raise ModelError(
                f"{self.name} was called at more than {MOST} different inputs, and a marker judges every one; "
                "judge it at some of them with the fixture: rf.check(model, x, ...)"
            )
        modes = len({key.training for key in self.calls}) > 1
        settled = set()
        for key, call in list(self.calls.items()):
            if key[:3] in settled:
                continue
            mode = f", in {'training' if key.training else 'eval'} mode" if modes else ""
            yield call, f"{call.input}{mode}"
            # A number in a tensor counts where the code looks at it, and is analysed by value only then.
            with suppress(ModelError):
                if call.analysis.capture == "dispatch/meta":
                    settled.add(key[:3])


def names(module: Any, frames: Sequence[FrameType]) -> Iterator[tuple[str, str]]:
    """Yield what a module goes by where it is called: names of variables and attributes, the outermost first."""
    from pytest_rf.frontends.torch.callers import variables

    for frame in reversed(frames):
        used = frame.f_code.co_names
        seen = variables(frame) | {name: frame.f_globals[name] for name in used if name in frame.f_globals}
        yield from (
            (name, "variable")
            for name, value in seen.items()
            if value is module and name != "self" and name.isidentifier()  # pytest's asserts have others
        )
        for value in seen.values():
            yield from ((name, "attribute") for name in _attributes(value, module, used, _DEPTH))


def _attributes(owner: Any, module: Any, used: Sequence[str], depth: int) -> Iterator[str]:
    held = _held(owner)
    for name, value in held.items():
        if value is module and isinstance(name, str) and not name.isdecimal():
            yield name
    if depth > 1:
        for name in used:
            if name in held:
                yield from _attributes(held[name], module, used, depth - 1)


def _held(owner: Any) -> Mapping[Any, Any]:
    """Return the attributes of an object, the children of a module, or what a dict holds; no code is run."""
    if type(owner) is dict:
        return owner
    if inspect.ismodule(owner) or isinstance(owner, type):
        return {}
    try:
        attributes: dict[str, Any] = object.__getattribute__(owner, "__dict__")
    except AttributeError:
        return {}
    children = attributes.get("_modules")
    return attributes | children if isinstance(children, dict) else attributes
