"""What is proposed for the nets that people ask about, in words, and that it holds in the net that is built so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

torch = pytest.importorskip("torch")
from held import hold  # noqa: E402
from rebuilt_torch import Chomped, Padded, Residual, rebuilt  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

import pytest_rf  # noqa: E402
from pytest_rf import cures  # noqa: E402
from pytest_rf.findings import Finding  # noqa: E402
from pytest_rf.judging import judge  # noqa: E402
from pytest_rf.reporters.cures import edits, helps  # noqa: E402


def told(net: nn.Module, x: torch.Tensor, text: str) -> list[str]:
    """Return the edits of all cures, after each has been held against the net that is built with it."""
    (found,) = cures.check(pytest_rf.analyze(net, x), text)
    for cure in found.cures:
        hold(found, cure, pytest_rf.analyze(rebuilt(net, cure.edits), x), text)
    return [edits(cure.edits) for cure in found.cures]


def tcn(*dilations: int, ahead: int = 0) -> nn.Module:
    return nn.Sequential(*[Residual(Padded(4, 3, 2 * d - ahead, ahead, dilation=d)) for d in dilations])


TIME = torch.zeros(1, 4, 256)


class UNet(nn.Module):
    def __init__(self, norm: type[nn.Module] = nn.Identity, corners: bool | None = None) -> None:
        super().__init__()

        def block(channels: int) -> nn.Sequential:
            own = norm() if norm is nn.Identity else norm(4)
            return nn.Sequential(nn.Conv2d(channels, 4, 3, padding=1), own, nn.Conv2d(4, 4, 3, padding=1))

        self.down = nn.ModuleList([block(4) for _ in range(3)])
        self.bottom = block(4)
        mode = {} if corners is None else {"align_corners": corners}
        name = "nearest" if corners is None else "bilinear"
        self.up = nn.ModuleList([nn.Upsample(scale_factor=2, mode=name, **mode) for _ in range(3)])
        self.merge = nn.ModuleList([block(8) for _ in range(3)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kept = []
        for block in self.down:
            x = block(x)
            kept.append(x)
            x = F.max_pool2d(x, 2)
        x = self.bottom(x)
        for up, merge in zip(self.up, self.merge, strict=True):
            x = merge(torch.cat([up(x), kept.pop()], 1))
        return x


IMAGE = torch.zeros(1, 4, 128, 128)


def test_a_u_net_is_helped_at_its_bottleneck() -> None:
    assert told(UNet(), IMAGE, "final rf >= 100") == [
        "bottom.2: dilation 1 → 2 (padding 1 → 2)",
        "bottom.2: kernel 3 → 5 (padding 1 → 2)",
        "bottom.2: one more layer behind it (3×3 padding 1)",
    ]


def test_a_temporal_net_is_helped_by_a_longer_last_dilation_or_a_block_more() -> None:
    assert told(tcn(1, 2, 4), TIME, "final rf >= 24") == [
        "2.body.0.conv: dilation 4 → 9 (padding before 8 → 18 by 2.body.0.pad)",
        "2.body.0.conv: kernel 3 → 6 (padding before 8 → 20 by 2.body.0.pad)",
        "2.body.0.conv: one more layer behind it (3 dilation 8 padding 16 before)",
    ]


def test_a_layer_that_is_cropped_behind_keeps_its_length() -> None:
    net = nn.Sequential(*[Chomped(4, 3, d) for d in (1, 2, 4)])
    assert told(net, TIME, "final rf >= 24") == [
        "2.conv: dilation 4 → 9 (padding 8 → 18)",
        "2.conv: kernel 3 → 6 (padding 8 → 20)",
        "2.conv: one more layer behind it (3 dilation 8 padding 16 before)",
    ]


def test_a_causal_net_is_helped_at_the_one_layer_that_looks_ahead() -> None:
    net = nn.Sequential(tcn(1, 2), Padded(4, 5, 3, 1), tcn(4))
    assert told(net, TIME, "final is causal") == [
        "1.pad (in front of 1.conv): padding before 3 → 4 (after 1 → 0)"
    ]


def test_a_pad_of_the_code_is_named_and_not_the_convolution_behind_it() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Conv1d(4, 4, 5), nn.Conv1d(4, 4, 3, dilation=2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.second(F.pad(self.first(F.pad(x, (2, 2))), (2, 2)))

    (found,) = cures.check(pytest_rf.analyze(Net(), TIME), "final is causal")
    both = "pad (in front of first), pad_1 (in front of second): padding before 2 → 4 (after 2 → 0)"
    assert helps(found) == [f"{both} makes it causal"]
    (found,) = cures.check(pytest_rf.analyze(Net(), TIME), "final rf >= 15")
    assert helps(found)[0].startswith("second: dilation 2 → 5 (padding 2 → 5 by pad_1) gives final rf 15")


@pytest.mark.parametrize("text", ["final is causal", "lookahead <= 0"])
def test_all_layers_are_padded_in_front_where_several_look_ahead(text: str) -> None:
    assert told(tcn(1, 2, 4, ahead=1), TIME, text)[0] == (
        "0.body.0.pad (in front of 0.body.0.conv): padding before 1 → 2 (after 1 → 0); "
        "1.body.0.pad (in front of 1.body.0.conv): padding before 3 → 4 (after 1 → 0); "
        "2.body.0.pad (in front of 2.body.0.conv): padding before 7 → 8 (after 1 → 0)"
    )


def test_gridding_is_cured_by_one_other_dilation_or_by_a_hybrid_series() -> None:
    net = nn.Sequential(*[nn.Conv2d(4, 4, 3, padding=2, dilation=2) for _ in range(3)])
    assert told(net, IMAGE, "final density >= 1")[0] == "2: dilation 2 → 1 (padding 2 → 1)"
    assert told(net, IMAGE, "final density >= 1 and final rf >= 13")[0] == (
        "0: dilation 2 → 1 (padding 2 → 1); 2: dilation 2 → 3 (padding 2 → 3)"
    )


@pytest.mark.parametrize("norm", [nn.InstanceNorm2d, lambda n: nn.GroupNorm(2, n)])
def test_all_norms_are_replaced_at_once(norm: type[nn.Module]) -> None:
    (one,) = told(UNet(norm), IMAGE, "final is bounded")
    assert one.startswith("down.0.1, down.1.1, down.2.1 and 4 more: norm ")


def test_a_grid_from_corner_to_corner_becomes_one_of_half_pixels() -> None:
    assert told(UNet(corners=True), IMAGE, "final halo <= 100") == [
        "up.0, up.1, up.2: resize align_corners → half-pixel"
    ]


def test_a_layer_that_is_called_twice_changes_in_both_places() -> None:
    assert told(Twice(), TIME, "final rf >= 8") == [
        "layer: dilation 1 → 2 (padding 1 → 2)",
        "layer: kernel 3 → 5 (padding 1 → 2)",
    ]
    assert told(Twice(), TIME, "final is causal") == ["layer: padding before 1 → 2 (after 1 → 0)"]


def test_where_nothing_helps_the_nearest_is_told() -> None:
    (found,) = cures.check(pytest_rf.analyze(nn.Conv1d(4, 4, 3, padding=1), TIME), "final rf >= 5000")
    assert not found.cures
    assert found.search is not None
    assert helps(found) == [
        f"none of the {found.search.tried} edits of single layers that were tried is enough; the nearest, "
        "conv1d: dilation 1 → 127 (padding 1 → 127), gives final rf 255",
        "4997 input positions are missing",
    ]


def test_an_edit_that_gains_nothing_is_no_nearest_one() -> None:
    layer = nn.Sequential(nn.ConstantPad1d((4, 0), 0.0), nn.Conv1d(4, 4, 5))
    frames = {"t": "frames(400, 160, rate = 16000)"}
    for more, text, whose, length in (
        ({"frontend": frames}, "lookahead <= 0 ms", "the front-end frames(400, 160, rate = 16000)", 240),
        (
            {"frontend": frames, "chunk": 4},
            "latency <= 20 ms",
            "the front-end frames(400, 160, rate = 16000) and the chunk of 4 positions",
            400,
        ),
    ):
        (found,) = cures.check(pytest_rf.analyze(layer, TIME, **more), f"final {text}")
        assert (found.cures, found.search and found.search.nearest) == ((), None)
        assert helps(found)[-1] == f"{length} samples too many, all of {whose}: no layer adds any"


def test_what_held_still_holds() -> None:
    net = nn.Sequential(*[nn.Conv1d(4, 4, 3, padding=1) for _ in range(3)])
    analysis = pytest_rf.analyze(net, TIME)

    def found(*texts: str) -> Finding:
        (one,) = judge(analysis, texts, analysis.settings(), "test").findings
        return one

    assert edits(found("final rf >= 9").cures[0].edits) == "2: dilation 1 → 2 (padding 1 → 2)"
    assert found("final rf >= 9", "final halo <= 4").cures
    kept = found("final rf >= 9", "final halo <= 3")
    assert not kept.cures
    assert kept.search is not None


def test_masks_and_directions() -> None:
    net = nn.Sequential(nn.Conv1d(4, 4, 3, padding=1), Recurrent())
    (found,) = cures.check(pytest_rf.analyze(net, TIME), "final is causal")
    assert [edits(cure.edits) for cure in found.cures] == [
        "1.rnn: direction both → forward; 0: padding before 1 → 2 (after 1 → 0)"
    ]


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv1d(4, 4, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(torch.relu(self.layer(x)))


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(4, 4, batch_first=True, bidirectional=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.rnn(x.transpose(1, 2))[0].transpose(1, 2)


class Applied(nn.Module):
    """A convolution, and what else is done."""

    def __init__(self, function: Callable[[torch.Tensor], torch.Tensor], mode: str = "zeros") -> None:
        super().__init__()
        self.conv = nn.Conv1d(4, 4, 3, padding=1, padding_mode=mode)
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(self.conv(x))


def test_circular_padding_becomes_zeros_where_nothing_may_come_from_the_other_end() -> None:
    net = Applied(torch.relu, "circular")
    for text, end in (
        ("final is bounded", "makes it bounded"),
        ("halo <= 1", "gives final halo 1 before, 1 after"),
    ):
        (found,) = cures.check(pytest_rf.analyze(net, TIME), text)
        assert helps(found)[0].startswith(f"conv.pad: border circular → zeros {end}")


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (lambda y: torch.roll(y, 3, 2), "let nothing that leaves at one end come in at the other"),
        (lambda y: F.interpolate(F.adaptive_avg_pool1d(y, 4), size=256), "give its windows a fixed size"),
    ],
)
def test_what_reads_without_end_is_told_what_else_would_do(function, says: str) -> None:
    (found,) = cures.check(pytest_rf.analyze(Applied(function), TIME), "final is bounded")
    assert [text for text in helps(found) if says in text]
