"""Figures of step models are those of the nets that they are."""

from __future__ import annotations

import math
from pathlib import Path

import onnx
import pytest

import pytest_rf
from pytest_rf import cli
from tests.streams.onnx_models import ENDS, cached_conv, model


def field(analysis: pytest_rf.Analysis):
    return analysis.final[0].field("x")["t"]


@pytest.mark.parametrize("chunk", [1, 4, 16])
def test_a_cache_of_8_before_a_convolution_of_9_taps(chunk: int) -> None:
    analysis = pytest_rf.analyze(cached_conv(chunk=chunk), state={"cache": "new_cache"})
    one = field(analysis)
    assert (one.rf, one.lookback, one.lookahead, one.stride, one.start, one.halo) == (9, 8, 0, 1, -8, (8, 0))
    assert (analysis.state["cache"].needed, analysis.state["cache"].length) == (8, 8)
    assert one.density == 1
    assert list(analysis.inputs) == ["x"]
    assert [tensor.name for tensor in analysis.outputs] == ["y"]
    assert analysis.check("final is causal and final rf == 9 and final lookahead.t <= 0") == []
    assert "lookback" in analysis.check("final lookback <= 7")[0].message


@pytest.mark.parametrize(("cache", "needed"), [(8, 8), (9, 8), (12, 8), (5, 5)])
def test_what_is_needed_of_a_cache_is_what_outputs_read(cache: int, needed: int) -> None:
    analysis = pytest_rf.analyze(cached_conv(cache), state="auto")
    assert (analysis.state["cache"].needed, analysis.state["cache"].length) == (needed, cache)


def test_a_cache_that_is_too_short_leaves_steps_that_see_less() -> None:
    one = field(pytest_rf.analyze(cached_conv(6), state="auto"))
    assert one.rf_range == (7, 9)
    assert one.lookback == 8  # of a step that has what it misses in its own chunk


def two_caches(second: int = 8) -> onnx.ModelProto:
    """Two layers whose caches have lengths of their own: 4 for 5 taps, 8 for 5 taps of dilation 2."""
    return model(
        f"""two (float[1,2,2] x, float[1,2,4] cache0, float[1,2,{second}] cache1)
        => (float[1,2,2] y, float[1,2,4] cache0_out, float[1,2,{second}] cache1_out)
        <int64[1] k0 = {{-4}}, int64[1] k1 = {{-{second}}}, {ENDS}> {{
            a = Concat<axis = 2>(cache0, x)
            cache0_out = Slice(a, k0, end, time)
            h = Conv(a, w0)
            b = Concat<axis = 2>(cache1, h)
            cache1_out = Slice(b, k1, end, time)
            y = Conv<dilations = [2]>(b, w1)
        }}""",
        w0=(2, 2, 5),
        w1=(2, 2, 5),
    )


@pytest.mark.parametrize("metric", ["rf", "halo"])
def test_no_branch_of_a_stream_makes_more_than_all_together(metric: str) -> None:
    analysis = pytest_rf.analyze(two_caches(), state="auto")
    (along,) = analysis.final[0].explain(metric, input="x").axes
    shortfalls = [one.short for one in along.lost if one.short is not None and math.isfinite(one.short)]
    assert shortfalls
    assert min(shortfalls) >= 0


def test_two_caches_of_different_lengths() -> None:
    analysis = pytest_rf.analyze(two_caches(), state="auto")
    one = field(analysis)
    assert (one.rf, one.lookback, one.lookahead) == (13, 12, 0)
    assert {name: (state.needed, state.length) for name, state in analysis.state.items()} == {
        "cache0": (4, 4),
        "cache1": (8, 8),
    }
    # Layers are told as those of the net that it is, without what caches hold.
    assert [analysis[name]["t"].rf for name in ("a", "h", "b", "y")] == [1, 5, 5, 13]
    assert [analysis[name]["t"].lookback for name in ("a", "h", "b", "y")] == [0, 4, 4, 12]
    assert [(step.tensor.name, step.growth) for step in analysis["y"].path("t", metric="lookback")] == [
        ("h", 4),
        ("y", 8),
    ]


def test_a_strided_encoder_with_several_positions_a_call() -> None:
    analysis = pytest_rf.analyze(
        model(
            f"""encoder (float[1,2,8] x, float[1,2,1] c1, float[1,2,1] c2)
            => (float[1,2,2] y, float[1,2,1] c1_new, float[1,2,1] c2_new)
            <int64[1] keep = {{-1}}, {ENDS}> {{
                a = Concat<axis = 2>(c1, x)
                c1_new = Slice(a, keep, end, time)
                h = Conv<strides = [2]>(a, w)
                b = Concat<axis = 2>(c2, h)
                c2_new = Slice(b, keep, end, time)
                y = Conv<strides = [2]>(b, v)
            }}""",
            w=(2, 2, 3),
            v=(2, 2, 3),
        ),
        state="auto",
    )
    one = field(analysis)
    # Two convolutions of 3 taps and stride 2, with one position of padding before each.
    assert (one.rf, one.stride, one.start, one.lookahead, one.lookback) == (7, 4, -3, 0, 3)


def test_right_context_that_calls_overlap_by() -> None:
    """19 frames in for 12 new ones: a window of 8 frames, every 2."""
    step = model(
        """right (float[1,2,18] x, float[1,2] n) => (float[1,2,6] y, float[1,2] n_out) {
            y = Conv<strides = [2]>(x, w)
            n_out = Identity(n)
        }""",
        w=(2, 2, 8),
    )
    analysis = pytest_rf.analyze(step, state="auto", chunk=12)
    one = field(analysis)
    assert (one.rf, one.stride, one.start, one.lookahead, one.lookback) == (8, 2, 0, 6, 0)
    assert not any("not even" in note for note in analysis.graph.notes)
    # Without it calls would lie end to end, and no step would see into the next chunk.
    apart = pytest_rf.analyze(step, state="auto")
    assert (field(apart).rf, field(apart).stride) == (8, 3)
    assert any("stand for 12 positions of x" in note and "chunk = 12" in note for note in apart.graph.notes)


def recurrent(op: str, swapped: bool = False) -> onnx.ModelProto:
    gates = {"GRU": 3, "LSTM": 4}[op]
    cell = "c0" if op == "LSTM" else ""
    states = "float[1,1,3] h0, float[1,1,3] c0" if cell else "float[1,1,3] h0"
    left = "float[1,1,3] hn, float[1,1,3] cn" if cell else "float[1,1,3] hn"
    made = ("cn, hn" if swapped else "hn, cn") if cell else "hn"
    return model(
        f"""net (float[4,1,3] x, {states}) => (float[4,1,3] y, {left}) <int64[1] one = {{1}}> {{
            all, {made} = {op}<hidden_size = 3>(x, w, r, , , h0{", c0" if cell else ""})
            y = Squeeze(all, one)
        }}""",
        w=(1, 3 * gates, 3),
        r=(1, 3 * gates, 3),
    )


@pytest.mark.parametrize("op", ["GRU", "LSTM"])
def test_a_recurrent_state_makes_the_past_infinite(op: str) -> None:
    analysis = pytest_rf.analyze(recurrent(op), state="auto", axes={"x": {"t": 0, "batch": 1}})
    one = field(analysis)
    assert (one.rf, one.lookback, one.lookahead, one.stride) == (math.inf, math.inf, 0, 1)
    assert analysis.state["h0"].length == analysis.state["h0"].needed == 1
    assert analysis.check("final is causal") == []
    assert analysis.check("final is bounded") != []


def test_keys_that_grow_in_a_file() -> None:
    net = model(
        """attend (float[1,2,4] x, float[1,P,4] past) => (float[1,2,4] y, float[1,Q,4] present) {
            present = Concat<axis = 1>(past, x)
            keys = Transpose<perm = [0, 2, 1]>(present)
            scores = MatMul(x, keys)
            shares = Softmax<axis = 2>(scores)
            y = MatMul(shares, present)
        }"""
    )
    analysis = pytest_rf.analyze(net, inputs={"past": (1, 6, 4)}, state="auto")
    one = field(analysis)
    assert (one.lookback, one.lookahead) == (math.inf, 1)
    assert analysis.state["past"].grows == 2


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            None,
            "'cache' is 1×2×256, 'new_cache' 1×2×8: the next call cannot take it; give the input the shape",
        ),
        ((1, 2, 0), "'cache': shape [1, 2, 0]: .* empty in the first call is given as later calls have it"),
        ((1, 2, 4), "'cache' grows by 4 a call until it holds 8 positions; give it full, as later calls"),
        ((1, 2, 12), "'cache' is 1×2×12, 'new_cache' 1×2×8: the next call cannot take it"),
    ],
)
def test_a_cache_that_is_not_full_yet_is_given_full(given: tuple[int, ...] | None, told: str) -> None:
    net = model(
        f"""step (float[1,2,4] x, float[1,2,P] cache) => (float[1,2,M] y, float[1,2,Q] new_cache)
        <int64[1] keep = {{-8}}, int64[1] used = {{-8}}, {ENDS}> {{
            whole = Concat<axis = 2>(cache, x)
            new_cache = Slice(whole, keep, end, time)
            own = Slice(whole, used, end, time)
            y = Conv(own, w)
        }}""",
        w=(2, 2, 5),
    )
    for state in ({"cache": "new_cache"}, "auto"):
        with pytest.raises(pytest_rf.ModelError, match=told.replace("[", r"\[")) as caught:
            pytest_rf.analyze(net, inputs={"cache": given} if given else None, state=state)
        assert ("inputs = { cache = [1, 2, 8] }" in str(caught.value)) is (given != (1, 2, 0))
    full = pytest_rf.analyze(net, inputs={"cache": (1, 2, 8)}, state="auto")
    assert (field(full).lookback, full.state["cache"].needed) == (4, 4)


def test_what_grows_in_a_call_is_no_operator_without_a_rule(tmp_path: Path, capsys) -> None:
    file = tmp_path / "attend.onnx"
    onnx.save(
        model(
            """attend (float[1,1,4] x, float[1,P,4] past) => (float[1,1,4] y, float[1,Q,4] present) {
                present = Concat<axis = 1>(past, x)
                turned = Transpose<perm = [0, 2, 1]>(present)
                scores = MatMul(x, turned)
                y = MatMul(scores, present)
            }"""
        ),
        file,
    )
    asked = (str(file), "--state", "auto")
    assert cli.run(["check", *asked, "--require", "final lookback.t >= 100"]) == 0, capsys.readouterr()
    assert cli.run(["show", *asked]) == 0
    assert "unknown: it grows from call to call" in capsys.readouterr().out


def test_states_that_change_places_are_told() -> None:
    net = model(
        """swap (float[1,1,3] x, float[1,1,3] a, float[1,1,3] b)
        => (float[1,1,3] y, float[1,1,3] a_new, float[1,1,3] b_new) {
            a_new = Add(b, x)
            b_new = Relu(a)
            y = Relu(a_new)
        }"""
    )
    with pytest.raises(pytest_rf.ModelError, match="alternates from call to call"):
        pytest_rf.analyze(net, state="auto", axes={"x": {"t": 1}})


def test_a_long_cache_is_not_taken_for_a_recurrence() -> None:
    """Its past goes back to the first chunk call after call, until it does not."""
    analysis = pytest_rf.analyze(cached_conv(90, 91, chunk=1), state="auto")
    assert field(analysis).lookback == 90
    assert analysis.stream.calls > 90


def test_statistics_over_the_chunk_are_context() -> None:
    analysis = pytest_rf.analyze(
        model(
            f"""norm (float[1,2,4] x, float[1,2,2] cache) => (float[1,2,4] y, float[1,2,2] new_cache)
            <int64[1] keep = {{-2}}, {ENDS}> {{
                mean = ReduceMean<axes = [2], keepdims = 1>(x)
                own = Sub(x, mean)
                whole = Concat<axis = 2>(cache, own)
                new_cache = Slice(whole, keep, end, time)
                y = Conv(whole, w)
            }}""",
            w=(2, 2, 3),
        ),
        state="auto",
    )
    one = field(analysis)
    assert (one.rf, one.lookahead) == (3, 3)
    assert one.context
    assert analysis.check("final is causal") != []


def test_an_operator_without_a_rule_leaves_the_stream_unknown() -> None:
    analysis = pytest_rf.analyze(
        onnx.parser.parse_model(
            """<ir_version: 8, opset_import: ["" : 17, "acme" : 1]>
            odd (float[1,2,4] x, float[1,2,2] cache) => (float[1,2,6] y, float[1,2,2] new_cache)
            <int64[1] keep = {-2}, int64[1] end = {1000000}, int64[1] time = {2}> {
                whole = Concat<axis = 2>(cache, x)
                y = acme.Magic(whole)
                new_cache = Slice(whole, keep, end, time)
            }"""
        ),
        state="auto",
    )
    (found,) = analysis.check("final lookahead <= 0")
    assert found.undecidable
    assert "Magic" in found.message


def test_other_axes_are_as_they_were() -> None:
    """A causal convolution over frames, as video decoders have: 2 past frames for 3 taps."""
    analysis = pytest_rf.analyze(
        model(
            f"""video (float[1,2,1,6,6] x, float[1,2,2,6,6] cache) => (float[1,2,1,6,6] y, float[1,2,2,6,6] new_cache)
            <int64[1] keep = {{-2}}, {ENDS}> {{
                whole = Concat<axis = 2>(cache, x)
                new_cache = Slice(whole, keep, end, time)
                y = Conv<pads = [0, 1, 1, 0, 1, 1]>(whole, w)
            }}""",
            w=(2, 2, 3, 3, 3),
        ),
        state="auto",
    )
    fields = analysis.final[0].field("x")
    assert {axis: (fields[axis].rf, fields[axis].lookback) for axis in fields} == {
        "t": (3, 2),
        "h": (3, 1),
        "w": (3, 1),
    }
    assert (analysis.state["cache"].needed, analysis.state["cache"].length) == (2, 2)


def test_streams_are_pickled_as_they_are() -> None:
    import pickle

    analysis = pytest_rf.analyze(two_caches(), state="auto")
    again = pickle.loads(pickle.dumps(analysis))
    assert again.to_dict() == analysis.to_dict()
    assert again.state["cache1"].needed == 8
    assert "stream" in analysis.graph.notes[-1]


def test_an_explanation_names_the_state_that_a_branch_comes_from() -> None:
    analysis = pytest_rf.analyze(two_caches(), state="auto")
    (along,) = analysis["y"].explain("rf").axes
    assert [(step.layer.name, step.growth) for step in along.layers] == [("h", 4), ("y", 8)]
    (branch,) = along.lost  # what other calls give of the same output is none
    assert (branch.at.name, branch.name) == ("b", "state cache1 of the call before")
    assert (branch.figure, branch.short) == (5, 0)


@pytest.mark.parametrize("tile", [None, {"t": 64}])
def test_a_stream_is_not_tiled_and_how_much_earlier_it_is_begun_is_said(tile: dict[str, int] | None) -> None:
    analysis = pytest_rf.analyze(two_caches(), state="auto")
    with pytest.raises(pytest_rf.RFError, match=r"^t: a stream is run in calls of 2, not in tiles") as raised:
        analysis.tiles(tile)
    assert "begin 12 earlier" in str(raised.value)


def test_other_axes_of_a_step_model_are_tiled() -> None:
    text = f"""step (float[1,1,1,32] x, float[1,1,2,32] cache) => (float[1,1,1,32] y, float[1,1,2,32] new_cache)
        <int64[1] keep = {{-2}}, {ENDS}> {{
            a = Concat<axis = 2>(cache, x)
            new_cache = Slice(a, keep, end, time)
            y = Conv<pads = [0, 1, 0, 1]>(a, w)
        }}"""
    analysis = pytest_rf.analyze(model(text, w=(1, 1, 3, 3)), state="auto")
    (other,) = [axis for axis in analysis.inputs["x"].axes if axis != "t"]
    plan = analysis.tiles({other: 32})
    assert (plan.seamless, plan.min_context) == (True, {other: (1, 1)})
    assert plan.min_overlap == {other: 2}
    with pytest.raises(pytest_rf.RFError, match=r"^t: a stream is run in calls of 1, not in tiles"):
        analysis.tiles({other: 32, "t": 4})
