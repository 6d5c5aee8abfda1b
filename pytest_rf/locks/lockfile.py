r"""A lock as text: a line a tensor, sorted, so that a diff says what has moved.

::

    pytest-rf lock 1

    model unet unet.onnx
    input image h=96 w=96
    final mask
      decoder.0.conv Conv ; image h w rf=36..40 rf_min=3 stride=1 start=-18 halo=18,18 bounded=yes

A name that is not plain stands in quotes, as JSON writes it: ``"a name\u001b"``. A tensor's line has its name, its
operator, ``in`` and the path of its module where that is another, and behind each ``;`` an input, axes and figures;
``; unknown`` where nothing is known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from pytest_rf.config.records import ModelKey
from pytest_rf.config.tomlfile import refuse_special
from pytest_rf.errors import ConfigError
from pytest_rf.locks.figures import Figures, ModelFigures, TensorFigures, Towards
from pytest_rf.paths import display

FORMAT = 1
"""Version of the text's form; it grows when a reader of the old form could misread the new one."""

HEAD = "pytest-rf lock"

#: A lock of this many bytes is none.
MAX_SIZE = 1 << 28

Lock = dict[ModelKey, ModelFigures]
"""The figures of models by what the lock calls them."""

_PLAIN = re.compile(r"[A-Za-z0-9_./:@*+-]+")
_TOKEN = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^\s"])+')
_LINE = re.compile(r'(?:\s|"(?:[^"\\]|\\.)*"|[^\s"])*')
_NUMBER = r"-?(?:inf|[0-9]{1,40}(?:/[1-9][0-9]{0,39}|(?:\.[0-9]{1,20})?(?:e[-+][0-9]{1,3})?))"
_FIGURE = re.compile(rf"([a-z_]+)=(-|yes|no|{_NUMBER}(?:(?:\.\.|,){_NUMBER})?)")
_EXTENT = re.compile(r"=([0-9]{1,18})$")
_WORDS = ("in", "unknown")


class _Wrong(Exception):
    """What is wrong with a line."""


def text(models: Iterable[ModelFigures]) -> str:
    """Return the text of a lock; the same figures give the same text."""
    lines = [f"{HEAD} {FORMAT}"]
    for model in sorted(models, key=lambda one: one.key):
        lines += ["", f"model {_name(model.name)} {_name(model.source)}"]
        for name, axes in sorted(model.inputs.items()):
            extents = [f"{_name(axis)}={extent}" for axis, extent in axes.items()]
            lines.append(" ".join(["input", _name(name), *extents]))
        lines.append(" ".join(["final", *map(_name, model.finals)]))
        lines += [f"  {line(one)}" for one in sorted(model.tensors, key=lambda one: _natural(one.name))]
    return "\n".join(lines) + "\n"


def _natural(name: str) -> list[tuple[int, str]]:
    """Return what sorts names as people do: ``layer2`` before ``layer10``, and names that are equal so, as text."""
    parts = re.split("([0-9]+)", name)
    digits = [one.lstrip("0") for one in parts[1::2]]
    words = [(0, one) for one in parts[::2]]
    numbers = [(len(one), one) for one in digits]
    mixed = [one for pair in zip(words, [*numbers, (0, "")], strict=True) for one in pair]
    return [*mixed, (0, name)]


def line(tensor: TensorFigures) -> str:
    """Return the line of a tensor."""
    words = [_name(tensor.name), _name(tensor.op)]
    if tensor.module:
        words += ["in", _name(tensor.module)]
    return " ; ".join([" ".join(words), *_said(tensor)])


def figures(tensor: TensorFigures) -> str:
    """Return the figures of a tensor as they stand in its line."""
    return " ; ".join(_said(tensor))


def _said(tensor: TensorFigures) -> Iterator[str]:
    """Yield what a line says of each input and axes."""
    if not tensor.known:
        yield "unknown"
    for one in tensor.fields:
        yield " ".join([*map(_name, (one.input, *one.axes)), *map("=".join, one.figures.items())])


def read(path: Path) -> Lock:
    """Read a lock.

    Raises:
        ConfigError: there is none, or it is not a lock; the text names the line.
    """
    name = display(path)
    refuse_special(path)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SIZE + 1)
    except OSError as error:
        raise ConfigError(f"{name}: cannot be read: {error.strerror}") from None
    return parse(content, name)


def parse(content: bytes, name: str) -> Lock:
    """Return a lock from the content of a file.

    Raises:
        ConfigError: it is not a lock; the text names the line.
    """
    if len(content) > MAX_SIZE:
        raise ConfigError(f"{name}: larger than {MAX_SIZE} bytes, which no lock is")
    lines = content.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    head = re.fullmatch(rf"{HEAD} ([0-9]{{1,9}})", lines[0].strip())
    if head is None:
        raise ConfigError(f"{name}:1: not a lock: it does not begin with {HEAD} {FORMAT}")
    if int(head[1]) != FORMAT:
        raise ConfigError(
            f"{name}:1: a lock of format {head[1]}, this pytest-rf knows {FORMAT}: update the one that is older"
        )
    return {model.key: model for model in _models(lines[1:], name)}


def is_lock(content: bytes) -> bool:
    """Return whether the content of a file begins as a lock does."""
    return content.startswith(HEAD.encode() + b" ")


def _models(lines: Sequence[str], name: str) -> Iterator[ModelFigures]:
    """Yield the models of a lock."""
    starts = [number for number, one in enumerate(lines) if one.startswith("model ")]
    for number, one in enumerate(lines[: starts[0] if starts else len(lines)]):
        if one.strip():
            raise _error(name, number, _Wrong("it belongs to no model"))
    for start, end in pairwise([*starts, len(lines)]):
        inputs: dict[str, dict[str, int]] = {}
        finals: tuple[str, ...] = ()
        tensors: list[TensorFigures] = []
        number = start
        try:
            model, source = _two(_tokens(lines[start])[1:])
            for number in range(start + 1, end):
                words = _tokens(lines[number])
                if lines[number].startswith("  ") and words:
                    tensors.append(_tensor(words, number + 2))
                elif words[:1] == ["input"] and len(words) > 1:
                    inputs[_text(words[1])] = dict(map(_extent, words[2:]))
                elif words[:1] == ["final"]:
                    finals = tuple(map(_text, words[1:]))
                elif words:
                    raise _Wrong("it is not the line of a model, an input, the final tensors or a tensor")
        except (_Wrong, ValueError) as error:
            raise _error(name, number, error) from None
        yield ModelFigures(
            name=model, source=source, inputs=inputs, finals=finals, tensors=tuple(tensors), line=start + 2
        )


def _error(name: str, number: int, error: Exception) -> ConfigError:
    return ConfigError(
        f"{name}:{number + 2}: not a line of a lock: {error}; restore the file, or delete it and run pytest-rf snapshot"
    )


def _tokens(line: str) -> list[str]:
    if not _LINE.fullmatch(line):
        raise _Wrong("a quote is not closed")
    return _TOKEN.findall(line)


def _two(words: Sequence[str]) -> tuple[str, str]:
    if len(words) != 2:
        raise _Wrong("a model has a name and a source")
    return _text(words[0]), _text(words[1])


def _tensor(words: Sequence[str], number: int) -> TensorFigures:
    parts: list[list[str]] = [[]]
    for word in words:
        if word == ";":
            parts.append([])
        else:
            parts[-1].append(word)
    head, *rest = parts
    if len(head) not in (2, 4) or (len(head) == 4 and head[2] != "in"):
        raise _Wrong("a tensor has a name and an operator, and can have a module")
    known = rest != [["unknown"]]
    return TensorFigures(
        name=_text(head[0]),
        op=_text(head[1]),
        module=_text(head[3]) if len(head) == 4 else "",
        known=known,
        fields=tuple(map(_towards, rest)) if known else (),
        line=number,
    )


def _towards(words: Sequence[str]) -> Towards:
    if not words:
        raise _Wrong("an input is missing behind ;")
    found: Figures = {}
    axes: list[str] = []
    for word in words[1:]:
        match = _FIGURE.fullmatch(word)
        if match is not None:
            found[match[1]] = match[2]
        else:
            axes.append(_text(word))
    return Towards(input=_text(words[0]), axes=tuple(axes), figures=found)


def _extent(word: str) -> tuple[str, int]:
    match = _EXTENT.search(word)
    if match is None:
        raise _Wrong(f"{word[:40]} is not an axis with its extent")
    return _text(word[: match.start()]), int(match[1])


def _name(name: str) -> str:
    """Return a name as it stands in a line: plain, or in quotes as JSON writes it, in ASCII."""
    return name if _PLAIN.fullmatch(name) and name not in _WORDS else json.dumps(name)


def _text(word: str) -> str:
    """Return the name that stands in a line as this."""
    if not word.startswith('"'):
        if not _PLAIN.fullmatch(word):
            raise _Wrong(f"{word[:40]} is not a name")
        return word
    found = json.loads(word)
    assert isinstance(found, str)
    return found
