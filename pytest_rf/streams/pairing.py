"""Which output of a call is the value of which state input in the next one: as declared, or by names and shapes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from pytest_rf.errors import ModelError
from pytest_rf.given import CallError
from pytest_rf.graph import Graph
from pytest_rf.streams.growing import growth

State = Mapping[str, str] | str
"""State input -> state output, or ``"auto"``."""

AUTO = "auto"

_BEFORE = {"in", "input", "inputs", "init", "initial", "old", "prev", "previous", "past", "last"}
_AFTER = {"out", "output", "outputs", "new", "next", "cur", "current", "present", "updated", "final"}
_MARKS = _BEFORE | _AFTER
"""Words, of a name, that say whether it is the state before a call or after it."""

_STATES = {
    "cache",
    "caches",
    "state",
    "states",
    "hidden",
    "memory",
    "mem",
    "past",
    "buffer",
    "carry",
    "kv",
    "history",
}
_STATES |= {"h", "c", "hx", "cx"}
"""Words, of an input's name, that say that it is a state."""

_LISTED = 6


def pairs(call: Graph, state: State, name: str) -> dict[str, str]:
    """Return state input -> output for each state of a call.

    Args:
        call: the call.
        state: what was declared: pairs, of tensors or of structures that hold several (``hidden`` for ``hidden.0`` and
            ``hidden.1``), or ``"auto"``.
        name: the model in messages.

    Raises:
        ModelError: there is no such input or output, or which belong together is not clear.
    """
    if isinstance(state, str):
        if state != AUTO:
            raise ModelError(
                f'{name}: state is "auto" or pairs such as {{ cache = "new_cache" }}, not "{state}"'
            )
        found = _auto(call, name)
        for before, after in found.items():
            _fits(call, before, after)
        return found
    found = {}
    for before, after in state.items():
        pair = _declared(call, before, after)
        twice = [one for one in pair.values() if one in found.values()]
        if twice:
            raise _wrong(before, f"output {twice[0]!r} is the value of two state inputs; each has its own")
        found.update(pair)
    for before, after in state.items():
        for one, left in _declared(call, before, after).items():
            _fits(call, one, left, before)
    if len(found) == len(call.inputs):
        raise ModelError(
            f"{name}: state: all inputs are states ({_listed(found)}); leave the one out that is the stream"
        )
    return found


def _wrong(before: str, reason: str) -> CallError:
    """Return the error of a pair that was declared, by its state input."""
    return CallError("state", reason, before)


def _declared(call: Graph, before: str, after: str) -> dict[str, str]:
    inputs, outputs = _within(call.inputs, before), _within(call.outputs, after)
    for kind, word, found, known in (
        ("input", before, inputs, call.inputs),
        ("output", after, outputs, call.outputs),
    ):
        if not found:
            near = get_close_matches(word, known, n=3, cutoff=0.4)
            hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"there are {_listed(known)}"
            first = _given_later(call, before, after) if kind == "input" else ""
            raise _wrong(before, f"there is no {kind} {word!r}; {hint}{first}")
    if set(inputs) != set(outputs):
        held = f"{before!r} holds {_listed(inputs.values())}, {after!r} holds {_listed(outputs.values())}"
        raise _wrong(before, f"{held}; pair them one by one")
    return {inputs[rest]: outputs[rest] for rest in inputs}


def _given_later(call: Graph, before: str, after: str) -> str:
    """Return the remedy for a state that the first call is not given, with the shapes that it leaves behind."""
    left = [call.outputs[one].shape for one in _within(call.outputs, after).values()]
    shapes = [list(shape) for shape in left if shape is not None]
    told = "; a state that is None in the first call is given as later calls have it"
    if not shapes or len(shapes) < len(left):
        return f"{told}, by its shape in inputs"
    return f"{told}: inputs = {{ {before} = {shapes[0] if after in call.outputs else shapes} }}"


def _within(known: Iterable[str], name: str) -> dict[str, str]:
    """Return the tensors of a name: itself, or those of the structure that it is, by the rest of their names."""
    names = list(known)
    if name in names:
        return {"": name}
    return {one[len(name) + 1 :]: one for one in names if one.startswith(f"{name}.")}


def _fits(call: Graph, before: str, after: str, declared: str = "") -> None:
    """Refuse a pair of which the next call cannot take what a call leaves; ``declared``: what the input is part of."""
    given, left = call.inputs[before].shape, call.outputs[after].shape
    if left is None or given == left or growth(call, before, after) is not None:
        return
    told = f"{before!r} is {_shape(given)}, {after!r} {_shape(left)}"
    fitting = [one for one, value in call.outputs.items() if value.shape == given and one != after]
    if fitting:
        reason = f"{told}: the next call cannot take it; outputs of its shape are {_listed(fitting)}"
    else:
        reason = (
            f"{told}: the next call cannot take it; give the input the shape that the output has: "
            f"inputs = {{ {before} = {list(left)} }}"
        )
    raise _wrong(declared or before, reason)


# ------------------------------------------------------------------ by names and shapes


def _auto(call: Graph, name: str) -> dict[str, str]:
    """Return the pairs that names and shapes leave no doubt about.

    Raises:
        ModelError: there is none, or an output could be the value of several inputs.
    """
    found: dict[str, str] = {}
    for before, value in call.inputs.items():
        named = [after for after in call.outputs if _stem(after) == _stem(before) and _may_be(before, after)]
        alike = [after for after in named if call.outputs[after].shape == value.shape]
        alike = alike or [after for after in named if growth(call, before, after) is not None]
        # A state that holds more in the first call than in later ones is one, of which the error tells.
        alike = alike or [after for after in named if _is_state(before) and _is_shorter(call, before, after)]
        if len(alike) > 1:
            raise ModelError(
                f"{name}: state: {before!r} could be any of {_listed(alike)}; {_remedy(before, alike[0])}"
            )
        if alike:
            found[before] = alike[0]
    found.update(_by_shape(call, found))
    for after in {*found.values()}:
        twins = [before for before, one in found.items() if one == after]
        if len(twins) > 1:
            raise ModelError(
                f"{name}: state: {after!r} could be the value of any of {_listed(twins)}; {_remedy(twins[0], after)}"
            )
    if len(call.inputs) == 1:
        raise ModelError(
            f'{name}: state = "auto" has one input, {_listed(call.inputs)}, and that is the stream; leave out state, '
            "or give one that is None in the first call as later calls have it, by its shape in inputs"
        )
    if not found:
        shapes = {one: value.shape for one, value in call.inputs.items()}
        like = [
            (before, after)
            for before, shape in sorted(shapes.items(), key=lambda one: not _is_state(one[0]))
            for after, value in call.outputs.items()
            if value.shape == shape
        ]
        could = (
            f"of one shape are {', '.join(f'{a!r} and {b!r}' for a, b in like[:_LISTED])}"
            if like
            else "no two have one shape"
        )
        example = like[0] if like else ("cache", "new_cache")
        raise ModelError(
            f'{name}: state = "auto" pairs no input with an output by their names; {could}; {_remedy(*example)}'
        )
    if len(found) == len(call.inputs):
        raise ModelError(
            f'{name}: state = "auto" takes every input for a state ({_listed(found)}); name the states: '
            f"{_remedy(*next(iter(found.items())))}"
        )
    return found


def _by_shape(call: Graph, found: Mapping[str, str]) -> dict[str, str]:
    """Return the pairs of inputs whose names say that they are states with outputs that have no names.

    Those of a tuple have none. The shape has to tell them apart from all others on both sides.
    """
    nameless = [one for one in call.outputs if re.fullmatch(r"[0-9.]+", one) and one not in found.values()]
    states = [one for one in call.inputs if _is_state(one) and one not in found]
    pairs: dict[str, str] = {}
    for before in states:
        shape = call.inputs[before].shape
        alike = [one for one in nameless if call.outputs[one].shape == shape]
        if len(alike) == 1 and sum(call.inputs[one].shape == shape for one in states) == 1:
            pairs[before] = alike[0]
    return pairs


def _is_shorter(call: Graph, before: str, after: str) -> bool:
    """Whether an output is like an input, but shorter along one axis."""
    given, left = call.inputs[before].shape, call.outputs[after].shape
    if given is None or left is None or len(given) != len(left):
        return False
    differ = [(a, b) for a, b in zip(given, left, strict=True) if a != b]
    return len(differ) == 1 and differ[0][0] > differ[0][1]


def _is_state(name: str) -> bool:
    """Whether an input's name says that it is a state."""
    return not _STATES.isdisjoint(_words(name))


def _words(name: str) -> list[str]:
    """Return the words of a name, numbers apart: ``past_key_values.0.key`` has past, key, values, 0, key."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return re.findall(r"[a-z]+|[0-9]+", apart.lower())


def _stem(name: str) -> tuple[str, ...]:
    """Return what is left of a name without what says whether it is the state before or after a call.

    ``h0`` and ``hn`` have ``h``, ``past_key_values.0.key`` and ``present.0.key`` have 0 and key.
    """
    words = _words(name)
    if words[:3] == ["past", "key", "values"] or words[:3] == ["present", "key", "values"]:
        words = words[3:]
    elif words[:1] in (["past"], ["present"]) and len(words) > 1:
        words = words[1:]
    kept: list[str] = []
    for place, word in enumerate(words):
        if word in _MARKS:
            continue
        last = place == len(words) - 1
        if last and len(word) == 2 and word[1] == "n":  # hn, cn
            word = word[0]
        # A number says which of several it is, but the one behind a single letter, as in h0, h_0 and h_n.
        if last and word in ("0", "n") and len(kept) == 1 and len(kept[0]) == 1:
            continue
        kept.append(word)
    return tuple(kept)


def _may_be(before: str, after: str) -> bool:
    """Whether one name can be the state before a call and the other after it: not ``out_cache`` and ``in_cache``."""
    marks = set(_words(after)) & _BEFORE
    return bool(marks <= set(_words(before)))


# ------------------------------------------------------------------ words


def _remedy(before: str, after: str) -> str:
    return f'say which belong together, as in state = {{ "{before}" = "{after}" }}'


def _listed(names: Iterable[str]) -> str:
    every: Sequence[str] = [*names]
    more = f" and {len(every) - _LISTED} more" if len(every) > _LISTED else ""
    return ", ".join(map(repr, every[:_LISTED])) + more if every else "none"


def _shape(shape: Sequence[int] | None) -> str:
    return "×".join(map(str, shape)) if shape else "a scalar"
