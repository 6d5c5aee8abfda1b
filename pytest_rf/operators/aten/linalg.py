"""Functions of whole matrices, and distances between rows."""

from __future__ import annotations

import numpy as np

from pytest_rf.access import SAME, WHOLE, Read, Relation, Sets
from pytest_rf.graph import Value
from pytest_rf.operators import contractions
from pytest_rf.operators.aten.call import OpCall, Result, Rules


def mixed_matrix(call: OpCall) -> Result:
    """Matrix functions: within each matrix everything is mixed; a stack of matrices stays one."""
    outputs: list[Value | None] = []
    lead = max((value.rank - 2 for value in call.values()), default=0)
    vectors = call.given("pivots", "LU_pivots", "tau")
    first = call.x.extents
    if call.name in ("linalg_solve_ex", "_linalg_solve_ex"):
        vectors += [value for value in call.given("B") if value.rank == 1 or value.extents == first[:-1]]
    for shape in call.shapes:
        reads = []
        for value in call.values():
            axes: list[tuple[int | None, Relation]] = [(None, WHOLE)] * value.rank
            own = value.rank - (1 if value in vectors else 2)
            for axis in range(own):
                place = lead - own + axis  # stacks are broadcast from the right
                if shape is not None and place < len(shape) and shape[place] == value.extents[axis]:
                    axes[axis] = (place, SAME)
            if value.varies:
                reads.append(Read(value.number, tuple(axes)))
        outputs.append(None if shape is None else call.b.union(shape, *reads))
    return outputs


def distances(call: OpCall) -> Value:
    """Cdist: the distance of every two rows."""
    left, right = list(call.values())[:2]
    batch = [f"b{i}" for i in range(len(call.shape) - 2)]
    extents = dict(zip([*batch, "row", "column"], call.shape, strict=True))
    extents["inner"] = left.extents[-1]
    terms = [
        [*batch[len(batch) - (left.rank - 2) :], "row", "inner"],
        [*batch[len(batch) - (right.rank - 2) :], "column", "inner"],
    ]
    return contractions.contract(call.b, [left, right], terms, [*batch, "row", "column"], extents)


def pairs(call: OpCall) -> Value:
    """Pdist: the distance of every two different rows, one after the other."""
    x = call.x
    first, second = np.triu_indices(x.extents[0], 1)
    rows = np.zeros((first.size, x.extents[0]), np.bool_)
    rows[np.arange(first.size), first] = rows[np.arange(first.size), second] = True
    return call.b.union(call.shape, Read(x.number, ((0, Sets(rows)), (None, WHOLE))))


def covariances(call: OpCall) -> Value:
    """Cov, corrcoef: two rows, and the weights of all observations."""
    x = call.given("self")[0]
    reads = [
        Read(value.number, ((None, WHOLE),)) for value in call.given("fweights", "aweights") if value.varies
    ]
    if x.varies and not call.shape:
        reads.append(Read(x.number, ((None, WHOLE),) * x.rank))
    elif x.varies:
        reads += [Read(x.number, ((axis, SAME), (None, WHOLE))) for axis in (0, 1)]
    return call.b.union(call.shape, *reads)


_MATRIX = """
    linalg_inv_ex linalg_eigh linalg_eig _linalg_svd linalg_qr linalg_cholesky_ex linalg_solve_ex
    _linalg_eigh _linalg_det linalg_matrix_exp linalg_lu_factor_ex linalg_lstsq cholesky_solve
    triangular_solve linalg_pinv linalg_solve_triangular _linalg_solve_ex cholesky inverse
    linalg_ldl_factor_ex _linalg_slogdet linalg_householder_product geqrf ormqr lu_unpack linalg_lu
    linalg_lu_solve cholesky_inverse linalg_ldl_solve _linalg_eigvals linalg_eigvals lobpcg matrix_exp
    _spectral_norm linalg_ldl_factor
"""

RULES: Rules = {
    **{f"aten.{name}": mixed_matrix for name in _MATRIX.split()},
    **{f"aten.{name}": distances for name in ("cdist", "_cdist_forward")},
    **{f"aten.{name}": pairs for name in ("pdist", "_pdist_forward")},
    "aten.cov": covariances,
    "aten.corrcoef": covariances,
}
