"""The model uses an operator whose reads are not known.

## What it does
Reports each place where an operator without a rule, or with geometry that cannot be known, makes a tensor that
depends on an input unknown. What it feeds is unknown as well and is not reported again.

## Why is this bad
Nothing can be said about the model behind such an operator. A requirement on it is undecidable, and a model
without requirements would pass though nothing of it was checked.

## Example
    y = com.acme::Warp(x)           # a custom operator

## Use instead
Export with standard operators, or teach pytest-rf the operator. Where the finding names a constant that lies
outside of the file, save the constant inside.

## References
- The documentation's list of operators.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pytest_rf.checks.rule import Rule, finding
from pytest_rf.findings import Finding
from pytest_rf.requirements.settings import Settings

CODE, NAME = "RF005", "unknown-operator"


def check(analysis: Any, settings: Settings) -> Iterator[Finding]:
    """Yield a finding for the first tensor of each reason: the rest only inherits it."""
    told: set[str] = set()
    for tensor in analysis:
        reason = str(tensor.reason or f"operator {tensor.op} has no rule")
        if tensor.status != "unknown" or reason in told:
            continue
        told.add(reason)
        message = f'nothing is known from tensor "{tensor.name}" ({tensor.op}) on: {reason}'
        yield finding(
            CODE,
            NAME,
            analysis,
            settings,
            tensor,
            message,
            undecidable=True,
            measured="unknown",
            required="known",
        )


RULE = Rule(code=CODE, name=NAME, doc=__doc__, check=check, default=True, always=True)
