"""How a model is called and what its authors say of it: one record, which every door fills in the same way.

The doors are the configuration, the marker, the fixture, ``assert_rf``, ``analyze`` and the command line. Each hands
what it was given, key by key, to :func:`stated`, and the record to :func:`pytest_rf.calling.analysed`; so all take the
same keys in the same forms, and say the same about what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from pytest_rf.given import CallError, refuse_empty

if TYPE_CHECKING:
    from pytest_rf.forms import Origin
    from pytest_rf.framing import Framing
    from pytest_rf.requirements.units import Quantity

__all__ = ["KEYS", "SAID", "Call", "CallError", "agree", "stated"]


class Call(Struct, frozen=True, kw_only=True):
    """How a model is called, and what its authors say of it.

    Attributes:
        inputs: input name -> shape, shape with type, example, or a list or mapping of these; or, where a door takes
            that, the shapes of the first inputs without their names. None: none are given.
        values: input name -> elements of inputs that steer the geometry; :class:`~pytest_rf.arrays.Npy` for
            what is in a file.
        kwargs: keyword arguments of the call of a module.
        args: arguments of what makes the module, by position or by name.
        axes: input name -> axis name -> axis number.
        spacing: axis name -> distance of neighbours.
        origin: which of its input steps an output step stands for.
        stands_for: axis name -> the last input position that step ``i`` stands for.
        frontend: axis name -> what makes its positions of samples, outside of the model.
        accept_context: patterns of nodes whose context is accepted.
        weights: whether exact zeros in weights and masked scores do not read.
        state: of a step model, state input -> the output that is its value in the next call, or ``"auto"``.
        chunk: how many positions along the axis of a stream a call advances by; by input where they differ. None:
            nothing is said; a step model's calls advance by all that they are given.
        mask_below: a constant of this or less that is added before a softmax is a mask then; None: -100.
    """

    inputs: Any = None
    values: Mapping[str, Any] = field(default_factory=dict)
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    args: Sequence[Any] | Mapping[str, Any] = ()
    axes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    spacing: Mapping[str, Quantity] = field(default_factory=dict)
    origin: Origin = "end"
    stands_for: Mapping[str, str] = field(default_factory=dict)
    frontend: Mapping[str, Framing] = field(default_factory=dict)
    accept_context: tuple[str, ...] = ()
    weights: bool = False
    state: Mapping[str, str] | str | None = None
    chunk: int | Mapping[str, int] | None = None
    mask_below: float | None = None


KEYS = Call.__struct_fields__
"""The keys by which every door describes a call."""

SAID = ("axes", "spacing", "origin", "stands_for", "frontend", "chunk", "accept_context")
"""Those that can be said of a model that is analysed already."""

Same = TypeVar("Same", bound=Call)


def stated(base: Same, given: Mapping[str, Any], root: Path | None = None, *, empty: bool = False) -> Same:
    """Return a call with what a door was given beside, or in place of, what it holds.

    Args:
        base: the call.
        given: key -> what was given; None is as if the key were not there.
        root: the folder that files of values must lie below; None where whoever gives them may read any.
        empty: whether inputs may be without elements, if the model says so, too.

    Raises:
        CallError: a key is unknown, or what it has is not of its form.
    """
    if not given:  # as of most models
        agree(base.spacing, base.frontend)
        return base
    from pytest_rf.forms import FORMS, form

    changed: dict[str, Any] = {}
    for key, value in given.items():
        if key not in FORMS:
            from difflib import get_close_matches

            near = get_close_matches(key, KEYS, n=1)
            raise CallError(key, f"is unknown{f', did you mean {near[0]}?' if near else ''}")
        if value is None:
            continue
        new = form(key, value, root)
        if key == "inputs" and not empty:
            refuse_empty(new)
        old = getattr(base, key)
        if key == "accept_context":
            new = (*old, *new)
        elif isinstance(old, Mapping) and isinstance(new, Mapping):
            new = {**old, **new}
        changed[key] = new
    found = replace(base, **changed) if changed else base
    agree(found.spacing, found.frontend)
    return found


def agree(spacing: Mapping[str, Quantity], frontend: Mapping[str, Framing]) -> None:
    """Refuse a spacing that a front-end contradicts.

    Raises:
        CallError: one does.
    """
    if not frontend:
        return
    from pytest_rf.requirements.frames import conflict  # most models have no front-end

    for axis, one in frontend.items():
        if axis in spacing and (why := conflict(one, spacing[axis])):
            raise CallError("spacing", f"{axis}: {why}", axis)
