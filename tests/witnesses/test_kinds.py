"""Every metric and rule that has a witness gives one that a run agrees with, in both front-ends, in 1-D to 3-D."""

from __future__ import annotations

import io
import warnings
from typing import Any

import onnx
import pytest

import pytest_rf
from pytest_rf import checks, witnesses
from pytest_rf.checks.subject import Subject
from pytest_rf.findings import Finding
from pytest_rf.probing import witnessing
from pytest_rf.requirements import Settings, parse
from pytest_rf.witnesses import table

torch = pytest.importorskip("torch")

from broken_nets import REQUIREMENTS, RULES, Net, extent  # noqa: E402

DECLARED = (parse("final is causal"), parse("final halo <= 0"))
"""What makes the rules about declarations speak."""
DECLARING = ("hidden-context", "border-reads-ahead")


def found_in(analysis: pytest_rf.Analysis, kind: str) -> list[Finding]:
    if kind not in RULES:
        return analysis.check(kind)
    declared = DECLARED if kind in DECLARING else ()
    return checks.find(kind).findings(Subject(analysis, Settings(), declared))


def exported(module: Any, example: Any) -> onnx.ModelProto:
    file = io.BytesIO()
    training = torch.onnx.TrainingMode.PRESERVE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, (example,), file, dynamo=False, training=training, input_names=["x"])
    return onnx.load_from_string(file.getvalue())


def made(net: Net, rank: int) -> tuple[Any, Any]:
    torch.manual_seed(rank)
    module = net(rank)
    return module, torch.rand(2, 2, *[extent(net)] * rank)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("kind", [*REQUIREMENTS, *RULES])
@pytest.mark.parametrize("front_end", ["torch", "onnx"])
def test_a_run_agrees(front_end: str, kind: str, rank: int) -> None:
    if kind == "context-ahead" and rank > 1:
        pytest.skip("it is about time alone")
    module, example = made({**REQUIREMENTS, **RULES}[kind], rank)
    if front_end == "torch":
        analysis = pytest_rf.analyze(module, example)
        ways = witnessing.of_module(analysis, (example,), None, None, None)
    else:
        model = exported(module, example)
        analysis = pytest_rf.analyze(model)
        ways = witnessing.of_file(model, "net", analysis, {})
    found = found_in(analysis, kind)
    assert found
    (told, *_) = witnessing.judged(analysis, found, ways)
    assert told.witness is not None
    assert (told.witness.verified, told.witness.why) == (witnessing.AGREES, "")
    assert len(told.witness.position) == example.ndim
    if told.witness.unit:
        assert len(told.witness.unit) == len(analysis[told.witness.tensor].shape)
    assert not told.witness.reads or told.witness.path


def test_every_kind_is_among_them() -> None:
    metrics = {parse(text).parts[0] for text in REQUIREMENTS}
    named = {getattr(part, "predicate", None) or part.figure.metric for part in metrics}
    assert named == {*table.TOO_LARGE, *table.TOO_SMALL, *table.CLAIMED, "unused"}
    assert RULES.keys() == {*table.RULES, *table.UNREAD}


def test_what_cannot_be_decided_has_none() -> None:
    module, example = made(RULES["batch-leak"], 1)
    analysis = pytest_rf.analyze(module, example[:1])
    (found,) = analysis.check("final is independent")
    assert found.undecidable
    assert witnesses.of_requirement(analysis, found).witness is None
