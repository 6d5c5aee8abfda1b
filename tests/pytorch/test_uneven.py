"""Where steps of different rates stand on one axis there is no common stride, unless its authors say one."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
import torch.nn.functional as F  # noqa: E402, N812
from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402


class Recent(nn.Module):
    """Sixteen old steps in four means, then sixteen recent ones, each of them the step three ahead."""

    def forward(self, x):
        return torch.cat([F.avg_pool1d(x[..., :16], 4), F.pad(x, (0, 3))[..., 19:]], -1)


class Levels(nn.Module):
    """Levels of stride 8 and 16 in one list, as in a detector."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(1, 2, 3, 8, 1), nn.Conv2d(2, 2, 3, 2, 1)

    def forward(self, x):
        p = self.a(x)
        return torch.cat([p.flatten(2), self.b(p).flatten(2)], 2)


class Volumes(nn.Module):
    """Levels of a 3-D detector."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv3d(1, 2, 3, 2, 1), nn.Conv3d(2, 2, 3, 2, 1)

    def forward(self, x):
        p = self.a(x)
        return torch.cat([p.flatten(2), self.b(p).flatten(2)], 2)


class Crops(nn.Module):
    def forward(self, x):
        return torch.cat([x[..., :4], x[..., 8:12]], -1)


class Interleaved(nn.Module):
    """A transposed convolution with holes between two copies of its operand."""

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.ConvTranspose1d(1, 1, 3, stride=2, dilation=2)

    def forward(self, x):
        return torch.cat([x, self.up(x), x], 2)


class Branches(nn.Module):
    """Two rates meet element by element."""

    def forward(self, x):
        return x[..., ::2] + x[..., : x.shape[-1] // 2]


class Picked(nn.Module):
    def forward(self, x):
        return x[..., [0, 1, 2, 7, 4, 5, 6, 7]] * 2


UNEVEN = {
    "recent": (Recent(), (1, 1, 32)),
    "levels": (Levels(), (1, 1, 64, 64)),
    "volumes": (Volumes(), (1, 1, 16, 16, 16)),
    "crops": (Crops(), (1, 1, 16)),
    "interleaved": (Interleaved(), (1, 1, 9)),
    "branches": (Branches(), (1, 1, 16)),
    "picked": (Picked(), (1, 1, 8)),
}


@pytest.mark.parametrize("name", UNEVEN)
def test_there_is_no_stride_and_what_rests_on_one_is_undecidable(name: str) -> None:
    net, shape = UNEVEN[name]
    analysis = pytest_rf.analyze(net, torch.zeros(shape))
    field = analysis.outputs[0][2]
    assert field.stride is field.start is field.center is None
    assert field.lookahead is field.lookback is field.halo is field.causal is None
    assert isinstance(field.rf, int)
    for requirement in ("stride <= 8", "lookahead <= 64", "lookback <= 64", "halo <= 64", "is causal"):
        findings = analysis.check(f"output {requirement}")
        assert findings, requirement
        assert all(found.undecidable for found in findings), requirement


def test_the_message_names_who_joined_the_steps_and_says_what_to_do() -> None:
    (found,) = pytest_rf.analyze(Recent(), torch.zeros(1, 1, 32)).check("final is causal")
    assert "steps of different rates lie on one axis, put together by cat," in found.message
    assert 'stands_for = { t = "4i" }' in found.message


def test_a_report_of_an_uneven_tensor_has_no_figures_that_it_does_not_have() -> None:
    report = pytest_rf.analyze(Recent(), torch.zeros(1, 1, 32)).to_dict()
    figures = next(one for one in report["tensors"] if one["op"] == "aten.cat")["fields"]["x"]["t"]
    absent = ("stride", "start", "center", "lookahead", "lookback", "halo", "bounded", "causal")
    assert [figures[name] for name in absent] == [None] * len(absent)


class Tokens(nn.Module):
    """A class token before the patches: it has no place of its own, and disturbs no stride."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.token = nn.Conv1d(1, 4, 4, 4), nn.Parameter(torch.zeros(1, 4, 1))

    def forward(self, x):
        return torch.cat([self.token, self.embed(x)], -1)


class Gist(Tokens):
    """The same with a mean over all patches, a register that reads everything."""

    def forward(self, x):
        patches = self.embed(x)
        return torch.cat([patches.mean(-1, keepdim=True), patches], -1)


@pytest.mark.parametrize("net", [Tokens(), Gist()], ids=["class token", "statistic"])
def test_elements_without_a_place_disturb_no_stride(net: nn.Module) -> None:
    assert pytest_rf.analyze(net, torch.zeros(1, 1, 32)).outputs[0][2].stride == 4


# ---------------------------------------------------------------------------- stands_for


class Down(nn.Module):
    """Causal, and halves all frames but the first, as video autoencoders do."""

    def __init__(self, by: int = 2) -> None:
        super().__init__()
        self.conv, self.by = nn.Conv1d(1, 1, 3), by

    def forward(self, x):
        x = self.conv(torch.cat([x[..., :1], x[..., :1], x], -1))
        return torch.cat([x[..., :1], F.avg_pool1d(x[..., 1:], self.by)], -1)


class Early(nn.Module):
    """Reads one frame ahead of what the encoder behind it reads."""

    def __init__(self) -> None:
        super().__init__()
        self.rest = nn.Sequential(Down(), Down())

    def forward(self, x):
        return self.rest(F.pad(x, (0, 1))[..., 1:])


class Behind(Early):
    """The same one frame late."""

    def forward(self, x):
        return self.rest(F.pad(x, (1, 0))[..., :-1])


ENCODERS = {
    "2i": (Down(), 33, "2i", 0, 2),
    "3i": (Down(3), 31, "3i", 0, 2),
    "4i": (nn.Sequential(Down(), Down()), 33, "4i", 0, 6),
    "8i": (nn.Sequential(Down(), Down(), Down()), 65, "8i", 0, 14),
    "4*i": (Early(), 33, "4*i", 1, 5),
    "4 i + 0": (Behind(), 33, "4 i + 0", -1, 7),
}


@pytest.mark.parametrize("name", ENCODERS)
def test_what_a_step_stands_for_makes_the_figures_exact(name: str) -> None:
    net, frames, told, ahead, back = ENCODERS[name]
    analysis = pytest_rf.analyze(net, torch.zeros(1, 1, frames), stands_for={"t": told})
    field = analysis.final[0]["t"]
    rate = int(told[0])
    # The truth, by hand: the last frame of step i is rate·i, its first follows that of the step before.
    lo, hi = (ends[0, 0] for ends in analysis.final[0].bounds("t"))
    steps = range(len(lo))
    assert max(hi[i] - rate * i for i in steps) == ahead == field.lookahead
    assert max(rate * (i - 1) + 1 - lo[i] for i in steps) == back == field.lookback
    assert field.stride is None
    assert bool(analysis.check("final is causal")) == (ahead > 0)
    assert analysis.check(f"final lookahead <= {ahead}") == []


def test_tiles_of_a_causal_encoder_need_its_halo_and_no_less() -> None:
    torch.manual_seed(0)
    net, x = nn.Sequential(Down(), Down()).double(), torch.rand(1, 1, 65).double()
    field = pytest_rf.analyze(net, x, stands_for={"t": "4i"}).final[0]["t"]
    assert field.multiple == 4
    whole = net(x)

    def wrong(before: int, after: int) -> int:
        count = 0
        for first in range(0, 61, 4):
            begin, end = max(0, first - before), min(65, first + 8 + after)
            tile = net(x[..., begin:end])
            for step in range(whole.shape[-1]):
                if first <= max(0, 4 * step - 3) < first + 8:
                    place = step - begin // 4
                    lacks = place >= tile.shape[-1]
                    count += lacks or abs(float((tile[0, 0, place] - whole[0, 0, step]).detach())) > 1e-9
        return count

    before, after = (-(-int(side) // 4) * 4 for side in field.halo)
    assert wrong(before, after) == 0
    assert wrong(before - 4, after) > 0
    assert wrong(before, after - 4) > 0


def test_what_stands_for_does_not_fit_is_not_taken() -> None:
    net, x = nn.Sequential(Down(), Down()), torch.zeros(1, 1, 33)
    for told in ("2i", "4i + 1", "8i"):
        (found,) = pytest_rf.analyze(net, x, stands_for={"t": told}).check("final is causal")
        assert found.undecidable
    # Within the net the steps are of another rate, which nobody has told.
    inner = pytest_rf.analyze(net, x, stands_for={"t": "4i"})["0"]
    assert inner["t"].lookahead is None


def test_a_valid_convolution_can_say_that_its_steps_come_late() -> None:
    net, x = nn.Conv1d(1, 1, 7), torch.zeros(1, 1, 32)
    assert pytest_rf.analyze(net, x).check("final is causal")
    assert pytest_rf.analyze(net, x, stands_for={"t": "i + 6"}).check("final is causal") == []
    assert pytest_rf.analyze(net, x, stands_for={"t": "i+6"}).final[0]["t"].lookback == 6


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"t": "4"}, "is not understood"),
        ({"t": "i*i"}, "is not understood"),
        ({"t": "0i"}, "have to go forward"),
        ({"t": "1/0i"}, "divides by 0"),
        ({"q": "4i"}, 'no axis "q"; there are t'),
    ],
)
def test_what_is_no_step_is_an_error(told: dict[str, str], words: str) -> None:
    with pytest.raises(pytest_rf.RequirementError, match=words.replace("*", r"\*")):
        pytest_rf.analyze(nn.Conv1d(1, 1, 3), torch.zeros(1, 1, 32), stands_for=told)


class Orders(nn.Module):
    """All positions in one line, in two orders one behind the other."""

    def forward(self, x):
        line = x.reshape(-1)
        return torch.cat([line.roll(3), line.flip(0)])


def test_orders_without_a_period_are_not_taken_for_one_another() -> None:
    field = pytest_rf.analyze(Orders(), torch.zeros(1, 1, 6, 6)).outputs[0]["h"]
    assert field.uneven
    assert (field.stride, field.start, field.halo) == (None, None, None)
