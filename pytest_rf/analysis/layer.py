"""A tensor by its names."""

from __future__ import annotations

from typing import NamedTuple


class Layer(NamedTuple):
    """A tensor as an explanation names it.

    Attributes:
        name: its name.
        node: the name of the node that computes it.
        op: that node's operator.
        module: the path of the module that the node belongs to.
        source: the source line, where known.
        label: the node's geometry in words.
    """

    name: str
    node: str
    op: str
    module: str
    source: str
    label: str

    @property
    def called(self) -> str:
        """Its module, or else its node, or else its own name."""
        return self.module or self.node or self.name

    @property
    def kind(self) -> str:
        """Its geometry, or its operator where the name does not say it."""
        return self.label or ("" if self.op.endswith(self.called) else self.op)

    def __str__(self) -> str:
        return f"{self.called} {self.kind}".rstrip()
