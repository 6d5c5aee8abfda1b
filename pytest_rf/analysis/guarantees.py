"""Guarantees about one axis: how far a step reads from its own positions, what a tile needs, what stays bounded.

They hold for the model that runs: each is the worse of the theoretical field and the actual input (SEMANTICS 2).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from math import ceil, prod

from pytest_rf.analysis.along import Along, once, plain
from pytest_rf.analysis.long_profile import LongProfile
from pytest_rf.analysis.profile import Profile
from pytest_rf.analysis.steps import Steps
from pytest_rf.domains.hull import Hull, has_endless
from pytest_rf.domains.layout import has_places
from pytest_rf.figures import Number


@once
def lookahead(field: Along) -> Number | None:
    """Return how far a step reads after its own positions, at the most; None where it has none of its own."""
    return _reach(field, lambda own, steps: own.lookahead(steps), ahead=True)


def lookback(field: Along) -> Number | None:
    """Return how far a step reads before its own positions, at the most; None where it has none of its own."""
    return _reach(field, lambda own, steps: own.lookback(steps))


def latency(field: Along) -> Number | None:
    """Return how long a step waits for what it reads, which comes in chunks; None where it has no positions.

    In samples a chunk has come in when the window of its last position has.
    """
    if field.chunk == 1:
        return lookahead(field)
    hop, behind = (field.framing.hop, field.framing.behind) if field.framed else (1, 0)
    chunk = field.chunk * hop
    return _reach(
        field, lambda own, steps: own.waiting(chunk, chunk - 1 + behind).lookahead(steps), ahead=True
    )


def _reach(
    field: Along, measure: Callable[[Profile | LongProfile, Steps], Fraction | float], ahead: bool = False
) -> Number | None:
    """Return the worse of what is measured in theory and on the actual input, ahead of a step or back from it."""
    theory = field.counted("guaranteed", True)
    if field.key not in theory.hulls:
        return -math.inf
    if not has_places(theory.layout, field.key):
        return math.inf
    steps = field.steps
    if steps is None:
        return None
    found = [
        measure(own, steps)
        for own in (field.profile(theory=True), field.actual)
        # Along an axis without end steps that move at another rate get ever further from what they read.
        if own is not None and (not own.jump or own.stride == steps.pace)
    ]
    reach = max(found, default=math.inf)
    if reach > 0 and _grows(field, theory.hulls[field.key]) and isinstance(field.actual, Profile):
        # It is without end on one side at least: on that which nothing but the input's border ends.
        within = measure(field.actual.unended(field.extent, ahead), steps)
        reach = reach if within == reach else math.inf
    return plain(reach)


def _grows(field: Along, hull: Hull) -> bool:
    """Whether units of a tensor without a periodic map are known to read the more the longer the input is.

    A grid that is fitted to the extent drifts against its skip, by less than a step from end to end.
    """
    return bool(hull.irregular) and has_endless(hull) and not field.tied("grid")


def bounded(field: Along) -> bool | None:
    """Return whether no unit's reads grow with the extent; None where that is not known."""
    hull = field.counted("guaranteed", True).hulls.get(field.key)
    chosen = field.upper_bound and not field.rounded  # rounding chooses between neighbours, data anywhere
    if hull is None or chosen:
        return not chosen
    if field.tied("window", "circular"):
        return False
    if has_endless(hull) or min(hull.jump or (0,)) < 0:
        return False if _grows(field, hull) or not hull.irregular else None
    # Without a map nothing is known of a longer input: what a mask lets read there, or which end pieces are from.
    return None if hull.irregular else True


def causal(field: Along) -> bool | None:
    """Return whether no output step reads input after its own; None where it has none of its own."""
    ahead = lookahead(field)
    return None if ahead is None else ahead <= 0


def halo(field: Along, align: int) -> tuple[Number, Number] | None:
    """Return what a tile needs before and after, for borders on multiples of ``align``; None if undecidable."""
    if not field.framed:
        return _halo(field, align, 0.0)
    framing = field.framing
    if align % framing.hop:  # no position begins where such a tile does
        return math.inf, math.inf
    sides = _halo(field.in_positions, align // framing.hop, -math.inf)
    if sides is None:
        return None
    before, after = sides[0] * framing.hop + framing.before, sides[1] * framing.hop + framing.behind
    return plain(max(before, 0)), plain(max(after, 0))


def _halo(field: Along, align: int, least: float) -> tuple[Number, Number] | None:
    """Return the same in positions; ``least``: what it is where no unit reads out of its tile."""
    theory = field.counted("guaranteed", True)
    if field.key not in theory.hulls:
        return plain(least), plain(least)
    steps = field.steps if has_places(theory.layout, field.key) else None
    if steps is None and field.uneven:
        return None
    own, actual = field.profile(theory=True), field.actual
    if steps is None or actual is None or not field.runs.is_tiled(field.value, field.key):
        return math.inf, math.inf
    # What units read at the image's borders, where it is reflected, say, a tile at that place has to hold, too.
    there = actual.halo_within(align, steps, field.extent, least)
    if own is not None and own.jump > 0 and own.stride == steps.pace:
        inside = own.halo(align, least)
    elif field.key not in theory.endless or field.uneven:
        inside = there
    else:
        return math.inf, math.inf
    grid = math.gcd(align, field.multiple)
    spoilt = (side or least for side in _spoilt(field, steps))
    before, after = map(partial(_side, grid=grid), inside, there, spoilt)
    return plain(before), plain(after)


def _side(inside: float, there: float, spoilt: float, grid: int) -> float:
    """Return what one side needs, which is rounded up to the grid.

    Args:
        inside: what units read that lie far from the image's borders.
        there: what the actual units read, those at the borders too.
        spoilt: how far from a tile's border its result is wrong, whatever it reads.
        grid: where tiles begin and end.
    """
    within = max(inside, 0)
    if there > inside:
        return there + max(spoilt - within, 0)  # what is spoilt reaches the mirror, and is seen in it
    return spoilt if spoilt > -(-within // grid) * grid else inside


def _spoilt(field: Along, steps: Steps) -> tuple[float, float]:
    """Return how far from a tile's own borders its result is wrong, whatever it reads."""
    rim = field.runs.rim(field.value, field.key, field.local)
    if rim is None:
        return 0, 0
    from pytest_rf.domains.rims import Rim

    if not isinstance(rim, Rim):
        return math.inf, math.inf
    elements = rim.extent * prod(rim.inner)
    if not elements:
        return 0, 0
    # A place may be divided further than the rim is, or less.
    places = Fraction(field.count, elements)
    before, after = rim.most
    after += rim.short
    first, last = (
        steps.begins(right) // steps.scale
        for right in (ceil(before * places) - 1, field.count - ceil(after * places))
    )
    whole = field.extent - field.extent % field.runs.grid(field.key)
    return float(first + 1) if before else 0, float(whole - last)
