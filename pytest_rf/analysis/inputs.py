"""The graph inputs that fields are about."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from pytest_rf.value import Shape


class Input(Struct, frozen=True):
    """A graph input.

    Attributes:
        name: its name.
        shape: the extents that it was analysed with.
        axes: its spatial axes, name -> axis number: ``{"h": 2, "w": 3}``.
        batch: the batch axis; None where there is none.
        channel: the axis that the first convolution or Linear contracts; None where none does.
        chosen: the axes that the model leaves open and nobody gave: their extents are our choice.
    """

    name: str
    shape: Shape
    axes: Mapping[str, int]
    batch: int | None
    channel: int | None
    chosen: tuple[int, ...] = ()

    def axis(self, axis: str | int) -> int:
        """Return the number of an axis given by name ("h", "batch", "channel") or number.

        Raises:
            KeyError: there is no such axis.
        """
        if isinstance(axis, int):
            if not -len(self.shape) <= axis < len(self.shape):
                raise KeyError(f"input {self.name!r} has {len(self.shape)} axes, there is no axis {axis}")
            return axis % len(self.shape)
        named = {**self.axes, "batch": self.batch, "channel": self.channel}
        number = {"n": self.batch, "c": self.channel, **named}.get(axis)  # n and c as in requirements
        if number is None:
            known = [name for name, place in named.items() if place is not None]
            raise KeyError(f"input {self.name!r} has no axis {axis!r}; its axes are {', '.join(known)}")
        return number
