"""Which output is the value of which state input, and what is said where that is not clear."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

import pytest_rf
from pytest_rf import check, config
from tests.streams.onnx_models import cached_conv, model


@pytest.mark.parametrize(
    "names",
    [
        ("cache", "new_cache"),
        ("cache", "cache_out"),
        ("in_cache", "out_cache"),
        ("state_in", "state_out"),
        ("conv_cache", "new_conv_cache"),
        ("cacheIn", "cacheOut"),
        ("past_key_values_0_key", "present_0_key"),
        ("past_0_value", "present_0_value"),
        ("prev_state", "next_state"),
        ("h0", "hn"),
        ("h_0", "h_n"),
        ("init_states", "final_states"),
        ("X", "X_out"),
    ],
)
def test_names_pair(names: tuple[str, str]) -> None:
    step = cached_conv(
        names=(f"{names[0]}x" if names[0] == "X" else names[0], "Xx_out" if names[0] == "X" else names[1])
    )
    analysis = pytest_rf.analyze(step, state="auto")
    (before,) = analysis.stream.states
    told = f"state: paired by names and shapes: {before} = {analysis.stream.states[before]}"
    assert told in analysis.graph.notes


NAMED = {"x": {"f": 1}}
"""A call is one step."""


def several(inputs: str, outputs: str) -> object:
    """A model that hands states of one shape on."""
    ins, outs = inputs.split(), outputs.split()
    declared = ", ".join(f"float[1,3] {name}" for name in ins)
    left = ", ".join(f"float[1,3] {name}" for name in outs)
    copies = "\n".join(f"{out} = Add(x, {name})" for out, name in zip(outs, ins, strict=True))
    return model(f"net (float[1,3] x, {declared}) => (float[1,3] y, {left}) {{ y = Relu(x)\n{copies} }}")


def test_numbers_and_letters_tell_states_apart() -> None:
    net = several("h0 c0", "cn hn")
    assert pytest_rf.analyze(net, state="auto", axes=NAMED).stream.states == {"h0": "hn", "c0": "cn"}
    net = several("past_key_values_0_key past_key_values_1_key", "present_1_key present_0_key")
    assert pytest_rf.analyze(net, state="auto", axes=NAMED).stream.states == {
        "past_key_values_0_key": "present_0_key",
        "past_key_values_1_key": "present_1_key",
    }
    net = several("cache0 cache1", "new_cache1 new_cache0")
    assert pytest_rf.analyze(net, state="auto", axes=NAMED).stream.states == {
        "cache0": "new_cache0",
        "cache1": "new_cache1",
    }


@pytest.mark.parametrize(
    ("inputs", "outputs", "told"),
    [
        ("cache", "new_cache cache_out", "'cache' could be any of 'new_cache', 'cache_out'"),
        ("old_cache cache", "new_cache other", "'new_cache' could be the value of any of"),
        (
            "memory",
            "left",
            "pairs no input with an output by their names; of one shape are '",
        ),
    ],
)
def test_what_is_not_clear_lists_candidates_and_the_remedy(inputs: str, outputs: str, told: str) -> None:
    ins = inputs.split()
    net = several(" ".join([*ins, *["spare"] * (len(outputs.split()) - len(ins))]), outputs)
    with pytest.raises(pytest_rf.ModelError) as caught:
        pytest_rf.analyze(net, state="auto")
    assert told in str(caught.value)
    assert 'state = { "' in str(caught.value)


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ({"cahce": "new_cache"}, "there is no input 'cahce'; did you mean 'cache'?"),
        ({"cache": "newcache"}, "there is no output 'newcache'; did you mean 'new_cache'?"),
        (
            {"cache": "y"},
            "'cache' is 1×2×8, 'y' 1×2×4: the next call cannot take it; outputs of its shape are 'new_cache'",
        ),
        ({"cache": "new_cache", "x": "new_cache"}, "output 'new_cache' is the value of two state inputs"),
        ({"cache": "new_cache", "x": "y"}, "all inputs are states"),
        ({}, 'is "auto" or pairs'),
        ("cache", 'is "auto" or pairs'),
        ({"cache": 3}, "cache is the name of an output, not 3"),
    ],
)
def test_wrong_pairs_name_the_remedy(state: object, told: str) -> None:
    with pytest.raises(pytest_rf.ModelError, match="state") as caught:
        pytest_rf.analyze(cached_conv(), state=state)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("chunk", "told"),
    [
        (5, "chunk = 5 is more than the 4 positions of 'x' that a call is given"),
        (0, "chunk: is how many positions a call advances by, from 1 to 1048576, not 0"),
        ({"z": 2}, "chunk: there is no input 'z'; there are x, cache"),
        ({"cache": 2}, "chunk: input 'cache' is no stream; chunks are of x"),
        (2.5, "not 2.5"),
    ],
)
def test_wrong_chunks_name_the_remedy(chunk: object, told: str) -> None:
    with pytest.raises(pytest_rf.ModelError) as caught:
        pytest_rf.analyze(cached_conv(), state="auto", chunk=chunk)
    assert told in str(caught.value)


def test_a_state_that_cannot_be_handed_on_says_so() -> None:
    net = model("net (float[1,3,4] x, float[1,3,6] h) => (float[1,3,4] y) { y = Add(x, x) }")
    with pytest.raises(pytest_rf.ModelError, match=r"'h' is 1×3×6, 'y' 1×3×4: the next call cannot take it"):
        pytest_rf.analyze(net, state={"h": "y"})


def test_an_axis_that_is_not_clear_is_asked_for() -> None:
    net = model(
        """net (float[1,3,8,8] x, float[1,3,8,8] h) => (float[1,3,8,8] y, float[1,3,8,8] h_out) {
            h_out = Add(x, h)
            y = Relu(h_out)
        }"""
    )
    with pytest.raises(
        pytest_rf.ModelError, match=r"input 'x' is a stream is not clear; say axes = \{ x = \{ t = "
    ):
        pytest_rf.analyze(net, state="auto")
    # A call is one step, as its authors say that its axes are others.
    analysis = pytest_rf.analyze(net, state="auto", axes={"x": {"h": 2, "w": 3}})
    assert analysis.outputs[0].shape[:4] == (1, 3, 8, 8)
    assert analysis.final[0].field("x")["t"].lookback == float("inf")


def test_an_embedding_with_an_axis_of_one_position_is_no_stream() -> None:
    net = model(
        """net (float[1,2,4] x, float[1,2,2] cache, float[1,2,1] speaker) => (float[1,2,4] y, float[1,2,2] new_cache)
        <int64[1] keep = {-2}, int64[1] end = {1000}, int64[1] time = {2}> {
            whole = Concat<axis = 2>(cache, x)
            new_cache = Slice(whole, keep, end, time)
            h = Conv(whole, w)
            y = Add(h, speaker)
        }""",
        w=(2, 2, 3),
    )
    analysis = pytest_rf.analyze(net, state="auto")
    assert analysis.inputs["speaker"].shape == (1, 2, 1)
    assert analysis.final[0].field("x")["t"].lookback == 2


def test_a_reference_at_the_same_places_is_a_stream_too() -> None:
    net = model(
        """net (float[1,2,4] x, float[1,2,4] far, float[1,2,2] cache) => (float[1,2,4] y, float[1,2,2] new_cache)
        <int64[1] keep = {-2}, int64[1] end = {1000}, int64[1] time = {2}> {
            both = Sub(x, far)
            whole = Concat<axis = 2>(cache, both)
            new_cache = Slice(whole, keep, end, time)
            y = Conv(whole, w)
        }""",
        w=(2, 2, 3),
    )
    analysis = pytest_rf.analyze(net, state="auto")
    assert analysis.inputs["far"].shape == analysis.inputs["x"].shape == (1, 2, 4 * analysis.stream.calls)
    assert [analysis.final[0].field(name)["t"].lookback for name in ("x", "far")] == [2, 2]


def test_inputs_that_are_no_streams_are_shared_by_all_calls() -> None:
    net = model(
        """net (float[1,2,4] x, float[1,2,2] cache, float[1,6] speaker) => (float[1,2,4] y, float[1,2,2] new_cache)
        <int64[1] keep = {-2}, int64[1] end = {1000}, int64[1] time = {2}> {
            whole = Concat<axis = 2>(cache, x)
            new_cache = Slice(whole, keep, end, time)
            h = Conv(whole, w)
            e = MatMul(speaker, v)
            f = Unsqueeze(e, time)
            y = Add(h, f)
        }""",
        w=(2, 2, 3),
        v=(6, 2),
    )
    analysis = pytest_rf.analyze(net, state="auto")
    assert analysis.inputs["speaker"].shape == (1, 6)
    assert analysis.inputs["x"].shape[2] > 4
    assert any("all calls share speaker" in note for note in analysis.graph.notes)


def test_outputs_of_a_tuple_go_by_their_shapes() -> None:
    torch = pytest.importorskip("torch")

    class Step(torch.nn.Module):
        def __init__(self, kept: int) -> None:
            super().__init__()
            self.conv, self.kept = torch.nn.Conv1d(2, 2, kept + 1), kept

        def forward(self, x: torch.Tensor, cache: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            whole = torch.cat([cache, x], -1)
            return self.conv(whole), whole[..., -self.kept :]

    def stream(kept: int) -> pytest_rf.Analysis:
        return pytest_rf.analyze(Step(kept), torch.zeros(1, 2, 4), torch.zeros(1, 2, kept), state="auto")

    found = stream(8)
    assert [*found.inputs] == ["x"]
    assert found.state["cache"].needed == 8
    assert any("cache = 1" in note for note in found.graph.notes)
    with pytest.raises(pytest_rf.ModelError, match=r'state = \{ "cache" = "0" \}'):
        stream(4)  # whose output has the shape of the state as well


def test_a_model_of_one_input_has_no_state_to_name() -> None:
    net = model("net (float[1,3] x) => (float[1,3] y) { y = Relu(x) }")
    with pytest.raises(
        pytest_rf.ModelError, match=r"one input, 'x', and that is the stream; leave out state"
    ):
        pytest_rf.analyze(net, state="auto")


@pytest.mark.parametrize(
    ("pairs", "place", "told"),
    [
        ('x = "y"\ncache = "newcache"', "rf.toml:8:1: state: ", "there is no output 'newcache'"),
        ('cache = "new_cache"\ncahce = "y"', "rf.toml:8:1: state: ", "there is no input 'cahce'"),
        ('x = "y"\ncache = "y"', "rf.toml:8:1: state: ", "'y' is the value of two"),
        ('cache = "y"', "rf.toml:7:1: state: ", "the next call cannot take it"),
    ],
)
def test_a_wrong_pair_of_a_configuration_is_told_where_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pairs: str, place: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    onnx.save(cached_conv(), "step.onnx")
    entry = f'[[model]]\nname = "step"\nsource = "step.onnx"\nrequire = ["final is causal"]\n\n[model.state]\n{pairs}\n'
    Path("rf.toml").write_text(entry)
    (problem,) = check.run(config.load("rf.toml"), ()).problems
    assert problem.message.startswith(place)
    assert told in problem.message
    assert (problem.file, problem.line) == ("rf.toml", int(place.split(":")[1]))
