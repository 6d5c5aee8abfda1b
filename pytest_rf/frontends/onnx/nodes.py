"""Turns the nodes of an ONNX graph into steps: by rule, by the body of a function, or as unknown."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Hashable, Sequence
from functools import partial

from pytest_rf import limits, registry
from pytest_rf.errors import ModelError
from pytest_rf.frontends.onnx import constants, doubles, names
from pytest_rf.frontends.onnx.attributes import Attributes, are_bodies, bound
from pytest_rf.frontends.onnx.declared import Declared, Told
from pytest_rf.frontends.onnx.doubles import domain_of
from pytest_rf.frontends.onnx.elements import Operands, flat, nesting_of, tensors_of
from pytest_rf.frontends.onnx.functions import Body, Functions, is_function, standard
from pytest_rf.frontends.onnx.inputs import MOST_AXES
from pytest_rf.frontends.onnx.names import called, text, told
from pytest_rf.frontends.onnx.payloads import NOTHING_LEFT, Payloads
from pytest_rf.frontends.onnx.proto import onnx
from pytest_rf.frontends.onnx.repeats import Repeats, form_of
from pytest_rf.frontends.onnx.sites import Form, Frame, Operator, Scope, Site
from pytest_rf.frontends.onnx.subgraphs import Subgraph
from pytest_rf.graph import Builder
from pytest_rf.node import Node, Traced
from pytest_rf.operators.onnx import find
from pytest_rf.operators.onnx.call import Element, Items, NodeCall, Unfit
from pytest_rf.operators.onnx.stated import rule_of
from pytest_rf.value import Deferred, Shape, Undetermined, Value

UNROLLED = 20_000
"""Nodes that unrolled loops may cost in one model; loops beyond it get an upper bound."""


def is_known(key: str) -> bool:
    """Whether the reads of an operator, ``domain::Operator`` or ``Operator`` of the standard, are known anyway."""
    domain, _, op = key.rpartition("::")
    return find(key) is not None or is_function(op, domain)


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
        self._seen: set[Form] = set()  # attributes in which nothing is there twice
        self._operators: dict[tuple[str, str, str], Operator] = {}

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
        for node in nodes[:]:  # a slice, as stepping through a field of a message is slow
            try:
                operands = [scope[name] if name else None for name in node.input[:]]
            except KeyError as missing:
                raise ModelError(
                    f"{self.place(node)}: input {text(missing.args[0])!r} is computed by no node before it; "
                    "export again"
                ) from None
            operator = self._operator(node)
            outputs, attributes = node.output[:], node.attribute[:]
            if len(outputs) > 1:
                self._add(len(outputs) - 1)
            form = form_of(attributes) if operator.repeats else None
            if attributes and frame.depth == 0 and (form is None or form not in self._seen):
                doubles.in_node(node, attributes, self.place)
                if form is not None:
                    self._seen.add(form)
            site = Site(node, operator, outputs, attributes, form, operands, frame)
            results = self._results(site, scope)
            for name, value in zip(outputs, results, strict=False):
                if name:
                    if name in own:
                        raise ModelError(
                            f"{self.place(node)}: output {text(name)!r} is already computed by another node"
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

    def place(self, node: onnx.NodeProto) -> str:
        """Return how messages name a node of this model."""
        return f"{self.name}: {told(node)}"

    def _results(self, site: Site, scope: Scope) -> Sequence[Element]:
        """Lower a node; ``scope``: what all names stand for, for the sake of its bodies."""
        node, operator, outputs, attributes, _, operands, frame = site
        nesting = nesting_of(operands)
        if nesting:
            if operator.key == "Identity" and operands:
                return [value for value in operands[:1] if value is not None]  # nothing to wait for
            if not (operator.function or operator.collects or operator.has_body(attributes)):
                return self._waiting(site, nesting)
        read = flat(operands)
        if not frame.visible:
            return self._apply(site, scope, read, operator.function)
        origin = partial(names.origin_of, node, self.owners, frame.prefix)
        entry = Traced(frame.prefix + called(node, outputs), operator.op, origin, tuple(read))
        self.b.begin(entry)
        results = self._apply(site, scope, read, operator.function)
        self.b.node = entry
        for output, result in zip(outputs, results, strict=False):
            if output and isinstance(result, Value):
                entry.outputs[frame.prefix + text(output)] = result
            elif output:
                self._collect(result)
                entry.outputs.update(tensors_of(frame.prefix + text(output), result))
        return results

    def _waiting(self, site: Site, nesting: int) -> Sequence[Element]:
        """Return what a node of constants makes, which is worked out when somebody asks for it."""
        operator = site.operator
        if nesting <= constants.DEEPEST and len(site.outputs) == 1:
            shape = like = None
            if operator.tell is not None and "" in site.frame.opsets:
                shape = operator.tell(site.operands)
            else:
                like = self._like(site)
                shape = None if like is None else self.repeats.shapes.get(like)
            return (self.b.deferred(partial(self._resolved, site, like), nesting, shape),)
        results = self._constants(site)
        if nesting > constants.DEEPEST:
            return constants.settled(results)
        for value in flat(results):
            value.nesting = nesting
        return results

    def _resolved(self, site: Site, like: Hashable | None) -> Value:
        """Return the only output of a node of constants; ``like``: all that its shape rests on, if that is known."""
        try:
            result = self._constants(site)[0]
        except ModelError as error:
            if not self.over:
                raise
            return self.b.constant(None, missing=str(error))
        if not isinstance(result, Value):
            return self.b.constant(None, missing="is no tensor")
        if like is not None and result.shape is not None:
            self.repeats.shapes[like] = result.shape
        return result

    def _like(self, site: Site) -> Hashable | None:
        """Return all on which the shape rests that a node of constants makes; None where that is not at hand."""
        operator = site.operator
        version = site.frame.opsets.get(operator.domain)
        if version is None or operator.rule is None or not self.repeats.are_of(operator.rule, version):
            return None
        if any(isinstance(x, Deferred) and x.is_open for x in site.operands):
            return None
        assert site.form is not None
        return self.repeats.key(operator.rule, site.form, version, 1, site.operands)

    def _constants(self, site: Site) -> Sequence[Element]:
        """Lower a node of constants: its shape by the rule, its elements by running it when they are needed."""
        node, operands, frame = site.node, site.operands, site.frame
        before, self.b.node = self.b.node, Node("", site.operator.op)
        try:
            results = self._apply(site._replace(frame=frame.hidden), {}, flat(operands), None)
        finally:
            self.b.node = before
        values = [value if isinstance(value, Value) else None for value in operands]
        return constants.fold(self.b, node, values, results, frame.opsets, self.payloads)

    def _operator(self, node: onnx.NodeProto) -> Operator:
        """Return the operator of a node, of which all is looked up once."""
        called = self.functions.called(node)
        found = self._operators.get(called)
        if found is None:
            op, domain, _ = called
            found = Operator(text(op), domain_of(domain), self.functions.of(node), self.operators)
            self._operators[called] = found
        return found

    def _apply(
        self, site: Site, scope: Scope, read: Sequence[Value], function: Body | None
    ) -> Sequence[Element]:
        """Lower a node by its rule, its body or as unknown; ``read``: all tensors among its operands."""
        node, operator, outputs, attributes, form, operands, frame = site
        key, domain = operator.key, operator.domain
        if function is not None and operator.stated is None:
            return self._call(node, operands, function, frame)
        rule = operator.rule
        if rule is None:
            body = standard(node, operands, frame.opsets.get(domain, 1))
            if body is not None:
                return self._call(node, operands, body, frame)
            stated = registry.onnx_fallback(key, self.operators)
            if stated is None:
                return self._unknown(operands, f"operator {key} has no rule", node, key)
            rule = rule_of(stated)
        for operand in read:
            if operand.varies and operand.shape is None and not operator.has_body(attributes):
                return self._unknown(operands, f"the shape of an input of {key} is not known", node)
        version = frame.opsets.get(domain)
        if version is None:
            raise ModelError(
                f"{self.place(node)}: its domain {domain or 'ai.onnx'!r} has no version (opset_import); export again"
            )
        like = None
        if form is not None and self.repeats.are_of(rule, version):
            decoded = self.repeats.attributes(form, attributes, self.payloads)
            like = self.repeats.key(rule, form, version, len(outputs), operands)
            made = None if like is None else self.repeats.again(like, operands)
            if made is not None:
                return made
        else:
            decoded = Attributes(attributes, self.payloads)
        first = len(self.b.graph.values)
        call = NodeCall(
            self.b,
            operator.op,
            operands,
            decoded,
            version,
            len(outputs),
            lambda name: Subgraph(self, node, name, scope, frame),
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
        if len(results) < len(outputs):
            results += self._unknown(operands, f"this output of {key} is not known", node)[len(results) :]
        if like is not None:
            self.repeats.note(like, operands, results, first)
        return results

    def _hold(self, shape: Shape, node: onnx.NodeProto) -> None:
        """Hold the shape of what a node makes against the limits."""
        if min(shape) < 0:
            raise ModelError(
                f"{self.place(node)}: gives the impossible shape {list(shape)}; export the model again"
            )
        if max(shape) > self.limits.extent:
            limits.exceeded(
                self.place(node), "positions along an axis", "extent", "give a smaller input", max(shape)
            )
        if len(shape) > MOST_AXES:
            raise ModelError(
                f"{self.place(node)}: {len(shape)} axes are more than the {MOST_AXES} that an array can have"
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
            raise ModelError(f"{self.place(node)}: {problem}") from cause
        return self._unknown(
            operands, f"{frame.doubt()} does not fit this input: {told(node)}: {problem}", node
        )

    def _call(self, node: onnx.NodeProto, operands: Operands, body: Body, frame: Frame) -> Sequence[Element]:
        """Write out the body of a function."""
        if body.key in frame.calls:
            raise ModelError(
                f"{self.place(node)}: function {text(node.op_type)!r} calls itself, which is not allowed"
            )
        proto = body.proto
        given = {attribute.name: attribute for attribute in getattr(proto, "attribute_proto", ())[:]}
        doubles.refuse(
            f"{self.place(node)}: function {text(node.op_type)!r}", "attribute", [*given, *proto.attribute]
        )
        given.update({attribute.name: attribute for attribute in node.attribute[:]})
        scope: dict[str, Element | None] = dict.fromkeys(proto.input[:])
        scope.update(zip(proto.input[:], operands, strict=False))
        inner = Frame(
            f"{frame.prefix}{called(node)}/",
            body.opsets,
            frame.visible and body.own,
            (*frame.calls, body.key),
            frame.depth + 1,
            frame.doubt,
        )
        self.run([bound(one, given) for one in proto.node[:]], scope, inner)
        results: list[Element] = []
        for name in proto.output[:]:
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
        if live or are_bodies(node.attribute[:]):
            # A body can read values of the graph around it.
            return [self.b.unknown(live, reason, operator=operator) for _ in range(count)]
        return [self.b.constant(None, missing=f"is not known: {reason}") for _ in range(count)]
