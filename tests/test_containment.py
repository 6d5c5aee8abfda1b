"""What the project's code may do in our process: print, exit and fork, but never pass by it."""

from __future__ import annotations

import array
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import onnx
import pytest

from pytest_rf.containment import contained, is_out_of_memory
from pytest_rf.errors import ModelError
from pytest_rf.jobs import trouble

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")


def test_what_it_prints_is_no_result(capsys: pytest.CaptureFixture[str]) -> None:
    with contained("nets:build"):
        print("hello")
    assert capsys.readouterr() == ("", "hello\n")


@pytest.mark.parametrize("leave", [sys.exit, lambda status: os._exit(status)])
def test_exits_are_errors(leave) -> None:
    own = os._exit
    with pytest.raises(ModelError, match=r"nets:build: exits \(SystemExit: 0"), contained("nets:build"):
        leave(0)
    assert os._exit is own


@needs_fork
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_children_end_where_the_code_does() -> None:
    child = 0
    with contained("nets:build"):
        child = os.fork()
    assert child  # the child has not come here
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1


REFUSED = """
import array, importlib.util, resource, sys
from pathlib import Path
from pytest_rf.jobs import trouble
from types import SimpleNamespace

target = SimpleNamespace(source="net.onnx", name="net", path=None)
most = resource.getrlimit(resource.RLIMIT_DATA)[1]
for library in sorted(Path(array.__file__).parent.glob("*.so")):
    name = library.name.split(".")[0]
    found = importlib.util.spec_from_file_location(name, library)
    resource.setrlimit(resource.RLIMIT_DATA, (4096, most))
    try:
        name in sys.modules or importlib.util.module_from_spec(found)
    except (ImportError, MemoryError) as error:
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        print(name, trouble(error, target))
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is held on Linux only")
def test_a_library_that_finds_no_memory_is_no_bug_of_ours() -> None:
    if not hasattr(array, "__file__"):
        pytest.skip("this Python has its libraries built in")
    run = subprocess.run([sys.executable, "-c", REFUSED], capture_output=True, text=True, check=True)
    told = run.stdout.splitlines()
    assert any("failed to map segment" in line for line in told)
    assert all("limits.memory" in line and "internal=True" not in line for line in told), told


READ = """
import resource, sys
from pathlib import Path
from types import SimpleNamespace
from pytest_rf.frontends.onnx import reading
from pytest_rf.jobs import trouble

target = SimpleNamespace(source=sys.argv[1], name="net", path=None)
most = resource.getrlimit(resource.RLIMIT_DATA)[1]
used = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
for room in (100_000, 1_000_000, 4_000_000, 8_000_000, 16_000_000, 64_000_000):
    resource.setrlimit(resource.RLIMIT_DATA, (used + room, most))
    try:
        told = f"{len(reading.skimmed(sys.argv[1]).proto.graph.node)} nodes"
    except Exception as error:
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        told = trouble(error, target)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    print(told)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is held on Linux only")
def test_a_file_that_finds_no_memory_is_not_told_as_cut_off(tmp_path: Path) -> None:
    nodes = [onnx.helper.make_node("Relu", [f"t{place}"], [f"t{place + 1}"]) for place in range(20_000)]
    graph = onnx.helper.make_graph(nodes, "g", [], [])
    onnx.save(onnx.helper.make_model(graph), tmp_path / "many.onnx")
    command = [sys.executable, "-c", READ, str(tmp_path / "many.onnx")]
    first, *told, last = subprocess.run(
        command, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert "limits.memory" in first
    assert last == "20000 nodes"
    assert all("limits.memory" in line or line == last for line in told), told


@pytest.mark.parametrize(
    "text", ["x.so: failed to map segment from shared object: Operation not permitted", "No module named 'x'"]
)
def test_a_library_that_is_refused_otherwise_is_told_as_it_is(text: str) -> None:
    assert not is_out_of_memory(ImportError(text))


def test_what_code_has_told_of_its_memory_is_told_once() -> None:
    said = ModelError(
        "nets:build: RuntimeError: can't allocate memory: it needs more memory than it may take"
    )
    target = SimpleNamespace(source="nets:build", name="nets:build", path=None)
    assert trouble(said, target).message == str(said)
