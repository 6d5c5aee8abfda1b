"""What the project's code may do in our process: print, exit and fork, but never pass by it."""

from __future__ import annotations

import os
import sys

import pytest

from pytest_rf.containment import contained
from pytest_rf.errors import ModelError

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
