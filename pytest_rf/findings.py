"""What a run found, as plain data that every reporter can render and every tool can store.

Nothing here knows how a finding came about, and nothing here is escaped: names come from models, which are
hostile, and each output format has one place of its own that escapes them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple


class Step(NamedTuple):
    """A layer on the path along which a figure grew.

    Attributes:
        layer: the layer in words, such as ``layer3.0.conv2 3×3 stride 2``.
        growth: what it added in input positions, infinite from a layer that reads the whole axis; of a
            stride, the factor.
        total: the figure behind it.
        times: whether the figure multiplies.
    """

    layer: str
    growth: int | float | Fraction
    total: int | float | Fraction
    times: bool = False

    @property
    def text(self) -> str:
        """The growth as people write it: ``+32``, ``×2``, ``whole axis``."""
        if isinstance(self.growth, float) and math.isinf(self.growth):
            return "whole axis" if self.growth > 0 else "-inf"
        exact = f"{self.growth:.6g}" if isinstance(self.growth, float) else str(self.growth)
        return f"×{exact}" if self.times else exact if self.growth < 0 else f"+{exact}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong with a model, or that could not be decided.

    Attributes:
        code: the rule's code, such as ``RF001``.
        rule: the rule's name, such as ``requirement-violated``.
        model: the model's name in the config, or its file's name.
        message: one line that says what was measured, what was required, and where.
        file: the file that a reader should open: the config that holds the requirement, otherwise the model.
        line: the line in ``file``, counted from 1; 0 where there is none.
        requirement: the requirement's text, empty for findings of the built-in checks.
        tensor: the name of the tensor.
        node: the name of the node that computes it.
        op: that node's operator.
        module: the path of the module that the node belongs to.
        source: the source line of that module, ``models/unet.py:42``, where known.
        axis: the axis, or several (``h, w``) where the very same is true of each.
        input: the graph input that the figure is about.
        measured: the figure found, such as ``427`` or ``187 to 188``.
        required: the figure wanted with its comparator, such as ``>= 428``.
        figure: the figure that the path is about: ``the field``, ``look-ahead``.
        path: how that figure grew from the input to the tensor, layer by layer.
        help: what would put it right, in plain words.
        undecidable: the truth is not known; it fails like a violation.
        accepted: the sources of context that the model's authors accept and that this finding leaves out.
    """

    code: str
    rule: str
    model: str
    message: str
    file: str = ""
    line: int = 0
    requirement: str = ""
    tensor: str = ""
    node: str = ""
    op: str = ""
    module: str = ""
    source: str = ""
    axis: str = ""
    input: str = ""
    measured: str = ""
    required: str = ""
    figure: str = ""
    path: tuple[Step, ...] = ()
    help: str = ""
    undecidable: bool = False
    accepted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why the run itself is wrong for a model: the file cannot be read, a requirement selects nothing.

    Attributes:
        message: one line that names file, place and remedy.
        internal: True for a bug of pytest-rf itself (exit status 3), False for wrong input (exit status 2).
        detail: more for a person to read: the caret under a requirement, the traceback of a bug; or empty.
        file: the file that a reader should open.
        line: the line in ``file``, counted from 1; 0 where there is none.
        unjudged: True where nothing else is wrong than that nothing judged the model.
    """

    message: str
    internal: bool = False
    detail: str = ""
    file: str = ""
    line: int = 0
    unjudged: bool = False
