"""What a rule is: a code, a name that reads well after "allow", an explanation, and a check."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pytest_rf.checks.options import Options, thresholds
from pytest_rf.findings import Finding
from pytest_rf.severity import SEVERITIES

if TYPE_CHECKING:
    from pytest_rf.checks.subject import Subject

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
Check = Callable[["Subject"], Iterable[Finding]]


class Does(Struct, frozen=True, kw_only=True):
    """What a rule does, as its module says it.

    Attributes:
        check: yields findings for a model; None where the run itself reports the rule.
        judges: whether a model has anything that the rule is about, so that no finding means that the rule
            holds; None where the rule judges no model, as those about the run.
        unable: why the rule can say nothing of a model though that has what it is about, and what would help; the
            first is empty where it can.
    """

    check: Check | None = None
    judges: Callable[[Subject], bool] | None = None
    unable: Callable[[Subject], tuple[str, str]] | None = None


_OF_THE_RUN = Does()


class Rule(Struct, frozen=True):
    """A built-in rule. What it does is in the module of its name, which is imported when it is to do it.

    Attributes:
        code: such as ``RF101``; the first digit is the family.
        name: such as ``field-exceeds-input``.
        default: whether the rule is checked when the configuration selects nothing.
        always: whether it cannot be left out, because leaving it out would turn what is wrong into a pass.
        severity: what its findings are, one of :data:`pytest_rf.severity.SEVERITIES`; one can be milder.
        actual: whether it is about the actual input, so that it says nothing of axes whose extents are our choice.
        streams: whether it says something of a step model's stream; others are about the operators of one call, many
            of which are there to keep what the next call needs.
        options: what a configuration can say of it, with the defaults.
        asked: whether somebody has asked for it, so that what it does not find is a pass.
    """

    code: str
    name: str
    default: bool = False
    always: bool = False
    severity: str = "error"
    actual: bool = False
    streams: bool = False
    options: type[Options] = Options
    asked: bool = True

    @property
    def _module(self) -> ModuleType:
        return import_module(f"pytest_rf.checks.{self.name.replace('-', '_')}")

    @property
    def _does(self) -> Does:
        found: Does = getattr(self._module, "DOES", _OF_THE_RUN)
        return found

    @property
    def doc(self) -> str:
        """The docstring of its module: a summary line, then the headings."""
        return self._module.__doc__ or ""

    @property
    def check(self) -> Check | None:
        """See :class:`Does`."""
        return self._does.check

    @property
    def judges(self) -> Callable[[Subject], bool] | None:
        """See :class:`Does`; None, too, where nobody has asked for the rule."""
        return self._does.judges if self.asked else None

    @property
    def is_about_models(self) -> bool:
        """Whether it judges models, which those about requirements and the run do not."""
        return not self.code.startswith("RF0")

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
        check = self.check
        found = check(model) if check is not None and self._is_about(model) else ()
        if self.actual:
            found = [one for one in found if not model.is_chosen(one)]
        if not (found := list(found)):
            return []
        own = model.options.get(self.code) or self.options()
        from pytest_rf import witnesses  # most rules find nothing
        from pytest_rf.checks.gathering import along_all_axes

        told = along_all_axes(
            replace(one, code=self.code, rule=self.name, severity=self._severity(one, own)) for one in found
        )
        return [witnesses.of_rule(model.analysis, one) for one in told]

    @property
    def has_options(self) -> bool:
        """Whether a configuration can say something of it: it finds something, and what it finds can be left out."""
        return self.is_about_models and not self.always

    def _severity(self, one: Finding, own: Options) -> str:
        """Return how grave a finding is by the rule, by itself, and by what a configuration says."""
        if one.undecidable and self.has_options:
            return own.undecidable
        natural = max(self.severity, one.severity, key=SEVERITIES.index)
        return natural if own.severity is None or natural == "info" else own.severity

    def judged(self, model: Subject) -> bool:
        """Return whether the rule has judged a model: whether that has what the rule is about, at a given extent."""
        judges = self.judges
        about = self._is_about(model) and (not self.actual or model.has_extents())
        return judges is not None and about and judges(model)

    def passed_over(self, model: Subject) -> tuple[str, str]:
        """Return why the rule could say nothing of a model that has what it is about, and what would help."""
        unable = self._does.unable
        if unable is None or not self._is_about(model) or self.judged(model):
            return "", ""
        return unable(model)

    def _is_about(self, model: Subject) -> bool:
        """Return whether the rule is about models of this kind: all, or a stream if it says something of these."""
        return self.streams or model.analysis.stream is None
