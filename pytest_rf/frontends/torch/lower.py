"""Turns a recording into the program of :mod:`pytest_rf.graph`, call by call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from msgspec import Struct

from pytest_rf import limits, registry
from pytest_rf.access import WHOLE, Read
from pytest_rf.frontends.torch.fallback import decomposed
from pytest_rf.frontends.torch.recording import LOOKS, PLAIN, Const, Recorded, Recording, Ref
from pytest_rf.frontends.torch.traits import traits
from pytest_rf.graph import MASK_BELOW, Builder, Graph
from pytest_rf.node import Node
from pytest_rf.operators.aten import table
from pytest_rf.operators.aten.call import OpCall, Rule
from pytest_rf.operators.aten.pointwise import elementwise
from pytest_rf.operators.aten.stated import rule_of
from pytest_rf.operators.pointwise import broadcast_read
from pytest_rf.value import Shape, Undetermined, Value

_NESTING = 8


@cache
def _rules() -> dict[str, Rule]:
    return table()


def lower(
    recording: Recording,
    weights: bool = False,
    operators: registry.Operators = registry.NONE,
    mask_below: float = MASK_BELOW,
) -> Graph:
    """Return the graph of a recorded call.

    Args:
        recording: the call.
        weights: whether exact zeros and masked scores cut dependence.
        operators: what a configuration states of operators, ``namespace::name`` -> statement.
        mask_below: a constant of this or less that is added before a softmax is a mask then.
    """
    b = Builder(weights, mask_below)
    lowering = _Lowering(b, recording, _Names(recording), operators)
    for name, ref in recording.inputs.items():
        lowering.values[ref.number] = b.input(name, recording.values[ref.number].shape)
        lowering.named[ref.number] = name
    lowering.run()
    for name, output in recording.outputs.items():
        b.graph.outputs[name] = lowering.value(output)
    b.graph.modules.update(
        {
            path: lowering.values[ref.number]
            for path, ref in recording.modules.items()
            if ref.number in lowering.values
        }
    )
    return b.graph


class _Names:
    """Names of nodes: the module path where a module runs one operator, else path and operator.

    The path of a module that calls others is the name of what it returns, and of no operator on the way there.
    """

    def __init__(self, recording: Recording) -> None:
        self._sizes = Counter((call.place.module, call.place.turn) for call in recording.calls)
        parts = [path.split(".") for path, _ in self._sizes]
        self._callers = {".".join(part[:depth]) for part in parts for depth in range(1, len(part))}
        self._returned = recording.modules
        self._used: dict[str, int] = {}

    def name(self, call: Recorded, op: str) -> str:
        """Return an unused name for the operator of a call."""
        place = call.place
        path = f"{place.module}@{place.turn + 1}" if place.turn else place.module
        alone = place.module and self._sizes[place.module, place.turn] == 1
        if alone and place.module in self._callers:
            returned = self._returned.get(path)
            alone = returned is not None and returned in call.outputs
        name = path if alone else f"{path}.{op}".lstrip(".")
        used = self._used.get(name, 0)
        self._used[name] = used + 1
        return f"{name}_{used}" if used else name


class _Lowering:
    """One recording on its way into a builder."""

    def __init__(
        self,
        b: Builder,
        recording: Recording,
        names: _Names | None,
        operators: registry.Operators,
        depth: int = 0,
    ) -> None:
        self.b = b
        self.operators = operators
        self.recording = recording
        self.names = names
        self.depth = depth
        self.values: dict[int, Value] = {}
        self.named: dict[int, str] = {}
        self._constants: dict[int, tuple[Const, Value]] = {}
        self._looked: Value | None = None
        self._forms: dict[tuple[str, int, type | None], _Form] = {}

    def value(self, item: Ref | Const) -> Value:
        """Return the value of a recorded tensor."""
        if isinstance(item, Ref):
            known = self.values.get(item.number)
            if known is None:  # what an opaque module wrote into a tensor from outside
                shape = self.recording.values[item.number].shape
                known = self.b.unknown([], "is written within an opaque module", shape)
                self.values[item.number] = known
            return known
        kept = self._constants.get(id(item))
        if kept is None:
            shape = tuple(item.tensor.shape)
            kept = self._constants[id(item)] = (item, self.b.constant(shape, lambda: elements(item.tensor)))
        return kept[1]

    def run(self) -> None:
        """Lower every call in order."""
        for call in self.recording.calls:
            self._call(call)

    def _call(self, call: Recorded) -> None:
        operands: list[Value] = []
        read: list[str] = []
        form = self._form(call)
        arguments = form.arguments(call)
        for key, value in arguments.items():
            if type(value) not in PLAIN:
                arguments[key] = self._argument(value, operands, read)
        variables = self.recording.values
        shapes = [None if ref is None else variables[ref.number].shape for ref in call.outputs]
        entry = None
        if self.names is not None:
            place = call.place
            entry = Node(
                self.names.name(call, form.name),
                form.op,
                place.module,
                place.source,
                inputs=tuple(operands),
                reads=tuple(read),
            )
            self.b.begin(entry)
        results = self._results(call, form, arguments, shapes, operands)
        if form.name in LOOKS:
            self._look(operands)
        elif self._looked is not None:
            results = [self._decided(value) for value in results]
        made = 0
        for ref, value in zip(call.outputs, results, strict=True):
            if ref is not None:
                self.values[ref.number] = value
                if entry is not None:
                    label = f"{entry.name}:{made}" if made else entry.name
                    self.named[ref.number] = label
                    entry.outputs[label] = value
                made += 1

    def _look(self, operands: Sequence[Value]) -> None:
        """Note what the code has looked at: a statistic of it is in everything that comes after."""
        looks = [value for value in operands if value.varies and value.shape is not None]
        reads = [Read(v.number, tuple((None, WHOLE) for _ in v.extents), statistic=True) for v in looks]
        if self._looked is not None:
            reads.append(Read(self._looked.number, ()))
        if reads:
            self._looked = self.b.union((), *reads)

    def _decided(self, value: Value) -> Value:
        """Return a result that also depends on what the code had looked at before."""
        if value.shape is None or self._looked is None or 0 in value.shape:
            return value
        return self.b.union(value.shape, broadcast_read(value, value.shape), Read(self._looked.number, ()))

    def _argument(self, value: Any, operands: list[Value], read: list[str]) -> Any:
        """Return an argument with values in place of recorded tensors.

        The values are added to ``operands``, and the names of those that have one to ``read``.
        """
        if isinstance(value, Ref):
            found = self.value(value)
            operands.append(found)
            name = self.named.get(value.number)
            if name is not None:
                read.append(name)
            return found
        if isinstance(value, Const):
            operands.append(self.value(value))
            return operands[-1]
        if isinstance(value, (list, tuple)):
            if PLAIN.issuperset(map(type, value)):
                return [*value]
            return [self._argument(item, operands, read) for item in value]
        return value

    def _results(
        self,
        call: Recorded,
        form: _Form,
        arguments: Mapping[str, Any],
        shapes: list[Shape | None],
        operands: Sequence[Value],
    ) -> Sequence[Value]:
        if True not in [value.varies for value in operands]:
            return [self.b.constant(shape) for shape in shapes]
        if None in [value.shape for value in operands]:
            return self._unknown(operands, "an operand has no known shape", shapes)
        if form.rule is None:
            return self._decomposed(call, shapes, operands)
        try:
            given = form.rule(OpCall(self.b, call.op, arguments, shapes))
        except Undetermined as why:
            return self._unknown(operands, str(why), shapes)
        except MemoryError:
            raise limits.beyond_memory(self.b.node) from None
        except (ArithmeticError, AssertionError, LookupError, TypeError, ValueError) as error:
            # A form of the operator that the rule does not know must not pass for one that it does.
            return self._unknown(operands, f"the rule of {call.op} fails on it: {error!r}", shapes)
        if isinstance(given, Value) and given.shape is not None and shapes == [given.shape]:
            return [given]
        results: list[Value | None] = [given] if isinstance(given, Value) else [*given]
        wrong = self._check(call.op, results, shapes)
        if wrong:
            return self._unknown(operands, wrong, shapes)
        return [value for value in results if value is not None]

    def _form(self, call: Recorded) -> _Form:
        """Return what is known of an operator; networks call few of them often."""
        key = (call.op, id(call.function), call.opaque)
        form = self._forms.get(key)
        if form is None:
            form = self._forms[key] = _form(call, self._rule(call))
        return form

    def _rule(self, call: Recorded) -> Rule | None:
        if call.opaque is not None:
            return rule_of(registry.module_rule(call.opaque))
        stated = registry.operator(call.op, self.operators)
        rule = rule_of(stated) if stated is not None else _rules().get(call.op)
        rule = rule or _rules().get(call.op.rpartition(".")[0])
        return elementwise if rule is None and _is_pointwise(call) else rule

    def _check(self, op: str, results: list[Value | None], shapes: Sequence[Shape | None]) -> str:
        """Hold the rule's shapes against those of torch; None is an output that reads nothing."""
        if len(results) != len(shapes):
            return f"the rule of {op} gives {len(results)} outputs where torch gives {len(shapes)}"
        for index, (value, shape) in enumerate(zip(results, shapes, strict=True)):
            if shape is None or value is None:
                results[index] = self.b.constant(shape)
            elif value.shape != shape:
                return f"the rule of {op} gives the shape {value.shape} where torch gives {shape}"
        return ""

    def _decomposed(
        self, call: Recorded, shapes: Sequence[Shape | None], operands: Sequence[Value]
    ) -> Sequence[Value]:
        """Lower an operator without a rule by what torch composes it of."""
        reason, operator = f"operator {call.op} has no rule", call.op.rpartition(".")[0].replace(".", "::", 1)
        if self.depth >= _NESTING:
            return self._unknown(operands, reason, shapes, operator)
        parts = decomposed(call, self.recording)
        if parts is None:
            return self._unknown(operands, reason, shapes, operator)
        inner = _Lowering(self.b, parts, None, self.operators, self.depth + 1)
        for number, ref in parts.inputs.items():
            inner.values[ref.number] = self.values[int(number)]
        inner.run()
        results = [inner.value(item) for item in parts.outputs.values()]
        if [value.shape for value in results] != [shape for shape in shapes if shape is not None]:
            return self._unknown(operands, reason, shapes, operator)
        found = iter(results)
        return [self.b.constant(None) if shape is None else next(found) for shape in shapes]

    def _unknown(
        self, operands: Sequence[Value], reason: str, shapes: Sequence[Shape | None], operator: str = ""
    ) -> Sequence[Value]:
        live = [value for value in operands if value.varies]
        return [
            self.b.constant(None) if shape is None else self.b.unknown(live, reason, shape, operator)
            for shape in shapes
        ]


def _is_pointwise(call: Recorded) -> bool:
    return call.function is not None and traits(call.function).pointwise


class _Form(Struct, frozen=True, eq=False):
    """What all calls of an operator have in common.

    Attributes:
        op: the operator without its overload, as nodes tell it; ``name``: without the namespace too.
        rule: its rule, if there is one.
        names: the names of its arguments in the schema; None for operators that have none.
        defaults: their defaults.
    """

    op: str
    name: str
    rule: Rule | None
    names: tuple[str, ...] | None
    defaults: dict[str, Any]

    def arguments(self, call: Recorded) -> dict[str, Any]:
        """Return the arguments with the names of the schema, defaults filled in."""
        if self.names is None:
            return {**{f"arg{index}": value for index, value in enumerate(call.args)}, **call.kwargs}
        named = self.defaults.copy()
        for name, value in call.kwargs.items():
            if name in named or name.startswith("root_"):
                named[name] = value
        named.update(zip(self.names, call.args, strict=False))
        return named


def _form(call: Recorded, rule: Rule | None) -> _Form:
    namespace, name, _ = call.op.split(".", 2)
    if call.function is None:
        return _Form(f"{namespace}.{name}", name, rule, None, {})
    defaults = traits(call.function).defaults
    return _Form(f"{namespace}.{name}", name, rule, tuple(defaults), defaults)


def elements(tensor: torch.Tensor) -> npt.NDArray[Any] | None:
    """Return the elements of a constant tensor, None where it has none (``meta``, quantised, sparse)."""
    if tensor.is_meta or tensor.layout is not torch.strided or tensor.is_quantized:
        return None
    plain = tensor.detach().resolve_conj().resolve_neg().cpu()
    if plain.dtype == torch.bfloat16 or (plain.dtype.itemsize == 1 and plain.dtype.is_floating_point):
        plain = plain.float()
    array: npt.NDArray[Any] = np.asarray(plain.numpy())
    return array
