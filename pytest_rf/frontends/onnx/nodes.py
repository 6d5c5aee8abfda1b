"""Turns the nodes of an ONNX graph into steps: by rule, by the body of a function, or as unknown."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

from pytest_rf import limits, registry
from pytest_rf.errors import ModelError
from pytest_rf.frontends.onnx import constants, doubles, names
from pytest_rf.frontends.onnx.attributes import Attributes, bound, size_of, subgraphs
from pytest_rf.frontends.onnx.declared import Declared, Told
from pytest_rf.frontends.onnx.doubles import domain_of
from pytest_rf.frontends.onnx.elements import Operands, flat, nesting_of, tensors_of
from pytest_rf.frontends.onnx.functions import Body, Functions, Opsets, is_function, standard
from pytest_rf.frontends.onnx.inputs import MOST_AXES
from pytest_rf.frontends.onnx.names import called, text, told
from pytest_rf.frontends.onnx.payloads import NOTHING_LEFT, Payloads
from pytest_rf.frontends.onnx.proto import onnx
from pytest_rf.frontends.onnx.repeats import Repeats
from pytest_rf.graph import Builder
from pytest_rf.node import Node, Traced
from pytest_rf.operators.onnx import find
from pytest_rf.operators.onnx.call import Element, Items, NodeCall, Unfit
from pytest_rf.operators.onnx.collections import COLLECTING
from pytest_rf.operators.onnx.stated import rule_of
from pytest_rf.value import Shape, Undetermined, Value

UNROLLED = 20_000
"""Nodes that unrolled loops may cost in one model; loops beyond it get an upper bound."""

Scope = MutableMapping[str, "Element | None"]


def is_known(key: str) -> bool:
    """Whether the reads of an operator, ``domain::Operator`` or ``Operator`` of the standard, are known anyway."""
    domain, _, op = key.rpartition("::")
    return find(key) is not None or is_function(op, domain)


@dataclass(frozen=True)
class Frame:
    """Where nodes stand.

    Attributes:
        prefix: goes before the names of nodes and tensors inside of functions and bodies.
        opsets: the operator versions by domain.
        visible: whether users know these nodes; the body of a standard operator is no one's business.
        calls: the functions that are being written out, to find one that calls itself.
        depth: on how many levels of functions and bodies they stand.
        doubt: names the innermost body around them that may not run at all; None where they are sure to run.
    """

    prefix: str
    opsets: Opsets
    visible: bool = True
    calls: tuple[tuple[str, str, str], ...] = ()
    depth: int = 0
    doubt: Callable[[], str] | None = None

    @cached_property
    def hidden(self) -> Frame:
        """The same place, for nodes that users do not know."""
        return replace(self, visible=False)


class Nodes:
    """Lowers nodes into a builder.

    Attributes:
        over: whether all are lowered. What is worked out of constants from then on, because somebody asks what is in
            them, is nothing that the figures rest on.
    """

    def __init__(
        self,
        b: Builder,
        name: str,
        functions: Functions,
        owners: names.Owners,
        operators: registry.Operators = registry.NONE,
        declared: Declared | None = None,
        payloads: Payloads = NOTHING_LEFT,
    ) -> None:
        self.b = b
        self.name = name
        self.functions = functions
        self.owners = owners
        self.operators = operators
        self.declared = declared
        self.repeats = Repeats(b)
        self.payloads = payloads
        self.limits = limits.current()
        self.count = 0
        self.unrolled = 0
        self.collected = 0
        self.over = False

    def run(self, nodes: Sequence[onnx.NodeProto], scope: Scope, frame: Frame) -> None:
        """Lower nodes in order; ``scope`` maps the names of tensors to what they are and takes theirs.

        Raises:
            ModelError: the nodes break the rules of ONNX or exceed a limit.
        """
        if frame.depth > self.limits.depth:
            limits.exceeded(
                self.name, "levels of subgraphs and functions", "depth", "export the model with fewer levels"
            )
        if frame.depth:
            self._add(len(nodes))
        own = scope.maps[0] if isinstance(scope, ChainMap) else scope
        around = self.b.node
        for node in nodes:
            try:
                operands = [scope[name] if name else None for name in node.input]
            except KeyError as missing:
                raise ModelError(
                    f"{self._place(node)}: input {text(missing.args[0])!r} is computed by no node before it; "
                    "export again"
                ) from None
            if len(node.output) > 1:
                self._add(len(node.output) - 1)
            if frame.depth == 0 and node.attribute:
                doubles.in_node(node, self._place)
            results = self._results(node, operands, scope, frame)
            for name, value in zip(node.output, results, strict=False):
                if name:
                    if name in own:
                        raise ModelError(
                            f"{self._place(node)}: output {text(name)!r} is already computed by another node"
                        )
                    scope[name] = value
        self.b.node = around  # what is done with the results belongs to the node whose body this is

    def _add(self, count: int) -> None:
        """Count what functions, bodies and further outputs add to a model's own nodes."""
        self.count += count
        if self.count > self.limits.inlined:
            limits.exceeded(
                self.name,
                "nodes and outputs added by functions, bodies and nodes of many outputs",
                "inlined",
                "export the model with fewer of them",
            )

    def _collect(self, result: Element) -> None:
        """Count the tensors of sequences: each node that makes one names all that are in it."""
        self.collected += len(result.values) if isinstance(result, Items) else 0
        if self.collected > self.limits.nodes:
            what = "tensors in the sequences that nodes make"
            limits.exceeded(self.name, what, "nodes", "export the model with shorter ones")

    def _place(self, node: onnx.NodeProto) -> str:
        return f"{self.name}: {told(node)}"

    def _results(
        self, node: onnx.NodeProto, operands: Operands, scope: Scope, frame: Frame
    ) -> Sequence[Element]:
        function = self.functions.of(node)
        nesting = nesting_of(operands)
        if nesting and node.op_type == "Identity" and not node.domain and operands:
            return [value for value in operands[:1] if value is not None]  # nothing to wait for
        if nesting and not (function or node.op_type in COLLECTING or subgraphs(node)):
            if nesting > constants.DEEPEST:
                return constants.settled(self._constants(node, operands, scope, frame))
            if len(node.output) != 1:
                results = self._constants(node, operands, scope, frame)
                for value in flat(results):
                    value.nesting = nesting
                return results

            def resolve() -> Value:
                try:
                    result = self._constants(node, operands, scope, frame)[0]
                except ModelError as error:
                    if not self.over:
                        raise
                    return self.b.constant(None, missing=str(error))
                return result if isinstance(result, Value) else self.b.constant(None, missing="is no tensor")

            return (self.b.deferred(resolve, nesting),)
        if not frame.visible:
            return self._apply(node, operands, scope, frame, function)
        origin = partial(names.origin_of, node, self.owners, frame.prefix)
        entry = Traced(frame.prefix + called(node), text(node.op_type), origin, tuple(flat(operands)))
        self.b.begin(entry)
        results = self._apply(node, operands, scope, frame, function)
        self.b.node = entry
        for output, result in zip(node.output, results, strict=False):
            if output and isinstance(result, Value):
                entry.outputs[frame.prefix + text(output)] = result
            elif output:
                self._collect(result)
                entry.outputs.update(tensors_of(frame.prefix + text(output), result))
        return results

    def _constants(
        self, node: onnx.NodeProto, operands: Operands, scope: Scope, frame: Frame
    ) -> Sequence[Element]:
        """Lower a node of constants: its shape by the rule, its elements by running it when they are needed."""
        before, self.b.node = self.b.node, Node("", text(node.op_type))
        try:
            results = self._apply(node, operands, scope, frame.hidden, None)
        finally:
            self.b.node = before
        values = [value if isinstance(value, Value) else None for value in operands]
        return constants.fold(self.b, node, values, results, frame.opsets, self.payloads)

    def _apply(
        self, node: onnx.NodeProto, operands: Operands, scope: Scope, frame: Frame, function: Body | None
    ) -> Sequence[Element]:
        domain, op = domain_of(node.domain), text(node.op_type)
        key = f"{domain}::{op}" if domain else op
        stated = registry.onnx_operator(key, self.operators)
        if stated is None and function is not None:
            return self._call(node, operands, function, frame)
        rule = find(key) if stated is None else rule_of(stated)
        if rule is None:
            body = standard(node, operands, frame.opsets.get(domain, 1))
            if body is not None:
                return self._call(node, operands, body, frame)
            stated = registry.onnx_fallback(key, self.operators)
            if stated is None:
                return self._unknown(operands, f"operator {key} has no rule", node, key)
            rule = rule_of(stated)
        for operand in flat(operands):
            if operand.varies and operand.shape is None and not subgraphs(node):
                return self._unknown(operands, f"the shape of an input of {key} is not known", node)
        version = self._version(node, domain, frame)
        like = self.repeats.key(rule, node, version, operands)
        made = None if like is None else self.repeats.again(like, operands)
        if made is not None:
            return made
        first = len(self.b.graph.values)
        call = NodeCall(
            self.b,
            op,
            operands,
            Attributes(node, self.payloads),
            version,
            len(node.output),
            lambda name: _Subgraph(self, node, name, scope, frame),
            lambda name: constants.attribute(self.b, node, name, self.payloads),
            self._spent,
            lambda place: self._declared(node, place, frame),
        )
        try:
            result = rule(call)
        except Undetermined as problem:
            return self._unknown(operands, str(problem), node)
        except Unfit as problem:
            return self._unfit(operands, str(problem), node, frame)
        except MemoryError:
            raise limits.beyond_memory(self.b.node) from None
        except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
            # Rules check what files get wrong; this is for the wrongs that nobody has thought of.
            kind = f"its inputs or attributes do not fit ({type(error).__name__}: {error}); export the model again"
            return self._unfit(operands, kind, node, frame, error)
        results = list(result) if isinstance(result, tuple) else [result]
        for value in results:
            if isinstance(value, Value) and value.varies and value.shape:
                self._hold(value.shape, node)
        if len(results) < len(node.output):
            results += self._unknown(operands, f"this output of {key} is not known", node)[len(results) :]
        if like is not None:
            self.repeats.note(like, operands, results, first)
        return results

    def _hold(self, shape: Shape, node: onnx.NodeProto) -> None:
        """Hold the shape of what a node makes against the limits."""
        if min(shape) < 0:
            raise ModelError(
                f"{self._place(node)}: gives the impossible shape {list(shape)}; export the model again"
            )
        if max(shape) > self.limits.extent:
            limits.exceeded(
                self._place(node), "positions along an axis", "extent", "give a smaller input", max(shape)
            )
        if len(shape) > MOST_AXES:
            raise ModelError(
                f"{self._place(node)}: {len(shape)} axes are more than the {MOST_AXES} that an array can have"
            )

    def _declared(self, node: onnx.NodeProto, place: int, frame: Frame) -> Told | None:
        """Return the shape that the file tells of an output; inside of functions and bodies it tells none."""
        if self.declared is None or frame.depth:
            return None
        return self.declared.shape(text(node.output[place]))

    def _unfit(
        self,
        operands: Operands,
        problem: str,
        node: onnx.NodeProto,
        frame: Frame,
        cause: Exception | None = None,
    ) -> Sequence[Value]:
        """A node that cannot run: an error where it is sure to, else nobody knows what comes of it."""
        if frame.doubt is None:
            raise ModelError(f"{self._place(node)}: {problem}") from cause
        return self._unknown(
            operands, f"{frame.doubt()} does not fit this input: {told(node)}: {problem}", node
        )

    def _version(self, node: onnx.NodeProto, domain: str, frame: Frame) -> int:
        if domain in frame.opsets:
            return frame.opsets[domain]
        raise ModelError(
            f"{self._place(node)}: its domain {domain or 'ai.onnx'!r} has no version (opset_import); export again"
        )

    def _call(self, node: onnx.NodeProto, operands: Operands, body: Body, frame: Frame) -> Sequence[Element]:
        """Write out the body of a function."""
        if body.key in frame.calls:
            raise ModelError(
                f"{self._place(node)}: function {text(node.op_type)!r} calls itself, which is not allowed"
            )
        proto = body.proto
        given = {attribute.name: attribute for attribute in getattr(proto, "attribute_proto", ())}
        doubles.refuse(
            f"{self._place(node)}: function {text(node.op_type)!r}", "attribute", [*given, *proto.attribute]
        )
        given.update({attribute.name: attribute for attribute in node.attribute})
        scope: dict[str, Element | None] = dict.fromkeys(proto.input)
        scope.update(zip(proto.input, operands, strict=False))
        inner = Frame(
            f"{frame.prefix}{called(node)}/",
            body.opsets,
            frame.visible and body.own,
            (*frame.calls, body.key),
            frame.depth + 1,
            frame.doubt,
        )
        self.run([bound(one, given) for one in proto.node], scope, inner)
        results: list[Element] = []
        for name in proto.output:
            value = scope.get(name)
            if value is None:
                value = self._unknown(
                    operands,
                    f"function {text(node.op_type)!r} does not compute its output {text(name)!r}",
                    node,
                )[0]
            results.append(value)
        return results

    def _spent(self, nodes: int) -> int:
        self.unrolled += nodes
        return UNROLLED - self.unrolled

    def _unknown(
        self, operands: Operands, reason: str, node: onnx.NodeProto, operator: str = ""
    ) -> Sequence[Value]:
        count = max(len(node.output), 1)
        live = [value for value in flat(operands) if value.varies]
        if live or subgraphs(node):
            # A body can read values of the graph around it.
            return [self.b.unknown(live, reason, operator=operator) for _ in range(count)]
        return [self.b.constant(None, missing=f"is not known: {reason}") for _ in range(count)]


class _Subgraph:
    """The graph in an attribute of a node: reads what the graphs around it have."""

    def __init__(self, nodes: Nodes, node: onnx.NodeProto, name: str, scope: Scope, frame: Frame) -> None:
        graph = next((one.g for one in node.attribute if one.name == name and one.HasField("g")), None)
        if graph is None:
            raise ModelError(f"{nodes._place(node)}: attribute {name!r} must be a graph")
        self._nodes, self._node, self._name = nodes, node, name
        self._graph, self._scope, self._frame = graph, scope, frame
        self.parameters = len(graph.input)
        self.size = size_of(graph)

    def __call__(
        self, arguments: Sequence[Element | None], label: str, doubt: Callable[[str], str] | None = None
    ) -> tuple[Element, ...]:
        graph, nodes = self._graph, self._nodes
        own: dict[str, Element | None] = constants.initializers(nodes.b, graph, nodes.payloads)
        own.update(zip((info.name for info in graph.input), arguments, strict=False))
        scope: ChainMap[str, Element | None] = ChainMap(own, *_maps(self._scope))
        frame = replace(
            self._frame,
            prefix=f"{self._frame.prefix}{called(self._node)}.{label}/",
            depth=self._frame.depth + 1,
            doubt=self._frame.doubt if doubt is None else partial(doubt, told(self._node)),
        )
        nodes.run(graph.node, scope, frame)
        results: list[Element] = []
        for info in graph.output:
            value = scope.get(info.name)
            if value is None:
                raise ModelError(
                    f"{nodes._place(self._node)}: output {text(info.name)!r} of its {self._name} is computed by no node"
                )
            results.append(value)
        return tuple(results)


def _maps(scope: Scope) -> list[MutableMapping[str, Element | None]]:
    return scope.maps if isinstance(scope, ChainMap) else [scope]
