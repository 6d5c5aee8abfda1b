"""Random nets in real tiles: whether what is said of a tiling is so, and how often a fault could not be provoked.

PYTHONPATH=tests python benchmarks/tilings.py [NETS]
"""

from __future__ import annotations

import sys

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pytorch.random_nets import Net
from tiles.stitching import TILES, Count, judge, tiled_nets


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    count, done = Count(), set[str]()

    @settings(
        max_examples=number,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(tiled_nets(), st.sampled_from(TILES))
    def draw(net: Net, extent: int) -> None:
        done.add(str(net))
        judge(net, count, extent)

    draw()
    print(f"{len(done)} nets")
    for kind, times in count.kinds.most_common():
        print(f"{times:6} {kind}")
    denied = sum(times for kind, times in count.kinds.items() if kind.startswith("not seamless"))
    print(f"not provoked: {len(count.unprovoked)} of {denied} ({len(count.unprovoked) / max(denied, 1):.1%})")
    for text in sorted(count.wrong, key=len)[:40]:
        print("WRONG", text)
    for text in sorted(count.unprovoked, key=len)[:40]:
        print("not provoked", text)


if __name__ == "__main__":
    main()
