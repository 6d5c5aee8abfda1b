"""The shape of a configuration file, as types: what TOML is held against and what its JSON Schema is made from.

This module and :mod:`pytest_rf.config.shapes` are those that need msgspec.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from pytest_rf.checks import RULES

Text = Annotated[str, Meta(min_length=1, max_length=4000)]


class WaiverTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[[model.waiver]]``: a finding that the model's authors accept, with their reason."""

    rule: Annotated[Text, Meta(description="code or name of the rule that is waived, such as RF001")]
    reason: Annotated[Text, Meta(description="why; for whoever reads this next year")]
    at: Annotated[Text, Meta(description="glob over names of tensors, nodes and modules, or op:NAME")] = "*"
    until: Annotated[
        datetime.date | None, Meta(description="past this date the waiver itself is reported")
    ] = None


Extents = dict[str, Annotated[int, Meta(ge=1, le=2**40)]]
Sides = dict[
    str,
    Annotated[int, Meta(ge=0, le=2**40)]
    | Annotated[list[Annotated[int, Meta(ge=0, le=2**40)]], Meta(min_length=2, max_length=2)],
]


class TilingTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[[model.tiling]]``: tiles that the model is run in, which must make the whole exactly; a table a tiling."""

    tile: Annotated[Extents, Meta(min_length=1, description="extent of a tile in input positions, by axis")]
    overlap: Annotated[
        dict[str, Annotated[int, Meta(ge=0, le=2**40)]],
        Meta(description="what neighbours share in total, by axis; the smallest that is seamless by default"),
    ] = {}
    context: Annotated[
        Sides, Meta(description="what a tile has on a side instead, or [before, after], by axis")
    ] = {}
    align: Annotated[
        Extents, Meta(description="tiles begin on multiples of this as well as on those of the strides")
    ] = {}
    crop: Annotated[
        Sides,
        Meta(description="by how much outputs are smaller on a side, where their centres do not say so"),
    ] = {}


if TYPE_CHECKING:

    class RuleTables(msgspec.Struct, frozen=True):
        """A table a rule."""

else:
    RuleTables = msgspec.defstruct(
        "RuleTables",
        [
            (
                rule.name.replace("-", "_"),
                rule.options,
                msgspec.field(name=rule.name, default_factory=rule.options),
            )
            for rule in RULES
            if rule.has_options
        ],
        namespace={"__doc__": "``[rule]``: what is said of single rules, a table each, by their names."},
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
    )


class ModelTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[[model]]``: a model, or all that a glob finds, and what is required of it."""

    source: Annotated[
        Text, Meta(description="path or glob below this file's folder, or package.module:factory")
    ]
    name: Annotated[
        str, Meta(max_length=200, description="what reports call it; the file's name by default")
    ] = ""
    inputs: Annotated[
        dict[str, list[Any] | dict[str, Any]],
        Meta(
            description="shapes, by input name, for what the file leaves open: { image = [1, 3, 224, 224] }; with a "
            'type: { ids = { shape = [1, 16], dtype = "int64" } }; lists and tables of these are arguments of that form'
        ),
    ] = {}
    values: Annotated[
        dict[str, bool | int | float | str | list[Any]],
        Meta(
            description="values of inputs that steer the geometry, such as a rate: { sr = 16000 }; or the path of a "
            ".npy file below this file's folder"
        ),
    ] = {}
    kwargs: Annotated[
        dict[str, Any],
        Meta(
            description='arguments of the call of a module that are not tensors: { scale = 2, mode = "fast" }'
        ),
    ] = {}
    args: Annotated[
        dict[str, Any] | list[Any],
        Meta(description="arguments of the factory, by name or in their order: { width = 64 }"),
    ] = {}
    weights: Annotated[
        bool, Meta(description="whether exact zeros in weights and masked scores do not read")
    ] = False
    mask_below: Annotated[
        float | None,
        Meta(
            description="with weights: a constant of this or less that is added before a softmax is a mask; -100 by "
            "default, -inf for none but -inf"
        ),
    ] = None
    spacing: Annotated[
        dict[str, Text], Meta(description='distance of neighbours, by axis: { t = "1/16000 s" }')
    ] = {}
    axes: Annotated[
        dict[str, dict[str, Annotated[int, Meta(ge=-32, le=31)]]],
        Meta(
            description="axes where they are not to be guessed: { image = { h = 2, w = 3 } }; batch and channel are "
            "roles: { frames = { t = 0, batch = 1 } }"
        ),
    ] = {}
    origin: Annotated[
        Literal["end", "start", "center"],
        Meta(description="which of its input steps an output step stands for, in look-ahead and look-back"),
    ] = "end"
    stands_for: Annotated[
        dict[str, Text],
        Meta(description='last input position that step i stands for, by axis: { t = "4i" }'),
    ] = {}
    frontend: Annotated[
        dict[str, Text],
        Meta(
            description="what makes the positions of an axis of samples, outside of the model: "
            '{ t = "frames(400, 160, rate = 16000)" }, { t = "stft(512, 128, center = true)" }; several in a row with '
            "`then`"
        ),
    ] = {}
    accept_context: Annotated[
        list[Text],
        Meta(
            max_length=1000,
            description="op:NAME or globs: what may bring context in without breaking a guarantee",
        ),
    ] = []
    state: Annotated[
        Text | dict[str, Text],
        Meta(
            description="of a step model, state input -> the output that is its value in the next call: { cache = "
            '"new_cache" }; or "auto", by names and shapes. Figures are those of the stream'
        ),
    ] = {}
    chunk: Annotated[
        Annotated[int, Meta(ge=1, le=2**20)] | dict[str, Annotated[int, Meta(ge=1, le=2**20)]] | None,
        Meta(
            description="positions along a stream that a call advances by, which `latency` counts; by input where "
            "they differ. A step model's calls advance by all that they are given unless it says less"
        ),
    ] = None
    extend: Annotated[
        list[Text],
        Meta(max_length=1000, description='packs ("pytest-rf:streaming") or files for this model alone'),
    ] = []
    select: Annotated[
        list[Text], Meta(max_length=1000, description="rules to check beside those of the whole file")
    ] = []
    ignore: Annotated[
        list[Text], Meta(max_length=1000, description="rules to leave out, also those of the whole file")
    ] = []
    require: Annotated[
        list[Text], Meta(max_length=1000, description='requirements, such as "final rf >= 224"')
    ] = []
    waiver: Annotated[list[WaiverTable], Meta(max_length=1000)] = []
    tiling: Annotated[list[TilingTable], Meta(max_length=100)] = []
    rule: Annotated[
        RuleTables,
        Meta(description="what is said of single rules for this model, key by key over the file's"),
    ] = RuleTables()


Whole = Annotated[int, Meta(ge=1, le=2**20)]
Pad = Annotated[int, Meta(ge=-(2**20), le=2**20)]


class OperatorTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[[operator]]``: what an operator of your own reads: a window, its place, a mixture, or nothing."""

    name: Annotated[
        Text,
        Meta(
            description='domain::Operator of an ONNX file, "acme::*" for all of a domain, or a torch operator'
        ),
    ]
    kernel: Annotated[
        Whole | list[Whole] | None, Meta(description="taps of its window, one number or one per spatial axis")
    ] = None
    stride: Annotated[Whole | list[Whole] | None, Meta(description="steps of the window; 1 by default")] = (
        None
    )
    dilation: Annotated[
        Whole | list[Whole] | None, Meta(description="distance of the taps; 1 by default")
    ] = None
    padding: Annotated[
        Pad | list[Pad | list[Pad]] | None,
        Meta(description="positions added on either side, or [before, behind] per axis; 0 by default"),
    ] = None
    transposed: Annotated[
        bool | None, Meta(description="whether it is a transposed window, which makes more positions")
    ] = None
    output_padding: Annotated[
        Pad | list[Pad] | None, Meta(description="positions that a transposed window adds behind")
    ] = None
    channels: Annotated[
        Whole | None,
        Meta(description="channels that it makes where the file does not tell; those of its input"),
    ] = None
    elementwise: Annotated[bool, Meta(description="each element reads its own place")] = False
    mixing: Annotated[bool, Meta(description="everything of a sample is mixed")] = False
    nothing: Annotated[bool, Meta(description="it reads nothing of its inputs")] = False


class LimitsTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[limits]``: what a model may take before the run gives it up."""

    file_size: (
        Annotated[int, Meta(ge=1, description="bytes of a model file; 2 GiB where nothing is said")] | None
    ) = None
    graph_size: (
        Annotated[int, Meta(ge=1, description="bytes of a model file without its weights; 256 MiB")] | None
    ) = None
    nodes: (
        Annotated[
            int,
            Meta(
                ge=1,
                description="nodes of a graph, subgraphs and functions included, or tensors of sequences; 1,000,000",
            ),
        ]
        | None
    ) = None
    inlined: (
        Annotated[
            int,
            Meta(
                ge=1,
                description="nodes and outputs that functions, bodies and nodes of many outputs add to them; 100,000",
            ),
        ]
        | None
    ) = None
    depth: (
        Annotated[
            int,
            Meta(
                ge=1,
                description="levels of subgraphs and functions; 64, and protobuf reads no more than 32 of subgraphs",
            ),
        ]
        | None
    ) = None
    fields: (
        Annotated[int, Meta(ge=1, description="fields of a model file without its weights; 20,000,000")]
        | None
    ) = None
    unknown_fields: (
        Annotated[int, Meta(ge=1, description="fields that ONNX does not have; 100,000")] | None
    ) = None
    extent: Annotated[int, Meta(ge=1, description="positions along an axis; 16,777,216")] | None = None
    kernel: (
        Annotated[
            int,
            Meta(
                ge=1,
                description="taps of a window, its stride and other numbers that are written out; 1,048,576",
            ),
        ]
        | None
    ) = None
    work: (
        Annotated[int, Meta(ge=1, description="elements of fields that one run touches; 2,147,483,648")]
        | None
    ) = None
    array: (
        Annotated[
            int,
            Meta(
                ge=1,
                description="elements of one array of fields, or of one table of what is read; 67,108,864",
            ),
        ]
        | None
    ) = None
    seconds: (
        Annotated[
            float,
            Meta(
                gt=0, le=1e6, description="seconds for a model that has a process of its own; 300 by default"
            ),
        ]
        | None
    ) = None
    memory: (
        Annotated[
            int,
            Meta(
                ge=1,
                description="bytes of memory that such a model may take, on Linux; 4 GiB by default, and for code "
                "all that there is",
            ),
        ]
        | None
    ) = None


class PackFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule pack, or any file that another extends: all of a configuration but the models and limits."""

    extend: Annotated[
        list[Text], Meta(max_length=1000, description='packs ("pytest-rf:segmentation") or files')
    ] = []
    select: Annotated[
        list[Text], Meta(max_length=1000, description="codes or prefixes of the rules to check")
    ] = []
    ignore: Annotated[
        list[Text], Meta(max_length=1000, description="codes or prefixes of rules to leave out")
    ] = []
    require: Annotated[list[Text], Meta(max_length=1000, description="requirements of every model")] = []
    operator: Annotated[
        list[OperatorTable], Meta(max_length=1000, description="what operators of your own read")
    ] = []
    rule: Annotated[
        RuleTables,
        Meta(description="what is said of single rules: [rule.gridding] and their other names, a table each"),
    ] = RuleTables()


class ConfigFile(PackFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A configuration: ``rf.toml``, ``.rf.toml``, or ``[tool.pytest-rf]`` in ``pyproject.toml``."""

    uncovered: Annotated[
        Literal["error", "warn", "ignore"],
        Meta(description="what a model is that no requirement and no selected rule judges"),
    ] = "error"
    lfs: Annotated[
        Literal["error", "skip"],
        Meta(
            description="what a model file is that is still a Git LFS pointer: wrong, or left out with a word on it"
        ),
    ] = "error"
    baseline: Annotated[
        Text,
        Meta(
            description="file of what is known to fail, below this file's folder; rf-baseline.toml by default"
        ),
    ] = ""
    lock: Annotated[
        Text, Meta(description='file of all figures that check holds, such as "rf.lock"; none by default')
    ] = ""
    jobs: Annotated[
        int,
        Meta(
            ge=0, le=1024, description="processes that work on models; 0 for as many as there are processors"
        ),
    ] = 1
    isolate: Annotated[
        Literal["auto", "always", "never"],
        Meta(
            description="which model files have a process of their own, with limits of time and memory; code has one "
            "always"
        ),
    ] = "auto"
    model: Annotated[list[ModelTable], Meta(max_length=2000)] = []
    limits: LimitsTable = LimitsTable()


def convert(data: Any, kind: type[PackFile]) -> Any:
    """Return TOML data as the type given.

    Raises:
        msgspec.ValidationError: the data is not of this shape; the text ends in the place.
    """
    return msgspec.convert(
        data, kind, builtin_types=(datetime.datetime, datetime.date, datetime.time), str_keys=True
    )
