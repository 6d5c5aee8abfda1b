"""Shapes of what torch says is elementwise, against what the operators really make."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from frontends.torch.test_shapes import extents, lies, on_meta, scrambled  # noqa: E402
from pytest_rf.frontends.torch.elementwise import shaped  # noqa: E402
from pytest_rf.frontends.torch.traits import traits  # noqa: E402

NUMBERS = {"Scalar": 2, "number": 2, "float": 0.5, "int": 1, "bool": False, "Optional[number]": 1}
KINDS = (torch.float32, torch.float32, torch.float64, torch.int64, torch.bool, torch.complex64)


def pointwise() -> Iterator[Any]:
    """Yield the overloads that torch tags as elementwise."""
    # An attribute of torch.ops is there once somebody has asked for it, so that does not tell which there are.
    known = {one.name for one in torch._C._jit_get_all_schemas() if one.name.startswith("aten::")}
    for name in sorted(one.removeprefix("aten::") for one in known):
        packet = getattr(torch.ops.aten, name, None)
        for overload in getattr(packet, "overloads", list)():
            func = getattr(packet, overload)
            if torch.Tag.pointwise in func.tags and not any(a.is_out for a in func._schema.arguments):
                yield func


EVERY = {str(func).removeprefix("aten."): func for func in pointwise()}


def arguments(func: Any, draw: random.Random) -> list[Any] | None:
    """Return arguments for an operator; None where it takes something that is not drawn."""
    shape, kind, found = extents(draw), draw.choice(KINDS), []
    for argument in func._schema.arguments:
        if argument.has_default_value() or argument.kwarg_only:
            break
        if str(argument.type) == "Tensor":
            cut = shape[draw.choice([0, 0, 1]) :] if found else shape
            own = [n if draw.random() < 0.8 or not found else 1 for n in cut]
            found.append(scrambled(draw, own).to(kind if draw.random() < 0.8 else draw.choice(KINDS)))
        elif str(argument.type) in NUMBERS:
            found.append(NUMBERS[str(argument.type)])
        else:
            return None
    return found


@pytest.mark.parametrize("name", EVERY)
def test_shapes_and_strides_are_those_of_the_operator(name: str) -> None:
    func, draw = EVERY[name], random.Random(name)
    for _ in range(60):
        args = arguments(func, draw)
        if args is None:
            return
        given = shaped(func, traits(func), tuple(on_meta(args)), {})
        if given is None:
            continue
        try:
            made = func(*args)
        except RuntimeError:
            continue  # what the operator refuses has no shape to be wrong about
        assert lies(given) == lies(made), [lies(x) for x in args if isinstance(x, torch.Tensor)]


@pytest.mark.parametrize("name", ["gt.Scalar", "where.self", "mul.Tensor", "atan2.default", "rsub.Scalar"])
def test_common_ones_are_known(name: str) -> None:
    func, draw = EVERY[name], random.Random(name)
    drawn = [arguments(func, draw) for _ in range(60)]
    known = [shaped(func, traits(func), tuple(on_meta(args)), {}) for args in drawn if args is not None]
    assert sum(one is not None for one in known) > 10


def test_what_does_not_broadcast_is_left_to_the_operator() -> None:
    func = torch.ops.aten.add.Tensor
    args = (torch.empty(2, 3, device="meta"), torch.empty(2, 4, device="meta"))
    assert shaped(func, traits(func), args, {}) is None
