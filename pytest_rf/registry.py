"""Rules of users for their own operators and modules.

A rule says what the elements of the outputs read::

    pytest_rf.register("mylib::blur", pytest_rf.Stated(kernel=5, padding=2))     # torch.ops.mylib.blur
    pytest_rf.register("acme::Blur", pytest_rf.Stated(kernel=5, padding=2))      # operator Blur of an ONNX domain
    pytest_rf.register("acme::*", "elementwise")                                 # all of a domain that has no rule
    pytest_rf.register(MyFusedBlock, pytest_rf.Stated(kernel=3, stride=2, padding=1))
    pytest_rf.register("mylib::gain", "elementwise")
    pytest_rf.register("mylib::mix", lambda call: call.b.union(call.shape, Read(...)))

A registered module, or function of an ONNX file, is opaque: what it does inside is not looked at, its stated field
is believed. Packages can register theirs by an entry point of the group ``pytest_rf.rules``: a function without
arguments that calls :func:`register`. A configuration states the same in ``[[operator]]``, without any code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from numbers import Integral
from types import MappingProxyType
from typing import Any, Literal, get_args

from msgspec import Struct

from pytest_rf.errors import ConfigError

GROUP = "pytest_rf.rules"

Kind = Literal["elementwise", "mixing", "nothing"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Numbers = int | Sequence[int]
Pads = int | Sequence[int | Sequence[int]]


class Stated(Struct, frozen=True):
    """A window that the outputs read of every input of their rank, along the last axes.

    The first axis is the batch, the second is contracted as channels. An input of another rank is
    read as a whole, sample by sample.

    Attributes:
        kernel, stride, dilation: one number for all spatial axes, or one for each.
        padding: the same; for each axis also two numbers, before and behind: ``[[4, 0]]``.
        transposed: whether an output reads every input whose window reaches it, as in a transposed convolution.
        output_padding: positions that a transposed window adds behind.
        channels: of an operator in a file that does not tell its output's shape, the number of its channels; by
            default that of its input.

    Raises:
        ConfigError: a number is wrong, or goes with ``transposed`` only.
    """

    kernel: Numbers
    stride: Numbers = 1
    dilation: Numbers = 1
    padding: Pads = 0
    transposed: bool = False
    output_padding: Numbers = 0
    channels: int | None = None

    def __post_init__(self) -> None:
        for name, least in (("kernel", 1), ("stride", 1), ("dilation", 1), ("output_padding", 0)):
            given = getattr(self, name)
            numbers = tuple(given) if isinstance(given, Sequence) else (given,)
            if not numbers or not all(_whole(n, least) for n in numbers):
                raise ConfigError(
                    f"Stated: {name} {given!r} is wrong; give a whole number of at least {least}, or one for each "
                    "spatial axis"
                )
        if not _pads(self.padding):
            raise ConfigError(
                f"Stated: padding {self.padding!r} is wrong; give a whole number, or for each spatial axis one or "
                "two, before and behind"
            )
        if self.channels is not None and not _whole(self.channels, 1):
            raise ConfigError(
                f"Stated: channels {self.channels!r} is wrong; give a whole number of at least 1"
            )
        if self.output_padding != 0 and not self.transposed:
            raise ConfigError("Stated: output_padding goes with transposed=True only")


def _pads(given: object) -> bool:
    numbers = tuple(given) if isinstance(given, Sequence) else (given,)
    return bool(numbers) and all(
        _whole(one, None)
        or (isinstance(one, Sequence) and len(one) == 2 and all(_whole(side, None) for side in one))
        for one in numbers
    )


def _whole(number: object, least: int | None) -> bool:
    return (
        isinstance(number, Integral)
        and not isinstance(number, bool)
        and (least is None or int(number) >= least)
    )


Statement = Kind | Stated | Callable[[Any], Any]

Operators = Mapping[str, Statement]
"""What a configuration states: ``acme::Blur`` -> statement, ``acme::*`` for the rest of a domain."""

NONE: Operators = MappingProxyType({})

_OPERATOR = r"\w+\.\w+(\.\w+)?"
_NAME = r"(?P<domain>[A-Za-z_][\w.-]{0,199})::(?P<op>\w{1,200}(?:\.\w{1,200})?|\*)"
_OPERATORS: dict[str, Statement] = {}
_ONNX: dict[str, Statement] = {}
_MODULES: dict[type, Statement] = {}


def register(what: Any, rule: Statement) -> None:
    """Say what an operator or a module reads.

    Args:
        what: the operator or its name ("mylib::blur", or "mylib::blur.overload"; in ONNX files "domain::Operator",
            or "domain::*" for all of a domain that nothing else is known of), a class of modules, or an
            ``autograd.Function``.
        rule: "elementwise", "mixing" (everything but the batch axis is mixed), "nothing", a
            :class:`Stated` window, or a function from a
            :class:`~pytest_rf.operators.aten.call.OpCall` (in ONNX files a
            :class:`~pytest_rf.operators.onnx.call.NodeCall`) to the values of the outputs.

    Raises:
        ConfigError: ``what`` is no operator name or class, or ``rule`` none of these.
    """
    if not (callable(rule) or isinstance(rule, Stated) or rule in KINDS):
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
    text = str(getattr(what, "_qualname", what))
    if is_name(text):
        _ONNX[key_of(text)] = rule
    name = text.replace("::", ".")
    if re.fullmatch(_OPERATOR, name):
        _OPERATORS[name] = rule
    elif not is_name(text):
        raise ConfigError(
            f"register: {what!r} is not the name of an operator, such as 'mylib::blur', or 'acme::Blur' in ONNX files"
        )


def is_name(text: str) -> bool:
    """Return whether a text is the name of an operator, ``domain::Operator``, or of a domain's, ``domain::*``."""
    return re.fullmatch(_NAME, text, re.ASCII) is not None


def key_of(text: str) -> str:
    """Return the name under which an operator is looked up: ONNX's own domain has none."""
    return text.removeprefix("ai.onnx::")


def _is_function(what: type) -> bool:
    """Whether a class is an ``autograd.Function``."""
    return hasattr(what, "apply") and hasattr(what, "forward")


def functions() -> list[Any]:
    """Return the registered classes that are ``autograd.Function``s."""
    _load_entry_points()
    return [kind for kind in _MODULES if _is_function(kind) and not hasattr(kind, "named_modules")]


def operator(op: str, own: Operators = NONE) -> Statement | None:
    """Return the rule stated for "namespace.name.overload": a configuration's ``own``, or the newest registered."""
    _load_entry_points()
    stated = own.get(op.replace(".", "::", 1)) or own.get(op.rpartition(".")[0].replace(".", "::", 1))
    return stated or _OPERATORS.get(op) or _OPERATORS.get(op.rpartition(".")[0])


def onnx_operator(key: str, own: Operators = NONE) -> Statement | None:
    """Return the rule stated for "domain::Operator" of an ONNX file, or "Operator" of the standard, by that name."""
    return own.get(key) or _ONNX.get(key)


def onnx_fallback(key: str, own: Operators = NONE) -> Statement | None:
    """Return the rule stated for an operator that nothing else is known of: also that of its whole domain.

    Rules of installed packages are looked for here, so that no package is imported for a file that needs none.
    """
    _load_entry_points()
    domain, _, op = key.rpartition("::")
    return onnx_operator(key, own) or (onnx_operator(f"{domain}::*", own) if domain and op else None)


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
    from importlib.metadata import entry_points  # and with it much that most models need nothing of

    for entry in entry_points(group=GROUP):
        try:
            entry.load()()
        except Exception as error:  # whatever the package does
            raise ConfigError(
                f"entry point {entry.name} = {entry.value} of the group {GROUP} fails: "
                f"{type(error).__name__}: {error}; mend or uninstall its package"
            ) from error
