"""Every rule finds what it is about in nets of one to three spatial axes, as ONNX and as PyTorch, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

torch = pytest.importorskip("torch")

from found import findings  # noqa: E402
from twins import (  # noqa: E402
    AXES,
    CHANNELS,
    DEAD,
    NORM,
    OVER_SAMPLES,
    RELU,
    Layer,
    add,
    batch_norm,
    conv,
    cut,
    module,
    onnx_model,
    pad,
    pool,
    resize,
    up,
)

import pytest_rf  # noqa: E402
from pytest_rf.checks import RULES  # noqa: E402


@dataclass(frozen=True)
class Case:
    """A net in which a rule finds something, and its nearest in which it does not.

    Attributes:
        fails, passes: their layers.
        extent: of the input; ``passes_at``: of the second, where it is another.
        severity: of what is found.
        declared: what the nets require.
        batch: the number of samples.
        axes: the name of the first spatial axis, where the others are not asked about.
    """

    fails: Sequence[Layer]
    passes: Sequence[Layer]
    extent: int = 12
    passes_at: int = 0
    severity: str = "error"
    declared: tuple[str, ...] = ()
    batch: int = 1
    axes: str = ""


SAME = conv(3, pad=1)
PAST = (pad(2, 0), conv(3))

CASES = {
    "field-exceeds-input": [Case([SAME] * 3, [SAME] * 3, 6, 7)],
    "unproductive-layer": [Case([SAME] * 4, [SAME] * 4, 6, 7)],
    "unread-input": [
        Case([pool("max", 2, 2)], [pool("max", 2, 2)], 9, 8),
        Case([conv(3, 2)], [conv(3, 2, pad=1)], 10),
        Case([cut(0, 7), SAME], [SAME], 9, severity="info"),
    ],
    "padding-only-tap": [
        Case([conv(3, pad=4, dilation=4)], [conv(3, pad=4, dilation=4)], 4, 5),
        Case([pad(3, 3), conv(3, dilation=3)], [pad(3, 3, "edge"), conv(3, dilation=3)], 3),
    ],
    "ragged-input": [
        Case([pool("max", 2, 2)], [pool("max", 2, 2)], 9, 8),
        Case([pool("average", 3, 2, ceil=True)], [pool("average", 3, 2, ceil=True)], 10, 9),
        Case([pad(1, 0), pool("max", 4, 2)], [pad(0, 1), pool("max", 4, 2)], 8),
    ],
    "stride-skips-input": [
        Case([SAME, conv(1, 2)], [SAME, conv(2, 2)], 9),
        Case([SAME, cut(0, 9, 2), RELU], [SAME, add([cut(0, 8, 2), RELU], [cut(1, 9, 2), RELU])], 9),
        Case([SAME, conv(1, 2)], [SAME, add([conv(1, 2)], [conv(3, 2, pad=1)])], 9),
    ],
    "misaligned-merge": [
        Case([add([conv(3)], [RELU, cut(0, 7)])], [add([conv(3)], [RELU, cut(1, 8)])], 9, severity="warning"),
        Case([add([conv(2)], [RELU, cut(0, 8)])], [add([*PAST], [RELU])], 9, severity="info"),
    ],
    "off-grid": [Case([conv(3, 2, pad=1)], [conv(4, 2, pad=1)])],
    "uneven-padding": [Case([conv(3, 2, pad=1)], [conv(3, 2, pad=1)], 12, 13)],
    "unfiltered-downsampling": [
        Case([pool("max", 2, 2)], [pool("average", 2, 2)]),
        Case([SAME, conv(3, 2, pad=1)], [SAME, pool("average", 3, 1), conv(3, 2)]),
    ],
    "uneven-phases": [Case([SAME, up(3, 2)], [SAME, up(4, 2)])],
    "gridding": [
        Case(
            [conv(3, pad=2, dilation=2)] * 3,
            [SAME, conv(3, pad=2, dilation=2), conv(3, pad=3, dilation=3)],
            20,
        ),
        Case(
            [conv(5, 2, pad=2), *[conv(3, pad=2, dilation=2)] * 2],
            [conv(5, 2, pad=2), SAME, *[conv(3, pad=2, dilation=2)] * 2],
            40,
            severity="info",
        ),
    ],
    "checkerboard": [Case([SAME, up(3, 2)], [SAME, up(4, 2)])],
    "extent-dependent-grid": [Case([SAME, resize(2, corners=True)], [SAME, resize(2)])],
    "context-ahead": [Case([*PAST, NORM], [*PAST, RELU], axes="t")],
    "hidden-context": [
        Case([SAME, NORM], [SAME, RELU], declared=("final is bounded",)),
        Case([SAME, NORM], [SAME, RELU], declared=("final halo <= 8",)),
    ],
    "border-reads-ahead": [
        Case([pad(2, 0, "reflect"), conv(3)], [pad(2, 0, "edge"), conv(3)], declared=("final is causal",)),
        Case([pad(2, 0, "wrap"), conv(3)], [*PAST], declared=("final lookahead <= 0",)),
    ],
    "batch-leak": [Case([SAME, OVER_SAMPLES], [SAME, NORM], batch=2)],
    "training-mode": [Case([SAME, batch_norm(True)], [SAME, batch_norm(False)], batch=2)],
    "dead-operator": [Case([SAME, DEAD, RELU], [SAME, RELU])],
    "identity-resampling": [
        Case([SAME, resize(1), RELU], [SAME, resize(2), RELU]),
        Case([SAME, cut(0, 12), RELU], [SAME, cut(0, 11), RELU], severity="info"),
        Case([SAME, pad(0, 0), RELU], [SAME, pad(0, 1), RELU]),
    ],
}

EACH = [(name, number) for name, cases in CASES.items() for number in range(len(cases))]

#: What only torch itself leaves out before it can be recorded.
UNRECORDED = {("identity-resampling", 1), ("identity-resampling", 2)}


def test_every_rule_about_models_has_a_case() -> None:
    assert CASES.keys() == {rule.name for rule in RULES if rule.has_options}


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize(("rule", "number"), EACH)
def test_a_rule_in_both_front_ends(rule: str, number: int, rank: int) -> None:
    case = CASES[rule][number]
    for front_end in ("onnx", "torch"):
        if front_end == "torch" and (rule, number) in UNRECORDED:
            continue
        found = findings(analysed(front_end, rank, case.extent, case.fails, case), rule, *case.declared)
        assert {one.severity for one in found} == {case.severity}, front_end
        named = {axis for one in found for axis in one.axes}
        assert named in (set(), {"n"}, {*(case.axes or AXES[rank])}), front_end
        silent = analysed(front_end, rank, case.passes_at or case.extent, case.passes, case)
        assert findings(silent, rule, *case.declared) == [], front_end


def analysed(
    front_end: str, rank: int, extent: int, layers: Sequence[Layer], case: Case
) -> pytest_rf.Analysis:
    axes = {"x": dict.fromkeys(case.axes, 2)} if case.axes else None
    if front_end == "onnx":
        return pytest_rf.analyze(onnx_model(rank, extent, layers, case.batch), axes=axes)
    example = torch.zeros(case.batch, CHANNELS, *[extent] * rank)
    return pytest_rf.analyze(module(rank, layers), example, axes=axes)
