"""What a rule is: a code, a name that reads well after "allow", an explanation, and a check."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pytest_rf.findings import Finding
from pytest_rf.requirements.explain import GROWING, steps
from pytest_rf.requirements.settings import Settings

#: The headings of an explanation, in their order, each as ``## heading``.
HEADINGS = ("What it does", "Why is this bad", "Example", "Use instead", "References")

#: The families of codes.
FAMILIES = {
    "RF0": "requirements and the run",
    "RF1": "size of the field",
    "RF2": "stride and alignment",
    "RF3": "decoders and upsampling",
    "RF4": "causality and streaming",
}

Check = Callable[[Any, Settings], Iterable[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A built-in rule.

    Attributes:
        code: such as ``RF101``; the first digit is the family.
        name: such as ``field-exceeds-input``.
        doc: the docstring of the rule's module: a summary line, then the headings.
        check: yields findings for an analysis; None where the run itself reports the rule.
        default: whether the rule is checked when the configuration selects nothing.
        always: whether it cannot be left out, because leaving it out would turn what is wrong into a pass.
    """

    code: str
    name: str
    doc: str
    check: Check | None = None
    default: bool = False
    always: bool = False

    @property
    def summary(self) -> str:
        """The explanation's first line."""
        return self.doc.strip().split("\n", 1)[0]

    @property
    def explanation(self) -> dict[str, str]:
        """The text under each heading."""
        body = textwrap.dedent("\n" + self.doc.strip().partition("\n")[2])
        parts = re.split(r"(?m)^## (.+)\n", body)
        return {heading: text.strip() for heading, text in zip(parts[1::2], parts[2::2], strict=True)}


def finding(
    code: str, name: str, analysis: Any, settings: Settings, tensor: Any, message: str, **more: Any
) -> Finding:
    """Return a finding of a rule at a tensor."""
    return Finding(
        code=code,
        rule=name,
        model=settings.model or analysis.name,
        message=message,
        file=settings.file or analysis.path or "",
        line=settings.line,
        tensor=tensor.name,
        node=tensor.node or "",
        op=tensor.op or "",
        module=tensor.module or "",
        source=tensor.source or "",
        **more,
    )


def grown(tensor: Any, axis: int, source: Any) -> dict[str, Any]:
    """Return how the field of a tensor grew, as findings hold it."""
    return {"figure": GROWING["rf"], "path": steps(tensor.path(axis, source.name), "rf")}


def finals(analysis: Any) -> list[Any]:
    """Return the final tensors that are known, each once."""
    return [t for t in {t.name: t for t in analysis.final}.values() if t.status != "unknown"]
