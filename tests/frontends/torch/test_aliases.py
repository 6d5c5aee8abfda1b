"""Results that lie in the memory of an argument: a write into one is seen through the other."""

from __future__ import annotations

from collections.abc import Callable

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402, N812
from oracle.modules import check  # noqa: E402
from torch import nn  # noqa: E402

ALIASES: dict[str, Callable[..., torch.Tensor]] = {
    "dropout": lambda x: F.dropout(x, 0.5, training=False),
    "dropout of nothing": lambda x: F.dropout(x, 0.0, training=True),
    "feature dropout": lambda x: F.dropout1d(x, 0.5, training=False),
    "alpha dropout": lambda x: F.alpha_dropout(x, 0.5, training=False),
    "contiguous": lambda x: x.contiguous(),
    "to": lambda x: x.to(x.dtype),
    "reshape": lambda x: x.reshape(2, 1, -1),
    "flatten": lambda x: x.flatten(1)[:, None],
    "real": torch.real,
    "expand": lambda x: x.expand_as(x),
}


class Written(nn.Module):
    """Adds a convolution to an alias of a tensor, and returns a view of the tensor from before."""

    def __init__(self, alias: Callable[..., torch.Tensor], looks: bool) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, 1, 3, padding=1)
        self.alias, self.looks = alias, looks

    def forward(self, x):
        y = x * 1
        view = y.view(2, -1)
        other = self.alias(y)
        other += self.conv(x)
        if self.looks and torch.zeros(()).item() + x.detach().sum().item() > 1e30:
            return x
        return view


@pytest.mark.parametrize("looks", [False, True], ids=["by shape", "on values"])
@pytest.mark.parametrize("name", ALIASES)
def test_a_write_into_a_result_that_is_its_argument_changes_both(name: str, looks: bool) -> None:
    module = Written(ALIASES[name], looks)
    check(module, torch.rand(2, 1, 7), tight=not looks, way="dispatch/real" if looks else "dispatch/meta")


class Restored(nn.Module):
    """Writes into its buffer through a dropout that is off."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("past", torch.ones(1, 1, 7))

    def forward(self, x):
        F.dropout(self.past, 0.5, training=False).add_(1)
        return self.past * x.roll(1, 2)


def test_a_buffer_written_through_an_alias_is_restored() -> None:
    module = Restored()
    check(module, torch.rand(1, 1, 7))
    assert torch.equal(module.past, torch.ones(1, 1, 7))
