"""``[[operator]]``: what an operator of one's own reads, stated without code; and the lines that state it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_rf.config.tomlfile import Document
from pytest_rf.errors import ConfigError
from pytest_rf.registry import KINDS, Stated, Statement, is_name, key_of

if TYPE_CHECKING:
    from pytest_rf.config.tables import OperatorTable

_WINDOW = ("stride", "dilation", "padding", "transposed", "output_padding", "channels")
_TORCH = ("aten", "prims", "prim")


def statements(document: Document, entries: Sequence[OperatorTable]) -> dict[str, Statement]:
    """Return what a file states of operators, by the name that each is looked up by.

    Raises:
        ConfigError: a statement is not one, its operator is known, or is stated twice; the text names the line.
    """
    found: dict[str, Statement] = {}
    for place, entry in enumerate(entries):
        try:
            key = _key(entry.name)
            if key in found:
                raise ConfigError(f'"{entry.name}" is stated twice')
            found[key] = _statement(entry)
        except ConfigError as error:
            raise document.error(f"operator: {error}", document.line("operator", place)) from None
    return found


def _key(name: str) -> str:
    if not is_name(name):
        raise ConfigError(
            f'name = "{name[:100]}" is not domain::Operator, as in "acme::Blur"; "acme::*" is all of a domain'
        )
    key = key_of(name)
    domain, _, op = key.rpartition("::")
    if domain in _TORCH:
        raise ConfigError(
            f'"{name}" is an operator of PyTorch itself; pytest_rf.register() in Python states another rule for it'
        )
    from pytest_rf.frontends.onnx import is_known

    if is_known(key) or (not domain and op == "*"):
        raise ConfigError(
            f'"{name}" is known: what it reads follows from the file, so it is not to be stated; take the entry out'
        )
    return key


def _statement(entry: OperatorTable) -> Statement:
    kinds = [kind for kind in KINDS if getattr(entry, kind)]
    ways = ["kernel"] * (entry.kernel is not None) + list(kinds)
    if len(ways) != 1:
        raise ConfigError(
            f'"{entry.name}" says {" and ".join(ways) or "nothing of what it reads"}; give one of kernel = 3, '
            "elementwise = true, mixing = true, nothing = true"
        )
    given = {name: getattr(entry, name) for name in _WINDOW if getattr(entry, name) is not None}
    if entry.kernel is None:
        if given:
            raise ConfigError(f'"{entry.name}": {next(iter(given))} goes with kernel, which is not there')
        return kinds[0]
    try:
        return Stated(kernel=entry.kernel, **given)
    except ConfigError as error:
        text = str(error).removeprefix("Stated: ").replace("transposed=True", "transposed = true")
        raise ConfigError(f'"{entry.name}": {text}') from None
