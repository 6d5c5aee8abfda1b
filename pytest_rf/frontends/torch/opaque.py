"""Registered modules and ``autograd.Function``s: one call stands for all that they run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pytest_rf import registry
from pytest_rf.frontends.torch.recording import Recorded, Ref
from pytest_rf.frontends.torch.tape import Tape
from pytest_rf.frontends.torch.trees import named_tensors


def alone(tape: Tape, kind: type, run: Callable[[], Any], given: Any) -> Any:
    """Run something whose class is registered, and record a single operator for it.

    Args:
        tape: writes the recording.
        kind: the registered class.
        run: does what it does.
        given: its arguments.
    """
    tensors = [tensor for _, tensor in named_tensors(given) if tape.follows(tensor)]
    inputs = tuple(tape.value_of(tensor) for tensor in tensors)
    calls = tape.recording.calls
    place, start = tape.locator.place(), len(calls)
    result = run()
    made = [tape.value_of(tensor) for _, tensor in named_tensors(result) if tape.follows(tensor)]
    outputs = tuple(dict.fromkeys(ref for ref in made if isinstance(ref, Ref) and ref not in inputs))
    if outputs:
        del calls[start:]
        calls.append(Recorded(f"module.{kind.__name__}.default", None, inputs, {}, outputs, place, kind))
    return result


@contextmanager
def functions(tape: Tape) -> Iterator[None]:
    """Have registered ``autograd.Function``s stand alone for as long as the context lasts."""
    before: list[tuple[Any, bool, Any]] = []

    def stand_in(kind: Any) -> Any:
        original = kind.apply

        def apply(*args: Any, **kwargs: Any) -> Any:
            return alone(tape, kind, lambda: original(*args, **kwargs), [args, kwargs])

        return staticmethod(apply)

    try:
        for kind in registry.functions():
            before.append((kind, "apply" in vars(kind), vars(kind).get("apply")))
            kind.apply = stand_in(kind)
        yield
    finally:
        for kind, own, value in before:
            if own:
                kind.apply = value
            else:
                del kind.apply
