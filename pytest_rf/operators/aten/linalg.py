"""Functions of whole matrices, and distances between rows."""

from __future__ import annotations

from pytest_rf.operators import contractions, linalg
from pytest_rf.operators.aten.call import OpCall, Result, Rules
from pytest_rf.operators.views import transpose
from pytest_rf.value import Value


def mixed_matrix(call: OpCall) -> tuple[Value | None, ...]:
    """Matrix functions: within each matrix everything is mixed; a stack of matrices stays one."""
    matrices = list(call.values())
    lead = max((value.rank - 2 for value in matrices), default=0)
    vectors = call.given("pivots", "LU_pivots", "tau")
    if call.name in ("linalg_solve_ex", "_linalg_solve_ex"):
        first = call.x.extents
        vectors += [value for value in call.given("B") if value.rank == 1 or value.extents == first[:-1]]
    return tuple(
        None if shape is None else linalg.mixed_matrix(call.b, shape, lead, matrices, vectors)
        for shape in call.shapes
    )


def triangular_solve(call: OpCall) -> Result:
    """linalg_solve_triangular, triangular_solve: each equation reads those that are solved before it."""
    if call.name == "linalg_solve_triangular":
        matrix, other = call["self"], call["B"]
        left, upper = bool(call.get("left", True)), bool(call["upper"])
        return linalg.solution(call.b, call.shape, matrix, other, left=left, upper=upper)
    other, matrix = call["self"], call["A"]
    upper = bool(call.get("upper", True)) != bool(call.get("transpose", False))
    shape = call.shape
    y = linalg.solution(call.b, shape, matrix, other, left=True, upper=upper)
    return y, matrix if call.shapes[1] == matrix.shape else mixed_matrix(call)[1]


def solve(call: OpCall) -> Result:
    """linalg_solve, cholesky_solve: each column of the other side by itself; a vector as a whole."""
    if call.name == "cholesky_solve":
        return linalg.solution(call.b, call.shape, call["input2"], call["self"], left=True)
    rest = mixed_matrix(call)
    matrix, other = call["A"], call["B"]
    if other.rank == 1 or other.extents == matrix.extents[:-1]:
        return rest
    y = linalg.solution(call.b, call.shapes[0] or (), matrix, other, left=call.get("left", True))
    return (y, *rest[1:])


def distances(call: OpCall) -> Value:
    """Cdist: the distance of every two rows."""
    left, right = list(call.values())[:2]
    turned = transpose(call.b, right, [*range(right.rank - 2), right.rank - 1, right.rank - 2])
    return contractions.matmul(call.b, left, turned)


def pairs(call: OpCall) -> Value:
    """Pdist: the distance of every two different rows, one after the other."""
    return linalg.pairs(call.b, call.x)


def covariances(call: OpCall) -> Value:
    """Cov, corrcoef: two rows, and the weights of all observations."""
    return linalg.covariances(call.b, call["self"], call.shape, call.given("fweights", "aweights"))


_MATRIX = """
    linalg_inv_ex linalg_eigh linalg_eig _linalg_svd linalg_qr linalg_cholesky_ex
    _linalg_eigh _linalg_det linalg_matrix_exp linalg_lu_factor_ex linalg_lstsq
    linalg_pinv cholesky inverse
    linalg_ldl_factor_ex _linalg_slogdet linalg_householder_product geqrf ormqr lu_unpack linalg_lu
    linalg_lu_solve cholesky_inverse linalg_ldl_solve _linalg_eigvals linalg_eigvals lobpcg matrix_exp
    _spectral_norm linalg_ldl_factor
"""

RULES: Rules = {
    **{f"aten.{name}": mixed_matrix for name in _MATRIX.split()},
    **dict.fromkeys(["aten.linalg_solve_triangular", "aten.triangular_solve"], triangular_solve),
    **dict.fromkeys(["aten.linalg_solve_ex", "aten._linalg_solve_ex", "aten.cholesky_solve"], solve),
    **{f"aten.{name}": distances for name in ("cdist", "_cdist_forward")},
    **{f"aten.{name}": pairs for name in ("pdist", "_pdist_forward")},
    "aten.cov": covariances,
    "aten.corrcoef": covariances,
}
