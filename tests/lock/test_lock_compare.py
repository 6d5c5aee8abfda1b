"""What differs between two states of a model, and how tensors are matched."""

from __future__ import annotations

from models import model

import pytest_rf
from pytest_rf.locks import figures
from pytest_rf.locks.compare import Difference, difference, matched, paired
from pytest_rf.locks.figures import ModelFigures, TensorFigures, Towards


def tensor(name: str, op: str = "Conv", module: str = "", known: bool = True, **found: str) -> TensorFigures:
    fields = (Towards(input="x", axes=("h", "w"), figures=found),) if found else ()
    return TensorFigures(name=name, op=op, module=module, known=known, fields=fields)


def state(*tensors: TensorFigures, ordered: bool = True, **inputs: dict[str, int]) -> ModelFigures:
    return ModelFigures(
        name="m",
        source="m.onnx",
        inputs=inputs or {"x": {"h": 9}},
        finals=(),
        tensors=tensors,
        ordered=ordered,
    )


def told(found: Difference) -> list[tuple[str, str, str, str]]:
    return [(one.new.name, move.metric, move.old, move.new) for one in found.changed for move in one.moved]


def test_the_same_is_no_difference() -> None:
    one = state(tensor("a", rf="3"), tensor("b", rf="5"))
    assert not difference(one, one)
    assert not difference(one, state(tensor("b", rf="5"), tensor("a", rf="3")))


def test_figures_that_moved_come_in_the_new_order() -> None:
    old = state(tensor("a", rf="3", stride="1"), tensor("b", rf="5"), tensor("c", rf="7"))
    new = state(tensor("c", rf="9"), tensor("b", rf="5"), tensor("a", rf="3", stride="2"))
    found = difference(old, new)
    assert told(found) == [("c", "rf", "7", "9"), ("a", "stride", "1", "2")]
    assert found.changed[0].moved[0].axes == ("h", "w")
    assert (found.added, found.removed, found.renamed) == ((), (), 0)


def test_in_a_lock_the_smaller_field_stands_for_the_earlier_layer() -> None:
    names = {"a": ("inf", "20..24"), "b": ("3", "5"), "c": ("1/2", "7/2"), "d": ("9", "inf"), "e": ("9", "-")}
    old, new = (
        state(*(tensor(name, rf=rf[place]) for name, rf in names.items()), ordered=False) for place in (0, 1)
    )
    assert [one.new.name for one in difference(old, new).changed] == ["e", "c", "b", "a", "d"]


def test_axes_that_moved_apart_are_told_apart() -> None:
    old = state(tensor("a", rf="3"))
    fields = tuple(
        Towards(input="x", axes=(axis,), figures={"rf": rf}) for axis, rf in (("h", "5"), ("w", "3"))
    )
    (changed,) = difference(old, state(TensorFigures(name="a", op="Conv", fields=fields))).changed
    assert [(one.axes, one.old, one.new) for one in changed.moved] == [(("h",), "3", "5")]


def test_a_figure_that_only_one_state_holds_is_not_compared_but_flags_are() -> None:
    assert not difference(state(tensor("a", rf="3", later="1")), state(tensor("a", rf="3", newer="2")))
    found = difference(state(tensor("a", rf="3")), state(tensor("a", rf="3", upper_bound="yes")))
    assert told(found) == [("a", "upper_bound", "no", "yes")]


def test_what_became_unknown_or_reads_another_input_differs() -> None:
    found = difference(state(tensor("a", rf="3")), state(tensor("a", known=False)))
    assert told(found) == [("a", "status", "known", "unknown")]
    found = difference(state(tensor("a")), state(tensor("a", rf="3")))
    assert told(found) == [("a", "input", "reads nothing", "reads")]


def test_extents_and_axes_of_inputs_differ_but_one_input_may_be_called_otherwise() -> None:
    old = state(tensor("a"), x={"h": 9})
    assert difference(old, state(tensor("a"), x={"h": 10})).inputs == {"x": ("h=9", "h=10")}
    assert difference(old, state(tensor("a"), x={"t": 9})).inputs == {"x": ("h=9", "t=9")}
    assert difference(old, state(tensor("a"), x={"h": 9}, y={})).inputs == {"y": ("none", "no spatial axis")}
    renamed = difference(state(tensor("a", rf="3")), state(_towards("z"), z={"h": 9}))
    assert not renamed


def _towards(source: str) -> TensorFigures:
    return TensorFigures(
        name="a", op="Conv", fields=(Towards(input=source, axes=("h", "w"), figures={"rf": "3"}),)
    )


def pairs(old: ModelFigures, new: ModelFigures) -> tuple[list[tuple[str, str]], list[str], list[str]]:
    same, gone, come = matched(old, new)
    return [(a.name, b.name) for a, b in same], [one.name for one in gone], [one.name for one in come]


def test_tensors_are_matched_by_name_then_module_then_place() -> None:
    old = state(
        tensor("n1", module="block.a"), tensor("n2", module="block.b"), tensor("same", module="block.c")
    )
    new = state(
        tensor("m7", module="block.b"), tensor("m8", module="block.a"), tensor("same", module="other")
    )
    assert pairs(old, new) == ([("same", "same"), ("n1", "m8"), ("n2", "m7")], [], [])
    # Two tensors of a module that computes them with one operator are matched in their order.
    old = state(tensor("1", "Conv", "m"), tensor("2", "Conv", "m"), tensor("3", "Relu", "m"))
    new = state(tensor("x", "Relu", "m"), tensor("y", "Conv", "m"), tensor("z", "Conv", "m"))
    assert pairs(old, new)[0] == [("1", "y"), ("2", "z"), ("3", "x")]
    # Without names and modules that say anything: as many of an operator, in the order of the graphs.
    old, new = (
        state(tensor("1"), tensor("2", "Relu")),
        state(tensor("a"), tensor("b", "Relu"), tensor("c", "Add")),
    )
    assert pairs(old, new) == ([("1", "a"), ("2", "b")], [], ["c"])
    assert pairs(state(tensor("1"), ordered=False), state(tensor("a"))) == ([], ["1"], ["a"])
    # One more of the operator: which is the new one is not known.
    assert pairs(state(tensor("1")), state(tensor("a"), tensor("b"))) == ([], ["1"], ["a", "b"])


def test_other_names_alone_are_no_difference() -> None:
    found = difference(state(tensor("1", rf="3")), state(tensor("a", rf="3")))
    assert not found
    assert found.renamed == 1


def test_models_are_matched_by_name_and_source() -> None:
    def named(name: str) -> ModelFigures:
        return ModelFigures(name=name, source=f"{name}.onnx", inputs={}, finals=(), tensors=())

    found = paired([named("a"), named("b")], [named("b"), named("c")])
    assert [(one.old and one.old.name, one.new and one.new.name, bool(one)) for one in found] == [
        ("a", None, True),
        ("b", "b", False),
        (None, "c", True),
    ]
    assert len(paired([named("a")], [named("b")])) == 1


def test_figures_are_exact() -> None:
    found = model("""
        net (float[1,1,6,6] image) => (float[1,1,?,?] y)
        <float[4] s = {1, 1, 2, 2}, float[1,1,3,3] w>
        { u = Resize<mode="nearest">(image, , s)
          y = Conv<kernel_shape=[3,3], pads=[1,1,1,1]>(u, w) }
    """)
    tensors = {one.name: one for one in figures.of(pytest_rf.analyze(found)).tensors}
    (towards,) = tensors["y"].fields
    assert towards.axes == ("h", "w")
    assert (towards.figures["rf"], towards.figures["stride"]) == ("2", "1/2")
