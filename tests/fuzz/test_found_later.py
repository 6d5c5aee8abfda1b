"""What long runs of the fuzzer found, reduced: each gets a result or one clear error."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

import pytest_rf
from pytest_rf import check
from pytest_rf.errors import ModelError
from tests.models import model


@pytest.mark.parametrize("shape", ["1, 2, 4", "2, 1, 4", "2, 2, 6"])
def test_values_that_are_not_those_of_the_keys(shape: str) -> None:
    made = model(
        f"""
        net (float[2, 2, 4] q, float[2, 2, 4] k, float[{shape}] v) => (float[A, B, C] y) {{
            y = com.microsoft.MultiHeadAttention <num_heads = 2> (q, k, v)
        }}
        """,
        domains=', "com.microsoft" : 1',
    )
    if shape == "2, 2, 6":  # values can be of another size
        assert pytest_rf.analyze(made).outputs[0].shape == (2, 2, 6)
        return
    with pytest.raises(ModelError, match=r"MultiHeadAttention.*queries .* and values .* do not fit"):
        pytest_rf.analyze(made)


def test_an_attribute_of_a_function_whose_name_is_not_utf8() -> None:
    made = model(
        """
        net (float[1, 3, 16] x) => (float[1, 3, N] y) <float[3, 3, 3] w> { y = own.Shift <by = 1> (x, w) }
        """,
        domains=', "own" : 1',
        functions="""
        <opset_import: ["" : 17], domain: "own">
        Shift <by> (x, w) => (y) { y = Conv <dilations: ints = [2], KERNELGROUPS: int = @by> (x, w) }
        """,
    )
    raw = made.SerializeToString().replace(b"KERNELGROUPS", b"KERNEL\xffROUPS")
    odd = onnx.ModelProto.FromString(raw)
    assert pytest_rf.analyze(odd).final[0]["t"].rf == 5


def test_strides_that_no_float_holds() -> None:
    made = model(
        """
        net (float[1, 1, 32] x) => (float[1, 1, N] y)
        <float[1, 1, 3] w, int64 trips = {1100}, bool on = {1}> {
            y = Loop (trips, on, x) <body = b (int64 i, bool go, float[1, 1, N] old) => (bool on_, float[1, 1, M] new) {
                on_ = Identity (go)
                new = Conv <pads = [1, 1], strides = [2]> (old, w)
            }>
        }
        """
    )
    analysis = pytest_rf.analyze(made)
    assert analysis.to_json()
    assert analysis.outputs[0].shape == (1, 1, 1)


def test_more_axes_than_numpy_broadcasts_by_name() -> None:
    ones = ", ".join(["1"] * 34)
    made = model(
        f"""
        net (float[1, 2, 16] x) => (float y)
        <float[2, 2, 3] w, int64[36] wide = {{{ones}, 2, 16}}> {{
            a = Conv <pads = [1, 1]> (x, w)
            y = Reshape (a, wide)
        }}
        """
    )
    (found,) = pytest_rf.analyze(made).check("final halo <= 0")
    assert "1 before, 1 after" in found.message


@pytest.mark.parametrize("version", [2**31, 2**63 - 1, -1, -(2**63)])
@pytest.mark.parametrize("holder", ["model", "function"])
def test_versions_of_other_domains_that_no_library_counts_up_to(version: int, holder: str) -> None:
    made = model(
        "net (float[1, 3, 16] x) => (float[1, 3, N] y) { y = own.Twice (x) }",
        domains=', "own" : 1',
        functions="""
        <opset_import: ["" : 17], domain: "own">
        Twice (x) => (y) { z = ai.onnx.ml.Normalizer (x) y = Add (x, z) }
        """,
    )
    imports = made.opset_import if holder == "model" else made.functions[0].opset_import
    imports.add(domain="ai.onnx.ml", version=version)
    with pytest.raises(
        ModelError, match=rf"opset_import .*'ai.onnx.ml' version {version}, which is not one of"
    ):
        pytest_rf.analyze(made)


CACHED = {
    "Attention": "y, pk, pv = Attention<q_num_heads = 2, kv_num_heads = 2>(q, k, v, , a, b)",
    "MultiHeadAttention": "y, pk, pv = com.microsoft.MultiHeadAttention<num_heads = 2>(q, k, v, , , , a, b)",
    "GroupQueryAttention": "y, pk, pv = com.microsoft.GroupQueryAttention<num_heads = 2, kv_num_heads = 2>"
    "(q, k, v, a, b, n, t)",
    "packed": "y, pk = com.microsoft.Attention<num_heads = 2>(q, w, z, , c)",
}


@pytest.mark.parametrize("op", CACHED)
@pytest.mark.parametrize("past", ["2, 2, 3, 5", "2, 1, 3, 4", "1, 2, 3, 4", "2, 3, 4", "2, 2, 3, 4"])
def test_caches_that_are_not_those_of_the_keys(op: str, past: str) -> None:
    made = model(
        f"""
        net (float[2, 6, 8] q, float[2, 6, 8] k, float[2, 6, 8] v, float[{past}] a, float[{past}] b,
             float[2, {past}] c) => (y)
        <float[8, 24] w, float[24] z, int32[2] n, int32 t> {{ {CACHED[op]} }}
        """,
        opset=23,
        ir=11,
        domains=', "com.microsoft" : 1',
    )
    if past == "2, 2, 3, 4":
        assert pytest_rf.analyze(made).outputs[0].shape == (2, 6, 8)
        return
    with pytest.raises(ModelError, match=rf"shapes \({past}\), \(2, 2, 6, 4\) do not join along axis 2"):
        pytest_rf.analyze(made)


def test_cures_beside_an_unknown_operator_with_a_constant_branch(tmp_path: Path) -> None:
    made = model(
        """
        net (float[1, 1, 16] x) => (y, z) <float[1, 1, 3] w, float t = {0.5}> {
            y = Conv (x, w) m = ReduceMax <keepdims = 0> (x) c = Greater (m, t)
            z = If (c) <then_branch = a () => (p) { p = Constant <value = float[3] {1, 2, 3}> () },
                        else_branch = b () => (q) { q = Relu (y) }>
        }
        """
    )
    onnx.save(made, tmp_path / "net.onnx")
    (found,) = check.run(paths=[str(tmp_path / "net.onnx")], requires=['"y" lookahead <= 0']).models
    assert not found.problems
    assert found.findings[0].help
