"""What a rule is: a code, a name that reads well after "allow", an explanation, and a check."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from msgspec.structs import replace

from pytest_rf.checks.gathering import along_all_axes
from pytest_rf.checks.subject import Subject
from pytest_rf.findings import Finding

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

#: Yields findings without code and name, which :meth:`Rule.findings` adds.
Check = Callable[[Subject], Iterable[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A built-in rule.

    Attributes:
        code: such as ``RF101``; the first digit is the family.
        name: such as ``field-exceeds-input``.
        doc: the docstring of the rule's module: a summary line, then the headings.
        check: yields findings for a model; None where the run itself reports the rule.
        judges: whether a model has anything that the rule is about, so that no finding means that the rule
            holds; None where the rule judges no model, as those about the run.
        default: whether the rule is checked when the configuration selects nothing.
        always: whether it cannot be left out, because leaving it out would turn what is wrong into a pass.
        severity: what its findings are, one of :data:`pytest_rf.severity.SEVERITIES`.
    """

    code: str
    name: str
    doc: str
    check: Check | None = None
    judges: Callable[[Subject], bool] | None = None
    default: bool = False
    always: bool = False
    severity: str = "error"

    @property
    def summary(self) -> str:
        """The explanation's first line."""
        return self.doc.strip().split("\n", 1)[0]

    @property
    def explanation(self) -> dict[str, str]:
        """The text under each heading."""
        body = textwrap.dedent("\n" + self.doc.strip().partition("\n")[2])
        parts = re.split(r"(?m)^## (.+)\n", body)
        return {
            heading: textwrap.dedent(text.strip("\n")).rstrip()
            for heading, text in zip(parts[1::2], parts[2::2], strict=True)
        }

    def findings(self, model: Subject) -> list[Finding]:
        """Return what the rule finds in a model; what it finds on several axes is said once."""
        found = self.check(model) if self.check is not None else ()
        return along_all_axes(
            replace(one, code=self.code, rule=self.name, severity=self.severity) for one in found
        )


def has_places(model: Subject) -> bool:
    """Return whether a final tensor that is known reads an input that has a spatial axis."""
    return any(True for _ in model.finals())
