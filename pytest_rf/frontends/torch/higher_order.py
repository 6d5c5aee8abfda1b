"""Higher-order operators: branches, loops and attention with a function as mask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from pytest_rf.frontends.torch.failures import Unsupported
from pytest_rf.frontends.torch.recording import leaves, tensors_in
from pytest_rf.frontends.torch.tape import Tape

Mode = AbstractContextManager[Any]


#: Whether torch is so early that these operators do not go to a mode by themselves, and have other forms.
_EARLY = not hasattr(TorchDispatchMode, "supports_higher_order_operators")


def run(tape: Tape, mode: Mode, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run a higher-order operator by the operators that it is made of.

    Args:
        tape: writes the recording.
        mode: records the operators that run within it.
        name: of the operator.
        args: its arguments.
        kwargs: its keyword arguments.

    Returns:
        What it returns; NotImplemented if it is not known.
    """
    rule = _RULES.get(name)
    return NotImplemented if rule is None else rule(tape, mode, *args, **kwargs)


def admit(mode: type[TorchDispatchMode]) -> None:
    """Give every higher-order operator a rule for a kind of mode: an early torch knows no other way to it."""
    if not _EARLY:
        return
    for operator in torch._ops._higher_order_ops.values():
        if mode not in operator.python_key_table:
            operator.py_impl(mode)(_handed_over(operator))


def _handed_over(operator: Any) -> Callable[..., Any]:
    def rule(mode: TorchDispatchMode, *args: Any, **kwargs: Any) -> Any:
        return mode.__torch_dispatch__(operator, (), args, kwargs)

    return rule


def _cond(tape: Tape, mode: Mode, predicate: Any, true: Any, false: Any, operands: Sequence[Any] = ()) -> Any:
    """Both branches where the choice depends on the input, else the one that is taken."""
    if not isinstance(predicate, torch.Tensor) or not tape.follows(predicate):
        with mode:
            return (true if predicate else false)(*operands)
    with mode:
        one, other = true(*operands), false(*operands)
    chosen = one
    if tape.real and not bool(predicate):
        chosen = other
    flat = tensors_in(chosen)
    pairs = zip(leaves(one), leaves(other), strict=True)
    merged = iter(
        [
            tape.merge("rf.either.default", [predicate, first, second], like)
            for like, (first, second) in zip(
                flat, ((a, b) for a, b in pairs if isinstance(a, torch.Tensor)), strict=True
            )
        ]
    )
    return _filled(chosen, merged)


def _filled(tree: Any, tensors: Any) -> Any:
    if isinstance(tree, torch.Tensor):
        return next(tensors)
    if isinstance(tree, (list, tuple)):
        return type(tree)(_filled(item, tensors) for item in tree)
    return tree


def _scan(
    tape: Tape,
    mode: Mode,
    combine: Any,
    init: Sequence[Any],
    xs: Sequence[Any],
    *others: Any,
) -> Any:
    """A scan, step by step."""
    if _EARLY and others[:2] != (0, False):
        tape.stop(Unsupported("a scan along another axis than the first, or from the end"))
    additional = others[-1] if others else ()
    carry, outputs = list(init), []
    with mode:
        for step in range(xs[0].shape[0]):
            results = combine(*carry, *(x[step] for x in xs), *additional)
            carry = list(results[: len(init)])
            outputs.append(results[len(init) :])
        stacked = [torch.stack(list(column)) for column in zip(*outputs, strict=True)]
    return (*carry, *stacked)


def _map(tape: Tape, mode: Mode, function: Any, xs: Sequence[Any], additional: Sequence[Any] = ()) -> Any:
    """A map over the first axis, step by step."""
    with mode:
        rows = [function(*(x[step] for x in xs), *additional) for step in range(xs[0].shape[0])]
        if isinstance(rows[0], torch.Tensor):
            return torch.stack(rows)
        return tuple(torch.stack(list(column)) for column in zip(*rows, strict=True))


def _associative_scan(
    tape: Tape, mode: Mode, combine: Any, xs: Sequence[Any], additional: Sequence[Any] = ()
) -> Any:
    """An associative scan, as a running combination."""
    with mode:
        rows = [tuple(x[0] for x in xs)]
        for step in range(1, xs[0].shape[0]):
            rows.append(tuple(combine(*rows[-1], *(x[step] for x in xs), *additional)))
        return tuple(torch.stack(list(column)) for column in zip(*rows, strict=True))


def _while_loop(
    tape: Tape, mode: Mode, condition: Any, body: Any, carried: Sequence[Any], additional: Sequence[Any] = ()
) -> Any:
    """A loop, turn by turn; unknown where the input's values decide how many turns there are."""
    state = tuple(carried)
    with mode:
        going = condition(*state, *additional)
        by_data = isinstance(going, torch.Tensor) and tape.follows(going)
        if by_data and not tape.real:  # the shapes of one turn are those of all
            state = tuple(body(*state, *additional))
        while not by_data and bool(going):
            state = tuple(body(*state, *additional))
            going = condition(*state, *additional)
    if not by_data:
        return state
    inputs = [item for item in (going, *state) if isinstance(item, torch.Tensor)]
    return tuple(
        tape.merge("rf.loop.default", inputs, item) if isinstance(item, torch.Tensor) else item
        for item in state
    )


def _flex_attention(
    tape: Tape,
    mode: Mode,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    score: Any,
    block_mask: Any,
    *_: Any,
    **__: Any,
) -> Any:
    """Attention whose mask is a function of positions, which is evaluated on all of them."""
    n, heads, rows, _ = query.shape
    columns = key.shape[2]
    mask = _evaluated(block_mask[-1], (n, heads, rows, columns)) if block_mask else None
    like = (
        query.new_empty(query.shape[:-1] + value.shape[-1:])
        if tape.real
        else torch.empty((*query.shape[:-1], value.shape[-1]), dtype=query.dtype, device="meta")
    )
    if tape.real:
        like = torch.nn.functional.scaled_dot_product_attention(
            query, key, value, attn_mask=mask, enable_gqa=query.shape[1] != key.shape[1]
        )
    output = tape.merge("rf.attention.default", [query, key, value, *([] if mask is None else [mask])], like)
    sums = torch.empty((n, heads, rows), dtype=torch.float32, device=like.device)
    results = output, tape.merge("rf.log_sum.default", [query, key], sums), sums
    return results[:2] if _EARLY else results


def _evaluated(function: Callable[..., Any], shape: tuple[int, ...]) -> torch.Tensor:
    grids = torch.meshgrid(*(torch.arange(extent) for extent in shape), indexing="ij")
    try:
        mask = function(*grids)
    except Exception:  # written for single positions
        for _ in shape:
            function = torch.vmap(function)
        mask = function(*grids)
    return torch.as_tensor(mask).broadcast_to(shape).to(torch.bool)


_RULES: dict[str, Callable[..., Any]] = {
    "cond": _cond,
    "scan": _scan,
    "map_impl": _map,
    "associative_scan": _associative_scan,
    "while_loop": _while_loop,
    "flex_attention": _flex_attention,
}
