"""What instructions do to maps, the same for all domains of that kind (see :mod:`pytest_rf.domains.maps`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce, wraps
from math import gcd, lcm, prod
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from pytest_rf.access import Prefix, Relation, Same, Sets, Table, Taps, Whole, certain, progression
from pytest_rf.domains.bounded import gathered
from pytest_rf.domains.domain import Beyond
from pytest_rf.domains.hull import LONGEST_PERIOD
from pytest_rf.domains.instructions import (
    Arrange,
    Contract,
    Cut,
    Diagonal,
    Divide,
    EndToEnd,
    First,
    Follow,
    Mask,
    Unite,
)
from pytest_rf.domains.layout import Key
from pytest_rf.domains.maps import Algebra, Flags, Irregular, Lost, Map, Pieces, line_of
from pytest_rf.domains.periodic import repeating
from pytest_rf.limits import afford, afford_both

LARGEST_TABLE = 1 << 22
"""Relations of more (output, operand) pairs are not followed pair by pair."""


State = Pieces | Lost
Do = TypeVar("Do")


def _of_known(
    rule: Callable[[Maps, Pieces, Do, Key], Pieces],
) -> Callable[[Maps, State, Do, Key], State]:
    """Let a rule for a union pass on what has no map."""

    @wraps(rule)
    def over(self: Maps, x: State, do: Do, key: Key) -> State:
        if not isinstance(x, Lost):
            try:
                return rule(self, x, do, key)
            except Irregular as why:
                x = Lost(str(why), len(x[0].shape), why.masked)
        if isinstance(do, Divide):
            return x._replace(rank=x.rank + 1)
        if isinstance(do, Unite):
            return x._replace(rank=x.rank + 1 - len(do.extents))
        return x._replace(rank=len(do.order)) if isinstance(do, Arrange) else x

    return over


class Maps(Algebra):
    """A domain of maps: a rule per instruction."""

    # ------------------------------------------------------------ the rules of instructions

    def point(self, key: Key, extent: int, rank: int) -> Pieces:
        """Return the map of an input along its own axis."""
        if key in self.policy.endless:
            places = np.zeros((1,) * rank, np.int64)
            return (Map(self.start(places), tuple([int(d == key[1]) for d in range(rank)])),)
        return (Map(self.start(line_of(np.arange(extent), key[1], rank))),)

    def contract(self, x: State, do: Contract, key: Key) -> State:
        """Read all of a dimension."""
        if isinstance(x, Lost):
            whole = key in do.leads & self.policy.endless and not x.masked
            found = self.everything(x.rank) if whole else None
            return x if found is None else (Map(found),)
        return self._contracted(x, do, key)

    @_of_known
    def _contracted(self, x: Pieces, do: Contract, key: Key) -> Pieces:
        return self.gathered_up([self.whole(one, do.dim, bool(one.moves(do.dim))) for one in x])

    @_of_known
    def follow(self, x: Pieces, do: Follow, key: Key) -> Pieces:
        """Read a dimension by a relation."""
        relation = do.relation if self.policy.uncertain else certain(do.relation)
        if isinstance(relation, Same):
            new = x
        elif self.policy.is_endless(do.leads):
            new = tuple([self._along(one, do.dim, relation) for one in x])
        else:
            new = tuple([self._bounded(one, do, relation) for one in x])
        return self._firsts(new, First(do.dim, do.leads)) if do.picked else self.gathered_up(new)

    @_of_known
    def divide(self, x: Pieces, do: Divide, key: Key) -> Pieces:
        """Split a dimension row-major in two."""
        return tuple([self._split(one, do) for one in x])

    @_of_known
    def unite(self, x: Pieces, do: Unite, key: Key) -> Pieces:
        """Merge dimensions row-major; only the outermost can be without end, anything else has no map."""
        endless = [self.policy.is_endless(leads) for leads in do.leads]
        leading = next((i for i, n in enumerate(do.extents) if n > 1 or endless[i]), 0)
        dims = range(do.dim, do.dim + len(do.extents))
        if any(endless[leading + 1 :]) and (
            key in do.carries or any(one.varies(d) for one in x for d in dims)
        ):
            raise Irregular("positions without end are interleaved")
        return self.gathered_up([self._merged(one, do, any(endless)) for one in x])

    @_of_known
    def first(self, x: Pieces, do: First, key: Key) -> Pieces:
        """Keep the first element of a dimension without end."""
        return self._firsts(x, do)

    def _firsts(self, x: Pieces, do: First) -> Pieces:
        if not self.policy.is_endless(do.leads):
            return x
        return tuple([Map(one.at(do.dim, np.array([0])), one.with_jump(do.dim, 0)) for one in x])

    @_of_known
    def arrange(self, x: Pieces, do: Arrange, key: Key) -> Pieces:
        """Order the dimensions."""

        def moved(one: Map) -> Map:
            axes, new = do.axes, do.shape(one.shape)
            jump = None if one.jump is None else tuple([0 if d is None else one.jump[d] for d in do.order])
            return Map(
                one.each(lambda array: (array if axes is None else array.transpose(axes)).reshape(new)), jump
            )

        return tuple(map(moved, x))

    @_of_known
    def diagonal(self, x: Pieces, do: Diagonal, key: Key) -> Pieces:
        """Keep the elements with equal places along two dimensions."""
        a, b = do.a, do.b

        def line(one: Map) -> Map:
            period = lcm(one.shape[a], one.shape[b])
            place = np.arange(period)

            def cut(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
                sides = np.moveaxis(array, (a, b), (-2, -1))
                own = sides[..., place % one.shape[a], place % one.shape[b]]
                return np.moveaxis(own[..., None], (-2, -1), (a, b))

            distance = one.moves(a) * (place // one.shape[a]) + one.moves(b) * (place // one.shape[b])
            first, *rest = one.each(cut)
            jump = one.moves(a) * (period // one.shape[a]) + one.moves(b) * (period // one.shape[b])
            still = Map((first + line_of(distance, a, first.ndim), *rest), one.with_jump(b, 0))
            return Map(still.arrays, still.with_jump(a, jump))

        return tuple(map(line, x))

    def cut(self, x: State, do: Cut, key: Key) -> State | None:
        """Leave out what does not count."""
        return x if self.policy.counts(do, key) else None

    @_of_known
    def mask(self, x: Pieces, do: Mask, key: Key) -> Pieces:
        """Let only some elements read."""
        if self.policy.is_endless(do.leads):
            raise Irregular("a mask leaves out elements", masked=True)
        for one in x:
            afford_both(do.where.shape, one.shape)
        return tuple([Map(self.where(do.where, one.arrays), one.jump) for one in x])

    def union(self, a: State, b: State, key: Key) -> State:
        """Put operands together that meet element by element."""
        if isinstance(a, Lost) or isinstance(b, Lost):
            return a if isinstance(a, Lost) else b
        return self.gathered_up([*a, *b])

    def end_to_end(self, parts: Sequence[State | None], do: EndToEnd, key: Key) -> State:
        """Put operands one behind the other."""
        lost = next((x for x in parts if isinstance(x, Lost)), None)
        if lost is not None:
            return lost
        unions = {n: x for n, x in enumerate(parts) if x is not None and not isinstance(x, Lost)}
        try:
            known = [(n, self.settled(x)) for n, x in unions.items()]
            return (self._laid(known, do, key),)
        except Irregular as why:
            return Lost(str(why), len(next(iter(unions.values()))[0].shape), why.masked)

    def _laid(self, known: Sequence[tuple[int, Map]], do: EndToEnd, key: Key) -> Map:
        """Return the map of operands (by number) that lie one behind the other."""
        if self.policy.is_endless(*do.leads):
            return self._one_map(dict(known), do, key)
        rank = len(known[0][1].shape)
        bare = [_without(one.shape, do.dim) for _, one in known]
        shape = [*np.broadcast_shapes(*bare)]
        shape[do.dim] = do.total
        one_period = self.common([Map(one.arrays, one.jump) for _, one in known], apart=do.dim)
        for period in one_period:
            shape = [
                max(a, b) if d != do.dim else a
                for d, (a, b) in enumerate(zip(shape, period.shape, strict=True))
            ]
        afford(prod(shape))
        laid = [np.broadcast_to(array, shape).copy() for array in self.nothing((1,) * rank)]
        for (number, _), one in zip(known, one_period, strict=True):
            place = (slice(None),) * do.dim + (
                slice(do.offsets[number], do.offsets[number] + do.extents[number]),
            )
            for whole, array in zip(laid, one.arrays, strict=True):
                whole[place] = array
        jump = next((one.jump for one in one_period if one.jump is not None), None)
        return Map(tuple(laid), jump)

    # ------------------------------------------------------------ what they rest on

    def _bounded(self, x: Map, do: Follow, relation: Relation) -> Map:
        """Return the map of what reads a dimension with an end."""
        dim = do.dim
        if isinstance(relation, Whole):
            if not do.extent:
                return Map(self.nothing((1,) * len(x.shape)))
            return self.whole(x, dim, False)
        table = _table(relation, do.extent, do.output)
        if x.shape[dim] == 1:
            hits: Flags = np.asarray(
                table.any(axis=1) if isinstance(relation, (Prefix, Sets)) else (table < do.extent).any(axis=1)
            )
            if hits.all():
                return x
            afford(x.arrays[0].size * len(hits))
            return Map(self.where(line_of(hits, dim, len(x.shape)), x.arrays), x.jump)
        if isinstance(relation, (Prefix, Sets)):
            pairs = ((np.full(do.output, j), table[:, j]) for j in range(do.extent))
        else:
            pairs = ((column, column < do.extent) for column in table.T)
        return Map(self.put_together(x, dim, iter(pairs)), x.jump)

    def _along(self, x: Map, dim: int, relation: Relation) -> Map:
        """Return the map of what reads a dimension without end."""
        if isinstance(relation, Whole):
            return self.whole(x, dim, bool(x.moves(dim)))
        if isinstance(relation, Prefix):
            if not x.moves(dim):
                return self.whole(x, dim, False)
            return Map(self.endless(x, dim), x.with_jump(dim, 0))
        if not isinstance(relation, Taps):
            if not x.varies(dim):
                return x
            found = repeating(relation) if not isinstance(relation, Same) else None
            if found is None:
                raise Irregular("what is read does not repeat", masked=isinstance(relation, Sets))
            relation = found
        return self._taps(x, dim, relation)

    def _taps(self, x: Map, dim: int, relation: Taps) -> Map:
        if not x.varies(dim) and all(relation.taps):
            return x
        period = x.shape[dim]
        repeats = period // gcd(period, relation.advance)
        length = relation.period * repeats
        if length > LONGEST_PERIOD:
            raise Irregular("what is read repeats too rarely")
        width = max(1, *(len(taps) for taps in relation.taps))
        place = np.arange(length)
        offset = place // relation.period * relation.advance
        phases = [relation.taps[phase] for phase in place % relation.period]
        reads = (
            (
                np.array([taps[k] if k < len(taps) else 0 for taps in phases]) + offset,
                np.array([k < len(taps) for taps in phases]),
            )
            for k in range(width)
        )
        moves = x.moves(dim) * relation.advance * repeats // period
        return self.shortest(Map(self.put_together(x, dim, iter(reads)), x.with_jump(dim, moves)), dim)

    def _split(self, x: Map, do: Divide) -> Map:
        dim, shape = do.dim, x.shape
        if not x.varies(dim):
            new = (*shape[:dim], 1, *shape[dim:])
            jump = None if x.jump is None else (*x.jump[:dim], 0, *x.jump[dim:])
            return Map(x.each(lambda array: array.reshape(new)), jump)
        rows = do.outer
        if x.moves(dim) or shape[dim] != do.outer * do.inner:
            # The outer period is what makes steps of `inner` elements a whole number of periods.
            rows = shape[dim] // gcd(shape[dim], do.inner)
            x = x.tiled(dim, rows * do.inner // shape[dim])
        new = (*shape[:dim], rows, do.inner, *shape[dim + 1 :])
        jump = None if x.jump is None else (*x.jump[: dim + 1], 0, *x.jump[dim + 1 :])
        made = Map(x.each(lambda array: array.reshape(new)), jump)
        return self.shortest(made, dim) if self.policy.is_endless(do.leads) else made

    def _merged(self, x: Map, do: Unite, open_ended: bool) -> Map:
        dim, last, shape = do.dim, do.dim + len(do.extents), x.shape
        jump = None if x.jump is None else (*x.jump[: dim + 1], *x.jump[last:])
        if not any(x.varies(d) for d in range(dim, last)):
            new: tuple[int, ...] = (*shape[:dim], 1, *shape[last:])
            return Map(x.each(lambda array: array.reshape(new)), jump)
        outer = shape[dim] if open_ended else do.extents[0]
        full = (*shape[:dim], outer, *do.extents[1:], *shape[last:])
        new = (*shape[:dim], outer * prod(do.extents[1:]), *shape[last:])
        afford(prod(full))
        made = Map(x.each(lambda array: np.broadcast_to(array, full).reshape(new)), jump)
        return self.shortest(made, dim) if open_ended else made

    def _one_map(self, parts: dict[int, Map], do: EndToEnd, key: Key) -> Map:
        """Return the map of parts along an axis without end, as far as they have one (``ends.one_map``)."""
        maps = {n: self._along(one, do.dim, progression(-do.offsets[n])) for n, one in parts.items()}
        if do.seam.kind == "padding" and do.seam.main in maps:
            return maps[do.seam.main]
        moving = {n: one for n, one in maps.items() if self.placed(one.arrays).any()}
        alike = [one for n, one in moving.items() if key in do.carries[n]] or list(moving.values())
        if not alike:
            return reduce(self.sum, maps.values())
        first = alike[0]
        if any(self.reads_everything(one) for n, one in maps.items() if n not in moving):
            raise Irregular("some elements read everything")
        if all(one is first or self._is_same(one, first) for one in alike[1:]):
            return first
        raise Irregular("pieces lie end to end")

    def _is_same(self, a: Map, b: Map) -> bool:
        return a.jump == b.jump and a.shape == b.shape and self.alike(a.arrays, b.arrays)


def _without(shape: tuple[int, ...], dim: int) -> tuple[int, ...]:
    return (*shape[:dim], 1, *shape[dim + 1 :])


def _table(relation: Relation, extent: int, output: int) -> npt.NDArray[Any]:
    """Return what each output element reads: places of taps (``extent``: none), or of sets a flag per position.

    Raises:
        Beyond: it is too large to be followed.
    """
    if isinstance(relation, (Prefix, Sets)) and output * extent > LARGEST_TABLE:
        raise Beyond(f"a relation has more than {LARGEST_TABLE:,} pairs of positions")
    if isinstance(relation, Prefix):
        lower = np.tri(output, extent, dtype=bool)
        return lower[::-1, ::-1] if relation.reverse else lower
    if isinstance(relation, Sets):
        return relation.reads
    assert isinstance(relation, (Taps, Table))
    return gathered(relation, extent, output).reads
