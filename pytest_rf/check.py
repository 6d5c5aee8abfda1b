"""The use case: check every model that was asked for, and say what was found.

One model's trouble never hides another's result: whatever goes wrong while a model is read or analysed
becomes a problem of that model, and the run goes on. A problem is never a pass.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from msgspec.structs import replace

from pytest_rf import calls, checks, gc_pause, siblings
from pytest_rf.config import asked
from pytest_rf.config.asked import Asked
from pytest_rf.config.declared import Config, PlacedRequirement
from pytest_rf.jobs import Examined, Job, Load, Prove, stuck
from pytest_rf.recorded import Recorded
from pytest_rf.requirements import parse
from pytest_rf.results import ModelResult, Run

#: Who examines models: yields the place of each among those given, and what was found, in any order.
Examiner = Callable[[Sequence[Job]], Iterator[tuple[int, Examined]]]


def run(
    config: Config | None = None,
    paths: Sequence[str] = (),
    requires: Sequence[str] = (),
    *,
    call: Mapping[str, Any] | None = None,
    models: Sequence[str] = (),
    allow_code: bool = False,
    skip_code: bool = False,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    fail_on: str | None = "error",
    load: Load | None = None,
    examiner: Examiner | None = None,
    today: date | None = None,
    recorded: Recorded | None = None,
    prove: Prove | None = None,
    cures: bool = True,
) -> Run:
    """Check models and return what was found.

    Args:
        config: the configuration, or None for the built-in defaults.
        paths: check only these: model files (with the config's requirements where a model of the config has
            that file), folders and patterns of them, ``package.module:factory``, names of models of the config, or a
            config file, which stands for all its models. Without paths, every model of the config.
        requires: requirements beside the config's, for every model that is checked.
        call: how models are called, key by key (:data:`pytest_rf.calls.KEYS`), before what the config says.
        models: of the config, only the models with these names.
        allow_code: whether ``package.module:factory`` may run code.
        skip_code: whether it is left out where it may not, which is an error otherwise.
        select: rules to check in place of those that the config selects or ignores: codes, prefixes or names.
        ignore: rules to leave out beside those that are left out anyway.
        fail_on: the least severity of findings that makes the exit status 1; None where none does.
        load: how to turn a target into an analysis; by default :func:`pytest_rf.targets.analyse`.
        examiner: who examines the models; by default this process, one after the other, which alone uses ``load``.
        today: the day that waivers are held against; by default the machine's.
        recorded: the configurations' baselines and locks, where they have been read already.
        prove: holds witnesses against runs of the model; by default nothing is run.
        cures: whether edits that would cure findings are looked for.

    Raises:
        RequirementError: a text in ``requires`` cannot be understood.
        ConfigError: there is nothing to check: ``models`` names none, or the config has none.
        CallError: ``call`` is not understood.
    """
    config = config or Config()
    chosen = checks.Choice(tuple(select), tuple(ignore))
    stated = tuple(PlacedRequirement(parse(text)) for text in requires)
    items = asked.models(config, paths, models)
    recorded = recorded or Recorded(item.config for item in items)
    results: dict[int, ModelResult] = {}
    jobs: dict[int, Job] = {}
    for number, item in enumerate(items):
        model, target = item.model, item.target
        if target is None or item.problem is not None:
            problems = (item.problem,) if item.problem else ()
            name, held = model.name or model.source, map(stuck, (*model.stated, *stated))
            results[number] = ModelResult(
                model=name, file=model.source, problems=problems, requirements=tuple(held)
            )
            continue
        whole = replace(calls.stated(model, call or {}), requires=(*model.requires, *stated))
        target = replace(target, model=whole)
        reason = asked.leaving_out(target, item.config, skip_code=skip_code and not allow_code)
        if reason:
            results[number] = ModelResult(model=target.name, file=target.source, skipped=reason)
            continue
        rules = chosen.over(item.config.select, item.config.ignore, (model.select, model.ignore))
        codes = tuple(rule.code for rule in rules)
        asked_for = tuple(rule.code for rule in rules if rule.asked and rule.is_about_models)
        day = today or date.today()
        jobs[number] = Job(target, item.config, codes, asked_for, recorded, allow_code, day, prove, cures)
    numbers = list(jobs)
    examining = (examiner or partial(_one_by_one, load=load))(list(jobs.values()))
    examined = {numbers[place]: one for place, one in examining}
    results.update((number, one.result) for number, one in examined.items())
    found = [results[number] for number in range(len(items))]
    _refuse_unmatched(items, found, {number: one.missing for number, one in examined.items()})
    if not models and _is_whole(config, paths) and all(item.target for item in items):
        told = recorded.gone(config, [item.target for item in items if item.target])
        found[-1] = replace(found[-1], warnings=(*found[-1].warnings, *told))
    return Run.of(found, config.file, fail_on)


def _is_whole(config: Config, paths: Sequence[str]) -> bool:
    """Return whether all models of a configuration are asked for: no paths are given, or its own."""
    own = "" if config.path is None else os.path.realpath(config.path)
    return not paths or any(path.endswith(".toml") and os.path.realpath(path) == own for path in paths)


def _one_by_one(jobs: Sequence[Job], load: Load | None) -> Iterator[tuple[int, Examined]]:
    """Examine models in this process."""
    from pytest_rf.examining import examine  # with all that analyses; a process of its own imports it itself

    for place, job in enumerate(jobs):
        if place:
            gc_pause.collect()
        yield place, examine(job, load)


def _refuse_unmatched(
    items: Sequence[Asked], results: list[ModelResult], missing: Mapping[int, siblings.Missing]
) -> None:
    """Make a problem of accepted context that no model of an entry has; only a run of all of them can tell."""
    entries: dict[int, list[int]] = {}
    for number, item in enumerate(items):
        if item.target is not None and item.target.siblings > 1:
            entries.setdefault(id(item.model), []).append(number)
    for numbers in entries.values():
        model, target = items[numbers[0]].model, items[numbers[0]].target
        if target is not None and len(numbers) == target.siblings:
            problems = siblings.refused(model, [missing.get(number, {}) for number in numbers])
            last = results[numbers[-1]]
            results[numbers[-1]] = replace(last, problems=(*last.problems, *problems))
