"""Random nets run in real tiles: what is called seamless is, and what is not differs.

A normal run judges some 100 nets; ``python benchmarks/tilings.py`` counts for 500 and more.
"""

from __future__ import annotations

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

pytest.importorskip("torch")

from pytorch.drawn_nets import examples
from pytorch.random_nets import Net

from tiles.stitching import TILES, Count, judge, tiled_nets


@pytest.mark.hypothesis
def test_verdicts_are_what_runs_in_tiles_say() -> None:
    count = Count()

    @settings(examples(100, 1000), phases=[Phase.generate])
    @given(tiled_nets(), st.sampled_from(TILES))
    def draw(net: Net, extent: int) -> None:
        judge(net, count, extent)

    draw()
    print(count.kinds)
    assert not count.wrong, min(count.wrong, key=len)
    seamless = count.kinds["seamless, the same"]
    denied = count.kinds["not seamless, differs"] + len(count.unprovoked)
    assert min(seamless, denied) >= 50
    assert len(count.unprovoked) <= 0.05 * denied, sorted(count.unprovoked, key=len)[:3]
