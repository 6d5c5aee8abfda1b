"""Configurations and requirements, valid and broken at random."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

from docs.grammar import sentences
from hypothesis import strategies as st
from oracle.graphs.builder import Draw

from fuzz.bases import SEEDS

ROOT = Path(__file__).parents[2]

CONFIGS = (
    (ROOT / "examples" / "rf.toml").read_text(encoding="utf-8"),
    (ROOT / "examples" / "strict.toml").read_text(encoding="utf-8"),
    """
select = ["RF1", "RF302"]
ignore = ["batch-leak"]
require = ["output is bounded"]
isolate = "never"
extend = []

[limits]
nodes = 1000
extent = 100_000

[rule.RF302]
severity = "warning"

[[model]]
name = "tcn"
source = "tcn.onnx"
inputs = { audio = [1, 1, 400] }
axes = { audio = { t = 2 } }
spacing = { t = "1/16000 s" }
origin = "end"
require = ["final rf.t >= 10 ms", "output lookahead.t <= 3"]
accept_context = ["op:Softmax"]

[[model.waiver]]
rule = "RF302"
reason = "known"
until = 2999-01-01

[[model]]
source = "*.onnx"
require = ["final rf >= 3"]
""",
)

VALUES = (
    *("0", "-1", "1e400", "nan", "inf", "-inf", "true", '""', '"x"', "[]", "{}", "[[]]", "[1, 'a']"),
    *("9" * 30, "1979-05-27", '"\\u0000"', '"\\u001b[2J"', '"**/*.onnx"', '"../x.onnx"', '"/etc/passwd"'),
    *('"a.b:c"', '"[a"', '"output rf >= 3"', '{ t = "0 s" }', "{ audio = [0] }", "{ audio = [-1, 1, 4] }"),
)
WORDS = (
    "model",
    "require",
    "limits",
    "source",
    "tool.pytest_rf",
    "rule",
    "waiver",
    "extend",
    "x",
    "",
    "a b",
    "é",
)

GRAMMAR = next(
    block
    for block in re.findall(
        r"```text\n(.*?)```", (ROOT / "docs" / "requirements.md").read_text("utf-8"), re.DOTALL
    )
    if "requirement:" in block
)
SIGNS = [
    *"()[]<>=!.,\"'+-*/%#:;\n\t\x00\x1b\udcff≥é",
    "and",
    "where",
    "1e999",
    "9" * 400,
    "((" * 300,
    "final",
    "is not",
]


def garbled(text: str, rng: Random) -> str:
    """Return a text with signs and words put in, left out, or moved."""
    parts = re.findall(r"\w+|\s+|.", text)
    for _ in range(rng.choice((1, 1, 2, 4))):
        place = rng.randrange(len(parts) + 1)
        choice = rng.randrange(4)
        if choice == 0:
            parts.insert(place, rng.choice(SIGNS))
        elif choice == 1:
            del parts[place : place + rng.choice((1, 3))]
        elif choice == 2 and parts:
            parts.insert(place, rng.choice(parts))
        else:
            parts[place : place + 1] = [rng.choice(SIGNS)]
    return "".join(parts)


@st.composite
def requirements(draw: Draw) -> str:
    """Draw the text of a requirement."""
    text: str = draw(sentences(GRAMMAR))
    return garbled(text, Random(draw(SEEDS))) if draw(st.booleans()) else text


def _changed(text: str, rng: Random) -> str:
    lines = text.splitlines()
    place = rng.randrange(len(lines))
    key, equals, _ = lines[place].partition("=")
    choice = rng.randrange(7)
    if choice <= 1 and equals:
        lines[place] = f"{key}= {rng.choice(VALUES)}"
    elif choice == 2 and equals:
        lines[place] = f"{rng.choice(WORDS)} = {rng.choice(VALUES)}"
    elif choice == 3:
        lines.insert(place, lines[rng.randrange(len(lines))])
    elif choice == 4:
        lines.insert(
            place, rng.choice(("[{}]", "[[{}]]", "[[model.{}]]", "[model.{}]")).format(rng.choice(WORDS))
        )
    elif choice == 5:
        del lines[place]
    else:
        lines[place] = garbled(lines[place], rng)
    return "\n".join(lines) + "\n"


@st.composite
def configurations(draw: Draw) -> bytes:
    """Draw the bytes of a configuration."""
    text = draw(st.sampled_from(CONFIGS))
    for seed in draw(st.lists(SEEDS, max_size=3)):
        text = _changed(text, Random(seed))
    data = text.encode(errors="surrogatepass")
    if draw(st.integers(0, 9)) == 0:
        data = draw(st.sampled_from((b"\xef\xbb\xbf", b"\xff\xfe", b"\x00"))) + data
    return data
