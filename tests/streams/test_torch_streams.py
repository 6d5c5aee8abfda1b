"""Step models of PyTorch: structures of states, several inputs, and what only values tell."""

from __future__ import annotations

import json
import math
import re

import pytest

import pytest_rf

torch = pytest.importorskip("torch")

from benchmarks.streams import verdict  # noqa: E402
from tests.streams.drawn_nets import FAULTS  # noqa: E402

nn, F = torch.nn, torch.nn.functional


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("fault", ["", *FAULTS])
def test_random_nets(seed: int, fault: str) -> None:
    """What is said is what gradients of real runs say; 200 are drawn in benchmarks/streams.py."""
    torch.set_num_threads(1)
    told = verdict(seed, fault)
    assert not told.startswith("seed"), told


class Nested(nn.Module):
    """A dict of states, one of them a pair."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.rnn = nn.Conv1d(3, 3, 3), nn.LSTM(3, 3, batch_first=True)

    def forward(self, x, state):
        whole = torch.cat([state["conv"], x], 2)
        y, cell = self.rnn(self.conv(whole).transpose(1, 2), state["rnn"])
        return {"y": y, "state": {"conv": whole[:, :, -2:], "rnn": cell}}


def test_structures_of_states() -> None:
    state = {"conv": torch.zeros(1, 3, 2), "rnn": (torch.zeros(1, 1, 3), torch.zeros(1, 1, 3))}
    given = {"x": torch.zeros(1, 3, 2), "state": state}
    for declared in ({"state": "state"}, "auto"):
        analysis = pytest_rf.analyze(Nested(), inputs=given, state=declared)
        assert set(analysis.state) == {"state.conv", "state.rnn.0", "state.rnn.1"}
        assert analysis.final[0]["t"].lookback == math.inf
        assert analysis.final[0]["t"].lookahead == 0
    with pytest.raises(pytest_rf.ModelError, match="pair them one by one"):
        pytest_rf.analyze(Nested(), inputs=given, state={"state.rnn": "state"})


class Keys(nn.Module):
    """Attention to the last frames, of which keys and values are caches."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(4, 12)

    def heads(self, x):
        return x.view(*x.shape[:2], 2, 2).transpose(1, 2)

    def forward(self, x, past):
        q, k, v = map(self.heads, self.qkv(x).chunk(3, 2))
        k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
        y = F.scaled_dot_product_attention(q, k, v)
        return y.transpose(1, 2).flatten(2), (k[:, :, -5:], v[:, :, -5:])


@pytest.mark.parametrize(("chunk", "figures"), [(1, (6, 5, 0)), (2, (7, 6, 1))])
def test_keys_and_values_within_a_window(chunk: int, figures: tuple[int, int, int]) -> None:
    past = [(1, 2, 5, 2), (1, 2, 5, 2)]
    analysis = pytest_rf.analyze(Keys(), inputs={"x": (1, chunk, 4), "past": past}, state={"past": "1"})
    field = analysis.final[0]["t"]
    assert (field.rf, field.lookback, field.lookahead) == figures
    assert {name: (one.needed, one.length) for name, one in analysis.state.items()} == {
        "past.0": (5, 5),
        "past.1": (5, 5),
    }
    if chunk == 1:  # what a reshape has taken the axis of: a step of its own is not known of it
        assert analysis["scaled_dot_product_attention"]["t"].lookahead is None
        assert analysis["scaled_dot_product_attention"]["t"].rf == 6


class Growing(nn.Module):
    """Attention to all of the past, of which keys and values grow; ``window``: to the last of it alone."""

    def __init__(self, window: int = 0) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.qkv, self.window = nn.Linear(4, 12), window

    def forward(self, x, past=None):
        q, k, v = (part.unsqueeze(1) for part in self.qkv(x).chunk(3, 2))
        if past is None:
            return F.scaled_dot_product_attention(q, k, v, is_causal=True).squeeze(1)
        k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
        y = F.scaled_dot_product_attention(q, k[:, :, -self.window :], v[:, :, -self.window :])
        return y.squeeze(1), (k, v)


def test_keys_and_values_that_grow() -> None:
    past = [(1, 1, 3, 4), (1, 1, 3, 4)]
    step = pytest_rf.analyze(Growing(), inputs={"x": (1, 1, 4), "past": past}, state={"past": "1"})
    field = step.final[0]["t"]
    assert (field.rf, field.lookback, field.lookahead, field.stride) == (math.inf, math.inf, 0, 1)
    assert [(one.grows, one.needed, one.axis) for one in step.state.values()] == [(1, None, 2), (1, None, 2)]
    assert any("at a length of 4,096" in note for note in step.graph.notes)
    assert step["cat"].status == "unknown"
    assert "grows from call to call" in step["cat"].reason
    offline = pytest_rf.analyze(Growing(), inputs={"x": (1, 12, 4)})
    found = pytest_rf.same(offline, step, run=True)
    assert found, found.why


@pytest.mark.parametrize("fails", [False, True])
def test_keys_and_values_that_grow_as_far_as_positions_are_known(fails: bool) -> None:
    """Beyond its table the module fails, or gives nothing for what it is given."""

    class Placed(Growing):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Parameter(torch.randn(1, 300, 4))

        def forward(self, x, past):
            first = past[0].shape[2]
            assert first < 300 or not fails
            return super().forward(x + self.table[:, first : first + x.shape[1]], past)

    past = [(1, 1, 3, 4), (1, 1, 3, 4)]
    step = pytest_rf.analyze(Placed(), inputs={"x": (1, 1, 4), "past": past}, state={"past": "1"})
    assert step.final[0]["t"].lookback == math.inf
    assert any(
        "also at a length of 299, the longest that the model runs at" in note for note in step.graph.notes
    )


def test_keys_and_values_that_grow_although_a_window_is_read() -> None:
    past = [(1, 1, 3, 4), (1, 1, 3, 4)]
    with pytest.raises(pytest_rf.ModelError, match="reads none before the last 4: have the model cut"):
        pytest_rf.analyze(Growing(5), inputs={"x": (1, 1, 4), "past": past}, state={"past": "1"})


class FrontEnd(nn.Module):
    """Zipformer's front-end: three convolutions without padding over time, then one over 7 of their frames."""

    def __init__(self) -> None:
        super().__init__()
        self.convs = nn.Sequential(
            nn.Conv2d(1, 2, 3, padding=(0, 1)),
            nn.Conv2d(2, 2, 3, stride=2),
            nn.Conv2d(2, 2, 3, stride=(1, 2)),
        )
        self.wide = nn.Conv2d(2, 2, 7, groups=2, padding=(0, 3))

    def forward(self, x, cache):
        x = self.convs(x.unsqueeze(1))
        count = x.shape[2] - 3
        whole = torch.cat([cache, x], 2)
        y = x[:, :, :count] + self.wide(whole)
        return y.transpose(1, 2).flatten(2), whole[:, :, count : count + 3]


def test_the_front_end_of_zipformer() -> None:
    given = {"x": (1, 45, 20), "cache": (1, 2, 3, 4)}
    analysis = pytest_rf.analyze(FrontEnd(), inputs=given, state={"cache": "1"}, chunk=32)
    field = analysis.final[0]["t"]
    assert (field.lookahead, field.lookback, field.stride, field.rf) == (13, 6, 2, 21)
    assert analysis.check("final lookahead.t == 13") == []


class RightContext(nn.Module):
    """Calls overlap by what the first convolution reads ahead; the second has a cache."""

    def __init__(self, norm: bool = False) -> None:
        super().__init__()
        self.first, self.last = nn.Conv1d(2, 2, 5), nn.Conv1d(2, 2, 3)
        self.between = nn.InstanceNorm1d(2) if norm else nn.Identity()

    def forward(self, x, cache):
        whole = torch.cat([cache, torch.tanh(self.between(self.first(x)))], 2)
        return self.last(torch.tanh(whole)), whole[:, :, -2:]


@pytest.mark.parametrize("norm", [False, True])
def test_look_ahead_is_blamed_on_what_reads_ahead(norm: bool) -> None:
    analysis = pytest_rf.analyze(
        RightContext(norm), inputs={"x": (1, 2, 12), "cache": (1, 2, 2)}, state={"cache": "1"}, chunk=8
    )
    told = analysis.final[0].explain("lookahead")["t"]
    grown = {one.layer.name: one.growth for one in told.layers}
    assert grown == ({"first": 4, "between": 7} if norm else {"first": 4})
    (found,) = analysis.check("final is causal")
    assert [one.module for one in found.blame] == [*grown]
    assert analysis["cat"]["t"].lookahead == analysis.final[0]["t"].lookahead == told.figure


@pytest.mark.parametrize(
    ("layers", "subsampling", "right_context"),
    [
        ([(3, 2), (3, 2)], 4, 6),
        ([(3, 2), (5, 3)], 6, 10),
        ([(3, 2), (3, 2), (3, 2)], 8, 14),
    ],
)
def test_the_right_context_of_wenet(
    layers: list[tuple[int, int]], subsampling: int, right_context: int
) -> None:
    """A chunk of 16 steps takes (16 - 1)·subsampling + right_context + 1 frames: 67 for 64 at 4×."""

    class Subsampling(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.convs = nn.Sequential(*[nn.Conv2d(1, 1, kernel, stride) for kernel, stride in layers])

        def forward(self, x, offset):
            return self.convs(x.unsqueeze(1)).squeeze(1), offset + 16

    given = 15 * subsampling + right_context + 1
    assert given == 67 or subsampling != 4
    analysis = pytest_rf.analyze(
        Subsampling(),
        inputs={"x": (1, given, 40), "offset": (1,)},
        state={"offset": "1"},
        chunk=16 * subsampling,
        axes={"x": {"t": 1}},
    )
    field = analysis.final[0].field("x")["t"]
    assert (field.rf - 1, field.stride, field.lookback) == (right_context, subsampling, 0)
    assert field.lookahead == right_context + 1 - subsampling


class Lstm(nn.Module):
    """An LSTM, offline and step by step; ``swapped`` hands its states on the wrong way round."""

    def __init__(self, swapped: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.rnn, self.swapped = nn.LSTM(3, 3, batch_first=True), swapped

    def forward(self, x, h=None, c=None):
        if h is None:
            return self.rnn(x)[0]
        y, (h, c) = self.rnn(x, (h, c))
        return (y, c, h) if self.swapped else (y, h, c)


def test_swapped_states_are_seen_in_values_alone() -> None:
    offline = pytest_rf.analyze(Lstm(), inputs={"x": (1, 20, 3)})
    given = {"x": (1, 4, 3), "h": (1, 1, 3), "c": (1, 1, 3)}
    right, wrong = (
        pytest_rf.analyze(Lstm(s), inputs=given, state={"h": "1", "c": "2"}) for s in (False, True)
    )
    assert pytest_rf.same(offline, right, run=True)
    assert pytest_rf.same(offline, wrong)
    found = pytest_rf.same(offline, wrong, run=True)
    assert not found
    assert found.unit == 4  # the first step of the second call
    assert "reads the same and has other values" in found.why


def test_a_cell_that_is_called_frame_by_frame() -> None:
    """Neither its input nor its output has an axis of time; the stream gives them one."""

    class Cell(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell = nn.GRUCell(4, 4)

        def forward(self, x, h):
            h = self.cell(x, h)
            return torch.tanh(h), h

    analysis = pytest_rf.analyze(Cell(), inputs={"x": (1, 4), "h": (1, 4)}, state={"h": "1"})
    (out,) = analysis.outputs
    assert out.shape == (1, 4, analysis.stream.calls)
    assert (out["t"].lookahead, out["t"].lookback) == (0, math.inf)


class FirstCall(nn.Module):
    """A convolution whose first call has no cache: it is padded, or gives fewer steps."""

    def __init__(self, padded: bool) -> None:
        super().__init__()
        self.conv, self.padded = nn.Conv1d(2, 2, 9), padded

    def forward(self, x, cache=None):
        whole = torch.cat([cache, x], 2) if cache is not None else F.pad(x, (8 * self.padded, 0))
        return self.conv(whole), whole[:, :, -8:]


@pytest.mark.parametrize(
    ("step", "given", "name", "shape"),
    [
        (FirstCall(padded=True), (1, 2, 4), "cache", "[1, 2, 8]"),
        (FirstCall(padded=False), (1, 2, 12), "cache", "[1, 2, 8]"),
        (nn.GRU(3, 3, batch_first=True), (1, 4, 3), "hx", "[1, 1, 3]"),
        (nn.LSTM(3, 3, batch_first=True), (1, 4, 3), "hx", "[[1, 1, 3], [1, 1, 3]]"),
    ],
)
def test_a_state_that_is_none_in_the_first_call_is_given_as_later_calls_have_it(
    step, given: tuple[int, ...], name: str, shape: str
) -> None:
    first = "x" if isinstance(step, FirstCall) else "input"
    with pytest.raises(pytest_rf.ModelError, match=re.escape(f"inputs = {{ {name} = {shape} }}")):
        pytest_rf.analyze(step, inputs={first: given}, state={name: "1"})
    later = json.loads(shape)
    analysis = pytest_rf.analyze(step, inputs={first: given, name: later}, state={name: "1"})
    past = 8 if isinstance(step, FirstCall) else math.inf
    assert (analysis.final[0]["t"].lookback, analysis.final[0]["t"].lookahead) == (past, 0)
    with pytest.raises(pytest_rf.ModelError, match=r"has one input, .* None in the first call"):
        pytest_rf.analyze(step, inputs={first: given}, state="auto")
