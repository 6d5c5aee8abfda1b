"""How many cures are found for failing requirements, of which kind, and how long a search takes.

ResNet-50 and DenseNet-121 come from the ONNX files of the onnx wheel. Each requirement is near what is measured, so
that it fails by a little, by much, or by what no single edit can give.

    python benchmarks/cures.py
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from pathlib import Path

import onnx.backend.test

import pytest_rf
from pytest_rf import cures
from pytest_rf.reporters.cures import helps

FOLDER = Path(onnx.backend.test.__file__).parent / "data" / "light"
MODELS = {"ResNet-50": "light_resnet50.onnx", "DenseNet-121": "light_densenet121.onnx"}
REQUIREMENTS = (
    "final rf >= {rf} + 8",
    "final rf >= {rf} + 60",
    "final rf >= {rf} + 200",
    "final rf >= {rf} * 10",
    "final rf == {rf} + 64",
    "final rf <= {rf} - 40",
    "final rf_min >= {rf_min} + 20",
    "final coverage >= {coverage} + 1/10",
    "final halo <= 100",
    "final lookahead <= 0",
    "final is causal",
    "final erf >= {erf} + 20",
)


def main() -> None:
    for name, file in MODELS.items():
        analysis = pytest_rf.analyze(str(FOLDER / file))
        field = next(iter(analysis.final[0].field().values()))
        figures = {
            "rf": int(field.rf),
            "rf_min": int(field.rf_min),
            "coverage": round(float(field.coverage), 2),
            "erf": int(field.erf or 0),
        }
        seconds, kinds, cured = [], Counter[str](), 0
        print(f"{name}: {len(analysis.graph.program)} steps, {figures}")
        for text in REQUIREMENTS:
            asked = text.format(**figures)
            start = time.perf_counter()
            found = cures.check(analysis, asked)
            seconds.append(time.perf_counter() - start)
            cured += any(one.cures for one in found)
            kinds.update(cure.edits[0].what for one in found for cure in one.cures)
            print(f"  {asked}: {seconds[-1]:.2f} s")
            for one in found:
                for line in helps(one):
                    print(f"      {line}")
        print(
            f"{name}: {cured} of {len(REQUIREMENTS)} cured ({dict(kinds)}), "
            f"median {statistics.median(seconds):.2f} s, longest {max(seconds):.2f} s\n"
        )


if __name__ == "__main__":
    main()
