"""Rules of users for their own operators and modules.

A rule says what the elements of the outputs read::

    pytest_rf.register("mylib.blur", pytest_rf.Stated(kernel=5, padding=2))     # torch.ops.mylib.blur
    pytest_rf.register(MyFusedBlock, pytest_rf.Stated(kernel=3, stride=2, padding=1))
    pytest_rf.register("mylib.gain", "elementwise")
    pytest_rf.register("mylib.mix", lambda call: call.b.union(call.shape, Read(...)))

A registered module is opaque: what it does inside is not looked at, its stated field is believed.
Packages can register theirs by an entry point of the group ``pytest_rf.rules``: a function without
arguments that calls :func:`register`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from numbers import Integral
from typing import Any, Literal

from pytest_rf.errors import ConfigError

GROUP = "pytest_rf.rules"

Kind = Literal["elementwise", "mixing", "nothing"]
Numbers = int | Sequence[int]


@dataclass(frozen=True, slots=True)
class Stated:
    """A window that the outputs read of every input of their rank, along the last axes.

    The first axis is the batch, the second is contracted as channels. An input of another rank is
    read as a whole, sample by sample.

    Attributes:
        kernel, stride, dilation, padding: one number for all spatial axes, or one for each.
    """

    kernel: Numbers
    stride: Numbers = 1
    dilation: Numbers = 1
    padding: Numbers = 0

    def __post_init__(self) -> None:
        for name, least in (("kernel", 1), ("stride", 1), ("dilation", 1), ("padding", None)):
            given = getattr(self, name)
            numbers = tuple(given) if isinstance(given, Sequence) else (given,)
            if not numbers or not all(_whole(n, least) for n in numbers):
                raise ConfigError(
                    f"Stated: {name} {given!r} is wrong; give a whole number"
                    f"{'' if least is None else f' of at least {least}'}, or one for each spatial axis"
                )


def _whole(number: object, least: int | None) -> bool:
    return (
        isinstance(number, Integral)
        and not isinstance(number, bool)
        and (least is None or int(number) >= least)
    )


Statement = Kind | Stated | Callable[[Any], Any]

_OPERATOR = re.compile(r"\w+\.\w+(\.\w+)?")
_OPERATORS: dict[str, Statement] = {}
_MODULES: dict[type, Statement] = {}


def register(what: Any, rule: Statement) -> None:
    """Say what an operator or a module reads.

    Args:
        what: the operator or its name ("mylib.blur", or "mylib.blur.overload"), a class of modules, or an
            ``autograd.Function``.
        rule: "elementwise", "mixing" (everything but the batch axis is mixed), "nothing", a
            :class:`Stated` window, or a function from a
            :class:`~pytest_rf.operators.aten.call.OpCall` to the values of the outputs.

    Raises:
        ConfigError: ``what`` is no operator name or class, or ``rule`` none of these.
    """
    if not (callable(rule) or isinstance(rule, Stated) or rule in ("elementwise", "mixing", "nothing")):
        raise ConfigError(
            f"register: {rule!r} is no rule; give 'elementwise', 'mixing', 'nothing', Stated(...)"
        )
    if isinstance(what, type):
        if not hasattr(what, "named_modules") and not _is_function(what):
            raise ConfigError(f"register: {what.__name__} is no class of modules, and no autograd.Function")
        _MODULES[what] = rule
        return
    if hasattr(what, "named_modules"):
        kind = type(what).__name__
        raise ConfigError(f"register: a {kind} is one module; give the class, register({kind}, ...)")
    # torch.library.custom_op gives an object that knows its name.
    name = str(getattr(what, "_qualname", what)).replace("::", ".")
    if not _OPERATOR.fullmatch(name):
        raise ConfigError(f"register: {what!r} is not the name of an operator, such as 'mylib.blur'")
    _OPERATORS[name] = rule


def _is_function(what: type) -> bool:
    """Whether a class is an ``autograd.Function``."""
    return hasattr(what, "apply") and hasattr(what, "forward")


def functions() -> list[Any]:
    """Return the registered classes that are ``autograd.Function``s."""
    _load_entry_points()
    return [kind for kind in _MODULES if _is_function(kind) and not hasattr(kind, "named_modules")]


def operator(op: str) -> Statement | None:
    """Return the rule registered for "namespace.name.overload"; the newest one counts."""
    _load_entry_points()
    return _OPERATORS.get(op) or _OPERATORS.get(op.rpartition(".")[0])


def module_class(module: object) -> type | None:
    """Return the registered class that a module is an instance of, the most derived one."""
    _load_entry_points()
    if not _MODULES:
        return None
    return next((kind for kind in type(module).__mro__ if kind in _MODULES), None)


def module_rule(kind: type) -> Statement:
    """Return the rule of a registered class."""
    return _MODULES[kind]


@cache
def _load_entry_points() -> None:
    for entry in entry_points(group=GROUP):
        try:
            entry.load()()
        except Exception as error:  # whatever the package does
            raise ConfigError(
                f"entry point {entry.name} = {entry.value} of the group {GROUP} fails: "
                f"{type(error).__name__}: {error}; mend or uninstall its package"
            ) from error
