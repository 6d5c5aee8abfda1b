"""What the schema of an operator says about recording it: views, writes, composites, factories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from msgspec import Struct

# Composites that are recorded whole: their parts no longer show what is read of what.
_KEPT_NAMES = """
    linear matmul einsum tensordot bilinear batch_norm instance_norm group_norm layer_norm rms_norm
    conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d
    scaled_dot_product_attention lstm gru rnn_tanh rnn_relu lstm_cell gru_cell rnn_tanh_cell
    rnn_relu_cell stft istft pad dropout feature_dropout alpha_dropout feature_alpha_dropout softmax
    log_softmax adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d
    max_pool1d max_pool2d max_pool3d avg_pool1d upsample_nearest1d upsample_nearest2d
    upsample_nearest3d _upsample_nearest_exact1d _upsample_nearest_exact2d _upsample_nearest_exact3d
    upsample_linear1d upsample_bilinear2d upsample_bicubic2d upsample_trilinear3d
    _upsample_bilinear2d_aa _upsample_bicubic2d_aa std var cosine_similarity cdist grid_sampler tile
    fft_fft fft_ifft fft_rfft fft_irfft fft_hfft fft_ihfft fft_fft2 fft_ifft2 fft_rfft2 fft_irfft2
    fft_fftn fft_ifftn fft_rfftn fft_irfftn fft_fftshift fft_ifftshift cumulative_trapezoid diff
    cov corrcoef where selu relu6 prelu embedding_bag native_channel_shuffle
"""
KEPT = frozenset(_KEPT_NAMES.split())
# Factories that take a tensor only for its shape and type.
_LIKE_NAMES = """
    new_zeros new_ones new_full new_empty new_empty_strided zeros_like ones_like full_like
    empty_like rand_like randn_like randint_like
"""
_LIKE = frozenset(_LIKE_NAMES.split())
_READS_VALUES_NAMES = """
    _local_scalar_dense item is_nonzero equal allclose nonzero unique _unique2 unique_dim
    unique_consecutive bincount where.default nms masked_select
"""
_READS_VALUES = frozenset(_READS_VALUES_NAMES.split())
# Composites that give a view where they can and a copy elsewhere: what came out tells. They are recorded whole.
_COPIES = frozenset(["reshape", "flatten", "contiguous"])
# Views although the schema does not say so.
_SECRET_VIEWS = frozenset(["_unsafe_view"])
# Views of the storage, whatever the view that they are called on.
_OF_STORAGE = frozenset(["as_strided"])
# Writes that give a tensor another storage, which tells what it is from then on.
_REBINDS = frozenset(["set"])
# Arguments that are written although the schema does not say so: (running mean, running variance, flag).
_SECRET_WRITES = {"batch_norm": (3, 4, 5), "native_batch_norm": (3, 4, 5), "instance_norm": (3, 4, 5)}
# Outputs that depend on one argument alone (its position), whatever the others are: output -> argument.
_INDEPENDENT = {"_pack_padded_sequence": {1: 1}, "_pad_packed_sequence": {1: 1}}
_DUNDER = {"__iand__": "bitwise_and", "__ior__": "bitwise_or", "__ixor__": "bitwise_xor"}


class Traits(Struct, frozen=True, eq=False):
    """How an overload is recorded.

    Attributes:
        op: its name, of the functional form for operators that write.
        functional: the overload of that name, itself if there is none.
        name: the same without namespace and overload.
        composite: it is replaced by the operators that it is composed of.
        view: its outputs share the memory of its first argument, if they do not turn out to be copies.
        of_storage: that view is one of the storage, whatever the view that the operator is called on.
        rebinds: its tensor has another storage afterwards, which tells what it is.
        writes: (position, name, return) of each argument that it writes to; the return is the index of
            the output that is this argument, None where it is not returned.
        written: outputs that are arguments which it writes to: output -> position.
        like: it takes its tensor for shape and type only.
        reads_values: its result is a Python value or has a shape that depends on values.
        independent: outputs that depend on the argument at one position alone: output -> position.
        secret: positions of arguments that it writes without saying so, then of the flag for that.
        pointwise: torch says that it is elementwise, of itself or of its functional form.
        defaults: its arguments -> their defaults, but for those that it is told to write its results into.
        by_python: torch's own shape function of it, or of what it is composed of, is Python, most of which imports
            torch's compiler when it first runs.
    """

    op: str
    functional: Any
    name: str
    composite: bool
    view: bool
    of_storage: bool
    rebinds: bool
    writes: tuple[tuple[int, str, int | None], ...]
    written: Mapping[int, int]
    like: bool
    reads_values: bool
    independent: Mapping[int, int]
    secret: tuple[int, ...]
    pointwise: bool
    defaults: dict[str, Any]
    by_python: bool


_KNOWN: dict[Any, Traits] = {}


def traits(function: Any) -> Traits:
    """Return the traits of an overload, computed once."""
    known = _KNOWN.get(function)
    if known is None:
        known = _KNOWN[function] = _read_schema(function)
    return known


def _functional(function: Any, namespace: str, name: str) -> Any:
    """Return the overload without writes that an in-place or ``out`` one stands for; itself if there is none."""
    overloads = getattr(getattr(torch.ops, namespace), name, None)
    own = function._schema.overload_name
    wanted = own.removesuffix("_out").removesuffix("out") or "default"
    for overload in dict.fromkeys((own or "default", wanted)):
        found = getattr(overloads, overload, None)
        if found is not None and not any(
            a.alias_info is not None and a.alias_info.is_write for a in found._schema.arguments
        ):
            return found
    return function


def _read_schema(function: Any) -> Traits:
    schema = function._schema
    namespace, _, base = schema.name.partition("::")
    writes = []
    for position, argument in enumerate(schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            shared = argument.alias_info.before_set
            returned = next(
                (
                    index
                    for index, result in enumerate(schema.returns)
                    if result.alias_info is not None and result.alias_info.before_set == shared
                ),
                None,
            )
            writes.append((position, argument.name, returned))
    name = _DUNDER.get(base, base)
    if writes and name.endswith("_") and not name.endswith("__"):
        name = name[:-1]
    functional = _functional(function, namespace, name) if writes else function
    overload = functional._schema.overload_name or "default"
    alias = any(result.alias_info is not None for result in schema.returns)
    composite = torch._C._dispatch_has_kernel_for_dispatch_key(function.name(), "CompositeImplicitAutograd")
    whole = namespace == "aten" and (name in _COPIES or (name in KEPT and not alias))
    return Traits(
        op=f"{namespace}.{name}.{overload}",
        functional=functional,
        name=name,
        composite=composite and not whole,
        view=(alias and not writes) or name in _SECRET_VIEWS,
        of_storage=name in _OF_STORAGE,
        rebinds=name in _REBINDS and bool(writes),
        writes=tuple(writes),
        written={returned: position for position, _, returned in writes if returned is not None},
        like=name in _LIKE,
        reads_values=name in _READS_VALUES or f"{name}.{overload}" in _READS_VALUES,
        independent=_INDEPENDENT.get(name, {}),
        secret=_SECRET_WRITES.get(name, ()),
        pointwise=torch.Tag.pointwise in functional.tags or torch.Tag.pointwise in function.tags,
        defaults={
            a.name: a.default_value if a.has_default_value() else None
            for a in schema.arguments
            if not (a.kwarg_only and a.alias_info is not None and a.alias_info.is_write)
        },
        by_python=composite or torch._C.DispatchKey.Meta in function.py_kernels,
    )
