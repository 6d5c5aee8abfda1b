"""The operators that are to blame for a claim that does not hold: as findings hold them, and in words."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from pytest_rf import paths
from pytest_rf.analysis import Tensor, blame
from pytest_rf.analysis.metrics import AxisField, Metric, Origin
from pytest_rf.analysis.tensors import owners
from pytest_rf.figures import Number, number, said, value
from pytest_rf.findings import Blame
from pytest_rf.node import beside
from pytest_rf.requirements import extent

#: What an operator does that does not look ahead by so much.
_DOES = {
    "statistics": "brings in statistics of the whole axis",
    "data": "lets data choose what is read",
    "mixes": "mixes the whole axis",
    **extent.DOES,
}


def of(end: AxisField, predicate: Metric, origin: Origin) -> tuple[Blame, ...]:
    """Return the operators that are to blame for a claim about a field that does not hold, in their order.

    Args:
        end: the field.
        predicate: ``causal`` or ``bounded``; for others none are looked for.
        origin: which of its input steps an output step stands for.
    """
    known = owners(end.runs)
    if predicate.name == "causal":
        causes = blame.looking_ahead(end, origin)
        return tuple(_ahead(one, known[one.number]) for one in causes if one.number in known)
    causes = blame.unbounded(end) if predicate.name == "bounded" else []
    return tuple(_blame(one, known[one.number]) for one in causes if one.number in known)


def _blame(cause: blame.Cause, tensor: Tensor) -> Blame:
    return Blame(
        tensor=tensor.name,
        node=tensor.node,
        op=tensor.op,
        module=tensor.module,
        source=tensor.source,
        label=tensor.label,
        does=cause.does,
    )


def _ahead(cause: blame.Cause, tensor: Tensor) -> Blame:
    return replace(
        _blame(cause, tensor),
        ahead=value(cause.ahead),
        adds=value(cause.adds),
        step=cause.step,
        ends=None if cause.ends is None else value(cause.ends),
        reads=cause.reads,
    )


def ahead(causes: Sequence[Blame], lookahead: Number | None) -> str:
    """Return how far a tensor looks ahead, the first operator that does, the first without end, and how many more.

    Args:
        causes: all of them; empty where they are not looked for.
        lookahead: how far the tensor looks ahead; None where that is not known.
    """
    if lookahead is None:
        return ""
    endless = next((one for one in causes if one.does != "ahead"), None)
    told = [one for one in causes[:1] if one is not endless]
    parts = [
        f"look-ahead is {said(lookahead)}, and must be 0 or less",
        *(f"the first to look ahead is {operator(one)}{step(one)}" for one in told),
        *([] if endless is None else [f"{operator(endless)} {does(endless)}"]),
        *more(len(causes) - len(told) - (endless is not None), "looks ahead", "look ahead"),
    ]
    return "; ".join(parts)


def more(count: int, one_does: str, many_do: str) -> list[str]:
    """Return how many more operators there are than those that are named; nothing where there are none."""
    if count <= 0:
        return []
    return [f"1 more operator {one_does}" if count == 1 else f"{count:,} more operators {many_do}"]


def operator(one: Blame) -> str:
    """Return an operator with the line that made it: ``conv2 3×3 (Conv, models/tcn.py:12)``."""
    called = " ".join(filter(None, (one.module or one.node or one.tensor, beside(one.op, one.label))))
    about = ", ".join(filter(None, (one.op, paths.line(one.source))))
    return f"{called} ({about})" if about else called


def does(one: Blame) -> str:
    """Return what an operator does: ``looks 2 ahead, 3 in all``, ``mixes the whole axis``."""
    if one.does != "ahead" or one.ahead is None or one.adds is None:
        return _DOES[one.does]
    ahead, adds = number(one.ahead), number(one.adds)
    return f"looks {said(adds)} ahead{'' if ahead == adds else f', {said(ahead)} in all'}"


def step(one: Blame) -> str:
    """Return the step that shows it: ``, whose step 5 ends at position 5 and reads up to 6``; nothing where none does.

    What an operator does without end, no step shows better than another.
    """
    if one.step is None or one.ends is None:
        return ""
    return f", whose step {one.step} ends at position {said(number(one.ends))} and reads up to {one.reads}"
