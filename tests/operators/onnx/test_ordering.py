from __future__ import annotations

from .written import analysed


def test_the_inverse_of_unique_is_as_long_as_its_axis_though_nothing_is_known_of_the_values() -> None:
    a = analysed(
        """g (float[2,4] x) => (y) <int64[2,1] rows = {0, 1}, float[2,4] values = {1,2,3,4, 5,6,7,8}> {
            written = ScatterND(x, rows, values)
            a, b, inverse = Unique<axis = 1>(written)
            y = Cast<to = 1>(inverse)
        }"""
    )
    assert a["y"].shape == (4,)
    assert a["y"].status == "exact"
