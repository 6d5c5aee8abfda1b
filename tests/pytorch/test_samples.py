"""Whether samples of a batch stay apart: verdicts against what changes what in a batch of three."""

from __future__ import annotations

import pickle

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402
from pytorch.batch_nets import BATCH, CASES, TOKENS, Case, Net  # noqa: E402


def analysed(case: Case) -> pytest_rf.Analysis:
    names = ("x", *(f"more_{place}" for place in range(len(case.shapes) - 1)))
    analysis = pytest_rf.analyze(case.net(), *case.example(), axes=case.axes)
    assert len(analysis.inputs) == len(names)
    return analysis


def test_of_as_many_layers_or_channels_as_samples_the_axis_counts_these_that_grows_with_the_batch() -> None:
    states = Case(lambda m, x: m[0](x)[1], TOKENS, lambda: [nn.GRU(6, 5, BATCH, batch_first=True)])
    swapped = Case(
        lambda m, x: m[0](x).transpose(0, 1), ((BATCH, 2, 6),), lambda: [nn.Conv1d(2, BATCH, 3, padding=1)]
    )
    stepped = Case(
        lambda m, x: m[0](x.transpose(0, 2).reshape(1, -1, 2 * BATCH)).reshape(BATCH, 2, -1),
        ((BATCH, 1, 2),),
        lambda: [nn.Conv1d(1, 2 * BATCH, 1)],
    )
    for case in (states, swapped):
        assert analysed(case).check("output is independent") == []
        # What is kept of an analysis cannot be made again with another batch.
        (finding,) = pickle.loads(pickle.dumps(analysed(case))).check("output is independent")
        assert finding.undecidable
        assert (
            f"axes 0 and 1 could both count the {BATCH} samples: analyse it with another batch, as with --input"
            in finding.message
        )
    assert analysed(stepped).check("output is independent")
    turned = Case(lambda m, x: torch.relu(x.transpose(0, 1).reshape(len(x), 2, -1)), ((2, 2, 9),), list)
    (finding,) = pytest_rf.analyze(turned.net(), torch.zeros(2, 2, 9)).check("output is independent")
    assert "could both count" in finding.message or not finding.undecidable
    assert pytest_rf.analyze(turned.net(), torch.zeros(3, 2, 9)).check("output is independent")


def test_what_changes_nothing_at_one_batch_alone_does_not_keep_samples_apart() -> None:
    def swapped(m: Net, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x.transpose(0, 1)).reshape(-1, 2, x.shape[-1]).transpose(0, 1)

    for samples in (2, 3):
        case = Case(swapped, ((samples, 2, 6),), list)
        (finding,) = pytest_rf.analyze(case.net(), torch.zeros(samples, 2, 6)).check("output is independent")
        assert not finding.undecidable


@pytest.mark.parametrize("name", CASES)
def test_samples_stay_apart_where_no_other_changes_them(name: str) -> None:
    case = CASES[name]
    findings = analysed(case).check("output is independent")
    assert not any(finding.undecidable for finding in findings)
    assert bool(findings) == case.leaks()


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.first])
def test_a_violation_names_the_first_operator_that_mixes(name: str) -> None:
    (finding, *_) = analysed(CASES[name]).check("output is independent")
    said = finding.message.partition(" first in ")[2]
    if CASES[name].first == "attention":
        assert "aten.scaled_dot_product" in said or "aten.bmm" in said
    else:
        assert f"(aten.{CASES[name].first}" in said
    assert "batch_nets.py:" in said


def test_the_layer_and_the_way_out_are_named() -> None:
    (finding,) = analysed(CASES["convolution and lstm along the batch"]).check("output is independent")
    assert "samples mix first in layers.1 (aten.lstm, " in finding.message
    assert "name the axes: axes = { x = { t = 0, batch = 1 } }" in finding.message
    assert "batch_first=True" in finding.help


def test_the_axes_that_the_message_gives_are_taken() -> None:
    net = Net(lambda m, x: m[0](x)[0], nn.LSTM(6, 5))
    with pytest.raises(pytest_rf.RequirementError, match=r"axes = \{ x = \{ t = 0, batch = 1 \} \}"):
        pytest_rf.analyze(net, torch.zeros(4, 3, 6)).check("final lookahead.t <= 0")
    named = pytest_rf.analyze(net, torch.zeros(4, 3, 6), axes={"x": {"t": 0, "batch": 1}})
    assert named.check("final lookahead.t <= 0") == named.check("output is independent") == []
    assert named.inputs["x"].batch == 1


def test_steps_without_samples_are_named_alone() -> None:
    net = Net(lambda m, x: m[0](x)[0], nn.LSTM(6, 5))
    (finding,) = pytest_rf.analyze(net, torch.zeros(4, 6)).check("output is independent")
    assert "name the axes: axes = { x = { t = 0 } }" in finding.message
    named = pytest_rf.analyze(net, torch.zeros(4, 6), axes={"x": {"t": 0}})
    assert named.check("output lookahead.t <= 0") == []
    with pytest.raises(pytest_rf.RequirementError, match="no batch axis"):
        named.check("output is independent")


def test_training_mode_is_said() -> None:
    (finding,) = analysed(CASES["normalisation in training mode"]).check("output is independent")
    assert "training mode" in finding.help
    assert "axes = " not in finding.message


def test_one_sample_is_undecidable_and_the_remedy_is_taken() -> None:
    net = Net(lambda m, x: m[0](x), nn.Conv1d(4, 4, 3))
    (finding,) = pytest_rf.analyze(net, torch.zeros(1, 4, 8)).check("output is independent")
    assert finding.undecidable
    assert (
        "undecidable at batch 1: give a batch of 2 or more, as in inputs = { x = [2, 4, 8] }"
        in finding.message
    )
    assert pytest_rf.analyze(net, inputs={"x": [2, 4, 8]}).check("output is independent") == []


def test_no_input_with_samples_is_an_error_that_says_so() -> None:
    analysis = pytest_rf.analyze(Net(lambda m, x: x * 2), torch.zeros(5))
    with pytest.raises(pytest_rf.RequirementError, match="the model has no batch axis"):
        analysis.check("output is independent")


def test_outputs_that_count_no_samples_are_undecidable() -> None:
    (first,) = pytest_rf.analyze(Net(lambda m, x: x[0]), torch.zeros(3, 4, 5)).check("output is independent")
    assert first.undecidable
    assert "counts the 3 samples" in first.message
    pairs = Net(lambda m, x: x.reshape(8, 2, 5) * 2)
    (unclear,) = pytest_rf.analyze(pairs, torch.zeros(2, 8, 5)).check("output is independent")
    assert unclear.undecidable
    assert "another batch" in unclear.message
    assert (
        pytest_rf.analyze(Net(lambda m, x: x.reshape(-1, 2, 5) * 2), torch.zeros(3, 8, 5)).check(
            "output is independent"
        )
        == []
    )


def test_what_data_chooses_among_samples_is_undecidable_and_what_is_certain_is_violated() -> None:
    def sort(m, x):
        return x[x.sum((1, 2)).argsort()]

    (chosen,) = pytest_rf.analyze(Net(sort), torch.randn(3, 4, 5)).check("output is independent")
    assert chosen.undecidable
    (sure,) = pytest_rf.analyze(Net(lambda m, x: sort(m, x) + x.flip(0)), torch.randn(3, 4, 5)).check(
        "output is independent"
    )
    assert not sure.undecidable
    within = Net(lambda m, x: x.gather(1, x.topk(2, 1)[1]))
    assert pytest_rf.analyze(within, torch.randn(3, 4, 5)).check("output is independent") == []


def test_accepted_context_does_not_mix_samples() -> None:
    case = CASES["normalisation in training mode"]
    accepted = pytest_rf.analyze(case.net(), *case.example(), accept_context=["op:aten.batch_norm"])
    assert accepted.check("output is independent") == []


def test_every_tensor_of_a_net_can_be_asked() -> None:
    case = CASES["windows"]
    assert analysed(case).check('"*" is independent') == []
    (wrong,) = analysed(CASES["fold taken apart in the wrong order"]).check('"*" is independent')
    assert [tensor.op for tensor in wrong.tensors] == ["aten.view", "aten.transpose", "aten.mul"]


ROLES = [
    (lambda m, x: m[0](x)[0], nn.LSTM(6, 5, batch_first=True), (2, 4, 6), ({"t": 1}, 0, 2)),
    (lambda m, x: m[0](x)[0], nn.LSTM(6, 5), (2, 4, 6), ({}, 0, 2)),
    (lambda m, x: m[0](x), nn.Conv1d(4, 5, 3), (2, 4, 6), ({"t": 2}, 0, 1)),
    (lambda m, x: m[0](x.permute(1, 2, 0)), nn.Conv1d(4, 5, 3), (8, 2, 4), ({"t": 0}, None, 2)),
    (lambda m, x: m[0](x), nn.Conv2d(4, 5, 3), (4, 8, 8), ({"h": 1, "w": 2}, None, 0)),
]


@pytest.mark.parametrize(("function", "layer", "shape", "roles"), ROLES)
def test_only_a_window_makes_the_first_axis_spatial(function, layer, shape, roles) -> None:
    (source,) = pytest_rf.analyze(Net(function, layer), torch.zeros(shape)).inputs.values()
    assert (source.axes, source.batch, source.channel) == roles


@pytest.mark.parametrize(
    ("axes", "error"),
    [
        ({"y": {"batch": 1}}, "names an input 'y'; the inputs are 'x'"),
        ({"x": {"batch": 3}}, "has 3 axes, batch = 3 is not one"),
        ({"x": {"t": 1, "batch": -2}}, "mean the same axis"),
    ],
)
def test_axes_that_there_are_not_are_an_error(axes, error: str) -> None:
    with pytest.raises(pytest_rf.ModelError, match=error):
        pytest_rf.analyze(Net(lambda m, x: x * 2), torch.zeros(2, 4, 6), axes=axes)
