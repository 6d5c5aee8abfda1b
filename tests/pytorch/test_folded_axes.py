"""Guarantees about time in nets that fold frequency into features, against what a change of the input changes."""

from __future__ import annotations

import io
import warnings
from typing import Any

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402

TIME, FREQUENCIES, FEATURES = 8, 6, 24


class Folded(nn.Module):
    """Filters over frequency, which are then folded into features, and something over time."""

    def __init__(self, front: nn.Module, fold, back: nn.Module) -> None:
        super().__init__()
        self.front, self.fold, self.back = front, fold, back

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.back(self.fold(self.front(x)))
        return y[0] if isinstance(y, tuple) else y


class Attention(nn.Module):
    def __init__(self, causal: bool) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(FEATURES, 2, batch_first=True)
        mask = torch.full((TIME, TIME), float("-inf")).triu(1) if causal else None
        self.register_buffer("mask", mask)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.attention(x, x, x, attn_mask=self.mask, need_weights=False)[0]


class OverTime(nn.Module):
    """A convolution over time of (batch, time, features)."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.conv, self.pad = nn.Conv1d(FEATURES, 5, before + after + 1), (before, after)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(nn.functional.pad(x.transpose(1, 2), self.pad)).transpose(1, 2)


class Cell(nn.Module):
    """A recurrence that Python writes out, and perhaps one from the end."""

    def __init__(self, both: bool) -> None:
        super().__init__()
        self.cell, self.both = nn.GRUCell(FEATURES, 5), both

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.run(x)
        return y + self.run(x.flip(1)).flip(1) if self.both else y

    def run(self, x: torch.Tensor) -> torch.Tensor:
        state, states = x.new_zeros(len(x), 5), []
        for step in range(x.shape[1]):
            state = self.cell(x[:, step], state)
            states.append(state)
        return torch.stack(states, 1)


def flattened(y: torch.Tensor) -> torch.Tensor:
    return y.permute(0, 2, 1, 3).flatten(2)


def reshaped(y: torch.Tensor) -> torch.Tensor:
    return y.transpose(1, 2).reshape(len(y), TIME, FEATURES)


def einsummed(y: torch.Tensor) -> torch.Tensor:
    return torch.einsum("nctf,cfd->ntd", y, torch.ones(4, FREQUENCIES, FEATURES))


def unpermuted(y: torch.Tensor) -> torch.Tensor:
    return y.reshape(len(y), TIME, FEATURES)


FRONTS = {
    "causal": lambda: nn.Sequential(nn.ZeroPad2d((0, 0, 2, 0)), nn.Conv2d(1, 4, 3)),
    "centred": lambda: nn.Conv2d(1, 4, 3, padding=(1, 0)),
}
FOLDS = {one.__name__: one for one in (flattened, reshaped, einsummed, unpermuted)}
BACKS = {
    "linear": lambda: nn.Linear(FEATURES, 5),
    "causal convolution": lambda: OverTime(2, 0),
    "centred convolution": lambda: OverTime(1, 1),
    "lstm": lambda: nn.LSTM(FEATURES, 5, batch_first=True),
    "lstm both ways": lambda: nn.LSTM(FEATURES, 5, batch_first=True, bidirectional=True),
    "gru both ways": lambda: nn.GRU(FEATURES, 5, batch_first=True, bidirectional=True),
    "attention": lambda: Attention(False),
    "causal attention": lambda: Attention(True),
    "cell": lambda: Cell(False),
    "cell both ways": lambda: Cell(True),
}


def leaks(module: nn.Module, x: torch.Tensor) -> bool:
    """Return whether a change of later steps of the input changes earlier steps of the output."""
    with torch.no_grad():
        plain = module(x)
        for step in range(1, TIME):
            other = x.clone()
            other[:, :, step:] += torch.randn_like(other[:, :, step:])
            if not torch.equal(module(other)[:, :step], plain[:, :step]):
                return True
    return False


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("fold", FOLDS)
@pytest.mark.parametrize("back", BACKS)
def test_no_leak_behind_a_fold_passes(front: str, fold: str, back: str) -> None:
    torch.manual_seed(1)
    module = Folded(FRONTS[front](), FOLDS[fold], BACKS[back]()).eval()
    x = torch.randn(2, 1, TIME, FREQUENCIES + 2)
    # Of the mask only weights tell.
    analysis = pytest_rf.analyze(module, x, axes={"x": {"t": 2, "f": 3}}, weights=True)
    found = analysis.check("final is causal.t")
    if leaks(module, x):
        assert found
    else:
        # A loop that is written out leaves no axis of time to judge by, and says so.
        assert [f.undecidable for f in found] == [True] * (back == "cell")
    # Positions of frequency end at the fold.
    assert analysis.final[0]["f"].rf == 3
    assert analysis.check("final is bounded.f") == []


def exported(module: nn.Module, x: torch.Tensor) -> Any:
    """Return a module as ONNX."""
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, (x,), file, input_names=["x"], dynamo=False)
    return pytest.importorskip("onnx").load_from_string(file.getvalue())


@pytest.mark.parametrize("fold", ["einsummed", "unpermuted"])
@pytest.mark.parametrize("back", BACKS)
def test_an_export_is_judged_as_the_module_is(fold: str, back: str) -> None:
    module = Folded(FRONTS["causal"](), FOLDS[fold], BACKS[back]()).eval()
    x, axes = torch.randn(2, 1, TIME, FREQUENCIES + 2), {"x": {"t": 2, "f": 3}}
    both = [
        pytest_rf.analyze(module, x, axes=axes),
        pytest_rf.analyze(exported(module, x), axes=axes),
    ]
    judged = [
        [
            (final["t"].rf, final["t"].lookahead, final["f"].rf, final["f"].start),
            [(f.undecidable, *f.axes) for f in analysis.check("final is causal and final is bounded")],
        ]
        for analysis in both
        for final in analysis.final
    ]
    assert judged[0] == judged[1]


def test_the_violation_names_the_operator_behind_the_fold() -> None:
    module = Folded(FRONTS["causal"](), flattened, BACKS["lstm both ways"]()).eval()
    analysis = pytest_rf.analyze(module, torch.zeros(2, 1, TIME, FREQUENCIES + 2))
    (finding,) = analysis.check("final is causal.h")
    assert (finding.op, finding.module, finding.axes) == ("aten.lstm", "back", ("h",))
    assert "test_folded_axes.py:" in finding.source
    assert analysis.final[0].module == "back"


def test_what_an_unrolled_loop_puts_side_by_side_is_named() -> None:
    module = Folded(FRONTS["centred"](), flattened, Cell(True)).eval()
    analysis = pytest_rf.analyze(module, torch.zeros(2, 1, TIME, FREQUENCIES + 2))
    for text in ("final is causal.h", "final lookahead.h <= 0", "final halo.h <= 99", "final is bounded.h"):
        (finding,) = analysis.check(text)
        assert finding.undecidable
        assert "aten.stack puts single positions of h side by side" in finding.message


class Frames(nn.Module):
    """Steps are taken apart, each goes through a layer, and they are put together again and meet over time."""

    def __init__(self, front: nn.Module, apart: str) -> None:
        super().__init__()
        self.front, self.each, self.back = front, nn.Linear(4, 4), nn.Conv1d(4, 4, 3, padding=1)
        self.apart = apart

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.front(x)
        steps = y.unbind(2) if self.apart == "unbind" else [y[:, :, step] for step in range(y.shape[2])]
        return self.back(torch.stack([self.each(step) for step in steps], 2))


@pytest.mark.parametrize("apart", ["unbind", "select"])
@pytest.mark.parametrize("front", ["window", "none"])
@pytest.mark.parametrize("way", ["torch", "onnx"])
def test_the_size_behind_steps_that_are_put_together_again_is_not_that_before(
    way: str, front: str, apart: str
) -> None:
    module = Frames(nn.Conv1d(4, 4, 3, padding=1) if front == "window" else nn.Identity(), apart).eval()
    x, axes = torch.randn(2, 4, 8), {"x": {"t": 2}}
    model = (module, x) if way == "torch" else (exported(module, x),)
    analysis = pytest_rf.analyze(*model, axes=axes)
    true = 5 if front == "window" else 3  # of the convolutions alone
    for text in (f"final rf.t <= {true - 2}", f"final rf.t >= {true + 1}", f"final rf.t == {true}"):
        (finding,) = analysis.check(text)
        assert finding.undecidable, text
        assert "side by side" in finding.message


class Filter(nn.Module):
    """A recursive filter that a loop writes into a buffer, forwards or from the end."""

    def __init__(self, backwards: bool) -> None:
        super().__init__()
        self.front, self.backwards = nn.Conv1d(1, 1, 3), backwards

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        driven = self.front(nn.functional.pad(x, (2, 0)))
        y, back = torch.zeros_like(nn.functional.pad(x, (1, 1))), 1 if self.backwards else -1
        for step in range(x.shape[-1])[::-back]:
            y[..., step + 1] = driven[..., step] - 0.5 * y[..., step + 1 + back]
        return y[..., 1:-1]


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("way", ["torch", "onnx"])
def test_steps_that_are_written_into_a_buffer_are_put_together_again(way: str, backwards: bool) -> None:
    module, x = Filter(backwards).eval(), torch.randn(2, 1, 6)
    changed = x.clone()
    changed[..., -1 if backwards else 0] += 1
    assert (module(changed) != module(x))[0, 0].all()  # so it is neither bounded nor, from the end, causal
    model = (module, x) if way == "torch" else (exported(module, x),)
    analysis = pytest_rf.analyze(*model, axes={"x": {"t": 2}})
    for text in ("final is causal.t", "final is bounded.t", "final rf.t <= 3", "final lookback.t <= 3"):
        (finding,) = analysis.check(text)
        assert finding.undecidable, text
        assert "side by side" in finding.message


class Clip(nn.Module):
    """Frames go through an image model one by one, as parts of the batch, and then meet over time."""

    def __init__(self, meet: nn.Module) -> None:
        super().__init__()
        self.image = nn.Sequential(nn.Conv2d(1, 4, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.meet = meet

    def forward(self, video: torch.Tensor) -> torch.Tensor:
        features = self.image(video.flatten(0, 1)).unflatten(0, video.shape[:2])
        y = self.meet(features)
        return y[0] if isinstance(y, tuple) else y


@pytest.mark.parametrize("both", [False, True])
def test_a_video_model_has_its_images_in_its_image_model_and_its_time_at_the_end(both: bool) -> None:
    clip = Clip(nn.LSTM(4, 5, batch_first=True, bidirectional=both)).eval()
    video = torch.randn(2, 6, 1, 9, 9)
    analysis = pytest_rf.analyze(clip, video, axes={"video": {"t": 1, "h": 3, "w": 4}})
    (final,) = analysis.final
    assert (final.at("t").module, final.at("h").module) == ("meet", "image.1")
    assert (final["h"].rf, final["h"].stride, final["w"].rf) == (3, 2, 3)
    assert [f.axes for f in analysis.check("final is causal.t")] == [("t",)] * both
    assert analysis.check("final is independent") == []


def test_a_loss_of_the_batch_and_its_logits_are_told_apart() -> None:
    class Both(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.features, self.head = nn.Conv2d(1, 4, 3), nn.Linear(4, 3)

        def forward(self, x):
            logits = self.head(self.features(x).mean((2, 3)))
            return logits, logits.std(0)

    analysis = pytest_rf.analyze(Both().eval(), torch.randn(2, 1, 8, 8))
    assert [final.module for final in analysis.final] == ["features", "features"]
    (finding,) = analysis.check("final is independent")
    assert finding.op.startswith("aten.std")
