"""What fuzzing has found, reduced, with others of its kind."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import pytest_rf
from fuzz.breaking import STEPS, broken
from fuzz.trial import attempt, attempt_in_process
from pytest_rf import check, interpreter, limits
from pytest_rf.analysis import runs
from pytest_rf.config import load
from pytest_rf.errors import ModelError
from pytest_rf.graph import Graph
from pytest_rf.operators.attention import Reach

HEADER = '<ir_version: 10, opset_import: ["" : 21, "own" : 1]>\n'


def saved(path: Path, text: str) -> Path:
    """Save a model in onnx's textual form."""
    path.write_bytes(onnx.parser.parse_model(HEADER + text).SerializeToString())
    return path


@pytest.mark.parametrize("op", ["Slice", "SequenceAt", "Identity", "own.Thing"])
def test_a_step_of_no_operands_is_no_crash_in_the_rules(op: str, tmp_path: Path) -> None:
    text = f"""g (seq(float[N]) s, float[1, 3, 9] x) => (float[M] y, float[1, 3, 9] z) {{
      y = {op} (s)
      z = Relu (x) }}"""
    assert attempt(saved(tmp_path / "m.onnx", text)).kind in ("unknown", "error")


@pytest.mark.parametrize("shape", [[], [1], [3, 1], [3, 1, 3, 3]])
def test_a_kernel_of_any_shape_is_no_crash_in_the_rules(shape: list[int], tmp_path: Path) -> None:
    weight = numpy_helper.from_array(np.ones(shape, np.float32), "w")
    zero = numpy_helper.from_array(np.ones([], np.float32), "k")
    for op, operands in (
        ("Conv", ["x", "w"]),
        ("ConvInteger", ["x", "w"]),
        ("LpPool", ["x"]),
        ("Conv", ["x", "k"]),
    ):
        node = helper.make_node(op, operands, ["y"], group=3, kernel_shape=[3, 3], strides=[2, 2])
        graph = helper.make_graph(
            [node],
            "g",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 9, 9])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
            [weight, zero],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])
        path = tmp_path / "m.onnx"
        path.write_bytes(model.SerializeToString())
        came = attempt_in_process(path)
        assert came.kind in ("figures", "error"), came.detail


@pytest.mark.parametrize("long", [(1, 1 << 20), (1 << 20, 1), (1 << 20, 1 << 20)])
def test_rules_touch_no_more_than_figures_do(long: tuple[int, int], tmp_path: Path) -> None:
    text = f"""g (float[1, 1, {long[0]}, {long[1]}] x) => (float[A, B, C, D] y) {{
      y = MaxPool <kernel_shape = [1, 1], dilations = [2, 2], strides = [2, 2]> (x) }}"""
    wide = text.replace("kernel_shape = [1, 1]", f"kernel_shape = [{min(3, long[0])}, {min(3, long[1])}]")
    path = saved(tmp_path / "m.onnx", wide)
    begun = time.process_time()
    run = check.run(paths=[str(path)], select=["RF104"], cures=False)
    assert not run.problems
    assert time.process_time() - begun < 10


def test_padding_that_reads_nothing_is_held_by_the_limit() -> None:
    text = f"""{HEADER}g (float[1, 3, 16, 16] x) => (float[A, B, C, D] y) {{
      y = MaxPool <kernel_shape = [3, 3], pads = [{", ".join(["1000000"] * 4)}]> (x) }}"""
    for op in ("MaxPool", "AveragePool", "LpPool"):
        tensor = pytest_rf.analyze(onnx.parser.parse_model(text.replace("MaxPool", op))).outputs[0]
        with pytest.raises(ModelError, match=r"limits\.array"):
            tensor.bounds(0, context=True)


@pytest.mark.parametrize("indices", ["{0, 0, 0, 0}", "{2, 2, 2, 2}", "{0, 0, 1, 1}"])
def test_a_halo_behind_what_reads_the_same_place_again_and_again(indices: str, tmp_path: Path) -> None:
    text = f"""g (float[1, 1, 8] x) => (float[A, B, C] y) {{
      i = Constant <value = int64[4] {indices}> ()
      y = Gather <axis = 2> (x, i) }}"""
    path = saved(tmp_path / "m.onnx", text)
    run = check.run(paths=[str(path)], requires=["output halo <= 0"], select=["RF"])
    assert not any(problem.internal for problem in run.problems)


def test_a_constant_that_cannot_be_is_an_error_or_nothing_that_matters(tmp_path: Path) -> None:
    text = """g (float[1, 3, 9] x) => (float[1, 3, 9] y) {
      to = Constant <value_ints = [0]> ()
      empty = ConstantOfShape (to)
      places = Constant <value = int64[1, 1] {4}> ()
      one = Constant <value = float[1] {1.0}> ()
      never = ScatterND (empty, places, one)
      after = Relu (never)
      y = Relu (x) }"""
    analysis = pytest_rf.analyze(str(saved(tmp_path / "m.onnx", text)))
    assert analysis.to_json()
    for value in analysis.graph.constants.values():
        assert value.data is None or value.shape is not None
    used = text.replace("y = Relu (x)", "y = Add (x, after)")
    with pytest.raises(ModelError, match="ScatterND"):
        pytest_rf.analyze(str(saved(tmp_path / "n.onnx", used)))


def test_every_break_can_be_made_again() -> None:
    model = onnx.parser.parse_model(HEADER + "g (float[1, 3, 9] x) => (float[1, 3, 9] y) { y = Relu (x) }")
    for name in STEPS:
        made = {broken(model, [(name, seed)]) for seed in range(20)}
        assert made == {broken(model, [(name, seed)]) for seed in range(20)}
    changed = {
        name
        for name in STEPS
        for seed in range(40)
        if broken(model, [(name, seed)]) != model.SerializeToString()
    }
    assert {
        "operator",
        "edge",
        "opset",
        "flip",
        "rename",
        "into_a_function",
        "into_a_body",
        "into_a_loop",
    } <= changed


def test_memory_that_ends_while_a_graph_is_planned_is_an_error_at_its_node(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(interpreter, "meeting", refuse)
    model = onnx.parser.parse_model(HEADER + "g (float[1, 3, 9] x) => (float[1, 3, 9] y) { y = Add (x, x) }")
    with pytest.raises(ModelError, match=r"node 'y' \(Add\): there is not enough memory"):
        pytest_rf.analyze(model).to_json()


def test_memory_that_ends_in_a_rule_is_an_error_at_its_node(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Reach, "relation", refuse)
    with pytest.raises(ModelError, match=r"node 'y' \(GroupQueryAttention\): there is not enough memory"):
        pytest_rf.analyze(onnx.parser.parse_model(WINDOW.format(1)))


WINDOW = """<ir_version: 10, opset_import: ["" : 21, "com.microsoft" : 1]>
g (float[1, 4, 8] q, float[1, 4, 8] k, float[1, 4, 8] v) => (float[A, B, C] y) {{
  n = Constant <value = int32[1] {{3}}> () m = Constant <value = int32 {{4}}> ()
  y = com.microsoft.GroupQueryAttention <num_heads = 2, kv_num_heads = 2, local_window_size = {}> (
    q, k, v, , , n, m) }}"""


@pytest.mark.parametrize("window", [1 << 31, (1 << 63) - 1])
def test_a_window_of_attention_beyond_all_keys_is_not_written_out(window: int) -> None:
    found = pytest_rf.analyze(onnx.parser.parse_model(WINDOW.format(window))).outputs[0]
    low, high = found.bounds(1, "v")
    assert low[0, :, 0].tolist() == [0, 0, 0, 0]
    assert high[0, :, 0].tolist() == [0, 1, 2, 3]


def test_a_shape_of_complex_numbers_is_an_error_at_its_node() -> None:
    shape = onnx.numpy_helper.from_array(np.array([3, 9], np.complex64), "s")
    model = onnx.parser.parse_model(HEADER + "g (float[1, 3, 9] x) => (float[3, 9] y) { y = Reshape (x, s) }")
    model.graph.initializer.append(shape)
    with pytest.raises(
        ModelError, match=r"node 'y' \(Reshape\): input 1 must be whole numbers, not complex64"
    ):
        pytest_rf.analyze(model)


WIDE = "v = ReduceMax <keepdims = 0> (x, o) u = Cast <to = 7> (v) c = Cast <to = 9> (v)"
SINGLE = {
    "If": "y = If (c) <then_branch = a () => (t) { t = Relu (x) }, else_branch = b () => (e) { e = Sqrt (x) }>",
    "Loop": "y = Loop (u, , x) <body = l (int64 i, bool g, float[2, 3, 4] s) => (bool h, float[2, 3, 4] r) {"
    " h = Identity (g) r = Relu (s) }>",
    "Trilu": "y = Trilu (x, u)",
    "Pad": "p = Constant <value_ints = [0, 0, 1, 0, 0, 1]> () y = Pad (x, p, v)",
}


@pytest.mark.parametrize("op", SINGLE)
@pytest.mark.parametrize("axes", [3, 2])
def test_a_setting_of_several_elements_is_an_error(op: str, axes: int) -> None:
    text = f"""{HEADER}g (float[2, 3, 4] x) => (float[A, B, C] y) {{
      o = Constant <value_ints = [{", ".join(map(str, range(axes)))}]> () {WIDE} {SINGLE[op]} }}"""
    model = onnx.parser.parse_model(text)
    if axes == 3:
        assert pytest_rf.analyze(model).outputs[0].shape is not None
        return
    with pytest.raises(ModelError, match=rf"node 'y' \({op}\): the .* has 4 elements, and must have one"):
        pytest_rf.analyze(model)


EMPTY = {
    "Pad": "p = Constant <value_ints = [0, 0, 1, 0, 0, 2]> () y = Pad (x, p)",
    "Pad by edge": 'p = Constant <value_ints = [0, 0, 1, 0, 0, 2]> () y = Pad <mode = "edge"> (x, p)',
    "ReduceSum": "a = Constant <value_ints = [2]> () y = ReduceSum (x, a)",
    "ReduceMax": "a = Constant <value_ints = [2]> () y = ReduceMax (x, a)",
    "ReduceMean": "a = Constant <value_ints = [2]> () y = ReduceMean (x, a)",
    "MatMul": "t = Transpose <perm = [0, 2, 1]> (x) y = MatMul (x, t)",
    "Einsum": 'y = Einsum <equation = "bij,bkj->bik"> (x, x)',
    "Einsum of ends": 'y = Einsum <equation = "bij->bi"> (x)',
    "GlobalAveragePool": "y = GlobalAveragePool (x)",
    "MaxPool": "y = MaxPool <kernel_shape = [2], pads = [1, 1]> (x)",
    "AveragePool": "y = AveragePool <kernel_shape = [2], pads = [1, 1]> (x)",
    "LpPool": "y = LpPool <kernel_shape = [2], pads = [1, 1]> (x)",
    "Conv": "s = Constant <value_ints = [3, 3, 2]> () w = ConstantOfShape (s) y = Conv <pads = [2, 2]> (x, w)",
    "ConvTranspose": "s = Constant <value_ints = [3, 3, 2]> () w = ConstantOfShape (s) y = ConvTranspose (x, w)",
    "ArgMax": "y = ArgMax <axis = 2> (x)",
    "Softmax": "s = Softmax <axis = 2> (x) a = Constant <value_ints = [2]> () y = ReduceSum (s, a)",
    "Gather": "i = Constant <value_ints = [0]> () y = Gather <axis = 2> (x, i)",
    "TopK": "k = Constant <value_ints = [0]> () y, i = TopK <axis = 2> (x, k)",
    "Concat": "o = Constant <value = float[2, 3, 1] {1, 2, 3, 4, 5, 6}> () y = Concat <axis = 2> (x, o)",
    "CumSum": "a = Constant <value_int = 2> () c = CumSum (x, a) y = Concat <axis = 2> (c, z)",
    "NonZero": "y = NonZero (x)",
    "Shape": "y = Shape (x)",
    "Reshape": "s = Constant <value_ints = [3, 0]> () y = Reshape <allowzero = 1> (x, s)",
    "LayerNormalization": "y = LayerNormalization <axis = 2> (x, e)",
    "DFT": "f = Unsqueeze (x, m) n = Constant <value_int = 4> () a = Constant <value_int = 2> () y = DFT (f, n, a)",
}


@pytest.mark.parametrize("name", EMPTY)
def test_what_reads_no_elements_is_no_crash(name: str, tmp_path: Path) -> None:
    text = f"""g (float[2, 3, 0] x, float[2, 3, 1] z, float[0] e) => (float[A] y) {{
      m = Constant <value_ints = [-1]> () {EMPTY[name]} }}"""
    came = attempt_in_process(saved(tmp_path / "m.onnx", text))
    assert came.kind != "crash", came.detail


def test_padding_around_no_elements_reads_nothing() -> None:
    text = f"""{HEADER}g (float[2, 3, 0] x) => (float[A, B, C] y) {{ {EMPTY["Pad"]} }}"""
    analysis = pytest_rf.analyze(onnx.parser.parse_model(text))
    assert analysis.outputs[0].shape == (2, 3, 3)
    assert not analysis.outputs[0].inputs


@pytest.mark.parametrize(("queries", "keys"), [(1, 2), (2, 3), (4, 3)])
def test_heads_that_cannot_be_shared_are_an_error(queries: int, keys: int) -> None:
    shapes = f"float[1, 4, {6 * queries}] q, float[1, 4, {6 * keys}] k, float[1, 4, {6 * keys}] v"
    ending = "(q, k, v, , , n, m)"
    for op, count, opset in (
        ("com.microsoft.GroupQueryAttention", f"num_heads = {queries}, kv_num_heads = {keys}", 21),
        ("Attention", f"q_num_heads = {queries}, kv_num_heads = {keys}", 23),
    ):
        text = f"""<ir_version: 10, opset_import: ["" : {opset}, "com.microsoft" : 1]>
        g ({shapes}) => (float[A, B, C] y) {{
          n = Constant <value = int32[1] {{3}}> () m = Constant <value = int32 {{4}}> ()
          y = {op} <{count}> {ending if "microsoft" in op else "(q, k, v)"} }}"""
        with pytest.raises(ModelError, match=r"node 'y' .*(heads cannot share|do not fit)"):
            pytest_rf.analyze(onnx.parser.parse_model(text))


def test_a_sequence_that_grows_in_a_loop_is_held_by_the_limit() -> None:
    text = f"""{HEADER}g (float[1, 3, 9] x) => (float[A, B, C] y) {{
      s = SequenceConstruct (x)
      n = Constant <value_int = 9000> ()
      l = Loop (n, , s) <body = b (int64 i, bool g, seq(float[1, 3, 9]) t) => (bool h, seq(float[1, 3, 9]) u) {{
        h = Identity (g) u = SequenceInsert (t, x) }}>
      y = ConcatFromSequence <axis = 2> (l) }}"""
    model = onnx.parser.parse_model(text)
    told = r"tensors in the sequences that nodes make .*\(limits\.nodes\)"
    with limits.held(limits.Limits(nodes=10_000)), pytest.raises(ModelError, match=told):
        pytest_rf.analyze(model)


@pytest.mark.parametrize("size", ["2, 3, -1, 4", "2, 3, 4, -7", "-2, 3, 4, 4"])
def test_a_shape_that_cannot_be_is_an_error_at_its_node(size: str) -> None:
    text = f"""{HEADER}g (float[2, 2, 3] x, float[2, 3, 9, 9] z) => (float[A, B, C, D] y) {{
      s = Constant <value_ints = [{size}]> ()
      y = AffineGrid (x, s) }}"""
    with pytest.raises(ModelError, match=r"node 'y' \(AffineGrid\): .*"):
        pytest_rf.analyze(onnx.parser.parse_model(text))


@pytest.mark.parametrize("parts", ["", ", p", ", q"])
def test_a_split_into_more_parts_than_the_limit_is_an_error(parts: str) -> None:
    text = f"""{HEADER}g (float[2, 600] x) => (float[A, B] y) {{
      p = Constant <value_int = 2> ()
      q = Constant <value_ints = [{", ".join(["2"] * 300)}]> ()
      s = SplitToSequence <axis = 1> (x{parts})
      y = ConcatFromSequence <axis = 1> (s) }}"""
    model = onnx.parser.parse_model(text)
    told = r"node 's' \(SplitToSequence\): number of parts (600|300) is more .*\(limits\.inlined\)"
    with limits.held(limits.Limits(inlined=200)), pytest.raises(ModelError, match=told):
        pytest_rf.analyze(model)
    assert pytest_rf.analyze(model).outputs[0].shape == (2, 600)


VECTORS = {
    "NegativeLogLikelihoodLoss": 'y = NegativeLogLikelihoodLoss <reduction = "none"> (x, t, {})',
    "SoftmaxCrossEntropyLoss": 'y = SoftmaxCrossEntropyLoss <reduction = "none"> (x, t, {})',
    "BatchNormalization": "y = BatchNormalization (x, {}, {}, v, v)",
    "InstanceNormalization": "y = InstanceNormalization (x, {}, {})",
    "GroupNormalization": "y = GroupNormalization <num_groups = 2> (x, {}, {})",
    "LayerNormalization": "y = LayerNormalization <axis = -1> (x, {}, {})",
    "RMSNormalization": "y = RMSNormalization <axis = -1> (x, {})",
    "Conv": "y = Conv (x, w, {})",
    "ConvTranspose": "y = ConvTranspose (x, w, {})",
    "ConvInteger": "u = Cast <to = 2> (x) k = Cast <to = 2> (w) y = ConvInteger (u, k, {})",
    "PRelu": "y = PRelu (x, {})",
    "Gemm": "m = Flatten (x) n = Transpose (m) y = Gemm (m, n, {})",
    "QuantizeLinear": "y = QuantizeLinear <axis = 1> (x, {})",
    "OneHot": "i = Cast <to = 7> (x) d = Constant <value_int = 3> () y = OneHot (i, d, {})",
}


@pytest.mark.parametrize("op", VECTORS)
@pytest.mark.parametrize("shape", ["2, 4, 3, 3", "4, 4", "3", "1", "", "5, 1, 1, 1, 1"])
def test_a_vector_of_any_shape_is_no_crash(op: str, shape: str, tmp_path: Path) -> None:
    text = f"""<ir_version: 10, opset_import: ["" : 23]>
    g (float[2, 4, 3, 3] x, float[{shape}] o, int64[2, 3, 3] t, float[4] v) => (float[A] y) {{
      s = Constant <value_ints = [4, 4, 1, 1]> () w = ConstantOfShape (s) {VECTORS[op].replace("{}", "o")} }}"""
    path = tmp_path / "m.onnx"
    path.write_bytes(onnx.parser.parse_model(text).SerializeToString())
    came = attempt_in_process(path)
    assert came.kind != "crash", came.detail


@pytest.mark.parametrize("step", [2**31, 2**62, 2**63 - 1, -(2**31), -(2**63)])
def test_a_step_of_any_size_is_a_figure(step: int, tmp_path: Path) -> None:
    start = 0 if step > 0 else -1
    end = 2**62 if step > 0 else -(2**62)
    text = f"""g (float[1, 6, 3] x) => (float[1, M, 3] y) {{
      s = Constant <value_ints = [{start}]> ()
      e = Constant <value_ints = [{end}]> ()
      a = Constant <value_ints = [1]> ()
      d = Constant <value_ints = [{step}]> ()
      y = Slice (x, s, e, a, d) }}"""
    came = attempt_in_process(saved(tmp_path / "m.onnx", text))
    assert came.kind == "figures", came.detail


def test_a_model_without_memory_for_its_plan_leaves_the_others_their_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("large", "small"):
        text = f"{name} (float[1, 3, 9] x) => (float[1, 3, 7] y) {{ y = MaxPool <kernel_shape = [3]> (x) }}"
        saved(tmp_path / f"{name}.onnx", text)
    config = tmp_path / "rf.toml"
    config.write_text('[[model]]\nsource = "*.onnx"\nspacing = { t = "1 ms" }\nrequire = ["final rf >= 1"]\n')
    plan = runs.plan

    def planned(graph: Graph) -> interpreter.Plan:
        seen.append(graph)
        if graph is seen[0]:
            raise limits.beyond_memory(graph.nodes[0])
        return plan(graph)

    seen: list[Graph] = []
    monkeypatch.setattr(runs, "plan", planned)
    large, small = check.run(load(config)).models
    assert "there is not enough memory" in large.problems[0].message
    assert not small.problems
    assert small.judged
