"""What the elements of a drawn graph read, in the two ways in which it can be shown."""

from __future__ import annotations

from typing import Any

from oracle.engines import NoEngineError
from oracle.engines.files import load, trusted
from oracle.graphs import Graph
from oracle.influence import Influence
from oracle.perturb import probe_rows
from oracle.twin import inferred_ranks, linearised_twin, probe_twin


def structural(graph: Graph) -> Influence | None:
    """Return what every element reads of the tensors of which a twin shows it."""
    model = graph.flat()
    twin = linearised_twin(model, {**inferred_ranks(model), **graph.ranks()}, partial=True)
    made = {name for node in twin.graph.node for name in node.output}
    tensors = [name for name in graph.tensors if name in made]
    if not tensors:
        return None
    try:
        return probe_twin(twin, {name: value.shape for name, value in graph.inputs.items()}, tensors=tensors)
    except NoEngineError:
        return None


def observed(graph: Graph) -> Influence | None:
    """Return what perturbation shows, if an engine is trusted with all of the graph."""
    model = graph.flat()
    # the reference evaluator is a hundred times slower, and the twin sees what one look may miss
    looks: dict[str, Any] = {} if "onnxruntime" in trusted(model) else {"bases": 1, "magnitudes": [300.0]}
    try:
        return probe_rows(load(model, graph.tensors), graph.inputs, **looks)
    except NoEngineError:
        return None
