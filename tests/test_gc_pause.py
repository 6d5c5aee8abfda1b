"""When all objects are searched for garbage: where as many more are in use as a search is worth, and not before."""

from __future__ import annotations

import gc

import pytest

from pytest_rf import gc_pause

SOME = 3 * gc_pause._LEAST // 2


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The searches that are made, with nothing known of what was there before."""
    made: list[int] = []
    monkeypatch.setattr(gc_pause, "_made", gc_pause._Made())
    monkeypatch.setattr(gc, "collect", lambda: made.append(1))
    return made


def work(count: int = SOME) -> list[list[int]]:
    """Make as many objects as a search is worth in a pause, and return them."""
    with gc_pause.paused():
        return [[] for _ in range(count)]


def test_what_goes_by_itself_needs_no_search(searches: list[int]) -> None:
    for _ in range(5):
        work()
    assert not searches


def test_what_stays_is_searched(searches: list[int]) -> None:
    held = [work() for _ in range(3)]
    assert len(searches) in (1, 2), len(held)  # the first time tells how many there are


def test_a_little_is_not(searches: list[int]) -> None:
    held = [work(1000) for _ in range(20)]
    assert not searches, len(held)


def test_where_python_does_not_search_nobody_does(searches: list[int]) -> None:
    gc.disable()
    try:
        held = [work() for _ in range(3)]
        assert not gc.isenabled()
    finally:
        gc.enable()
    assert not searches, len(held)
