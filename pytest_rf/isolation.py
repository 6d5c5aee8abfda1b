"""Which models are examined in processes of their own, and what is kept of them between runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec
from msgspec import Struct

from pytest_rf import gc_pause, paths
from pytest_rf.arrays import Npy
from pytest_rf.config.sources import Target
from pytest_rf.errors import ModelError, RFError
from pytest_rf.jobs import Examined, Job, failed, interrupted
from pytest_rf.results import ModelResult
from pytest_rf.running import Outcome, Terms, outcomes
from pytest_rf.running.process import is_forkable, preload
from pytest_rf.running.terms import MEMORY, SECONDS

if TYPE_CHECKING:
    from pytest_rf.running.cache import Cache

Isolate = Literal["auto", "always", "never"]

T = TypeVar("T")

_ANALYSES = "pytest_rf.examining"
"""What examines models, with all that this needs: it is imported where one is examined, and not by who asks for it."""

LARGE = 1 << 25
"""Bytes of a model file from which on it has a process of its own, whatever that costs."""


def terms(target: Target) -> Terms:
    """Return what a model may take: the limits of its configuration, or else the usual ones."""
    limits = target.model.limits
    memory = limits.memory if limits.memory is not None or target.is_code else MEMORY
    return Terms(limits.seconds or SECONDS, memory, alone=target.is_code)


def is_isolated(target: Target, isolate: Isolate, untrusted: bool = False) -> bool:
    """Return whether a model has a process of its own.

    Code has one always. With ``auto`` a file has one where that costs hardly anything (where a process can be
    forked), or where it is worth its cost: for a file that is not trusted or large, and where its time or memory is
    limited.

    Args:
        target: the model.
        isolate: what its users want of files.
        untrusted: whether nobody has looked at the file, as in a commit hook.
    """
    if target.is_code or isolate == "always":
        return True
    if isolate == "never":
        return False
    limits = target.model.limits
    stated = limits.seconds is not None or limits.memory is not None
    return untrusted or stated or is_forkable() or _size(target) >= LARGE


def _size(target: Target) -> int:
    with suppress(OSError):
        return target.path.stat().st_size if target.path is not None else 0
    return 0


class Examiners(Struct):
    """Examine models: those that are isolated by processes, the others here; and none whose result is kept.

    Attributes:
        jobs: how many processes work at a time; with several, all models are theirs.
        isolate: as for :func:`is_isolated`.
        untrusted: likewise.
        cache: the results that are kept between runs; None where none are.
        heard: is told what a model that has a process has printed.
        begun: is told how many models there are.
        ready: is told each model that is examined.
    """

    jobs: int = 1
    isolate: Isolate = "auto"
    untrusted: bool = False
    cache: Cache | None = None
    heard: Callable[[Target, Outcome], None] = lambda target, outcome: None
    begun: Callable[[int], None] = lambda total: None
    ready: Callable[[Target], None] = lambda target: None

    def __call__(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Examined]]:
        """Yield the place of each model among those given, and what was found out about it.

        Ctrl-C ends it: of what is left over then, that it was not checked.
        """
        left = dict.fromkeys(range(len(jobs)))
        try:
            self.begun(len(jobs))
            keys = [None if self.cache is None else _key(job) for job in jobs]
            for place, one in self._all(jobs, keys):
                del left[place]
                self.ready(jobs[place].target)
                yield place, one
        except KeyboardInterrupt:
            for place in left:
                yield place, interrupted(jobs[place])
        finally:
            if self.cache is not None:
                self.cache.close()

    def _all(self, jobs: Sequence[Job], keys: Sequence[str | None]) -> Iterator[tuple[int, Examined]]:
        left = []
        for place, kept in enumerate(map(self._kept, keys)):
            if kept is None:
                left.append(place)
            else:
                yield place, kept
        several = self.jobs > 1 and len(left) > 1
        isolated = [
            place
            for place in left
            if several or is_isolated(jobs[place].target, self.isolate, self.untrusted)
        ]
        for place, one in self._here(jobs, [place for place in left if place not in set(isolated)]):
            self._keep(keys[place], one)
            yield place, one
        for place, one in self._elsewhere(jobs, isolated):
            self._keep(keys[place], one)
            yield place, one

    def _here(self, jobs: Sequence[Job], places: Sequence[int]) -> Iterator[tuple[int, Examined]]:
        if places:
            from pytest_rf.examining import examine  # with all that analyses; where nothing is, nothing of it
        for number, place in enumerate(places):
            if number:
                gc_pause.collect()
            yield place, examine(jobs[place])

    def _elsewhere(self, jobs: Sequence[Job], places: Sequence[int]) -> Iterator[tuple[int, Examined]]:
        tasks = [(jobs[place], paths.root()) for place in places]
        codes, several = sum(job.target.is_code for job, _ in tasks), min(self.jobs, len(tasks)) > 1
        if codes > 1:
            preload("pytest_rf.frontends.torch")  # once here, not in each of their processes
        if (codes > 1 or several) and is_forkable():
            import_module(_ANALYSES)  # likewise
        if several and is_forkable():
            import_module("pytest_rf.frontends.onnx")
        taking = [terms(job.target) for job, _ in tasks]
        for number, outcome in outcomes(_examined, tasks, taking, self.jobs, needs=_ANALYSES):
            place = places[number]
            job = jobs[place]
            self.heard(job.target, outcome)
            found = None if outcome.result is None else _read(outcome.result)
            yield place, found or failed(job, outcome.failure or "told no result")

    def _kept(self, kept: str | None) -> Examined | None:
        content = None if self.cache is None or kept is None else self.cache.get(kept)
        return None if content is None else _read(content)

    def _keep(self, kept: str | None, one: Examined) -> None:
        """Keep a result, unless something went wrong, which may not happen the next time."""
        good = one.result.judged and not one.result.problems
        if self.cache is not None and kept is not None and good:
            self.cache.keep(kept, _written(one))


def isolated(target: Target, make: Callable[[Target], T], heard: Callable[[Target, Outcome], None]) -> T:
    """Return what is made of a target in a process of its own.

    Args:
        target: the model.
        make: makes it; a function of a module. What it returns can be pickled: the process that returns it is believed,
            so this is for what runs code anyway.
        heard: is told what was printed.

    Raises:
        RFError: it cannot be made.
    """
    ((_, outcome),) = outcomes(partial(_made, make), [(target, paths.root())], [terms(target)])
    heard(target, outcome)
    if outcome.result is None:
        raise ModelError(f"{target.source}: {outcome.failure}")
    import pickle  # as only what runs code is handed over

    made, text, detail = pickle.loads(outcome.result)
    if text:
        error = ModelError(text)
        error.detail = detail  # type: ignore[attr-defined]
        raise error
    result: T = made
    return result


def _made(make: Callable[[Target], Any], task: tuple[Target, Path | None]) -> bytes:
    """Return what is made, or the text of the error and more for a person to read."""
    import pickle

    target, root = task
    with paths.named_from(root):
        try:
            return pickle.dumps((make(target), "", ""))
        except RFError as error:
            return pickle.dumps((None, str(error), getattr(error, "detail", "")))


def _examined(task: tuple[Job, Path | None]) -> bytes:
    """Examine a model, in a process of its own."""
    from pytest_rf.examining import examine

    job, root = task
    with paths.named_from(root):
        return _written(examine(job))


_Written = tuple[ModelResult, list[tuple[tuple[str | int, ...], str]], str]
"""A result as JSON has it: with what is missing as pairs."""


def _written(one: Examined) -> bytes:
    """Return a result as text: Python's JSON has infinity, whole numbers of any size, and names that are not UTF-8."""
    result, missing, drawn = one  # JSON has no keys but texts
    return json.dumps(msgspec.to_builtins((result, list(missing.items()), drawn))).encode()


def _read(content: bytes) -> Examined | None:
    """Return a result that was written; None where it is none."""
    with suppress(ValueError, TypeError, RecursionError, msgspec.ValidationError):
        result, missing, drawn = msgspec.convert(json.loads(content), _Written, strict=True)
        return Examined(result, dict(missing), drawn)
    return None


def _key(job: Job) -> str | None:
    """Return the key of a result; None where it rests on more than the model file and what is declared about it."""
    target, config, rules, asked, recorded, _, today, prove, cures, draw = job
    model = target.model
    if (
        prove is not None
        or draw is not None
        or target.path is None
        or target.astray
        or any(isinstance(value, Npy) for value in model.values.values())
    ):
        return None
    if any("file:" in one.requirement.text.lower() for one in model.requires):
        return None
    from pytest_rf.running.keys import key  # with what results are signed by

    try:
        facts = (
            target,
            (rules, asked, cures),
            (config.path, config.file, config.root, config.uncovered, config.baseline, config.lock),
            recorded.known(config, target),
            None if config.lock is None else config.lock.read_bytes(),
            today if any(one.until for one in model.waivers) else None,
            (target.path.absolute(), paths.root()),
        )
        return key(target.path, facts)
    except (OSError, TypeError, ValueError):
        return None
