"""SARIF 2.1.0, the form in which GitHub's code scanning and editors take findings."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from pytest_rf.analysis.report import to_json
from pytest_rf.checks import RULES, Rule
from pytest_rf.figures import number, shown
from pytest_rf.findings import Elsewhere, Finding, Step
from pytest_rf.reporters import places
from pytest_rf.reporters import sarif_log as sarif
from pytest_rf.reporters.cures import helps
from pytest_rf.reporters.fingerprints import fingerprints
from pytest_rf.reporters.lines import visible
from pytest_rf.reporters.places import Place
from pytest_rf.reporters.text import count
from pytest_rf.requirements.wording import elsewhere
from pytest_rf.results import ModelResult, Run

#: Results of a run that GitHub takes.
MOST = 25_000

#: Locations of a path, and further tensors of a finding, that are told.
_LONGEST = 100

#: Longer messages are cut.
_LIMIT = 1000

#: Why what is in the baseline does not fail.
_KNOWN = "known to fail: in the baseline"

_LEVELS = {"error": "error", "warning": "warning", "info": "note"}

_INDEX = {rule.code: number for number, rule in enumerate(RULES)}


def check(run: Run) -> str:
    """Return a run as a SARIF log."""
    results = tuple(islice(_results(run), MOST))
    driver = sarif.ToolComponent(
        name="pytest-rf", version=run.version, semantic_version=run.version, rules=tuple(map(_rule, RULES))
    )
    log = sarif.Log(
        schema=sarif.SCHEMA,
        version=sarif.VERSION,
        runs=(
            sarif.Run(
                tool=sarif.Tool(driver=driver),
                invocations=(_invocation(run, len(results)),),
                original_uri_base_ids={
                    sarif.ROOT: sarif.ArtifactLocation(
                        description=sarif.Message(text="The root of the repository.")
                    )
                },
                results=results,
            ),
        ),
    )
    return to_json(log)


def _results(run: Run) -> Iterator[sarif.Result]:
    """Yield what was found, and then what is waived or known."""
    pairs = [(result, found) for result in run.models for found in result.findings]
    waived = [(result, found, found.waived) for result in run.models for found in result.waived]
    waived += [(result, found, _KNOWN) for result in run.models for found in result.known]
    marks = fingerprints([*(found for _, found in pairs), *(found for _, found, _ in waived)])
    for result, found in pairs:
        yield _result(run, result, found, next(marks))
    for result, found, reason in waived:
        suppression = sarif.Suppression(kind="external", status="accepted", justification=_text(reason))
        yield _result(run, result, found, next(marks), (suppression,))


def _result(
    run: Run,
    result: ModelResult,
    found: Finding,
    mark: str,
    suppressions: tuple[sarif.Suppression, ...] = (),
) -> sarif.Result:
    place = places.of_finding(found, result, run)
    return sarif.Result(
        rule_id=found.code,
        rule_index=_INDEX.get(found.code, -1),
        level=_LEVELS[found.severity],
        message=_message(found.message, *helps(found)),
        locations=(sarif.Location(_physical(place), _logical(found.model, found)),),
        related_locations=tuple(_related(found, place)) or (),  # older msgspec leaves out only this very one
        code_flows=tuple(_growth(found, place)),
        suppressions=suppressions,
        partial_fingerprints={"pytestRf/v1": mark},
        properties=sarif.Properties(witness=found.witness) if found.witness else None,
    )


def _related(found: Finding, place: Place) -> Iterator[sarif.Location]:
    """Yield the line that made the module, and the further tensors of the same requirement."""
    made = places.of_source(found.source)
    if made is not None:
        yield sarif.Location(_physical(made), message=_message(f"made here: {found.module or found.tensor}"))
    for other in found.others[:_LONGEST]:
        yield _other(found, other, place)
    hidden = len(found.others) - _LONGEST
    if hidden > 0:
        yield sarif.Location(_physical(place), message=_message(f"and {count(hidden, 'more tensor')}"))


def _other(found: Finding, other: Elsewhere, place: Place) -> sarif.Location:
    said = "cannot be decided" if other.undecidable else elsewhere(found, other)
    on = f" on {' and '.join(other.axes)}" if other.axes else ""
    message = _message(f"{other.tensor}: {said}{on}")
    return sarif.Location(
        _physical(places.of_source(other.source) or place), _logical(found.model, other), message
    )


def _growth(found: Finding, place: Place) -> Iterator[sarif.CodeFlow]:
    """Yield the path of growth. Each step lies where the finding does: layers have no lines of their own."""
    if not found.path:
        return
    steps = found.path if len(found.path) <= _LONGEST else (*found.path[:50], *found.path[-50:])
    locations = tuple(
        sarif.ThreadFlowLocation(location=sarif.Location(_physical(place), message=_message(_step(step))))
        for step in steps
    )
    yield sarif.CodeFlow(thread_flows=(sarif.ThreadFlow(locations=locations),))


def _step(step: Step) -> str:
    sign = "×" if step.times else "+"
    growth = number(step.growth)
    added = shown(growth) if not step.times and growth < 0 else f"{sign}{shown(growth)}"
    return f"{step.layer}: {added} → {shown(number(step.total))}"


def _logical(model: str, at: Finding | Elsewhere) -> tuple[sarif.LogicalLocation, ...]:
    """Return the tensor, if the finding is about one."""
    if not at.tensor:
        return ()
    whole = "::".join(filter(None, (model, at.module or at.node, at.tensor)))
    name, full = visible(at.tensor), visible(whole, _LIMIT)
    return (sarif.LogicalLocation(name=name, fully_qualified_name=full, kind="value"),)


def _invocation(run: Run, told: int) -> sarif.Invocation:
    """Return how the run went, with the problems and warnings that are not findings."""
    notes = [
        sarif.Notification(
            level="error",
            message=_message(problem.message),
            locations=(sarif.Location(_physical(places.of_problem(problem, result, run))),),
        )
        for result in run.models
        for problem in result.problems
    ]
    notes += [sarif.Notification(level="warning", message=_message(warning)) for warning in run.warnings]
    hidden = (
        sum(len(result.findings) + len(result.waived) + len(result.known) for result in run.models) - told
    )
    if hidden > 0:
        text = f"{count(hidden, 'more finding')} not in this report; --report json:FILE lists all"
        notes.append(sarif.Notification(level="warning", message=_message(text)))
    return sarif.Invocation(
        execution_successful=run.exit_code < 2,
        exit_code=run.exit_code,
        tool_execution_notifications=tuple(notes),
    )


def _rule(rule: Rule) -> sarif.ReportingDescriptor:
    parts = rule.explanation
    text = "\n\n".join(f"{heading}\n{body}" for heading, body in parts.items())
    fenced = {**parts, "Example": f"```\n{parts['Example']}\n```"}
    markdown = "\n\n".join(f"## {heading}\n{body}" for heading, body in fenced.items())
    return sarif.ReportingDescriptor(
        id=rule.code,
        name=rule.name,
        short_description=sarif.Text(text=rule.summary),
        full_description=sarif.Text(text=" ".join(parts["What it does"].split())),
        help=sarif.Text(text=text, markdown=markdown),
        default_configuration=sarif.Configuration(level=_LEVELS[rule.severity]),
    )


def _physical(place: Place) -> sarif.PhysicalLocation:
    region = sarif.Region(start_line=place.line, start_column=place.column or None)
    return sarif.PhysicalLocation(sarif.artifact(place.file), region)


def _message(*texts: str) -> sarif.Message:
    return sarif.Message(text="\n".join(_text(text) for text in texts if text))


def _text(text: str) -> str:
    """Return text that a viewer shows as it is: ``[words](target)`` would be a link there."""
    return visible(text, _LIMIT).replace("](", "] (")
