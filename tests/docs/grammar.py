"""The published grammar of requirements as a strategy: random sentences of it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from hypothesis import strategies as st

from pytest_rf.analysis.metrics import METRICS, PREDICATES

Sentences = st.SearchStrategy[list[str]]

_TOKEN = re.compile(r"'[^']*'|[A-Za-z]+|[()\[\]|*]")

#: What the grammar describes in words.
_TERMINALS = {
    "END": st.just(""),
    "STRING": st.sampled_from(['"enc.*"', "'a b'", '"x[0]"']),
    "NUMBER": st.sampled_from(["0", "3", "12", "0.5", "1e3"]),
    "WORD": st.sampled_from(["t", "h", "image", "input", "_x1"]),
    "UNIT": st.sampled_from(["mm", "ms", "px", "steps", "samples"]),
    "PATTERN": st.sampled_from(["Conv*", "ai.onnx:Conv", '"a b"']),
    "NAME": st.sampled_from(["rf", "encoder.0.rf", "acme:rf", '"a-b"']),
    "FILE": st.sampled_from(["docs/my-model.toml#unet.rf", '"a b.json#rf"']),
    "metric": st.sampled_from(list(METRICS)),
    "predicate": st.sampled_from(list(PREDICATES)),
}


def words(text: str) -> set[str]:
    """Return what stands in quotes in a grammar."""
    return set(re.findall(r"'([^']*)'", text))


def sentences(text: str) -> st.SearchStrategy[str]:
    """Return random sentences of a grammar, which begins with the rule of a whole one."""
    rules: dict[str, list[str]] = {}
    name = ""
    for line in text.split("\n\n")[0].splitlines():
        head, _, body = line.rpartition(": ") if re.match(r"[a-z]+:", line) else ("", "", line)
        name = head.strip() or name
        rules.setdefault(name, []).extend(_TOKEN.findall(body))
    known: dict[str, Sentences] = {}
    for rule, tokens in rules.items():
        known[rule] = st.deferred(lambda tokens=tokens: _either(list(tokens), known))  # type: ignore[misc]
    return known[next(iter(rules))].map(_written)


def _either(tokens: list[str], known: dict[str, Sentences]) -> Sentences:
    """Take what stands between bars, up to a closing bracket."""
    found = [_row(tokens, known)]
    while tokens and tokens[0] == "|":
        tokens.pop(0)
        found.append(_row(tokens, known))
    return st.one_of(found)


def _row(tokens: list[str], known: dict[str, Sentences]) -> Sentences:
    parts = []
    while tokens and tokens[0] not in "|)]":
        token = tokens.pop(0)
        if token in "([":
            part = _either(tokens, known)
            tokens.pop(0)
            part = part if token == "(" else st.one_of(st.just([]), part)
        elif token[0] == "'":
            part = st.just([token.strip("'")])
        else:
            part = known[token] if token in known else _TERMINALS[token].map(lambda text: [text])
        if tokens and tokens[0] == "*":
            tokens.pop(0)
            part = st.lists(part, max_size=2).map(_flat)
        parts.append(part)
    return st.tuples(*parts).map(_flat)


def _flat(rows: Iterable[list[str]]) -> list[str]:
    return [token for row in rows for token in row]


def _written(tokens: list[str]) -> str:
    """Return a sentence as it is written: nothing stands between a prefix and its name."""
    return "".join(token if token.endswith(":") else f"{token} " for token in tokens).strip()
