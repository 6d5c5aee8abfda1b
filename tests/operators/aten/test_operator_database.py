"""Operators and modules of torch's own test databases: none is silently wrong.

A sample of the operators is run here; all of them are in ``benchmarks/torch_operators.py``.
"""

from __future__ import annotations

import os
import warnings
import zlib
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("expecttest", reason="torch's database of operators needs it")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from .operator_database import FORMS, module_cases, operator_cases

from oracle.calls import judge  # noqa: E402
from oracle.verdicts import WRONG  # noqa: E402
from torch.testing._internal.common_methods_invocations import op_db  # noqa: E402
from torch.testing._internal.common_modules import module_db  # noqa: E402

from pytest_rf.operators.aten import table  # noqa: E402
from pytest_rf.operators.aten.coverage import LIMITS, section  # noqa: E402

PART = int(os.environ.get("RF_OPERATORS_PART", "60"))
"""One operator in so many is run; 1 runs all."""
# What these make is not defined, or the numbers that they draw are shared out by the values.
NOT_STEADY = {"empty_like", "new_empty", "new_empty_strided", "nn.functional.rrelu", "nn.RReLU"}
UNKNOWN = {"resize_", "resize_as_", "to_sparse", "_chunk_cat", "addbmm"}


def drawn(name: str) -> bool:
    return zlib.crc32(name.encode()) % PART == 0


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted({op.name for op in op_db if drawn(op.name)} - NOT_STEADY))
def test_an_operator_of_the_database(name: str) -> None:
    for case in operator_cases([name], FORMS, samples=1 if PART > 1 else 4):
        verdict = judge(case, tight=False)
        assert verdict.status not in WRONG, verdict
        assert verdict.status != "unknown" or name in UNKNOWN or "sparse" in name, verdict


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted({info.name for info in module_db if drawn(info.name)} - NOT_STEADY))
def test_a_module_of_the_database(name: str) -> None:
    for case in module_cases([name], samples=3):
        verdict = judge(case, tight=False)
        assert verdict.status not in WRONG | {"unknown"}, verdict


def test_the_documentation_names_what_is_not_exact() -> None:
    page = Path(__file__).parents[3] / "docs" / "pytorch.md"
    assert section() in page.read_text(encoding="utf-8")


def test_limits_belong_to_operators() -> None:
    rules = {name.split(".", 1)[1] if name.startswith("aten.") else name for name in table()}
    for limit in LIMITS:
        for name in limit.operators.split():
            assert (name in rules) == (limit.status == "upper bound"), name
