"""What edits of a model are tried against: the finding that they are to put right, and all that held before."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import NamedTuple

from pytest_rf.analysis import Analysis, Tensor
from pytest_rf.analysis.metrics import METRICS, PREDICATES, AxisField
from pytest_rf.checks.rule import Rule
from pytest_rf.checks.subject import Subject
from pytest_rf.cures.change import Change, edited
from pytest_rf.cures.sites import Layer, Sites
from pytest_rf.domains.structure import Structure
from pytest_rf.errors import RFError
from pytest_rf.figures import Number, number, value
from pytest_rf.findings import Cure, Edit, Finding, Measurement
from pytest_rf.limits import metered
from pytest_rf.requirements import Requirement, Settings, evaluate, measure
from pytest_rf.requirements.measure import Reading, Undecidable
from pytest_rf.requirements.syntax import AbsentError, Comparison


class Judged(NamedTuple):
    """What a model was held against, and what came of it.

    Attributes:
        settings: what its authors state about it.
        requirements: the requirements, in the order of their numbers.
        held: the numbers of those that hold, and have to hold after an edit.
        rules: the rules that were checked.
        findings: all that was found, also what is waived.
    """

    settings: Settings
    requirements: tuple[Requirement, ...] = ()
    held: frozenset[int] = frozenset()
    rules: tuple[Rule, ...] = ()
    findings: tuple[Finding, ...] = ()

    def requirement(self, found: Finding) -> Requirement | None:
        """Return the requirement that a finding is about; None where it is about a rule."""
        known = found.number is not None and found.number < len(self.requirements)
        return self.requirements[found.number] if known and found.number is not None else None

    def rule(self, found: Finding) -> Rule | None:
        """Return the rule that a finding is of; None where it is about a requirement."""
        return next((rule for rule in self.rules if found.number is None and rule.code == found.code), None)

    def is_cured(self, analysis: Analysis, found: Finding) -> bool:
        """Whether a finding is gone from an edited model; nothing else is looked at."""
        requirement, rule = self.requirement(found), self.rule(found)
        try:
            if requirement is not None:
                waived = self.settings.waived or (lambda _: False)
                return all(waived(one) for one in evaluate(analysis, requirement, self.settings))
            return rule is not None and not any(
                one.tensor == found.tensor for one in rule.findings(self._subject(analysis))
            )
        except RFError:
            return False

    def is_kept(self, analysis: Analysis) -> bool:
        """Whether all that held holds in an edited model, and no rule finds something new."""
        try:
            held = [one for number, one in enumerate(self.requirements) if number in self.held]
            if not all(self._holds(analysis, one) for one in held):
                return False
            known = {(one.code, place.tensor) for one in self.findings for place in one.tensors}
            subject = self._subject(analysis)
            return all(
                (one.code, one.tensor) in known for rule in self.rules for one in rule.findings(subject)
            )
        except RFError:
            return False

    def _subject(self, analysis: Analysis) -> Subject:
        return Subject(analysis, self.settings, self.requirements)

    def _holds(self, analysis: Analysis, requirement: Requirement) -> bool:
        try:
            return not evaluate(analysis, requirement, self.settings)
        except AbsentError:  # of a shared requirement, the part that does not apply
            return True


class Tried(NamedTuple):
    """An edited model, as the finding's figure is in it.

    Attributes:
        analysis: its analysis.
        edits: what was done.
        readings: the figure there, axis by axis; empty where there is none.
        passes: whether that is enough; nothing else was looked at.
    """

    analysis: Analysis
    edits: tuple[Edit, ...]
    readings: tuple[Reading, ...]
    passes: bool

    def cure(self) -> Cure:
        """Return what was done and what it gives."""
        found = []
        for reading in dict.fromkeys(self.readings):
            certain = None
            if not reading.exact:
                certain = (value(reading.low.certain), value(reading.high.certain))
            low, high = value(reading.low.upper), value(reading.high.upper)
            found.append(Measurement(low=low, high=high, certain=certain, side=reading.side))
        return Cure(edits=self.edits, measured=tuple(found))


class Exhausted(Exception):
    """Enough edits have been tried, or enough work was done for them."""


class Trial:
    """Tries edits of one model against one finding.

    Attributes:
        analysis: the model.
        found: the finding.
        judged: what the model was held against.
        sites: where the model can be edited.
        most: how many edits may be tried.
        budget: how much work may be done before the last edit is begun.
        tried: how many edits were tried.
        failed: how many of them are not enough, or break what held.
        work: how much was done for them (``limits.Meter``).
        nearest: the edit whose figure is the nearest to what is required, of those that are not enough; None where
            none is nearer than the model.
    """

    def __init__(
        self, analysis: Analysis, found: Finding, judged: Judged, sites: Sites, most: int, budget: int
    ) -> None:
        self.analysis = analysis
        self.found = found
        self.judged = judged
        self.sites = sites
        self.most = most
        self.budget = budget
        self.tried = self.failed = self.work = 0
        self._accepted: dict[tuple[Edit, ...], bool] = {}
        self.nearest: Tried | None = None

    @cached_property
    def fields(self) -> tuple[AxisField, ...]:
        """The fields that the finding is about: of its tensor, along its axes."""
        return tuple(self._fields(self.analysis))

    @cached_property
    def part(self) -> Comparison | None:
        """The comparison that fails; None where the finding is about no comparison."""
        requirement = self.judged.requirement(self.found)
        for part in () if requirement is None else requirement.parts:
            if isinstance(part, Comparison) and part.span == self.found.span:
                return part
        return None

    @property
    def wanted(self) -> Number | None:
        """What the figure is compared with."""
        need = self.found.required
        return number(need.value) if need is not None and need.comparator and need.value is not None else None

    @property
    def compares_equal(self) -> bool:
        """Whether the figure has to be one number."""
        return self.found.required is not None and self.found.required.comparator == "=="

    def attempt(self, change: Change) -> Tried | None:
        """Return the model with an edit; None where the edit cannot be made.

        Raises:
            Exhausted: enough has been tried.
        """
        if self.tried >= self.most or 2 * self.work >= self.budget:
            raise Exhausted
        made = edited(self.analysis, self.sites, change)
        if made is None:
            return None
        self.tried += 1
        analysis, edits = made
        with self._metered():
            readings = tuple(self._readings(analysis))
            tried = Tried(analysis, edits, readings, self._passes(analysis, readings))
        analysis.runs.forget()  # many are tried, and few are looked at again
        self.failed += not tried.passes
        if not tried.passes and self.distance(tried.readings) < self._least:
            self.nearest, self._least = tried, self.distance(tried.readings)
        return tried

    def accepts(self, tried: Tried) -> bool:
        """Whether the finding is gone from an edited model, planned anew, and all holds that held.

        Where the edit took away what told which axes are spatial, the built model would not be asked the same.

        Raises:
            Exhausted: enough work was done.
        """
        known = self._accepted.get(tried.edits)
        if known is not None:
            return known
        if self.work >= self.budget and self._accepted:  # one is looked at in any case
            raise Exhausted
        anew = dataclasses.replace(tried.analysis)
        accepted = dict(anew.inputs) == dict(self.analysis.inputs)
        if accepted:
            with self._metered():
                accepted = self.judged.is_cured(anew, self.found) and self.judged.is_kept(anew)
            anew.runs.forget()
        self.failed += not accepted
        self._accepted[tried.edits] = accepted
        return accepted

    @contextmanager
    def _metered(self) -> Iterator[None]:
        """Count work as done for the trial; the runs over the model itself are none, which others need as well."""
        with metered() as meter:
            yield
        self.work += meter.work

    @cached_property
    def _least(self) -> Number:
        """How far the nearest figure is from what is required: at first that of the model, which edits must better."""
        return self.distance(tuple(self._readings(self.analysis)))

    def distance(self, readings: Sequence[Reading]) -> Number:
        """Return how far a figure is from what is required."""
        wanted, need = self.wanted, self.found.required
        if wanted is None or need is None or not readings:
            return math.inf
        below = max(wanted - one.low.upper for one in readings)
        above = max(one.high.upper - wanted for one in readings)
        return {">": below, "<": above, "=": max(below, above), "!": math.inf}[need.comparator[0]]

    def _passes(self, analysis: Analysis, readings: Sequence[Reading]) -> bool:
        """Whether the finding's figure is as it must be where the finding is; a claim that fails is never negated."""
        found = self.found
        if self.part is not None:
            wanted = self.wanted
            return (
                bool(readings)
                and wanted is not None
                and all(measure.decide(one, self.part.comparator, wanted) for one in readings)
            )
        if found.metric in PREDICATES and found.number is not None:
            return all(getattr(field, found.metric) is True for field in self._fields(analysis))
        return self.judged.is_cured(analysis, found)

    def _readings(self, analysis: Analysis) -> Iterator[Reading]:
        metric = METRICS.get(self.found.metric)
        if metric is None or metric.joint:
            return
        align = self.part.figure.align if self.part is not None else None
        for field in self._fields(analysis):
            if self.found.counted:
                field, align = field.in_samples, align and align * field.framing.hop
            try:
                yield from measure.read(field, metric, align, self.judged.settings.origin)
            except (Undecidable, RFError):
                continue

    def _fields(self, analysis: Analysis) -> Iterator[AxisField]:
        """Yield the fields of the finding's tensor in a model, along its axes; edits leave values their numbers."""
        source, tensor = analysis.inputs.get(self.found.input), self.tensor
        if source is None or tensor is None:
            return
        value = analysis.graph.values[tensor.number]
        for axis in self.found.axes if isinstance(analysis.runs.structure(value), Structure) else ():
            if axis in source.axes:
                yield AxisField(analysis.runs, value, source, source.axes[axis])

    @cached_property
    def tensor(self) -> Tensor | None:
        """The tensor that the finding is about; outputs can have names of their own, and those of others."""
        name, node = self.found.tensor, self.found.node
        known = self.analysis.tensors.get(name)
        if known is not None and known.node == node:
            return known
        ends = (one for one in self.analysis.outputs if (one.name, one.node) == (name, node))
        return next(ends, known)

    def along(self, layer: Layer) -> tuple[int, ...]:
        """Return the numbers of a layer's windows that run along the finding's axes."""
        known = self.analysis.runs.plan.structures.get(layer.operand)
        if not isinstance(known, Structure):
            return ()
        keys = {field.key for field in self.fields}
        return tuple(
            axis
            for axis, place in enumerate(layer.axes)
            if keys & {key for factor in known.layout[place] for key in factor.carries}
        )

    def ancestors(self) -> set[int]:
        """Return the numbers of the values that the finding's tensor is computed from."""
        return set() if self.tensor is None else self.sites.graph.ancestors(self.tensor.number)


def beside(field: AxisField, number: int) -> AxisField:
    """Return the field of another value along the same axis."""
    return dataclasses.replace(field, value=field.runs.graph.values[number], beside=())
