"""``assert_rf``: requirements in any code."""

from __future__ import annotations

import pytest
from models import conv

import pytest_rf


def test_what_holds_says_nothing() -> None:
    pytest_rf.assert_rf(conv(3), "final rf == 3", "final stride == 1")


def test_what_does_not_hold_is_an_assertion_error_with_the_whole_message() -> None:
    with pytest.raises(AssertionError, match=r"(?s)final rf is 3.*required >= 4.*help"):
        pytest_rf.assert_rf(conv(3), "final rf >= 4")


def test_it_needs_requirements() -> None:
    with pytest.raises(pytest_rf.RequirementError, match="give requirements as text"):
        pytest_rf.assert_rf(conv(3))
