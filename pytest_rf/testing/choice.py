"""Which of the modules that a test calls its marker judges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_rf.errors import ModelError
from pytest_rf.requirements.vocabulary import nearest
from pytest_rf.testing.heard import Heard
from pytest_rf.testing.listener import Listener

_REMEDY = (
    "call the model itself, model(x), within the test, or give model= an .onnx path, package.module:factory, a model "
    "of the configuration or a fixture of the test"
)

#: Values of ``which`` that are not names.
WORDS = ("first", "last", "all")

#: Modules that a message lists.
_LISTED = 20


class ChoiceError(ModelError):
    """A marker judges one module, and what the test calls leaves open which.

    Attributes:
        detail: the modules, one a line.
    """

    def __init__(self, message: str, listed: Sequence[str]) -> None:
        super().__init__(message)
        hidden = len(listed) - _LISTED
        more = [f"  … and {hidden} more"] if hidden > 0 else []
        self.detail = "\n".join([*listed[:_LISTED], *more])


def choose(listener: Listener, which: str | None, required: bool, fixtures: Mapping[str, Any]) -> list[Heard]:
    """Return the modules to judge: the one model that the test calls, or what ``which`` says.

    Args:
        listener: what was heard.
        which: a class, an attribute, a variable or a fixture; ``first``, ``last`` or ``all``; None says nothing.
        required: whether a test that calls no model is wrong.
        fixtures: what the test's fixtures are.

    Raises:
        ModelError: there is none, or there are several.
    """
    heard = [one for one in listener.modules.values() if one.calls]
    if not any(one.outermost and one.rank < (3 if required else 2) for one in heard):
        if not required:
            return []
        raise ModelError(f"the test has called no PyTorch module{_aside(listener)}; {_REMEDY}")
    for one in heard:
        _name(one, fixtures)
    found = _candidates(heard) if which is None or which in WORDS else _called(which, heard)
    if which == "first":
        return found[:1]
    if which == "last":
        return [max(found, key=lambda one: one.last)]
    if which == "all" or len(found) == 1:
        return found
    if which:
        raise ChoiceError(
            f'which="{which}" fits {len(found)} different modules, and a marker judges one: say which, as listed below',
            _listed(found, heard, words=False),
        )
    left = [one for one in heard if one.outermost and one.rank > found[0].rank]
    raise ChoiceError(
        f"the test calls {len(found)} different modules, and a marker judges one: say which, as listed below, "
        'or which="first", "last" or "all"',
        [*_listed(found, heard, words=True), *(f"  {one}: left aside, it has no parameters" for one in left)],
    )


def _candidates(heard: Sequence[Heard]) -> list[Heard]:
    """Return the models among the outermost modules: with weights; or else what makes more than scalars; or else all.

    A method that makes nothing but scalars is a step of training; the modules that it calls stand for it.
    """
    found: list[Heard] = []
    for one in heard:
        if not one.outermost:
            continue
        inner = [other for other in heard if any(owner is one.module for owner in other.within)]
        is_step = inner and all(call.is_step for call in one.calls.values())
        found += [other for other in (inner if is_step else [one]) if other not in found]
    rank = min(one.rank for one in found)
    found = [one for one in found if one.rank == rank]
    return [one for one in found if not _is_script_of(one, found)]


def _is_script_of(one: Heard, others: Sequence[Heard]) -> bool:
    """Whether a module is the script, or the trace, of one that the test calls as well, and holds against it."""
    from pytest_rf.frontends.torch.identity import is_script, weights

    return is_script(one.module) and any(
        other.kinds[0] == one.kinds[0]
        and not is_script(other.module)
        and weights(other.module) == weights(one.module)
        for other in others
    )


def _called(which: str, heard: Sequence[Heard]) -> list[Heard]:
    """Return the modules of a name: those that go by it or are of that class; else of a class derived from it.

    Raises:
        ChoiceError: there is none.
    """
    own = [one for one in heard if which in (*one.names, one.kinds[0], one.name)]
    found = own or [one for one in heard if which in one.kinds]
    if found:
        return [one for one in found if one.outermost] or found
    known = {name for one in heard for name in (*one.names, *one.kinds)}
    raise ChoiceError(
        f'which="{which}" is none of the modules that the test calls{nearest(which, known)}',
        _listed(heard, heard, words=False),
    )


def _listed(found: Sequence[Heard], heard: Sequence[Heard], words: bool) -> list[str]:
    """Return modules one a line, each with the ``which`` that picks it: a name, or a word where that does."""
    ordered = sorted(found, key=lambda one: one.last)
    listed = []
    for one in found:
        others = {name for other in heard if other is not one for name in (*other.names, *other.kinds)}
        own = next((name for name in (*one.names, one.kinds[0]) if name not in {*others, *WORDS}), None)
        if own is None and words:
            own = "first" if one is found[0] else "last" if one is ordered[-1] else None
        pick = f'which="{own}"' if own else "give it a variable of its own"
        listed.append(f"  {one}: {pick}")
    return listed


def _name(one: Heard, fixtures: Mapping[str, Any]) -> None:
    """Add the fixtures that a module is."""
    called = [call.snapshot.module for call in one.calls.values()]
    given = {
        name: "fixture"
        for name, value in fixtures.items()
        if value is one.module or any(value is module for module in called)
    }
    one.names = given | {name: kind for name, kind in one.names.items() if name not in given}


def _aside(listener: Listener) -> str:
    """Say what was called and does not count."""
    return f" ({'; '.join(list(listener.aside)[:3])})" if listener.aside else ""
