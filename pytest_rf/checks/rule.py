"""What a rule is: a code, a name that reads well after "allow", an explanation, and a check."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from msgspec.structs import replace

from pytest_rf.checks.gathering import along_all_axes
from pytest_rf.checks.options import Options, thresholds
from pytest_rf.checks.subject import Subject
from pytest_rf.findings import Finding
from pytest_rf.severity import SEVERITIES

#: The headings of an explanation, in their order, each as ``## heading``.
HEADINGS = ("What it does", "Why is this bad", "Example", "Use instead", "References")

#: The families of codes.
FAMILIES = {
    "RF0": "requirements and the run",
    "RF1": "size of the field",
    "RF2": "stride and alignment",
    "RF3": "decoders and upsampling",
    "RF4": "causality, streaming and samples",
    "RF5": "needless operators",
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
        unable: why the rule can say nothing of a model though that has what it is about, and what would help; the
            first is empty where it can.
        default: whether the rule is checked when the configuration selects nothing.
        actual: whether it is about the actual input, so that it says nothing of axes whose extents are our choice.
        always: whether it cannot be left out, because leaving it out would turn what is wrong into a pass.
        severity: what its findings are, one of :data:`pytest_rf.severity.SEVERITIES`; one can be milder.
        streams: whether it says something of a step model's stream; others are about the operators of one call, many
            of which are there to keep what the next call needs.
        options: what a configuration can say of it, with the defaults.
    """

    code: str
    name: str
    doc: str
    check: Check | None = None
    judges: Callable[[Subject], bool] | None = None
    unable: Callable[[Subject], tuple[str, str]] | None = None
    default: bool = False
    always: bool = False
    severity: str = "error"
    actual: bool = False
    streams: bool = False
    options: type[Options] = Options

    @property
    def summary(self) -> str:
        """The explanation's first line."""
        return self.doc.strip().split("\n", 1)[0]

    @property
    def explanation(self) -> dict[str, str]:
        """The text under each heading."""
        import textwrap

        body = textwrap.dedent("\n" + self.doc.strip().partition("\n")[2])
        parts = re.split(r"(?m)^## (.+)\n", body)
        return {
            heading: textwrap.dedent(text.strip("\n")).rstrip()
            for heading, text in zip(parts[1::2], parts[2::2], strict=True)
        }

    @property
    def settings(self) -> str:
        """Its table in a configuration with the defaults, as TOML, the rule's own keys first; empty without one."""
        if not self.has_options:
            return ""
        own = [(f"{one.name} = {one.default}", one.about) for one in thresholds(self.options)]
        rows = [
            (f"[rule.{self.name}]", f"[model.rule.{self.name}] for one model"),
            *own,
            (f'severity = "{self.severity}"', "error, warning or info; what is info by itself stays so"),
            ('undecidable = "warning"', "where upper bounds alone make it fire"),
        ]
        width = max(len(key) for key, _ in rows)
        return "\n".join(f"{key:<{width}}  # {about}" for key, about in rows)

    def findings(self, model: Subject) -> list[Finding]:
        """Return what the rule finds in a model; what it finds on several axes is said once."""
        found = self.check(model) if self.check is not None and self._is_about(model) else ()
        if self.actual:
            found = [one for one in found if not _is_chosen(model, one)]
        own = model.options.get(self.code) or self.options()
        told = along_all_axes(
            replace(one, code=self.code, rule=self.name, severity=self._severity(one, own)) for one in found
        )
        if not told:
            return []
        from pytest_rf import witnesses  # most rules find nothing

        return [witnesses.of_rule(model.analysis, one) for one in told]

    @property
    def has_options(self) -> bool:
        """Whether a configuration can say something of it: it finds something, and what it finds can be left out."""
        return self.check is not None and not self.always

    def _severity(self, one: Finding, own: Options) -> str:
        """Return how grave a finding is by the rule, by itself, and by what a configuration says."""
        if one.undecidable and self.has_options:
            return own.undecidable
        natural = max(self.severity, one.severity, key=SEVERITIES.index)
        return natural if own.severity is None or natural == "info" else own.severity

    def judged(self, model: Subject) -> bool:
        """Return whether the rule has judged a model: whether that has what the rule is about, at a given extent."""
        about = self._is_about(model) and (not self.actual or has_extents(model))
        return self.judges is not None and about and self.judges(model)

    def passed_over(self, model: Subject) -> tuple[str, str]:
        """Return why the rule could say nothing of a model that has what it is about, and what would help."""
        if self.unable is None or not self._is_about(model) or self.judged(model):
            return "", ""
        return self.unable(model)

    def _is_about(self, model: Subject) -> bool:
        """Return whether the rule is about models of this kind: all, or a stream if it says something of these."""
        return self.streams or model.analysis.stream is None


def _is_chosen(model: Subject, found: Finding) -> bool:
    """Return whether a finding is about axes whose extents are our choice."""
    source = model.analysis.inputs.get(found.input)
    chosen = () if source is None else source.chosen
    return bool(found.axes) and all(
        source is not None and source.axes.get(axis) in chosen for axis in found.axes
    )


def has_extents(model: Subject) -> bool:
    """Return whether there is such an axis whose extent is given, and not our choice."""
    return any(place.number not in place.input.chosen for place in model.finals())


def has_places(model: Subject) -> bool:
    """Return whether a final tensor that is known reads an input that has a spatial axis."""
    return any(True for _ in model.finals())
