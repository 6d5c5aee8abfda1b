"""Requirements in samples and in time of the front-end, at every door; ONNX, so that no torch is needed."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import onnx
import pytest
from models import model

import pytest_rf
from pytest_rf import ModelError, RequirementError, cli
from pytest_rf.findings import Finding, Spacing
from pytest_rf.reporters.full import finding as paragraph
from pytest_rf.reporters.lines import plain
from pytest_rf.requirements.wording import measured, required

NET = """
    net (float[1,80,200] x) => (float[1,4,?] y)
    <float[4,80,3] w3, float[4,4,5] w5>
    {
        a = Conv<kernel_shape=[3], pads=[1,1], strides=[2]>(x, w3)
        y = Conv<kernel_shape=[5], pads=[2,2]>(a, w5)
    }
"""
FRAMES = "frames(400, 160, rate = 16000)"


NORM = """
    net (float[1,2,50] x) => (float[1,2,50] y) <float[2] s, float[2] b>
    { y = InstanceNormalization(x, s, b) }
"""


def net(frontend: str = FRAMES, **more: Any) -> pytest_rf.Analysis:
    return pytest_rf.analyze(model(NET), frontend={"t": frontend}, **more)


def one(analysis: pytest_rf.Analysis, text: str) -> Finding:
    (found,) = analysis.check(text)
    return found


@pytest.mark.parametrize(
    ("figure", "positions", "samples"),
    [
        ("rf", 11, 10 * 160 + 400),
        ("rf_min", 11, 2000),
        ("stride", 2, 320),
        ("start", -5, -800),
        ("center", 0, Fraction(399, 2)),
        ("lookahead", 4, 4 * 160 + 240),
        ("latency", 18, 18 * 160 + 240),
        ("lookback", 5, 800),
        ("multiple", 2, 320),
        ("min_input", 1, 400),
        ("unused", 0, 0),
    ],
)
def test_figures(figure: str, positions: int, samples: Fraction) -> None:
    analysis = net(chunk=16)
    field = analysis.final[0]["t"]
    assert (getattr(field, figure), getattr(field.in_samples, figure)) == (positions, samples)
    assert field.in_samples.in_positions.rf == field.rf
    assert analysis.check(f"{figure} == {positions}") == []
    assert analysis.check(f"{figure} == ({samples}) samples") == []
    assert analysis.check(f"{figure} == ({samples / Fraction(16)}) ms") == []


def test_what_is_asked_in_time_is_told_in_time() -> None:
    found = one(net(chunk=16), "final latency <= 40 ms")
    assert measured(found) == "3120 samples (195 ms)"
    assert required(found) == "<= 40 ms (640 samples)"
    assert found.counted == "samples"
    assert found.spacing == Spacing(number="1/16000", unit="s", shown="ms")
    assert found.help.startswith("2480 samples too many")
    assert measured(one(net(), "rf <= 1999 samples")) == "2000 samples (125 ms)"
    assert required(one(net(), "rf <= 1999 samples")) == "<= 1999 samples"
    # Positions stay positions, and are no times: each was computed from more than its hop.
    plain_ = one(net(spacing={"t": "10 ms"}), "rf <= 3")
    assert (measured(plain_), plain_.spacing, plain_.counted) == ("11", None, "")


def test_parts_of_a_budget_sum_to_the_figure() -> None:
    for text, total in (("latency <= 40 ms", 3120), ("latency <= 3", 18), ("lookahead <= 40 ms", 880)):
        found = one(net(chunk=16), text)
        assert found.path[-1].total == total
        assert sum(step.growth for step in found.path) == total
    layers = [step.layer for step in one(net(chunk=16), "latency <= 40 ms").path]
    assert layers == [f"front-end {FRAMES}", "y 5", "chunks of 16 positions"]
    told = net(chunk=16).final[0].explain("latency")["t"]
    assert told.start + sum(one.growth for one in told.layers) + told.rest == told.figure == 3120
    told = pytest_rf.analyze(model(NET), chunk=16).final[0].explain("latency")["t"]
    assert told.start + sum(one.growth for one in told.layers) + told.rest == told.figure == 18
    assert [told.frontend, told.chunk] == [None, 16]


def test_a_budget_on_the_screen() -> None:
    text = "\n".join(plain(paragraph(one(net(chunk=16), "latency <= 40 ms"))))
    assert "how latency grew along t, layer by layer, in samples:" in text
    assert "+240 →  240  front-end frames(400, 160, rate = 16000)" in text
    assert "+2240 → 3120  chunks of 16 positions" in text


@pytest.mark.parametrize(
    "text",
    [
        "rf <= input",  # positions
        "rf <= 50%",
        "rf == input - 189",
        "rf == 20 ms / 10 ms * 5.5",  # a number
        "lookahead == 2 steps",
        "lookahead == 2 steps + 15 ms",  # a step is 320 samples
        "rf <= input - 10 ms",
        "rf == 5 px + 75 ms",
        "rf == 100% - 195 px + 75 ms",
        "rf == input * 1 - 195 + 1200 samples",
        "rf <= input / 10 ms",  # a number again
        "halo <= 880 samples",
        "halo(align=4) <= 880 samples",
        "880 samples <= lookahead <= 55 ms",
    ],
)
def test_units_go_together(text: str) -> None:
    assert net().check(text) == []


def test_one_rate_is_enough() -> None:
    assert net("stft(512, 160)", spacing={"t": "10 ms"}).check("rf == 132 ms") == []
    assert net("stft(512, 160, rate = 16000)").check("rf == 132 ms") == []
    assert net("stft(512, 160)").check("rf == 2112 samples") == []
    with pytest.raises(
        RequirementError, match="says nothing of time, so 132 ms means nothing: state its rate"
    ):
        net("stft(512, 160)").check("rf == 132 ms")
    with pytest.raises(RequirementError, match="mm is none of that"):
        net().check("rf == 132 mm")
    with pytest.raises(
        ModelError, match="positions are 12 ms apart here, and by the front-end 160 samples at 16000"
    ):
        net(spacing={"t": "12 ms"})


def test_what_is_not_known_of_the_signal_is_undecidable() -> None:
    found = one(net("stft(512, 160)"), "min_input <= 4000 samples")
    assert found.undecidable
    assert "may pad the signal" in found.reason


def test_what_reads_everything_waits_for_ever() -> None:
    found = one(
        pytest_rf.analyze(
            model(NORM),
            frontend={"t": FRAMES},
            axes={"x": {"t": 2}},
            chunk=4,
        ),
        "latency <= 40 ms",
    )
    assert measured(found) == "inf (720 samples without context)"


def test_axes_without_a_front_end_say_so() -> None:
    field = pytest_rf.analyze(model(NET)).final[0]["t"]
    with pytest.raises(ModelError, match="axis t has no front-end"):
        _ = field.in_samples
    assert field.latency == field.lookahead


def test_every_door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    onnx.save(model(NET), "net.onnx")
    config = (
        'name = "net"\nsource = "net.onnx"\nrequire = ["latency == 195 ms", "rf == 125 ms"]\nchunk = 16\n'
    )
    Path("rf.toml").write_text(f'[[model]]\n{config}frontend = {{ T = "{FRAMES}" }}\n')
    assert cli.run(["check"]) == 0
    assert cli.run(["explain", "net", "--metric", "latency"]) == 0
    said = capsys.readouterr().out
    assert "latency 3120 samples (195 ms) on axis t" in said
    assert "chunks of 16 positions" in said
    assert pytest_rf.analyze("net").final[0]["t"].latency == 18
    pytest_rf.assert_rf("net.onnx", "latency == 195 ms", frontend={"t": FRAMES}, chunk=16)
    Path("rf.toml").write_text(f'[[model]]\n{config}frontend = {{ t = "frames(400)" }}\n')
    assert cli.run(["check"]) == 2
    said = capsys.readouterr().err
    assert "rf.toml:6: frontend: t: front-end `frames(400)`, column 1: frames needs hop" in said
    assert "frames(400)\n^" in said.replace("  ", "")
    Path("rf.toml").write_text(f'[[model]]\n{config}frontend = {{ h = "{FRAMES}" }}\n')
    assert cli.run(["check"]) == 2
    assert 'rf.toml:6:14: frontend: the model has no axis "h"; there are t' in capsys.readouterr().err


def test_chunks_need_an_axis() -> None:
    image = "net (float[1,1,20,20] x) => (float[1,1,18,18] y) <float[1,1,3,3] w> { y = Conv<kernel_shape=[3,3]>(x, w) }"
    with pytest.raises(ModelError, match="along which axis chunks come in is not known"):
        pytest_rf.analyze(model(image), chunk=4)
    named = pytest_rf.analyze(model(image), chunk=4, axes={"x": {"t": 2, "f": 3}})
    assert named.final[0]["t"].latency == 5
    assert named.final[0]["f"].latency == 2
    assert not math.isinf(named.final[0]["t"].latency)


def test_reports_have_both() -> None:
    report = net(chunk=16).to_dict()
    assert report["chunk"] == 16
    assert report["inputs"][0]["frontend"] == {"t": {"window": 400, "hop": 160, "before": 0, "rate": 16000}}
    along = report["tensors"][-1]["fields"]["x"]["t"]
    assert (along["latency"], along["samples"]["latency"], along["samples"]["halo"]) == (18, 3120, [800, 880])
    assert "samples" not in pytest_rf.analyze(model(NET)).to_dict()["tensors"][-1]["fields"]["x"]["t"]


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("lookahead <= 879 samples", 5),
        ("lookahead < 880 samples", 5),
        ("lookback <= 40 ms", -5),
        ("rf <= 124 ms", None),
    ],
)
def test_what_is_too_much_in_samples_has_a_witness(text: str, position: int | None) -> None:
    found = one(net(), text)
    assert found.witness is not None
    step = found.witness.unit[-1]
    if position is not None:
        assert found.witness.position[-1] - 2 * step == position


@pytest.mark.parametrize("chunk", [1, 16])
def test_a_step_that_waits_too_long_is_a_witness(chunk: int) -> None:
    largest = {1: 880, 16: 3120}[chunk]
    found = one(net(chunk=chunk), f"latency < {largest} samples")
    assert found.witness is not None
    step, position = found.witness.unit[-1], found.witness.position[-1]
    come_in = (position // chunk + 1) * chunk - 1
    assert come_in * 160 + 399 - ((2 * step + 2) * 160 - 1) == largest
    assert one(net(chunk=chunk), f"latency <= {largest - 1} samples").witness == found.witness


@pytest.mark.parametrize("align", [2, 4])
def test_what_lies_out_of_a_tile_in_samples_is_a_witness(align: int) -> None:
    first, last = (one(net(), f"halo(align={align}) <= {most} samples").witness for most in (799, 879))
    assert first is not None
    assert last is not None
    (begin, position), (end, beyond) = (
        (2 * found.unit[-1] // align * align, found.position[-1]) for found in (first, last)
    )
    assert begin * 160 - position * 160 == 800
    assert beyond * 160 + 399 - ((end + align) * 160 - 1) == 880


def test_a_time_without_a_spacing_tells_of_front_ends() -> None:
    with pytest.raises(RequirementError, match=r'of frames, state frontend = \{ t = "frames\(400, 160, rate'):
        pytest_rf.analyze(model(NET)).check("lookahead <= 40 ms")
    with pytest.raises(RequirementError, match=r"or write positions \(px\)$"):
        pytest_rf.analyze(model(NET)).check("rf <= 40 mm")
