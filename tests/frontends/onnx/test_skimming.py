"""What is left in a file and what is read: together they are the model that protobuf itself reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from oracle.graphs import graphs

import pytest_rf
from pytest_rf import limits
from pytest_rf.frontends.onnx import reading, skimming
from pytest_rf.frontends.onnx.constants import decode
from pytest_rf.frontends.onnx.outside import tensors_in
from pytest_rf.frontends.onnx.wire import Content, Cut

from .external_data import PLACES, WEIGHTS, made, outside
from .wire_forms import Writer, field, varint

TYPES = [
    kind for kind in TensorProto.DataType.values() if kind not in (TensorProto.UNDEFINED, TensorProto.STRING)
]


@pytest.fixture(autouse=True)
def _everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have small files read like large ones."""
    monkeypatch.setattr(skimming, "KEPT", 24)
    monkeypatch.setattr(reading, "SMALL", 0)


BESIDE = {"dims", "data_type", "segment", "name", "external_data", "data_location", "metadata_props"}
"""What stays of a tensor whose elements were left."""


def tensor(kind: int, raw: bool, count: int) -> TensorProto:
    """Return a tensor of some type with generic elements."""
    made = TensorProto(name=f"t{kind}{'r' if raw else 'd'}{count}", data_type=kind, dims=[count])
    rng = np.random.default_rng(kind + count)
    try:
        dtype = helper.tensor_dtype_to_np_dtype(kind)
        width = np.dtype(dtype).itemsize
    except (KeyError, TypeError):
        width = 1
    if raw:
        made.raw_data = rng.bytes(count * width)
    elif kind in (TensorProto.FLOAT, TensorProto.COMPLEX64):
        made.float_data.extend(rng.normal(size=count).tolist())
    elif kind in (TensorProto.DOUBLE, TensorProto.COMPLEX128):
        made.double_data.extend(rng.normal(size=count).tolist())
    elif kind == TensorProto.INT64:
        made.int64_data.extend(rng.integers(-(1 << 62), 1 << 62, count).tolist())
    elif kind in (TensorProto.UINT32, TensorProto.UINT64):
        made.uint64_data.extend(rng.integers(0, 1 << 62, count).tolist())
    else:
        made.int32_data.extend(rng.integers(0, 127, count).tolist())
    return made


def zoo() -> onnx.ModelProto:
    """Return a model with tensors of every type in every place that a model has for one."""
    tensors = [tensor(kind, raw, count) for kind in TYPES for raw in (True, False) for count in (1, 40)]
    tensors.append(
        TensorProto(name="s", data_type=TensorProto.STRING, dims=[9], string_data=[b"\xff text"] * 9)
    )
    sparse = helper.make_sparse_tensor(tensor(1, True, 30), tensor(7, False, 30), [99])
    sparse.values.name = "sparse"
    constants = [helper.make_node("Constant", [], [one.name], value=one) for one in tensors[:30]]
    body = helper.make_graph(constants, "body", [], [], tensors[30:60])
    nodes = [
        *constants[:5],
        helper.make_node("If", ["c"], ["y"], then_branch=body, else_branch=body, name="if"),
        helper.make_node("Constant", [], ["k"], sparse_value=sparse),
        helper.make_node(
            "F", ["x"], ["z"], domain="own", lists=[1, -2, 1 << 40], floats=[0.5] * 20, texts=["a", "b"]
        ),
    ]
    many = onnx.AttributeProto(name="many", type=onnx.AttributeProto.TENSORS, tensors=tensors[::7])
    nodes[-1].attribute.append(many)
    function = helper.make_function("own", "F", ["a"], ["b"], constants[3:9], [helper.make_opsetid("", 21)])
    infos = [helper.make_tensor_value_info("x", 1, [1, "n", 300])]
    graph = helper.make_graph(
        nodes, "zoo", infos, [], tensors, sparse_initializer=[sparse], value_info=infos * 3
    )
    model = helper.make_model(graph, functions=[function], opset_imports=[helper.make_opsetid("", 21)])
    model.metadata_props.add(key="key", value="ü" * 30)
    return model


def assert_same(model: onnx.ModelProto, seed: int, free: int) -> None:
    """Hold what is skimmed, with what was left put back, against the model that protobuf reads."""
    writer = Writer(seed)
    data = writer.message(model)
    expected = onnx.ModelProto.FromString(data)
    expected.DiscardUnknownFields()
    assert expected == model
    found = skimming.skim(Content.of(data), "m", free)
    skimmed = onnx.ModelProto.FromString(found.graph)
    whole = reading.Payloads(found.left)
    for _, one in tensors_in(skimmed):
        if one.HasField("segment"):
            place = (one.segment.begin, one.segment.end)
            assert place in whole.left
            assert not one.HasField("raw_data")
            assert {each.name for each, _ in one.ListFields()} <= BESIDE
            one.ParseFromString(data[slice(*place)])
    skimmed.DiscardUnknownFields()
    assert skimmed == model
    if not free:
        assert found.unknown >= writer.unknown - _in_left(found, data)


def _in_left(found: skimming.Skimmed, data: bytes) -> int:
    """Return how many unknown fields stand in what was left, at most."""
    return sum((end - begin) // 2 for begin, end in found.left)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1 << 32), st.sampled_from([0, 500, 1 << 22]))
def test_every_type_in_every_place_and_every_form(seed: int, free: int) -> None:
    assert_same(zoo(), seed, free)


@settings(max_examples=30, deadline=None)
@given(graphs(), st.integers(0, 1 << 32))
def test_drawn_models(graph: Any, seed: int) -> None:
    assert_same(graph.model(), seed, 0)


@pytest.mark.parametrize("place", PLACES)
def test_tensors_outside_stay_what_they_are(place: str) -> None:
    for case in WEIGHTS.values():
        assert_same(made(case, place, outside), 5, 0)


def test_elements_are_read_when_somebody_asks(tmp_path: Path) -> None:
    model = zoo()
    (tmp_path / "m.onnx").write_bytes(Writer(3).message(model))
    skimmed = reading.skimmed(tmp_path / "m.onnx")
    assert len(skimmed.payloads.left) > 100
    asked = {one.name: one for one in model.graph.initializer}
    for one in skimmed.proto.graph.initializer:
        own, known = decode(one, skimmed.payloads), decode(asked[one.name])
        assert (own is None) == (known is None), one.name
        if own is not None and known is not None:
            assert own.dtype == known.dtype
            assert own.tobytes() == known.tobytes()


def net(count: int = 4) -> onnx.ModelProto:
    """Return a net whose kernel has zeros, and which reshapes by a table that is too large to be kept."""
    kernel = np.ones((4, 4, 7), np.float32)
    kernel[:, :, :4] = 0
    order = np.arange(4 * 16)[::-1].copy()
    nodes = [
        helper.make_node("Constant", [], ["w"], value=numpy_helper.from_array(kernel)),
        helper.make_node("Conv", ["x", "w"], ["a"], pads=[3, 3], name="conv"),
        helper.make_node("Reshape", ["a", "flat"], ["b"]),
        helper.make_node("Gather", ["b", "order"], ["y"], axis=1, name="gather"),
    ]
    weights = [numpy_helper.from_array(np.array([1, 64]), "flat"), numpy_helper.from_array(order, "order")]
    infos = [helper.make_tensor_value_info("x", 1, [1, count, 16])], [onnx.ValueInfoProto(name="y")]
    return helper.make_model(
        helper.make_graph(nodes, "net", *infos, weights), opset_imports=[helper.make_opsetid("", 17)]
    )


@pytest.mark.parametrize("weights", [False, True])
def test_figures_are_those_of_the_model_in_memory(tmp_path: Path, weights: bool) -> None:
    (tmp_path / "net.onnx").write_bytes(net().SerializeToString())
    own = pytest_rf.analyze(tmp_path / "net.onnx", weights=weights)
    known = pytest_rf.analyze(net(), weights=weights, name="net")
    assert own["a"][2].rf == (3 if weights else 7)
    assert own["a"][2].lookahead == 3
    for tensor_ in known:
        for side in zip(own[tensor_.name].bounds(2), tensor_.bounds(2), strict=True):
            assert np.array_equal(*side)


def test_a_file_that_changes_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(net().SerializeToString())
    skimmed = reading.skimmed(path)
    (order,) = [one for one in skimmed.proto.graph.initializer if one.name == "order"]
    assert decode(order, skimmed.payloads) is not None
    other = tmp_path / "other.onnx"
    other.write_bytes(net().SerializeToString())
    other.replace(path)
    with pytest.raises(pytest_rf.ModelError, match="has changed while it was read"):
        decode(order, skimmed.payloads)


def test_a_place_that_the_file_itself_names_is_not_read(tmp_path: Path) -> None:
    """A segment in the file is one of its own fields: nothing of ours."""
    model = net()
    hostile = model.graph.initializer.add(name="h", data_type=TensorProto.INT64, dims=[2])
    hostile.segment.begin, hostile.segment.end = 0, 40
    (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
    skimmed = reading.skimmed(tmp_path / "net.onnx")
    assert decode(skimmed.proto.graph.initializer[-1], skimmed.payloads) is None


@pytest.mark.parametrize("cut", range(1, 20))
def test_a_file_that_is_cut_off_is_an_error(cut: int, tmp_path: Path) -> None:
    data = zoo().SerializeToString()
    (tmp_path / "m.onnx").write_bytes(data[: cut * len(data) // 20])
    with pytest.raises(pytest_rf.ModelError, match=r"cut off|no graph"):
        reading.skimmed(tmp_path / "m.onnx")


WRONG = {
    "a length that leaves the file": b"\x3a\xff\xff\xff\xff\x0f",
    "a number of eleven bytes": b"\x08" + b"\xff" * 10 + b"\x01",
    "a number without an end": b"\x08\xff",
    "a tag without a field": b"\x3a",
    "the field number 0": b"\x02\x00",
    "a group": b"\xfb\x01\xfc\x01",
    "the end of a group": b"\xfc\x01",
    "a wire type that there is not": b"\x0e\x00",
    "a tensor in two pieces": field(
        7,
        2,
        field(1, 2, field(5, 2, field(5, 2, field(8, 2, b"n" * 30)) + field(5, 2, field(9, 2, bytes(40))))),
    ),
}


@pytest.mark.parametrize("data", WRONG.values(), ids=WRONG.keys())
def test_what_is_no_model_is_an_error(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(Cut):
        skimming.skim(Content.of(data), "m", 0)
    (tmp_path / "m.onnx").write_bytes(zoo().SerializeToString() + data)
    with pytest.raises(pytest_rf.ModelError, match="is not an ONNX model, or cut off"):
        reading.skimmed(tmp_path / "m.onnx")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_model_or_an_error(data: bytes) -> None:
    try:
        found = skimming.skim(Content.of(data), "m", 0)
    except (Cut, pytest_rf.ModelError):
        return
    onnx.ModelProto.FromString(found.graph)


@given(st.binary(min_size=1, max_size=4), st.integers(0, 1 << 20))
def test_a_model_with_other_bytes_is_a_model_or_an_error(other: bytes, place: int) -> None:
    data = bytearray(net().SerializeToString())
    place %= len(data)
    data[place : place + len(other)] = other
    try:
        found = skimming.skim(Content.of(bytes(data)), "m", 0)
    except (Cut, pytest_rf.ModelError):
        return
    onnx.ModelProto.FromString(found.graph)


def test_texts_that_nobody_reads_are_left() -> None:
    model = net()
    model.doc_string = model.graph.doc_string = model.graph.node[0].doc_string = "a long story " * 9
    skimmed = onnx.ModelProto.FromString(skimming.skim(Content.of(model.SerializeToString()), "m", 0).graph)
    assert not skimmed.doc_string
    assert not skimmed.graph.doc_string
    assert len(skimmed.graph.node) == 4


def nested(levels: int) -> bytes:
    """Return a model of bodies in bodies: messages of which each is the only one in its own."""
    inside = b""
    for _ in range(levels):
        inside = field(
            1, 2, field(4, 2, b"If") + field(5, 2, field(1, 2, b"then_branch") + field(6, 2, inside))
        )
    return field(8, 2, field(2, 0, varint(17))) + field(7, 2, inside)


@pytest.mark.parametrize("small", [0, 1 << 30])
@pytest.mark.parametrize("free", [0, 1 << 22])
@pytest.mark.parametrize("levels", [40, 10_000])
def test_bodies_that_nest_too_deep_are_an_error(
    levels: int, free: int, small: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SMALL", small)
    monkeypatch.setattr(skimming, "FREE", free)
    (tmp_path / "m.onnx").write_bytes(nested(levels))
    with pytest.raises(pytest_rf.ModelError, match="nest deeper than 100"):
        reading.skimmed(tmp_path / "m.onnx")


def test_the_limit_of_levels_can_be_lowered(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(nested(5))
    reading.skimmed(tmp_path / "m.onnx")
    with (
        limits.held(limits.Limits(depth=3)),
        pytest.raises(pytest_rf.ModelError, match=r"limit of 3 \(limits.depth\)"),
    ):
        reading._walked(Content.of(nested(5)), "m", free=0)


LIMITS = {
    "file_size": 100,
    "graph_size": 90,
    "nodes": 3,
    "fields": 12,
    "unknown_fields": 4,
}


@pytest.mark.parametrize(("key", "most"), LIMITS.items())
@pytest.mark.parametrize("small", [0, 1 << 30])
def test_limits_are_held_and_named(
    key: str, most: int, small: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if key == "graph_size" and small:
        pytest.skip("a small file is read as a whole")
    monkeypatch.setattr(reading, "SMALL", small)
    (tmp_path / "m.onnx").write_bytes(net().SerializeToString() + b"\xf8\x07\x01" * 5)
    reading.skimmed(tmp_path / "m.onnx")
    with (
        limits.held(limits.Limits(**{key: most})),
        pytest.raises(pytest_rf.ModelError, match=rf"limit of {most} \(limits\.{key}\)"),
    ):
        reading.skimmed(tmp_path / "m.onnx")


def test_limits_hold_before_anything_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("was built")

    monkeypatch.setattr(reading, "_built", refuse)
    bombs = {
        "unknown_fields": b"\xf8\x07\x01" * 200_000,
        "nodes": field(7, 2, b"\x0a\x00" * 1_000_001),
    }
    for key, data in bombs.items():
        with pytest.raises(pytest_rf.ModelError, match=f"limits.{key}"):
            reading._skimmed(Content.of(data), "m")
    with pytest.raises(pytest_rf.ModelError, match=r"names the domain 'ai\.onnx' twice"):
        reading._skimmed(Content.of(b"\x42\x00" * 1_000_000), "m")
