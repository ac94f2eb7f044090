"""The terms (D, J, L) of many sets at once, by elimination: the reference path of Gaussian problems.

The values a user sees come from :func:`by_elimination`. It uses elementwise operations only, in a fixed order, so a
set has the same value whatever backend proposed it, however many sets are evaluated together.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["DETERMINED", "FEW_DIGITS", "NEAR", "SINGULAR", "Terms", "by_elimination", "correction", "least_variance"]

# In standard form a member is numerically determined by all the others at this conditional variance or below.
SINGULAR = 1e-10
# Below this conditional variance a set is evaluated in an order of its own, so that rounding in the order of the
# columns does not decide whether it is singular.
NEAR = 1e-9
# Below this conditional variance the values of a set of five may hold to fewer than six digits.
FEW_DIGITS = 1e-8
# At or below this conditional variance, in the covariance or in the data, a member is nearly determined by the others.
# Above it, 1 stands for the variance where the determinant shows that it is above.
DETERMINED = 1e-4

# Doubles in one batch of matrices of the reference path: small enough to stay in cache.
_BATCH = 1 << 16


class Terms(NamedTuple):
    """Terms of a batch of sets, in nats doubled; `singular` marks sets without usable values."""

    D: NDArray[np.float64]
    J: NDArray[np.float64]
    L: NDArray[np.float64]
    singular: NDArray[np.bool_]

    def chosen(self, rows: Any) -> Terms:
        """Those of some sets."""
        return Terms(self.D[rows], self.J[rows], self.L[rows], self.singular[rows])

    def corrected(self, D: NDArray[np.float64], J: NDArray[np.float64], L: NDArray[np.float64]) -> Terms:
        """With the bias of their entropies removed."""
        return Terms(self.D + D, self.J + J, self.L + L, self.singular)

    @classmethod
    def zeros(cls, shape: int | tuple[int, ...]) -> Terms:
        """Room for the terms of sets, to be filled in."""
        return cls(np.zeros(shape), np.zeros(shape), np.zeros(shape), np.zeros(shape, dtype=bool))


def by_elimination(
    R: NDArray[np.float64],
    members: NDArray[np.intp],
    blocks: NDArray[np.intp],
    dataset: NDArray[np.intp] | None = None,
) -> Terms:
    """Terms of the sets in the rows of `members` (ascending), for a matrix `R` in standard form.

    A set is singular if :func:`least_variance` is at most `SINGULAR`.

    Parameters
    ----------
    R : (n_columns, n_columns) or (n_datasets, n_columns, n_columns) float64
        Unit diagonal; the block of each variable is the identity, hence ``D = 0``.
    members : (m, k) integers
    blocks : (n_variables + 1,) integers
        Variable ``v`` is the columns ``blocks[v]:blocks[v + 1]``.
    dataset : (m,) integers, optional
        The matrix of each row, where `R` has several.
    """
    J, L, least = _in_batches(R, members, blocks, dataset)
    return Terms(np.zeros(len(J)), J, L, ~(least > SINGULAR))


def least_variance(
    R: NDArray[np.float64],
    members: NDArray[np.intp],
    blocks: NDArray[np.intp],
    dataset: NDArray[np.intp] | None = None,
) -> NDArray[np.float64]:
    """How nearly the sets of :func:`by_elimination` are singular: the least variance of a member given all the others.

    It is the inverse of the largest diagonal entry of the inverse of the set's matrix; of the largest trace of a
    diagonal block, where variables have several columns. Where that is at most `SINGULAR`, it may be any number that
    is; 1 may stand for any above `DETERMINED`.
    """
    return _in_batches(R, members, blocks, dataset)[2]


def _in_batches(
    R: NDArray[np.float64], members: NDArray[np.intp], blocks: NDArray[np.intp], dataset: NDArray[np.intp] | None
) -> NDArray[np.float64]:
    """(J, L, least variance) of sets."""
    if dataset is None:
        R, dataset = R[None], np.zeros(len(members), dtype=np.intp)
    m, k = members.shape
    width = int(np.max(np.diff(blocks), initial=1))
    found = np.empty((3, m))
    step = max(1, _BATCH // (k * width) ** 2)
    for start in range(0, m, step):
        part = slice(start, start + step)
        for target, source in zip(found, _in_order(R, dataset[part], members[part], blocks, width), strict=True):
            target[part] = source
    return found


def _in_order(
    R: NDArray[np.float64], dataset: NDArray[np.intp], members: NDArray[np.intp], blocks: NDArray[np.intp], width: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """(J, L, least variance): in the order of the columns, and of sets close to singular in an order that is theirs."""
    found = _eliminate(_gather(R, dataset, members, blocks, width), width)
    if not found[2].min(initial=1.0) >= NEAR:
        near = np.flatnonzero(~(found[2] >= NEAR))
        order = _own_order(_gather(R, dataset[near], members[near], blocks, width), width)
        own = np.take_along_axis(members[near], order.T, axis=1)
        again = _eliminate(_gather(R, dataset[near], own, blocks, width), width)
        for target, source in zip(found, again, strict=True):
            target[near] = source
    return found


def _own_order(A: NDArray[np.float64], width: int) -> NDArray[np.intp]:
    """An order (k, m) of the variables of matrices (K, K, m) by their correlations alone, whatever their signs: by the
    largest one, then by the second, and so on. It is that of the columns where these are all the same."""
    K, _, m = A.shape
    sizes = np.sort(np.abs(A).reshape(K // width, -1, m), axis=1)
    return np.lexsort(tuple(sizes.swapaxes(0, 1)), axis=0)


def correction(
    sizes: NDArray[np.intp], bias: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """What to add to (D, J, L) of sets whose variables have `sizes` (m, k) columns, for entropy constants `bias`.

    Each term is twice a sum of entropies: ``D`` of the variables, ``J`` of the whole, and ``L`` of the whole without
    each variable less that of the whole.
    """
    whole = sizes.sum(axis=1)
    D = 2 * bias[sizes].sum(axis=1)
    J = 2 * bias[whole]
    L = 2 * bias[whole[:, None] - sizes].sum(axis=1) - sizes.shape[1] * J
    return D, J, L


def _gather(
    R: NDArray[np.float64], dataset: NDArray[np.intp], members: NDArray[np.intp], blocks: NDArray[np.intp], width: int
) -> NDArray[np.float64]:
    """Sub-matrices (K, K, m) of the sets; narrow variables are filled up with independent unit columns."""
    n = R.shape[-1]

    def parts(columns: NDArray[np.intp]) -> NDArray[np.float64]:
        return R.reshape(-1).take((columns + n * dataset)[:, None] * n + columns[None])

    if width == 1:
        return parts(blocks[members].T)
    sizes = np.diff(blocks)[members].T  # (k, m)
    offset = np.arange(width)[None, :, None]
    real = (offset < sizes[:, None]).reshape(-1, members.shape[0])
    columns = np.where(real, (blocks[members].T[:, None] + offset).reshape(real.shape), 0)
    return np.where(real[:, None] & real[None], parts(columns), np.eye(len(columns))[:, :, None])


def _eliminate(
    A: NDArray[np.float64], width: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """(J, L, least variance) of matrices (K, K, m), destroyed; `width` columns make one variable.

    Where a member given the earlier ones is determined, its variance is the least that is known.
    """
    K, _, m = A.shape
    J = np.zeros(m)
    singular = np.zeros(m, dtype=bool)
    least = np.ones(m)
    some = False  # singular
    W = np.zeros((K, K, m))  # the inverse of the unit lower factor
    W[np.arange(K), np.arange(K)] = 1.0
    P = np.zeros((K // width, width, width, m))  # diagonal blocks of the inverse
    for i in range(K):
        pivot = A[i, i]
        if some or not pivot.min(initial=1.0) > SINGULAR:
            determined = ~(pivot > SINGULAR)
            least = np.where(determined & ~singular, pivot, least)
            singular |= determined
            some = True
            pivot = np.where(singular, 1.0, pivot)
        J += np.log(pivot)
        row = W[i].reshape(K // width, width, m)
        done = i // width + 1
        P[:done] += row[:done, :, None] * (row[:done, None] / pivot)
        factor = A[i + 1 :, i] / pivot
        A[i + 1 :, i + 1 :] -= factor[:, None] * A[i, None, i + 1 :]
        W[i + 1 :, : i + 1] -= factor[:, None] * W[i, None, : i + 1]
    # eigenvalues with a mean of 1 are all above det / e
    limit = np.log(math.e * width * DETERMINED)
    if J.min(initial=0.0) < limit:
        rows = np.flatnonzero((limit > J) & ~singular)
        least[rows] = 1.0 / np.einsum("vaam->vm", P[..., rows]).max(axis=0)
    L = np.zeros(m)
    for i in range(width):
        pivot = np.where(singular, 1.0, P[:, i, i]) if some else P[:, i, i]
        for row in np.log(pivot):  # one by one: numpy's own sum changes its order with the shape
            L += row
        if i + 1 < width:
            P[:, i + 1 :, i + 1 :] -= (P[:, i + 1 :, i] / pivot[:, None])[:, :, None] * P[:, i, None, i + 1 :]
    return J, L, least
