"""Tensors whose elements lie in another file: nothing opens it, wherever they stand, and shapes come from dims."""

from __future__ import annotations

import ctypes
import os
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import pytest_rf

from .external_data import (
    EXTENTS,
    LOCATIONS,
    OPERATORS,
    PLACES,
    READ,
    WEIGHTS,
    info,
    inside,
    made,
    model,
    outside,
)


@pytest.fixture(autouse=True)
def _nothing_is_opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Make onnx's own ways to an external file fail a test; the file is there, so that opening would do."""
    (tmp_path / "w.bin").write_bytes(bytes(1 << 12))
    (tmp_path / "link.bin").symlink_to(tmp_path / "w.bin")
    monkeypatch.chdir(tmp_path)
    opened: list[str] = []

    def refuse(*args: Any, **_: Any) -> None:
        opened.append(str(args[:2]))
        raise RuntimeError("external data was opened")

    for name in ("_read_external_data_bytes", "_open_external_data_fd", "load_external_data_for_tensor"):
        if hasattr(onnx.external_data_helper, name):
            monkeypatch.setattr(onnx.external_data_helper, name, refuse)
    yield
    assert not opened


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("case", OPERATORS.values(), ids=OPERATORS.keys())
def test_what_the_geometry_needs_from_outside_is_unknown_and_named(case: Any, place: str) -> None:
    assert pytest_rf.analyze(made(case, place, inside)).outputs[0].status != "unknown"
    tensor = pytest_rf.analyze(made(case, place, outside)).outputs[0]
    assert tensor.status == "unknown"
    assert f"rests on {case[3]!r}, which lies in an external data file, which is never opened" in str(
        tensor.reason
    )


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("case", READ.values(), ids=READ.keys())
def test_places_that_are_chosen_by_what_lies_outside_are_an_upper_bound(case: Any, place: str) -> None:
    tensor = pytest_rf.analyze(made(case, place, outside)).outputs[0]
    assert tensor.status == "upper_bound"
    known = pytest_rf.analyze(made(case, place, inside)).outputs[0]
    assert tensor.shape == known.shape
    for wide, exact in zip(tensor.bounds(2), known.bounds(2), strict=True):
        assert wide.shape == exact.shape
    assert (tensor.bounds(2)[0] <= known.bounds(2)[0]).all()
    assert (tensor.bounds(2)[1] >= known.bounds(2)[1]).all()


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("case", WEIGHTS.values(), ids=WEIGHTS.keys())
def test_weights_that_lie_outside_count_by_their_shape(case: Any, place: str, weights: bool) -> None:
    known = pytest_rf.analyze(made(case, place, inside), weights=weights).outputs[0]
    analysis = pytest_rf.analyze(made(case, place, outside), weights=weights)
    tensor = analysis.outputs[0]
    assert (tensor.status, tensor.shape) == (known.status, known.shape)
    for one, other in zip(tensor.bounds(2, context=True), known.bounds(2, context=True), strict=True):
        assert np.array_equal(one, other)
    assert any("never opened" in note for note in analysis.graph.notes) is weights


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("location", LOCATIONS, ids=range(len(LOCATIONS)))
@pytest.mark.parametrize("entries", EXTENTS, ids=range(len(EXTENTS)))
def test_where_it_lies_does_not_matter(place: str, location: str, entries: dict[str, str]) -> None:
    def make(data: Any, name: str = "") -> TensorProto:
        return outside(data, name, location, **entries)

    for case, status in ((WEIGHTS["Conv"], "exact"), (OPERATORS["Reshape"], "unknown")):
        assert pytest_rf.analyze(made(case, place, make)).outputs[0].status == status


def test_a_constant_that_is_computed_from_one_outside_names_it() -> None:
    nodes = [
        helper.make_node("Constant", [], ["far"], value=outside([1, 4])),
        helper.make_node("Constant", [], ["two"], value=inside([1, 2])),
        helper.make_node("Mul", ["far", "two"], ["target"]),
        helper.make_node("Identity", ["target"], ["same"]),
        helper.make_node("Reshape", ["x", "same"], ["y"]),
    ]
    tensor = pytest_rf.analyze(model(nodes)).outputs[0]
    assert str(tensor.reason).startswith(
        "input 1 of Reshape rests on 'far', which lies in an external data file"
    )


def test_the_shape_of_what_lies_outside_is_known() -> None:
    nodes = [
        helper.make_node("Constant", [], ["far"], value=outside(np.ones((1, 8), np.float32))),
        helper.make_node("Shape", ["far"], ["target"]),
        helper.make_node("Reshape", ["x", "target"], ["y"]),
    ]
    assert pytest_rf.analyze(model(nodes))["y"].shape == (1, 8)


def sparse(values: TensorProto, indices: TensorProto) -> onnx.SparseTensorProto:
    return helper.make_sparse_tensor(values, indices, [1, 1, 3])


SPARSE = {
    "values": (outside(np.ones(2, np.float32), "w"), inside([0, 2], "i")),
    "indices": (inside(np.ones(2, np.float32), "w"), outside([0, 2], "i")),
    "both": (outside(np.ones(2, np.float32), "w"), outside([0, 2], "i")),
}


@pytest.mark.parametrize(("values", "indices"), SPARSE.values(), ids=SPARSE.keys())
def test_sparse_kernels_that_lie_outside_count_by_their_dims(
    values: TensorProto, indices: TensorProto
) -> None:
    node = helper.make_node("Conv", ["x", "w"], ["y"])
    graph = helper.make_graph([node], "g", [info("x", [1, 1, 8])], [info("y")])
    graph.sparse_initializer.append(sparse(values, indices))
    initializer = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    constant = model([helper.make_node("Constant", [], ["w"], sparse_value=sparse(values, indices)), node])
    for sparse_model in (initializer, constant):
        for weights in (False, True):
            tensor = pytest_rf.analyze(sparse_model, weights=weights)["y"]
            assert (tensor.status, tensor["t"].rf) == ("exact", 3)


def test_attributes_of_other_operators_are_never_opened() -> None:
    fill = helper.make_node("ConstantOfShape", ["s"], ["c"], value=outside(np.ones(1, np.float32)))
    shape = helper.make_node("Constant", [], ["s"], value_ints=[1, 1, 3])
    kernel = model([shape, fill, helper.make_node("Conv", ["x", "c"], ["y"])])
    assert pytest_rf.analyze(kernel, weights=True)["y"]["t"].rf == 3
    target = model(
        [
            shape,
            fill,
            helper.make_node("Cast", ["c"], ["t"], to=7),
            helper.make_node("Tile", ["x", "t"], ["y"]),
        ]
    )
    assert "rests on 'c', which lies in an external" in str(pytest_rf.analyze(target)["y"].reason)
    for attribute in ({"value": outside([1])}, {"values": [outside([1])]}):
        own = helper.make_node("F", ["x"], ["y"], domain="own", **attribute)
        assert pytest_rf.analyze(model([own]))["y"].status == "unknown"
        odd = helper.make_node("Relu", ["x"], ["y"], **attribute)
        assert pytest_rf.analyze(model([odd]))["y"].status == "exact"


@pytest.mark.parametrize("given", [True, False])
def test_attributes_of_functions_are_never_opened(given: bool) -> None:
    """The tensor is what the call gives, or what the function takes by default."""
    kernel = helper.make_node("Constant", [], ["w"])
    kernel.attribute.add(name="value", type=onnx.AttributeProto.TENSOR, ref_attr_name="kernel")
    body = [kernel, helper.make_node("Conv", ["x", "w"], ["y"])]
    function = helper.make_function("own", "F", ["x"], ["y"], body, [helper.make_opsetid("", 18)])
    tensor = helper.make_attribute("kernel", outside(np.ones((1, 1, 3), np.float32)))
    call = helper.make_node("F", ["x"], ["y"], domain="own")
    if given:
        function.attribute.append("kernel")
        call.attribute.append(tensor)
    else:
        function.attribute_proto.append(tensor)
    result = pytest_rf.analyze(model([call], functions=[function]), weights=True)
    assert (result["y"].status, result["y"]["t"].rf) == ("exact", 3)
    assert result.graph.notes


def test_a_constant_node_with_a_strange_graph_is_not_run() -> None:
    """The reference implementation loads whatever an attribute holds, even one that the operator does not have."""
    hidden = helper.make_graph([], "hidden", [], [info("k")], [outside([2], "k")])
    nodes = [
        helper.make_node("Constant", [], ["a"], value=inside([1, 4])),
        helper.make_node("Mul", ["a", "a"], ["b"], body=hidden),
        helper.make_node("Reshape", ["x", "b"], ["y"]),
    ]
    assert pytest_rf.analyze(model(nodes))["y"].status == "unknown"


def test_what_is_outside_cannot_be_verified() -> None:
    with pytest.raises(
        pytest_rf.ModelError, match=r"cannot be verified: tensor 'c' lies in an external data file"
    ):
        pytest_rf.verify(made(WEIGHTS["Conv"], "Constant nodes", outside))


SCRIPT = """
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event in ("open", "os.open") else None)
from pytest_rf.cli import main
try:
    main()
except SystemExit as end:
    print("exit", end.code)
print("opened", [name for name in opened if name.endswith((".bin", "passwd"))])
"""


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("command", ["show", "check"])
def test_no_file_beside_the_model_is_opened(place: str, command: str, tmp_path: Path) -> None:
    """By Python's audit events, and by what the system says of the folder where that can be asked."""
    for name, case in (("conv", WEIGHTS["Conv"]), ("reshape", OPERATORS["Reshape"])):
        (tmp_path / f"{name}.onnx").write_bytes(made(case, place, outside).SerializeToString())
        arguments = [command, f"{name}.onnx"]
        arguments += ["--require", "output rf >= 3"] if command == "check" else []
        with Watched(tmp_path) as seen:
            done = subprocess.run(
                [sys.executable, "-c", SCRIPT, *arguments],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
                timeout=120,
                check=False,
            )
        assert "opened []" in done.stdout, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        assert seen() <= {f"{name}.onnx", ""}


class Watched:
    """Collects the names of the files in a folder that anything opens: inotify, so on Linux alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Callable[[], set[str]]:
        self._found: set[str] = set()
        self._file = -1
        if sys.platform == "linux":
            library = ctypes.CDLL(None)
            self._file = library.inotify_init1(os.O_NONBLOCK)
            opened = 0x20
            library.inotify_add_watch(self._file, os.fsencode(self._folder), opened)
        return lambda: self._found

    def __exit__(self, *_: object) -> None:
        if self._file < 0:
            return
        try:
            events = os.read(self._file, 1 << 16)
        except BlockingIOError:
            events = b""
        os.close(self._file)
        while events:
            length = struct.unpack_from("iIII", events)[3]
            self._found.add(events[16 : 16 + length].rstrip(b"\0").decode())
            events = events[16 + length :]


def test_the_watch_sees_what_is_opened(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("inotify is Linux's")
    with Watched(tmp_path) as seen:
        (tmp_path / "w.bin").read_bytes()
    assert "w.bin" in seen()
