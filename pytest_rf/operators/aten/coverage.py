"""Where the operators of torch are not followed exactly, and why: what the documentation says of them.

Every operator with a rule, or that torch composes of such, is exact unless it is named here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """Operators that are not exact.

    Attributes:
        status: "upper bound" or "unknown".
        operators: their names, in ``aten`` unless they say otherwise.
        reason: why, as the documentation puts it.
    """

    status: str
    operators: str
    reason: str

    def row(self) -> str:
        """Return the row of the table in the documentation."""
        names = ", ".join(f"`{name}`" for name in self.operators.split())
        return f"| {names} | {self.status} | {self.reason} |"


LIMITS = (
    Limit(
        "upper bound",
        "index index_select gather take embedding embedding_bag index_put index_add index_copy index_fill "
        "index_reduce put scatter scatter_add scatter_reduce masked_scatter max_unpool2d max_unpool3d",
        "exact with constant indices; computed ones choose within the whole axis",
    ),
    Limit(
        "upper bound",
        "sort argsort msort topk kthvalue median nanmedian mode",
        "data decides the order: the whole axis",
    ),
    Limit(
        "upper bound",
        "nonzero nonzero_static masked_select unique_dim unique_consecutive _unique2 bincount histc histogram",
        "data decides what counts, and often how many there are",
    ),
    Limit(
        "upper bound",
        "grid_sampler torchvision.deform_conv2d torchvision.roi_align torchvision.roi_pool torchvision.nms",
        "exact for a constant grid; computed places lie anywhere",
    ),
    Limit(
        "upper bound",
        "_pack_padded_sequence _pad_packed_sequence lstm gru",
        "packed sequences are exact with constant lengths (give them as `values`); computed ones: any step",
    ),
    Limit("upper bound", "_ctc_loss", "lengths and targets choose the steps and classes of a sample"),
    Limit(
        "unknown",
        "resize resize_as",
        "the tensor gets other memory, with elements that nothing defines",
    ),
    Limit("unknown", "_to_sparse _sparse_addmm", "sparse tensors that depend on an input are not followed"),
    Limit(
        "unknown",
        "avg_pool2d_backward max_pool2d_with_indices_backward",
        "derivatives within the forward pass (`torch.func.grad`, `torch.autograd.grad`), unless torch composes them "
        "of other operators",
    ),
    Limit(
        "unknown",
        "_chunk_cat torch_nn._linear_cross_entropy_batch_chunked",
        "parts of training loops, not of models",
    ),
)

OUTSIDE = (
    ("`x.numpy()`, `tolist()`, DLPack", "what comes back is unknown: it was computed outside of torch"),
    ("`while_loop` with a condition on data", "unknown: data decides how often it turns"),
    (
        "`item()`, `if` on a tensor",
        "the value counts as context of all that comes after; a note names the line",
    ),
    ("nested and jagged tensors", "an error that says so"),
    (
        "scripts optimised for mkldnn",
        "an error that says so: analyse the module before `optimize_for_inference`",
    ),
)
"""What the code of a model does besides calling operators, and what becomes of it."""


def section() -> str:
    """Return the tables of the documentation."""
    rows = [limit.row() for limit in LIMITS]
    beside = [f"| {what} | {outcome} |" for what, outcome in OUTSIDE]
    return "\n".join(
        [
            "| operators | status | why |",
            "| --- | --- | --- |",
            *rows,
            "",
            "| what the code does | what becomes of it |",
            "| --- | --- |",
            *beside,
        ]
    )
