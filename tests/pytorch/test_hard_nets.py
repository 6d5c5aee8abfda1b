"""Hand-made nets, each against what changes its outputs."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from oracle.modules import check  # noqa: E402

from pytorch.hard_nets import LOOSE, TIGHT, ZEROED  # noqa: E402


@pytest.mark.parametrize("name", TIGHT)
def test_bounds_are_what_changes_the_outputs(name: str) -> None:
    torch.manual_seed(0)
    make, example = TIGHT[name]
    check(make(), example)


@pytest.mark.parametrize("name", LOOSE)
def test_nothing_outside_of_the_bounds_changes_the_outputs(name: str) -> None:
    torch.manual_seed(0)
    make, example = LOOSE[name]
    check(make(), example, tight=False)


@pytest.mark.parametrize("name", ZEROED)
def test_zeros_read_unless_weights_are_looked_at(name: str) -> None:
    torch.manual_seed(0)
    make, example = ZEROED[name]
    module = make()
    plain = check(module, example, tight=False)
    aware = check(module, example, weights=True)
    number = 2 if name == "pixelcnn" else 1
    assert (plain.outputs[0].bounds(number)[1] > aware.outputs[0].bounds(number)[1]).any()
