"""What a rule is: a code, a name that reads well after "allow", an explanation, and a check."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from pytest_rf.analysis.metrics import METRICS
from pytest_rf.findings import Finding
from pytest_rf.requirements.explain import steps
from pytest_rf.requirements.select import fields, places
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
Subject = Callable[[Any], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A built-in rule.

    Attributes:
        code: such as ``RF101``; the first digit is the family.
        name: such as ``field-exceeds-input``.
        doc: the docstring of the rule's module: a summary line, then the headings.
        check: yields findings for an analysis; None where the run itself reports the rule.
        subject: whether an analysis has anything that the rule is about, so that no finding means that the rule
            holds; None where the rule judges no model, as those about the run.
        default: whether the rule is checked when the configuration selects nothing.
        always: whether it cannot be left out, because leaving it out would turn what is wrong into a pass.
    """

    code: str
    name: str
    doc: str
    check: Check | None = None
    subject: Subject | None = None
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
    return {"figure": METRICS["rf"].grows, "path": steps(tensor.path(axis, source.name), METRICS["rf"])}


def has_places(analysis: Any) -> bool:
    """Return whether a final tensor that is known reads an input that has a spatial axis."""
    return any(True for _ in finals(analysis))


class Place(NamedTuple):
    """Where a rule about the final field looks: one spatial axis of one input, at the tensor final for it."""

    tensor: Any
    source: Any
    axis: str
    number: int
    field: Any


def finals(analysis: Any, guarantee: bool = False) -> Iterator[Place]:
    """Yield the places of the final tensors that are known, each once.

    ``guarantee``: the places at which guarantees are held, which can be several for an axis.
    """
    told: set[tuple[int, str, int]] = set()
    for tensor in analysis.final:
        if tensor.status == "unknown":
            continue
        for source, field in fields(analysis, tensor):
            for axis, index in source.axes.items():
                for own, at, why in places(tensor, field, source, index, guarantee):
                    if not why and (id(own), source.name, index) not in told:
                        told.add((id(own), source.name, index))
                        yield Place(own, source, axis, index, at)
