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

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
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


Statement = Kind | Stated | Callable[[Any], Any]

_OPERATORS: dict[str, Statement] = {}
_MODULES: dict[type, Statement] = {}


def register(what: Any, rule: Statement) -> None:
    """Say what an operator or a module reads.

    Args:
        what: the operator's name ("mylib.blur", or "mylib.blur.overload"), or a class of modules.
        rule: "elementwise", "mixing" (everything but the batch axis is mixed), "nothing", a
            :class:`Stated` window, or a function from a
            :class:`~pytest_rf.operators.aten.call.Call` to the values of the outputs.

    Raises:
        ConfigError: ``what`` is no operator name or class, or ``rule`` none of these.
    """
    if not (callable(rule) or isinstance(rule, Stated) or rule in ("elementwise", "mixing", "nothing")):
        raise ConfigError(
            f"register: {rule!r} is no rule; give 'elementwise', 'mixing', 'nothing', Stated(...)"
        )
    if isinstance(what, type):
        _MODULES[what] = rule
        return
    name = str(what).replace("::", ".")
    if not 2 <= len(name.split(".")) <= 3 or not all(name.split(".")):
        raise ConfigError(f"register: {what!r} is not the name of an operator, such as 'mylib.blur'")
    _OPERATORS[name] = rule


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
        entry.load()()
