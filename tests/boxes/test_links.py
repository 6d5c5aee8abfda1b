"""Which operator reads what of which, held against the model's own edges."""

from __future__ import annotations

import onnx
import pytest
from models import model
from reporters.pages import nets

import pytest_rf
from pytest_rf.boxes.links import Links


def told(analysis: pytest_rf.Analysis) -> set[tuple[str, str]]:
    """Return the edges by the names of inputs and operators."""
    links = Links(analysis.graph)
    names = {-1 - place: name for place, name in enumerate(analysis.graph.inputs)}
    names |= {index: node.name for index, node in links.nodes.items()}
    return {(names[one], names[index]) for index, read in links.reads.items() for one in read}


def test_a_step_model_reads_its_stream() -> None:
    assert told(pytest_rf.analyze(nets.step(), state={"cache": "new_cache"})) == {
        ("x", "/joined/Concat"),
        ("/joined/Concat", "/head/Conv"),
        ("/joined/Concat", "/new_cache/Slice"),
    }


def test_a_skip_is_read_where_it_leaves_though_an_activation_passes_the_value_on() -> None:
    analysis = pytest_rf.analyze(
        model("""
            net (float[1,4,9,9] x) => (float[1,4,9,9] y)
            <float[4,4,3,3] w>
            {
            [stem] a = Conv<pads=[1,1,1,1]>(x, w)
            [act] b = Relu(a)
            [conv] c = Conv<pads=[1,1,1,1]>(b, w)
            [before] d = Add(a, c)
            [behind] e = Add(b, d)
            [last] y = Identity(e)
            }
        """)
    )
    assert told(analysis) == {
        ("x", "stem"),
        ("stem", "act"),
        ("act", "conv"),
        ("stem", "before"),
        ("conv", "before"),
        ("act", "behind"),
        ("before", "behind"),
        ("behind", "last"),
    }
    links = Links(analysis.graph)
    named = {node.name: index for index, node in links.nodes.items()}
    assert links.way(["stem", "conv", "before"]) == [named[one] for one in ("stem", "act", "conv", "before")]
    assert links.way(["no such", "stem"]) == [named["stem"]]
    assert links.maker("y") == named["last"]
    assert links.maker("x") == -1
    assert links.maker("no such") is None


def test_what_a_function_does_is_drawn_in_place_of_its_call() -> None:
    functions = """
        <domain: "own", opset_import: ["" : 17]>
        Twice (a, k) => (c)
        {
            b = Conv(a, k)
            c = Relu(b)
        }
    """
    found = model(
        """
        net (float[1,4,9,9] x) => (float[1,4,7,7] y)
        <float[4,4,3,3] w>
        {
        [call] t = own.Twice(x, w)
        [last] y = Sigmoid(t)
        }
        """,
        domains=', "own" : 1',
        functions=functions,
    )
    assert told(pytest_rf.analyze(found)) == {
        ("x", "call/b"),
        ("call/b", "call/c"),
        ("call/c", "last"),
    }


def test_a_branch_reads_what_the_graph_around_it_has() -> None:
    found = model("""
        net (bool flag, float[1,4,9,9] x) => (float[1,4,9,9] y)
        <float[4,4,3,3] w>
        {
        [stem] a = Conv<pads=[1,1,1,1]>(x, w)
        [either] y = If (flag) <
            then_branch = yes () => (float[1,4,9,9] p) { p = Relu(a) },
            else_branch = no () => (float[1,4,9,9] q) { q = Conv<pads=[1,1,1,1]>(a, w) }
        >
        }
    """)
    edges = told(pytest_rf.analyze(found))
    inner = {target for source, target in edges if source == "stem"}
    assert any("then" in one for one in inner)
    assert any("else" in one for one in inner)
    assert {source for source, target in edges if target == "either"} >= {
        one for one in inner if "else" in one
    }


@pytest.mark.parametrize("count", [1, 3])
def test_every_edge_of_a_plain_file_is_there(count: int) -> None:
    nodes = [onnx.helper.make_node("Relu", ["x"], ["t0"], name="n0")]
    for number in range(1, 4 * count):
        reads = [f"t{number - 1}", f"t{number // 2}"]
        nodes.append(onnx.helper.make_node("Add", reads, [f"t{number}"], name=f"n{number}"))
    kind = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        nodes,
        "net",
        [onnx.helper.make_tensor_value_info("x", kind, [1, 2, 8])],
        [onnx.helper.make_tensor_value_info(nodes[-1].output[0], kind, [1, 2, 8])],
    )
    found = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    makers = {"x": "x", **{name: node.name for node in nodes for name in node.output}}
    expected = {(makers[name], node.name) for node in nodes for name in node.input}
    assert told(pytest_rf.analyze(found)) == expected
