"""Functions of whole matrices, and of pairs of rows. They *mix*, as contractions do."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from pytest_rf.access import WHOLE, Prefix, Sets
from pytest_rf.graph import Builder
from pytest_rf.operators.reads import ENDS, Ends, all_of, indexed
from pytest_rf.value import Value


def mixed_matrix(
    b: Builder, shape: Sequence[int], lead: int, matrices: Sequence[Value], vectors: Collection[Value] = ()
) -> Value:
    """Return a tensor of ``shape`` that reads everything of matrices, and those of a stack in their own places.

    Args:
        b: the builder.
        shape: the result's: its first axes are those of the stack.
        lead: the most axes that an operand's stack has; stacks are broadcast from the right.
        matrices: the operands.
        vectors: those of them that hold one vector in each place, not a matrix.
    """
    reads = []
    for x in matrices:
        own = x.rank - (1 if x in vectors else 2)
        places = range(lead - own, lead)
        stack = [
            place if place < len(shape) and shape[place] == extent else ENDS
            for place, extent in zip(places, x.extents, strict=False)
        ]
        reads.append(indexed(x, *stack, *[ENDS] * (x.rank - len(stack))))
    return b.union(shape, *reads)


def solution(
    b: Builder, shape: Sequence[int], matrix: Value, other: Value, *, left: bool, upper: bool | None = None
) -> Value:
    """Return the solution of ``matrix @ y = other``, or of ``y @ matrix = other``.

    What stands beside each other in ``other`` is solved by itself. Of a triangle the equations are solved one after
    the other: each reads those before it, in its order.

    Args:
        b: the builder.
        shape: the solution's.
        matrix: the equations, a matrix or a stack of them.
        other: the other side, of as many axes as the solution or fewer, which are broadcast from the right.
        left: whether the matrix stands on the left.
        upper: whether it is an upper triangle, or a lower one; None: neither.
    """
    rank = len(shape)
    along, beside = (rank - 2, rank - 1) if left else (rank - 1, rank - 2)
    over = WHOLE if upper is None else Prefix(reverse=upper == left)
    earlier = ENDS if upper is None else (along, over)

    def stack(x: Value) -> list[int | Ends]:
        places = range(rank - x.rank, rank - 2)
        return [place if shape[place] == n else ENDS for place, n in zip(places, x.extents, strict=False)]

    own = (earlier, beside) if left else (beside, earlier)
    return b.union(
        shape, indexed(other, *stack(other), *own), indexed(matrix, *stack(matrix), earlier, earlier)
    )


def pairs(b: Builder, x: Value) -> Value:
    """Return a function of every two different rows of a matrix, one pair after the other."""
    first, second = np.triu_indices(x.extents[0], 1)
    rows = np.zeros((first.size, x.extents[0]), np.bool_)
    rows[np.arange(first.size), first] = rows[np.arange(first.size), second] = True
    return b.union([first.size], indexed(x, (0, Sets(rows)), ENDS))


def covariances(b: Builder, x: Value, shape: Sequence[int], weights: Sequence[Value]) -> Value:
    """Return what reads two rows of ``x``, and the weights of all observations; all of ``x`` if it is a number."""
    own = [indexed(x, axis, ENDS) for axis in (0, 1)] if shape else [all_of(x)]
    return b.union(shape, *own, *map(all_of, weights))
