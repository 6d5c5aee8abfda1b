"""A witness in words, and the lines of Python that show it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_rf.factories import is_factory
from pytest_rf.findings import Finding, Piece, Witness
from pytest_rf.reporters.lines import Line, line

#: Operators of a longer chain are told with this many at either end.
_ENDS = 3


def witness(found: Finding, file: str, indent: str, code: bool) -> Iterator[Line]:
    """Yield what shows that a finding is true.

    Args:
        found: the finding.
        file: the model's source: a path, or ``package.module:factory``.
        indent: what the lines begin with.
        code: whether the lines of Python are told.
    """
    one = found.witness
    if one is None:
        return
    yield line((f"{indent}= ", "dim"), f"witness: {claim(one)}{_through(one)}", *_verified(one))
    for text in script(found, file) if code else ():
        yield line((f"{indent}| ", "dim"), text)


def claim(one: Witness) -> str:
    """Return what a witness claims: ``head[0, 0, 3, 3] reads image[0, 0, 12, 9]``."""
    unit = f"{one.tensor}{list(one.unit)}" if one.unit else f"no unit of {one.tensor or 'any output'}"
    if one.tile is not None:
        part = f"{one.input}[{_part(one, one.tile)}]"
        if one.reads:
            return f"{unit} reads {one.input}{list(one.position)}, which {part} does not have"
        return f"{unit} is not {one.tensor}{list(one.tile.unit)} of {part}"
    if one.reads:
        return f"{unit} reads {one.input}{list(one.position)}"
    place = _index(_beside(one))
    return f"{unit} {'does not read' if one.unit else 'reads'} {one.input}[{place}]"


def _beside(one: Witness) -> list[int | None]:
    """Return the index of all elements at a place that is not read; None stands for all along an axis."""
    return [n if axis == one.axis else None for axis, n in enumerate(one.position)]


def _part(one: Witness, tile: Piece) -> str:
    """Return the index of all that a tile has."""
    own = f"{tile.start}:{tile.stop}"
    return ", ".join(own if axis == one.axis else ":" for axis in range(len(one.position)))


def _index(places: Sequence[int | None]) -> str:
    return ", ".join(":" if place is None else str(place) for place in places)


def _through(one: Witness) -> str:
    if not one.path:
        return ""
    names = one.path if len(one.path) <= 2 * _ENDS else (*one.path[:_ENDS], "…", *one.path[-_ENDS:])
    return f", {'through' if one.reads or one.tile else 'the nearest through'} {' → '.join(names)}"


def _verified(one: Witness) -> Iterator[tuple[str, str]]:
    if one.verified == "agrees":
        yield "; a run agrees", "good"
    elif one.verified == "disagrees":
        yield f"; a run disagrees: {one.why}", "bad"
    elif one.verified:
        yield f"; a run could not show it: {one.why}", "dim"


def script(found: Finding, file: str) -> list[str]:
    """Return lines of Python that change the position and print the unit before and after; none where they do not do.

    They do for files, and for a factory's module that has one input and whose own result the tensor is.
    """
    one = found.witness
    if one is None:
        return []
    place = one.position if one.reads else _beside(one)
    return _of_module(found, one, file, place) if is_factory(file) else _of_file(one, file, place)


def _of_file(one: Witness, file: str, place: Sequence[int | None]) -> list[str]:
    inputs = ", ".join(f"{shaped.name!r}: draw({shaped.shape})" for shaped in one.call)
    if one.tile is not None:
        shown = "run(None, {}, intermediate=True)[{!r}][{}]".format
        both = shown("x", one.tensor, _index(one.unit)), shown("y", one.tensor, _index(one.tile.unit))
        return [
            *_evaluator(file),
            f"x = {{{inputs}}}; y = {{**x, {one.input!r}: x[{one.input!r}][{_part(one, one.tile)}]}}",
            f"print({', '.join(both)})",
        ]
    if one.unit:
        told = (
            f"print(*(run(None, z, intermediate=True)[{one.tensor!r}][{_index(one.unit)}] for z in (x, y)))"
        )
    else:
        told = "print(*((a == b).all() for a, b in zip(run(None, x), run(None, y))))"
    return [
        *_evaluator(file),
        f"x = {{{inputs}}}; y = {{**x, {one.input!r}: x[{one.input!r}].copy()}}",
        f"y[{one.input!r}][{_index(place)}] += 300",
        told,
    ]


def _evaluator(file: str) -> list[str]:
    return [
        "import numpy as np; from onnx.reference import ReferenceEvaluator; rng = np.random.default_rng(0)",
        f"run, draw = ReferenceEvaluator({file!r}).run, lambda n: rng.standard_normal(n).astype(np.float32)",
    ]


def _of_module(found: Finding, one: Witness, file: str, place: Sequence[int | None]) -> list[str]:
    package, _, factory = file.partition(":")
    if len(one.call) != 1 or not one.unit or one.tensor != found.module:
        return []
    if one.tile is None:
        other, own = f"x.clone(); y[{_index(place)}] += 300", one.unit
    else:
        other, own = f"x[{_part(one, one.tile)}]", one.tile.unit
    return [
        f"import torch; from {package} import {factory}; torch.manual_seed(0)",
        f"net, x, seen = {factory}().double(), torch.randn{one.call[0].shape}.double(), []",
        f"net.get_submodule({one.tensor!r}).register_forward_hook(lambda *call: seen.append(call[2].clone()))",
        f"y = {other}",
        f"net(x), net(y); print(seen[0][{_index(one.unit)}].item(), seen[1][{_index(own)}].item())",
    ]
