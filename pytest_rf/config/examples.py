"""An example of every key of the configuration, for its page and for editors, which show those of the JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: What every rule's table may say.
_RULE = {"severity": "warning", "undecidable": "info"}

#: By the type that stands for a table: key -> what it may say.
EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "ConfigFile": {
        "extend": ["pytest-rf:segmentation", "shared/rf.toml"],
        "select": ["RF1", "checkerboard"],
        "ignore": ["RF102"],
        "require": ["final stride <= 32"],
        "uncovered": "warn",
        "lfs": "skip",
        "baseline": "rf-baseline.toml",
        "lock": "rf.lock",
        "jobs": 4,
        "isolate": "always",
    },
    "ModelTable": {
        "source": "models/unet.onnx",
        "name": "unet",
        "inputs": {"image": [1, 3, 224, 224], "ids": {"shape": [1, 16], "dtype": "int64"}},
        "values": {"sr": 16000, "sizes": "sizes.npy"},
        "kwargs": {"return_dict": False},
        "args": {"width": 64},
        "weights": True,
        "mask_below": -1000.0,
        "spacing": {"h": "0.5 mm", "w": "0.5 mm"},
        "axes": {"x": {"t": 0, "batch": 1}},
        "origin": "start",
        "stands_for": {"t": "4i"},
        "frontend": {"t": "frames(400, 160, rate = 16000)"},
        "accept_context": ["op:InstanceNormalization", "decoder.se*"],
        "state": {"cache": "new_cache"},
        "chunk": 32,
        "extend": ["pytest-rf:streaming"],
        "select": ["RF4"],
        "ignore": ["context-ahead"],
        "require": ["final rf >= 180", "final is causal"],
    },
    "WaiverTable": {
        "rule": "RF303",
        "reason": "checkerboard accepted until the v3 decoder",
        "at": "decoder.up4",
        "until": "2027-03-01",
    },
    "TilingTable": {
        "tile": {"h": 512, "w": 512},
        "overlap": {"h": 64, "w": 64},
        "context": {"h": [32, 16], "w": 32},
        "align": {"h": 16},
        "crop": {"h": 92},
    },
    "OperatorTable": {
        "name": "acme::Blur",
        "kernel": 5,
        "stride": [1, 2],
        "dilation": 1,
        "padding": [[2, 1], 2],
        "transposed": True,
        "output_padding": 1,
        "channels": 8,
        "elementwise": True,
        "mixing": True,
        "nothing": True,
    },
    "Options": _RULE,
    "FieldExceedsInput": {**_RULE, "times": 2},
    "UnreadInput": {**_RULE, "positions": 1},
    "MisalignedMerge": {**_RULE, "steps": 0.5},
    "OffGrid": {**_RULE, "steps": 0.5},
    "UnevenPhases": {**_RULE, "positions": 1},
    "Gridding": {**_RULE, "density": 0.5},
    "LimitsTable": {
        "file_size": 500_000_000,
        "graph_size": 50_000_000,
        "nodes": 100_000,
        "inlined": 200_000,
        "depth": 16,
        "fields": 5_000_000,
        "unknown_fields": 1_000,
        "extent": 1_000_000,
        "kernel": 10_000,
        "work": 500_000_000,
        "array": 20_000_000,
        "seconds": 60,
        "memory": 4_000_000_000,
    },
}


def illustrated(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a JSON Schema of the configuration with the examples in it."""
    for name, table in schema["$defs"].items():
        for key, kind in table.get("properties", {}).items():
            if key in EXAMPLES.get(name, {}):
                kind["examples"] = [EXAMPLES[name][key]]
    return schema
