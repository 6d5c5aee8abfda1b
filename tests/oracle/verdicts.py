"""What came of holding one case against the analysis, in one vocabulary for ONNX and for torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal[
    "exact", "sound", "sampled", "upper", "inexact", "unknown", "unprobed", "error", "crash", "unsound"
]

WRONG: frozenset[Status] = frozenset(("crash", "error", "unsound"))
"""What must not come of any case."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a case.

    Attributes:
        case: its name.
        status: what came of it.

            exact       the bounds are what was seen
            sound       nothing was seen outside of them, and more was not to be shown
            sampled     the same, as not every element was changed
            upper       wider than what was seen, and said to be an upper bound
            inexact     wider than what was seen
            unknown     the analysis claims nothing
            unprobed    there is no truth to compare with
            error       the analysis refuses the model
            crash       the analysis fails
            unsound     something was seen outside of the bounds, or a result has another shape

        detail: the first difference, or why there is none.
    """

    case: str
    status: Status
    detail: str = ""
