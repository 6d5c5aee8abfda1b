"""What can be said of a tensor, by name: what it is, and every figure of the table of metrics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pytest_rf.analysis import Analysis, Tensor
from pytest_rf.analysis.metrics import TABLE, Metric
from pytest_rf.errors import ModelError
from pytest_rf.requirements.vocabulary import nearest

ABOUT = ("name", "node", "op", "module", "source", "shape", "status", "input")
"""What a tensor is, apart from its figures."""

COUNT = "tensors"
"""How many tensors a module has, in a tree of modules."""

#: Modules are shown by themselves where one tensor of so many, or more, has a name that does not tell its own.
_SHARE = 4

_METRICS = {row.name: row for row in TABLE}


class Column(NamedTuple):
    """A column of a table: a figure where it has a metric, else one of ``ABOUT``, or ``COUNT``."""

    name: str
    metric: Metric | None = None


def metric(name: str, option: str) -> Metric:
    """Return a metric by name.

    Raises:
        ModelError: there is none.
    """
    if name not in _METRICS:
        hint = nearest(name, _METRICS).replace('"', "") or f"; there are {', '.join(_METRICS)}"
        raise ModelError(f"{option}: there is no figure {name}{hint}")
    return _METRICS[name]


def column(name: str, option: str, is_tree: bool = False) -> Column:
    """Return a column by name.

    Args:
        name: what the user wrote.
        option: the option of which it is the value, for the error.
        is_tree: whether rows are modules, of which there is a column more.

    Raises:
        ModelError: there is no such column.
    """
    about = (*ABOUT, COUNT) if is_tree else ABOUT
    if name in about:
        return Column(name)
    if name in _METRICS:
        return Column(name, _METRICS[name])
    if name == COUNT:
        raise ModelError(f"{option}: tensors are counted in a tree only; add --depth")
    known = (*about, *_METRICS)
    hint = nearest(name, known).replace('"', "") or f"; there are {', '.join(known)}"
    raise ModelError(f"{option}: there is no column {name}{hint}")


def chosen(names: Sequence[str], is_tree: bool = False) -> tuple[Column, ...]:
    """Return columns by name, each once, in front of them what names the row if nothing among them does.

    Raises:
        ModelError: there is no such column.
    """
    found = tuple(column(name, "--columns", is_tree) for name in dict.fromkeys(names))
    if not found:
        return ()
    if is_tree:
        return (Column("module"), *(one for one in found if one.name != "module"))
    if any(one.name in ("name", "node", "module") for one in found):
        return found
    return (Column("name"), *found)


def usual(analysis: Analysis, tensors: Iterable[Tensor], is_tree: bool) -> tuple[Column, ...]:
    """Return what a table says of tensors of a model, apart from figures, where nothing was chosen."""
    if is_tree:
        return Column("module"), Column(COUNT), Column("shape")
    # What an output is called its author chose.
    needs = [_needs_module(tensor) for tensor in tensors if tensor.name not in analysis.graph.outputs]
    module = (Column("module"),) if sum(needs) * _SHARE >= len(needs) > 0 else ()
    return Column("name"), *module, Column("op"), Column("shape")


def with_input(columns: Sequence[Column], analysis: Analysis) -> tuple[Column, ...]:
    """Return columns with that of the input, where a model has several: it stands before the figures."""
    several = sum(bool(source.axes) for source in analysis.inputs.values()) > 1
    if not several or any(one.name == "input" for one in columns):
        return tuple(columns)
    place = next((n for n, one in enumerate(columns) if one.metric is not None), len(columns))
    return *columns[:place], Column("input"), *columns[place:]


def _needs_module(tensor: Tensor) -> bool:
    """Whether a tensor's name does not tell its module, as in what torch.onnx exports today."""
    return bool(tensor.module) and tensor.module not in tensor.name.replace("/", ".")
