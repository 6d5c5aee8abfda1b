"""The node tests of the installed onnx package: no crash, nothing unsound, and nearly all exact.

Every case is analysed; a sample of them, drawn evenly, is held against what running them shows. The rest are
in ``benchmarks/backend_suite.py``.
"""

from __future__ import annotations

import os
import zlib

import pytest
from oracle.known import CASES
from oracle.suite import cases, judge
from oracle.verdicts import WRONG, Verdict

from pytest_rf.operators.onnx import table

pytest.importorskip("onnxruntime")

PART = int(os.environ.get("RF_SUITE_PART", "5"))
"""One case in so many is run; 1 runs all."""


def describe(verdicts: list[Verdict]) -> str:
    return "\n".join(f"{verdict.case}: {verdict.status}: {verdict.detail}" for verdict in verdicts)


def drawn(name: str) -> bool:
    return zlib.crc32(name.encode()) % PART == 0


@pytest.fixture(scope="module", autouse=True)
def _quiet() -> None:
    # Building the cases warns of overflows and of what the package itself deprecates.
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases()


def test_every_case_is_analysed() -> None:
    verdicts = [judge(case, probe=False) for case in cases()]
    assert len(verdicts) > 1000
    failed = [verdict for verdict in verdicts if verdict.status in ("crash", "error")]
    assert not failed, describe(failed)
    missing = [v for v in verdicts if v.status == "unknown" and "has no rule" in v.detail]
    assert not missing, describe(missing)


def test_a_sample_of_the_cases_is_sound_and_exact() -> None:
    verdicts = [judge(case) for case in cases() if drawn(case.name)]
    wrong = [v for v in verdicts if v.status in WRONG]
    assert not wrong, describe(wrong)
    wide = [v for v in verdicts if v.status in ("inexact", "upper") and v.case not in CASES]
    assert not wide, describe(wide)
    assert sum(v.status == "exact" for v in verdicts) > 0.4 * len(verdicts)


def test_no_operator_of_the_standard_is_forgotten() -> None:
    import onnx

    rules = table()
    for schema in onnx.defs.get_all_schemas_with_history():
        key = f"{schema.domain}::{schema.name}" if schema.domain else schema.name
        has_body = schema.has_function or schema.has_context_dependent_function
        latest = onnx.defs.get_schema(schema.name, domain=schema.domain)
        assert key in rules or has_body or latest.has_function, key
