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
Export with standard operators, or state in the configuration what the operator reads; no code is needed:

    [[operator]]
    name = "com.acme::Warp"
    kernel = 3                      # or elementwise = true, mixing = true, nothing = true
    padding = 1

Where the finding names a constant that lies outside of the file, save the constant inside.

## References
- The documentation's list of operators.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from msgspec.structs import replace

from pytest_rf.analysis import Tensor
from pytest_rf.checks.rule import Does
from pytest_rf.checks.subject import Subject
from pytest_rf.findings import Finding, Required
from pytest_rf.graph import Unknown
from pytest_rf.requirements import verdicts


def check(model: Subject) -> Iterator[Finding]:
    """Yield a finding for the first tensor of each reason: the rest only inherits it.

    What grows from call to call of a stream has an operator that is known, and what it feeds is known as well.
    """
    seen = set[str]()
    for tensor in model.analysis:
        reason = verdicts.unknown(tensor)
        if tensor.status == "unknown" and reason not in seen:
            seen.add(reason)
            if _grows(reason):
                continue
            yield replace(
                verdicts.at(
                    tensor,
                    model.settings,
                    f'nothing is known from tensor "{tensor.name}" ({tensor.op}) on: {reason}',
                ),
                required=Required(text="known"),
                help=_help(tensor),
                reason=reason,
                undecidable=True,
            )


def _grows(reason: str) -> bool:
    """Return whether nothing is known because the tensor grows from call to call."""
    from pytest_rf.streams.runs import GROWS

    return reason == GROWS.reason


def _help(tensor: Tensor) -> str:
    """Return what to write into the configuration where an operator has no rule."""
    graph = tensor.runs.graph
    actions = (step.action for step in graph.program if step.node.outputs.get(tensor.name) is tensor.value)
    operator = next(
        (action.operator for action in actions if isinstance(action, Unknown) and action.operator), ""
    )
    if not operator:
        return ""
    name = operator if "::" in operator else f"ai.onnx::{operator}"
    lines = ("[[operator]]", f"name = {json.dumps(name, ensure_ascii=False)}", "kernel = 3", "padding = 1")
    return (
        "state what it reads in the configuration, with its own numbers, or with elementwise, mixing or nothing = true "
        "in their place:\n" + "\n".join(lines)
    )


DOES = Does(check=check)
