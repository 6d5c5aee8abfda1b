"""What a violation of ``causal`` or ``bounded`` says of who is to blame: in its line, under ``-v``, and as data."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
import pytest
from models import model

import pytest_rf
from pytest_rf import cli
from pytest_rf.findings import Blame, Finding

NET = """
    net (float[1,4,32] x) => (float[1,4,?] y)
    <float[4,4,3] w, float[4] s, float[32,32] v, int64[6] pads = {0, 0, 2, 0, 0, 0}>
    {
        p = Pad(x, pads)
        a = Conv<kernel_shape=[3]>(p, w)
        b = Conv<kernel_shape=[3], pads=[1,1]>(a, w)
        n = InstanceNormalization(b, s, s)
        m = MatMul(n, v)
        c = Conv<kernel_shape=[3], pads=[0,2], strides=[2]>(m, w)
        y = Add(c, c)
    }
"""


def one(text: str) -> Finding:
    (found,) = pytest_rf.analyze(model(NET), axes={"x": {"t": 2}}).check(text)
    return found


def test_all_of_them_are_data() -> None:
    inf = "inf"
    assert [replaced(found) for found in one("is causal").blame] == [
        Blame(tensor="b", op="Conv", label="3", does="ahead", ahead=1, adds=1, step=0, ends=0, reads=1),
        Blame(
            tensor="n",
            op="InstanceNormalization",
            does="statistics",
            ahead=inf,
            adds=inf,
            step=0,
            ends=0,
            reads=31,
        ),
        Blame(tensor="m", op="MatMul", does="mixes", ahead=inf, adds=inf, step=0, ends=0, reads=31),
        Blame(
            tensor="c", op="Conv", label="3 stride 2", does="ahead", ahead=2, adds=1, step=0, ends=1, reads=3
        ),
    ]
    assert [replaced(found) for found in one("is bounded").blame] == [
        Blame(tensor="n", op="InstanceNormalization", does="statistics"),
        Blame(tensor="m", op="MatMul", does="mixes"),
    ]
    assert one("lookahead <= 3").blame == ()


def replaced(blame: Blame) -> Blame:
    return Blame(**{name: getattr(blame, name) for name in Blame.__struct_fields__ if name != "node"})


def test_the_line_names_the_first_and_counts_the_others() -> None:
    assert (
        "look-ahead is inf, and must be 0 or less; the first to look ahead is b 3 (Conv), whose step 0 ends at "
        "position 0 and reads up to 1; n (InstanceNormalization) brings in statistics of the whole axis; 2 more "
        "operators look ahead"
    ) in one("is causal").message
    assert (
        "n (InstanceNormalization) brings in statistics of the whole axis; 1 more operator does the like"
        in (one("is bounded").message)
    )


def test_every_one_is_told_on_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    onnx.save(model(NET), "net.onnx")
    Path("rf.toml").write_text(
        '[[model]]\nsource = "net.onnx"\naxes = { x = { t = 2 } }\nrequire = ["is causal"]\n'
    )
    assert cli.run(["check", "-v"]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "= blame: m (MatMul) mixes the whole axis" in said
    assert "= blame: c 3 stride 2 (Conv) looks 1 ahead, 2 in all, whose step 0 ends at position 1" in said
    assert cli.run(["check"]) == 1
    assert "= blame" not in capsys.readouterr().out
    assert cli.run(["check", "--format", "json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)["models"][0]["findings"]
    assert [at["tensor"] for at in found["blame"]] == ["b", "n", "m", "c"]
    assert found["blame"][3]["ahead"] == 2
    assert found["blame"][1]["ahead"] == "inf"


def test_where_time_is_counted_from_the_beginning_of_a_step() -> None:
    analysis = pytest_rf.analyze(
        model(NET), axes={"x": {"t": 2}}, accept_context=["op:InstanceNormalization"]
    )
    (found,) = analysis.check('"n" is causal', origin="start")
    assert [(at.tensor, at.ahead) for at in found.blame] == [("b", 1)]
    strided = NET.replace("m = MatMul(n, v)", "m = Relu(b)").replace("pads=[1,1]", "pads=[2,0]")
    (found,) = pytest_rf.analyze(model(strided), axes={"x": {"t": 2}}).check("is causal", origin="start")
    assert [(at.tensor, at.ahead, at.step, at.ends, at.reads) for at in found.blame] == [("c", 2, 0, 1, 2)]
