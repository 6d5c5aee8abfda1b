"""Patterns of ``accept_context``: what they match, and what to say of one that matches nothing.

A pattern that matches nothing accepts nothing, though its author relies on it; so it is an error. One that matches
an operator which brings no context in is not: models lose their normalisations without losing their meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from pytest_rf.analysis.analysis import Analysis
from pytest_rf.analysis.described import is_accepted, names
from pytest_rf.errors import ModelError
from pytest_rf.globs import operator_names
from pytest_rf.interpreter import Ignorance
from pytest_rf.node import Node

Same = TypeVar("Same", bound=Analysis)

#: At most this many operators are listed in an error.
_LISTED = 5

#: Near misses are looked for among this many names, so that no model can make an error take minutes.
_NAMES = 5000


def unmatched(analysis: Analysis, patterns: Sequence[str]) -> list[str]:
    """Return the patterns that match no node of a model: no operator, no name of a node, a module or a result.

    Raises:
        ModelError: a pattern is too long.
    """
    try:
        return [
            pattern
            for pattern in dict.fromkeys(patterns)
            if not any(is_accepted(node, (pattern,)) for node in analysis.graph.nodes)
        ]
    except ValueError as error:  # too long to be matched
        raise ModelError(f"accept_context: {error}") from None


def verified(analysis: Same) -> Same:
    """Return an analysis whose patterns all match something.

    Raises:
        ModelError: one matches nothing; the text says what it may have meant.
    """
    patterns = analysis.accept_context
    if isinstance(patterns, str):
        raise ModelError(f'accept_context takes a list of patterns: ["{patterns}"]')
    for pattern in unmatched(analysis, patterns):
        raise ModelError(complaint(pattern, analysis))
    return analysis


def complaint(pattern: str, analysis: Analysis, models: str = "") -> str:
    """Return what to say about a pattern that matches nothing in a model, or in the models that ``models`` tells."""
    nodes = _bringing(analysis)
    near = _near(pattern, nodes)
    hint = f", did you mean {' or '.join(near)}?" if near else ""
    if nodes:
        listed = ", ".join(f"{node.name} ({node.op})" for node in nodes[:_LISTED])
        more = f" and {len(nodes) - _LISTED} more" if len(nodes) > _LISTED else ""
        brings = f"context comes in at {listed}{more}"
    else:
        brings = "nothing brings context in, so the pattern can go"
    where = f" of {analysis.name}" if models else ""
    return f'accept_context "{pattern}" matches nothing in {models or analysis.name}{hint} ({brings}{where})'


def _bringing(analysis: Analysis) -> list[Node]:
    """Return the nodes that bring context in along an axis that does not count channels, in graph order."""
    axes = {
        (source.name, number)
        for source in analysis.inputs.values()
        for number in range(len(source.shape))
        if number != source.channel
    }
    found: set[int] = set()
    for tensor in analysis:
        outcome = analysis.runs.structure(tensor.value)
        if not isinstance(outcome, Ignorance):
            found.update(*(numbers for key, numbers in outcome.context.items() if key in axes))
    return [analysis.graph.nodes[number] for number in sorted(found)]


def _near(pattern: str, nodes: Sequence[Node]) -> list[str]:
    """Return patterns that are like this one and match some of the nodes."""
    kind, _, name = pattern.partition(":")
    wanted = (name if kind.lower() == "op" and name else pattern)[:200].lower()
    # An operator without its "op:" is a near miss, too, and so is a module for what lies within it.
    known = {name.lower(): name for node in nodes for name in names(node)}
    known |= {part.lower(): f"{part}.*" for node in nodes for part in _around(node.module)}
    known |= {word: f"op:{node.op}" for node in nodes for word in operator_names(node.op)}
    words = [word for word in known if len(word) <= 200][:_NAMES]
    from difflib import get_close_matches

    close = get_close_matches(wanted, words, n=3, cutoff=0.6)
    return [f'"{meant}"' for meant in dict.fromkeys(known[word] for word in close)][:2]


def _around(module: str) -> list[str]:
    """Return the paths of the modules that hold a module."""
    parts = module.split(".")
    return [".".join(parts[:depth]) for depth in range(1, len(parts))]
