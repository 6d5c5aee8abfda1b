"""A mask that data makes beside one that is constant: where both are numbers, a row of padding sees what both hide."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

import pytest_rf  # noqa: E402

T = 5
LEAST = torch.finfo(torch.float32).min
FUTURE = torch.ones(T, T).triu(1).bool()


class Attention(nn.Module):
    """One head over features (N, T, 4), masked twice: ``how`` by a constant, and by what ``keep`` (N, T) says."""

    def __init__(self, how: str, padding: str) -> None:
        super().__init__()
        self.q, self.k, self.v, self.bias = (nn.Linear(4, 4) for _ in range(4))
        self.how, self.padding = how, padding
        self.register_buffer("future", FUTURE)
        self.register_buffer("added", torch.zeros(T, T).masked_fill(FUTURE, float(how.partition(" ")[2])))

    def forward(self, x: Tensor, keep: Tensor) -> Tensor:
        """Return what each position attends to."""
        scores = self.q(x) @ self.k(x).transpose(1, 2)
        if self.how.startswith("add"):
            scores = scores + self.added
        else:
            scores = torch.where(self.future, torch.tensor(float(self.how.partition(" ")[2])), scores)
        match self.padding.split():
            case ["scaled", low]:
                scores = scores + ((1 - keep) * float(low))[:, None]
            case ["chosen", low]:
                scores = scores + torch.where(keep > 0.5, 0.0, float(low))[:, None, :]
            case ["filled", low]:
                scores = scores.masked_fill((keep < 0.5)[:, None, :], float(low))
            case ["bias"]:
                scores = scores + (self.bias(x) @ x.transpose(1, 2)) * keep[:, None, :]
        return scores.softmax(-1) @ self.v(x)


def leaks(net: Attention) -> bool:
    """Whether some position sees a later one where the first three are padding."""
    with torch.no_grad():
        x, keep = torch.rand(1, T, 4), torch.tensor([[0.0, 0, 0, 1, 1]])
        before, x[0, T - 1] = net(x, keep), x[0, T - 1] + 1
        return bool((net(x, keep) - before)[0, : T - 1].nan_to_num().abs().max() > 1e-6)


def is_causal(net: Attention, keep: Tensor | None = None) -> bool:
    """Whether the analysis says so, masks counted; ``keep``: what is known of the padding."""
    values = {} if keep is None else {"keep": keep.numpy()}
    analysis = pytest_rf.analyze(
        net.eval(),
        inputs={"x": (2, T, 4)} if values else {"x": (2, T, 4), "keep": (2, T)},
        axes={"x": {"t": 1, "batch": 0}},
        weights=True,
        values=values,
    )
    return not analysis.check("output is causal.t from x")


@pytest.mark.parametrize(
    "padding", ["scaled -1e9", "scaled -1e4", "chosen -1e9", f"scaled {LEAST}", "filled -1e9"]
)
@pytest.mark.parametrize("how", ["add -1e9", "add -1e4", f"where {LEAST}", f"add {LEAST}", "where -1e9"])
def test_a_row_of_padding_sees_what_both_hide(how: str, padding: str) -> None:
    net = Attention(how, padding).eval()
    if leaks(net):
        assert not is_causal(net)
    assert is_causal(net, torch.ones(2, T))  # no padding, no doubt


def test_they_do_leak() -> None:
    assert leaks(Attention("add -1e9", "scaled -1e9"))
    assert leaks(Attention(f"where {LEAST}", f"scaled {LEAST}"))
    assert leaks(Attention("add -1e9", "filled -1e9"))


@pytest.mark.parametrize("how", ["add -inf", "where -inf"])
@pytest.mark.parametrize("padding", ["scaled -1e9", "chosen -1e9", "none", "bias"])
def test_what_is_minus_infinity_stays_hidden(how: str, padding: str) -> None:
    net = Attention(how, padding).eval()
    assert not leaks(net)
    assert is_causal(net)


@pytest.mark.parametrize("how", ["add -1e9", f"where {LEAST}", "where -1e9"])
@pytest.mark.parametrize("padding", ["none", "bias"])
def test_a_computed_bias_is_no_mask(how: str, padding: str) -> None:
    net = Attention(how, padding).eval()
    assert not leaks(net)
    assert is_causal(net)


def test_the_report_says_why() -> None:
    analysis = pytest_rf.analyze(
        Attention("add -1e9", "scaled -1e9").eval(), inputs={"x": (2, T, 4), "keep": (2, T)}, weights=True
    )
    assert any("a mask that is computed can hide all" in note for note in analysis.to_dict()["notes"])
