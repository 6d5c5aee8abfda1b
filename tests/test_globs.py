from __future__ import annotations

import fnmatch
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_rf.globs import MAX_LENGTH, matcher, selects

short = st.text("ab[]!-.", max_size=8)


@given(st.text("ab*?.", max_size=8), short)
def test_agrees_with_fnmatch(pattern: str, name: str) -> None:
    assert matcher(pattern)(name) == fnmatch.fnmatchcase(name, pattern)


@given(st.text("ab*?[]!.", max_size=8), short)
def test_agrees_with_fnmatch_on_classes(pattern: str, name: str) -> None:
    assert matcher(pattern)(name) == (pattern == name or fnmatch.fnmatchcase(name, pattern))


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("encoder.*", "encoder.conv1", True),
        ("encoder.*", "encoder", False),
        ("*conv?", "a/conv1", True),
        ("x[0]", "x[0]", True),
        ("x[0]", "x0", True),
        ("layer[1-3].*", "layer2.a", True),
        ("layer[!1-3].*", "layer2.a", False),
        ("a[", "a[", True),
        ("", "", True),
        ("*", "", True),
        ("a*a", "a", False),
    ],
)
def test_examples(pattern: str, name: str, matches: bool) -> None:
    assert matcher(pattern)(name) is matches


def test_a_hostile_pattern_takes_no_time() -> None:
    started = time.perf_counter()
    assert not matcher("*a" * (MAX_LENGTH // 2))("a" * 499 + "b" * 50_000)
    assert not matcher("*" + "a" * 500 + "b")("a" * 5_000)
    assert time.perf_counter() - started < 5


def test_a_pattern_has_a_longest_length() -> None:
    with pytest.raises(ValueError, match="longer than"):
        matcher("a" * (MAX_LENGTH + 1))


def test_selectors() -> None:
    assert selects("op:Instance*", "InstanceNormalization", [])
    assert selects("OP:conv", "Conv", ["a"])
    assert not selects("op:Conv", "ConvTranspose", ["op:Conv2"])
    assert selects("enc.*", "Conv", ["y", "enc.conv1"])
    assert not selects("enc.*", "Conv", [])
