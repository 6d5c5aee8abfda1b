"""Bad files and bad graphs: each is one line with the file, the place and what to do, or figures within the limits."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

import pytest_rf
from fuzz.trial import attempt, attempt_in_process
from pytest_rf import check
from pytest_rf.results import Run

HEADER = '<ir_version: 10, opset_import: ["" : 21, "own" : 1]>\n'
BEHIND = "g (float[1, 3, 9, 9] x) => (float[A, B, C, D] y) {{ {} }}"
KERNEL = "s = Constant <value_ints = [4, 3, 3, 3]> () w = ConstantOfShape (s) y = Conv <{}> (x, w)"


def model(text: str) -> onnx.ModelProto:
    return onnx.parser.parse_model(HEADER + text)


def refused(path: Path) -> str:
    """Return the one error of a file that is refused."""
    run = check.run(paths=[str(path)], requires=["output rf.h >= 1"])
    assert run.exit_code == 2, run
    (problem,) = run.models[0].problems
    assert not problem.internal
    assert not problem.unjudged
    assert "\n" not in problem.message
    assert path.name in problem.message or run.models[0].model in problem.message
    return problem.message


def _zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.onnx", "x")


GOOD = model(BEHIND.format("y = MaxPool <kernel_shape = [3, 3]> (x)")).SerializeToString()

FILES = {
    "empty": (lambda path: path.write_bytes(b""), "is empty"),
    "random": (lambda path: path.write_bytes(b"\xfe\x12\x00random" * 50), "is not an ONNX model"),
    "truncated": (lambda path: path.write_bytes(GOOD[:-7]), "cut off"),
    "no graph": (
        lambda path: path.write_bytes(onnx.ModelProto(ir_version=8).SerializeToString()),
        "holds no graph",
    ),
    "folder": (lambda path: path.mkdir(), "is not a regular file"),
    "dangling": (lambda path: path.symlink_to("gone"), "is a dangling symbolic link"),
    "missing": (lambda path: None, "no such file"),
    "git lfs": (
        lambda path: path.write_bytes(b"version https://git-lfs.github.com/spec/v1\n"),
        "git lfs pull",
    ),
    "gzip": (lambda path: path.write_bytes(gzip.compress(GOOD)), "unpack it"),
    "zip": (_zipped, "unpack it"),
}
if sys.platform != "win32":
    FILES["fifo"] = (lambda path: os.mkfifo(path), "is not a regular file")
    FILES["device"] = (lambda path: path.symlink_to("/dev/zero"), "is not a regular file")


@pytest.mark.parametrize("name", FILES)
def test_what_is_no_model_file_is_refused(name: str, tmp_path: Path) -> None:
    write, told = FILES[name]
    path = tmp_path / "x.onnx"
    write(path)
    assert told in refused(path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.onnx"
    path.write_bytes(GOOD)
    path.chmod(0)
    assert "check its permissions" in refused(path)


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pt2"])
def test_what_runs_code_when_it_is_read_is_refused(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_bytes(b"\x80\x04cos\nsystem\n")
    assert "run code when they are read; export the model to ONNX" in refused(path)


CONV = "needs a number|must be|does not|do not|divide|impossible|kernel|stride|dilation|group|pads"
GRAPHS = {
    "cycle": ("a = Relu (b) b = Relu (a) y = Relu (a)", "computed by no node before"),
    "used before": ("y = Relu (a) a = Relu (x)", "computed by no node before"),
    "dangling input": ("y = Add (x, nowhere)", "computed by no node before"),
    "name twice": ("y = Relu (x) y = Tanh (x)", "already computed"),
    "no output": ("z = Relu (x)", "computed by no node"),
    "stride 0": (KERNEL.format("strides = [0, 1]"), CONV),
    "dilation 0": (KERNEL.format("dilations = [1, 0]"), CONV),
    "kernel 0": ("y = MaxPool <kernel_shape = [0, 3]> (x)", CONV),
    "group": (KERNEL.format("group = 2"), CONV),
    "pads": (KERNEL.format("pads = [1, 1, 1]"), CONV),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_that_cannot_run_is_refused_at_its_node(name: str, tmp_path: Path) -> None:
    body, told = GRAPHS[name]
    path = tmp_path / "x.onnx"
    path.write_bytes(model(BEHIND.format(body)).SerializeToString())
    message = refused(path)
    assert any(one in message for one in told.split("|")), message
    assert name == "no output" or "node " in message


@pytest.mark.parametrize("version", [None, 0, -1, 10**6])
def test_a_version_that_is_none_is_refused(version: int | None, tmp_path: Path) -> None:
    one = model(BEHIND.format("y = Relu (x)"))
    del one.opset_import[:]
    if version is not None:
        one.opset_import.add(domain="", version=version)
    path = tmp_path / "x.onnx"
    path.write_bytes(one.SerializeToString())
    assert "opset" in refused(path)


def test_a_function_that_calls_itself_is_refused(tmp_path: Path) -> None:
    node = helper.make_node("F", ["a"], ["b"], domain="own")
    one = model(BEHIND.format("y = own.F (x)"))
    one.functions.append(helper.make_function("own", "F", ["a"], ["b"], [node], list(one.opset_import)))
    path = tmp_path / "x.onnx"
    path.write_bytes(one.SerializeToString())
    assert "calls itself" in refused(path)


HUGE = {
    "axis": "g (float[1, 3, 524288] x) => (float[A, B, C] y) { y = MaxPool <kernel_shape = [3]> (x) }",
    "batch": "g (float[524288, 3, 9] x) => (float[A, B, C] y) { y = MaxPool <kernel_shape = [3]> (x) }",
    "beyond": "g (float[1, 3, 16777217] x) => (float[A, B, C] y) { y = MaxPool <kernel_shape = [3]> (x) }",
    "kernel": "g (float[1, 3, 2000000] x) => (float[A, B, C] y) { y = MaxPool <kernel_shape = [1000000]> (x) }",
    "pads": "g (float[1, 3, 9] x) => (float[A, B, C] y)"
    " { y = MaxPool <kernel_shape = [3], pads = [1000000, 1000000]> (x) }",
    "nothing": "g (float[0, 3, 9] x) => (float[A, B, C] y) { y = MaxPool <kernel_shape = [3]> (x) }",
    "nothing along": "g (float[2, 3, 0] x) => (float[A, B, C] y) { y = Relu (x) }",
    "2^62 elements": "g (float[1048576, 1048576, 1048576, 4] x) => (float[A, B, C, D] y) { y = Relu (x) }",
}


@pytest.mark.parametrize("name", HUGE)
def test_huge_and_empty_extents_are_a_result_or_one_error(name: str, tmp_path: Path) -> None:
    path = tmp_path / "x.onnx"
    path.write_bytes(model(HUGE[name]).SerializeToString())
    came = attempt_in_process(path)
    assert came.kind in ("figures", "error"), came.detail


def test_a_rank_of_65_is_refused(tmp_path: Path) -> None:
    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1] * 65)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )
    path = tmp_path / "x.onnx"
    path.write_bytes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)]).SerializeToString()
    )
    assert "65 axes" in refused(path)


def test_a_weight_of_2_to_62_elements_is_analysed_from_its_dims() -> None:
    large = 1 << 20
    one = model(f"g (float[1, 4, {large}, {large}] x) => (float[A, B, C, D] y) {{ y = Conv (x, w) }}")
    one.graph.initializer.add(name="w", data_type=TensorProto.FLOAT, dims=[large, 4, large, large])
    assert pytest_rf.analyze(one).outputs[0]["h"].rf == large


def test_an_operator_of_another_domain_is_unknown() -> None:
    found = pytest_rf.analyze(model(BEHIND.format("y = own.Magic (x)"))).outputs[0]
    assert found.status == "unknown"
    assert "own::Magic" in found.reason


@pytest.mark.parametrize("body", ["y = ConvTranspose <strides = [2, 2], output_padding = [3, 3]> (x, w)",
                                  "y = Conv <pads = [-1, -1, -1, -1]> (x, w)",
                                  'y = Conv <auto_pad = "SAME_UPPER", pads = [1, 1, 1, 1]> (x, w)'])  # fmt: skip
def test_what_the_specification_leaves_odd_is_a_result_or_one_error(body: str, tmp_path: Path) -> None:
    one = model(BEHIND.format(f"s = Constant <value_ints = [3, 3, 3, 3]> () w = ConstantOfShape (s) {body}"))
    path = tmp_path / "x.onnx"
    path.write_bytes(one.SerializeToString())
    assert attempt(path).kind in ("figures", "error")


def test_branches_that_differ_are_their_union() -> None:
    text = """g (float[1, 3, 9] x, bool c) => (float[1, 3, 9] y) {
      y = If (c) <then_branch = a () => (t) { t = MaxPool <kernel_shape = [3], pads = [2, 0]> (x) },
                  else_branch = b () => (e) { e = MaxPool <kernel_shape = [3], pads = [0, 2]> (x) }> }"""
    low, high = pytest_rf.analyze(model(text)).outputs[0].bounds(2, "x")
    assert (int(low[0, 0, 4]), int(high[0, 0, 4])) == (2, 6)


def test_one_bad_model_hides_no_other(tmp_path: Path) -> None:
    for name, data in (("a", b"no"), ("b", GOOD), ("c", b"")):
        (tmp_path / f"{name}.onnx").write_bytes(data)
    run: Run = check.run(paths=[str(tmp_path)], requires=["output rf.h >= 1"])
    assert [bool(one.problems) for one in run.models] == [True, False, True]
    assert run.exit_code == 2


def test_contradictory_requirements_are_both_reported(tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_bytes(GOOD)
    run = check.run(paths=[str(tmp_path / "x.onnx")], requires=["output rf.h >= 4", "output rf.h <= 2"])
    assert [one.status for one in run.models[0].requirements] == ["violated", "violated"]


WATCHED = """
import sys
def watch(event, arguments):
    if event.startswith(("socket.", "subprocess.", "os.exec", "os.system", "pickle.")):
        raise RuntimeError(f"watched: {event} {arguments}")
from pytest_rf import cli
cli.run(["check", "m.onnx", "--isolate", "never", "--no-cache"])  # imports what it needs
sys.addaudithook(watch)
sys.exit(cli.run(["check", "--isolate", "never", "--no-cache"]))
"""


def test_a_static_check_imports_no_project_code_and_uses_no_network(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(GOOD)
    for name in ("conftest", "onnxruntime", "pkg"):
        (tmp_path / f"{name}.py").write_text("import pathlib; pathlib.Path('imported').touch()")
    (tmp_path / "rf.toml").write_text(
        '[[model]]\nsource = "m.onnx"\nrequire = ["output rf.h >= 1"]\n[[model]]\nsource = "pkg:net"\n'
    )
    command = [sys.executable, "-c", WATCHED]  # which looks for modules in the working directory first
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 2, ran.stderr
    assert "needs --allow-code" in ran.stdout + ran.stderr
    assert "watched" not in ran.stdout + ran.stderr
    assert not (tmp_path / "imported").exists()
