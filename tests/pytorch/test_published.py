"""Receptive field, stride and padding of every end point of TF-slim's networks, as Google published them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

import pytest_rf  # noqa: E402
from pytorch.published_nets import NETWORKS, Network  # noqa: E402

TABLE = Path(__file__).parents[1] / "data" / "published_rf.csv"
ANY = 299
"""The resolution at which rows are checked that hold at any."""


def published() -> dict[tuple[str, str], dict[str, tuple[str, str, str]]]:
    """Return (network, resolution) -> end point -> field, stride, padding."""
    lines = [text for text in TABLE.read_text().splitlines() if not text.startswith("#")]
    table: dict[tuple[str, str], dict[str, tuple[str, str, str]]] = {}
    for row in csv.DictReader(lines):
        ends = table.setdefault((row["network"], row["resolution"]), {})
        ends[row["end_point"]] = (row["rf"], row["stride"], row["padding"])
    return table


PUBLISHED = published()


@pytest.mark.parametrize(("network", "resolution"), PUBLISHED)
def test_fields_are_the_published_ones(network: str, resolution: str) -> None:
    extent = ANY if resolution == "None" else int(resolution)
    analysis = pytest_rf.analyze(Network(NETWORKS[network]).eval(), inputs={"x": (1, 3, extent, extent)})
    wrong = []
    for name, (rf, stride, padding) in PUBLISHED[network, resolution].items():
        tensor = analysis[f"stages.{name}"]
        assert tensor.status == "exact"
        for axis in "hw":
            field = tensor[axis]
            expected = (rf, stride, padding)
            found = (str(field.rf), str(field.stride), "None" if padding == "None" else str(-field.start))
            if found != expected:
                wrong.append((name, axis, expected, found))
    assert not wrong
