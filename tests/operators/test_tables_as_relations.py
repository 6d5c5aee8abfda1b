"""Tables of pairs that are prefixes, windows or blocks are read as such, and read what the table says."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper, numpy_helper

import pytest_rf
from pytest_rf.access import WHOLE, Prefix, Relation, Sets, Taps, Whole, sets
from pytest_rf.analysis import Analysis
from pytest_rf.domains.bounded import gathered
from pytest_rf.frontends.onnx import constants
from pytest_rf.operators import attention as attending

N = 12


def lower(n: int = N) -> np.ndarray:
    return np.tri(n, dtype=np.bool_)


def band(left: int, right: int, n: int = N) -> np.ndarray:
    return np.tri(n, k=right, dtype=np.bool_) & ~np.tri(n, k=-left - 1, dtype=np.bool_)


def blocks(size: int, n: int = N) -> np.ndarray:
    return np.arange(n)[:, None] // size == np.arange(n) // size


def table(relation: Relation, n: int) -> np.ndarray:
    """Return what each of ``n`` outputs reads of ``n`` elements."""
    if isinstance(relation, Whole):
        return np.ones((n, n), np.bool_)
    if isinstance(relation, Prefix):
        return lower(n).T if relation.reverse else lower(n)
    if isinstance(relation, Sets):
        return relation.reads
    assert isinstance(relation, Taps)
    reads = gathered(relation, n, n).reads
    return (reads[:, :, None] == np.arange(n)).any(axis=1)


SHAPES = {
    "everything": (np.ones((N, N), np.bool_), WHOLE),
    "causal": (lower(), Prefix()),
    "from here on": (lower().T, Prefix(reverse=True)),
    "band": (band(2, 1), Taps(1, 1, ((-2, -1, 0, 1),))),
    "dilated": (
        band(4, 0) & (np.subtract.outer(np.arange(N), np.arange(N)) % 2 == 0),
        Taps(1, 1, ((-4, -2, 0),)),
    ),
    "itself": (np.eye(N, dtype=np.bool_), Taps(1, 1, ((0,),))),
    "blocks": (blocks(4), Taps(4, 4, ((0, 1, 2, 3),) * 4)),
}


@pytest.mark.parametrize("name", SHAPES)
def test_masks_of_known_forms_are_told(name: str) -> None:
    reads, relation = SHAPES[name]
    assert sets(reads) == relation
    assert (table(relation, N) == reads).all()


@pytest.mark.parametrize("name", SHAPES)
def test_one_pair_more_or_less_is_another_table(name: str) -> None:
    reads, _ = SHAPES[name]
    for pair in np.ndindex(N, N):
        other = reads.copy()
        other[pair] ^= True
        assert (table(sets(other), N) == other).all()
        assert isinstance(sets(other), (Sets, Whole))


def test_a_band_that_reaches_both_borders_is_no_window() -> None:
    # Whether its ends are those of the window or of the table cannot be told.
    assert isinstance(sets(band(8, 8)), Sets)
    assert isinstance(sets(np.zeros((N, N), np.bool_)), Sets)
    assert isinstance(sets(np.tri(4, 6, dtype=np.bool_)), Sets)


@settings(deadline=None, max_examples=300)
@given(st.integers(1, 7), st.data())
def test_a_relation_reads_what_its_table_says(n: int, data: st.DataObject) -> None:
    made = data.draw(
        st.sampled_from(["drawn", "moved", "blocks"]).flatmap(
            lambda kind: (
                st.lists(st.booleans(), min_size=n * n, max_size=n * n)
                if kind == "drawn"
                else st.tuples(
                    st.just(kind), st.lists(st.booleans(), min_size=2 * n, max_size=2 * n), st.integers(1, n)
                )
            )
        )
    )
    if isinstance(made, list):
        reads = np.array(made).reshape(n, n)
    elif made[0] == "moved":
        reads = np.array(
            [[made[1][n + j - i] if n + j - i < 2 * n else False for j in range(n)] for i in range(n)]
        )
    else:
        reads = blocks(made[2], n)
    assert (table(sets(reads), n) == reads).all()


MASKS = {
    "causal": lower(),
    "band": band(2, 1),
    "blocks": blocks(4),
    "odd": np.tri(N, k=-2, dtype=np.bool_) | lower()[::-1],
    "alone": np.diag([True] * 3 + [False] * (N - 3)),
}
FUSED = {
    "causal": helper.make_node(
        "Attention", ["a", "a", "a"], ["y"], is_causal=1, q_num_heads=2, kv_num_heads=2
    ),
    "mask": helper.make_node("Attention", ["a", "a", "a", "m"], ["y"], q_num_heads=2, kv_num_heads=2),
}
WRITTEN = [
    helper.make_node("Transpose", ["a"], ["k"], perm=[0, 2, 1]),
    helper.make_node("MatMul", ["a", "k"], ["s"]),
    helper.make_node("Where", ["m", "s", "never"], ["masked"]),
    helper.make_node("Softmax", ["masked"], ["p"], axis=-1),
    helper.make_node("MatMul", ["p", "a"], ["y"]),
]


def attention(nodes: list[onnx.NodeProto], mask: np.ndarray, weights: bool = False) -> Analysis:
    """Return the analysis of attention over tokens behind a Linear layer."""
    info = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, N, 4]) for name in ("x", "y")]
    constants = {"m": mask, "w": np.ones((4, 4), np.float32), "never": np.float32(-np.inf)}
    initializers = [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()]
    nodes = [helper.make_node("MatMul", ["x", "w"], ["a"]), *nodes]
    graph = helper.make_graph(nodes, "g", info[:1], info[1:], initializers)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 23)], ir_version=10)
    return pytest_rf.analyze(made, weights=weights)


def along(mask: np.ndarray) -> list[list[int]]:
    """Return the first and the last token that each one reads."""
    # A token with one key alone weighs it 1 and does not look at itself; one without reads nothing.
    found = []
    for token, row in enumerate(mask):
        reads = [*np.flatnonzero(row).tolist(), *([token] if row.sum() > 1 else [])]
        found.append([min(reads), max(reads)] if reads else [0, -1])
    return found


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("form", ["fused", "written"])
def test_masked_tokens_read_what_the_mask_lets_through(name: str, form: str) -> None:
    nodes = [FUSED["mask"]] if form == "fused" else WRITTEN
    tokens = np.stack(attention(nodes, MASKS[name], weights=True)["y"].bounds(1), -1)[0, :, 0].tolist()
    # Whether a row of which all is masked is NaN, or the mean of all, is for the engine to say.
    known = [row for row in range(N) if form == "fused" or MASKS[name][row].any()]
    assert [tokens[row] for row in known] == [along(MASKS[name])[row] for row in known]


def test_a_causal_mask_is_what_the_attribute_says() -> None:
    by_mask, by_attribute = (
        attention([FUSED[how]], lower()).to_dict()["tensors"][-1]["fields"] for how in ("mask", "causal")
    )
    assert by_mask == by_attribute
    assert by_mask["x"]["t"]["causal"] is True


def test_a_banded_mask_is_a_window_in_theory() -> None:
    field = attention([FUSED["mask"]], band(2, 1))["y"].field()["t"]
    assert (field.rf, field.stride, field.start, field.bounded) == (4, 1, -2, True)


def test_blocks_repeat_in_theory() -> None:
    field = attention([FUSED["mask"]], blocks(4))["y"].field()["t"]
    assert (field.rf, field.lookahead, field.lookback, field.irregular) == (4, 3, 3, False)


@pytest.mark.parametrize("name", MASKS)
def test_forms_of_masks_leave_what_the_table_says(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told = attention([FUSED["mask"]], MASKS[name])["y"].bounds(1)
    monkeypatch.setattr(attending, "sets", Sets)
    by_table = attention([FUSED["mask"]], MASKS[name])["y"].bounds(1)
    np.testing.assert_array_equal(told, by_table)


def test_masks_count_for_all_heads_once(monkeypatch: pytest.MonkeyPatch) -> None:
    # Each head has as many pairs as the largest table; the mask is one for all of them, and is there already.
    monkeypatch.setattr(attending, "LARGEST_TABLE", N * N)
    assert attention([FUSED["mask"]], lower())["y"].bounds(1)[1][0, :, 0].tolist() == list(range(N))


def test_a_reach_and_a_mask_that_are_too_large_are_an_upper_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attending, "LARGEST_TABLE", N * N - 1)
    both = helper.make_node(
        "Attention", ["a", "a", "a", "m"], ["y"], is_causal=1, q_num_heads=2, kv_num_heads=2
    )
    found = attention([both], band(2, 1))["y"]
    assert found.status == "upper_bound"
    assert found.bounds(1)[1].min() == N - 1


def test_masks_that_nodes_make_are_computed_as_far_as_tables_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "LARGEST", N)
    making = [
        helper.make_node("Cast", ["m"], ["numbers"], to=onnx.TensorProto.FLOAT),
        helper.make_node("Trilu", ["numbers"], ["lower"], upper=0),
        helper.make_node("Cast", ["lower"], ["flags"], to=onnx.TensorProto.BOOL),
        helper.make_node("Attention", ["a", "a", "a", "flags"], ["y"], q_num_heads=2, kv_num_heads=2),
    ]
    found = attention(making, np.ones((N, N), np.bool_))["y"]
    assert found.bounds(1)[1][0, :, 0].tolist() == list(range(N))
