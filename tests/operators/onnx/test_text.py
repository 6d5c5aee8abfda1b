from __future__ import annotations

import pytest

from .written import analysed, bounds

WORDS = "r = Cast<to = 7>(x) s = Cast<to = 8>(r)"


def test_how_many_parts_a_string_has_is_a_number_for_each_string() -> None:
    a = analysed(f"g (float[4] x) => (y) {{ {WORDS} parts, n = StringSplit(s) y = Cast<to = 1>(n) }}")
    assert bounds(a, "y", 0) == [[0, 0], [1, 1], [2, 2], [3, 3]]
    assert a["parts"].status == "unknown"


@pytest.mark.parametrize(("stopwords", "status"), [("", "exact"), ('stopwords = ["the"], ', "unknown")])
def test_words_stay_in_place_unless_some_are_left_out(stopwords: str, status: str) -> None:
    changed = f'StringNormalizer<{stopwords}case_change_action = "LOWER">(s)'
    a = analysed(f"g (float[4] x) => (y) {{ {WORDS} c = {changed} y = Cast<to = 1>(c) }}")
    assert a["y"].status == status
    if status == "exact":
        assert bounds(a, "y", 0) == [[0, 0], [1, 1], [2, 2], [3, 3]]
