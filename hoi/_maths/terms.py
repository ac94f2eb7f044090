"""The terms (D, J, L) of many sets at once, by elimination: the reference path of Gaussian problems.

The values a user sees come from :func:`by_elimination`. It uses elementwise operations only, in a fixed order, so a
set has the same value whatever backend proposed it, however many sets are evaluated together.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["SINGULAR", "Terms", "by_elimination", "correction"]

# In standard form a member is numerically determined by earlier ones at this conditional variance or below.
SINGULAR = 1e-10

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
    if dataset is None:
        R, dataset = R[None], np.zeros(len(members), dtype=np.intp)
    m, k = members.shape
    width = int(np.max(np.diff(blocks), initial=1))
    J, L, singular = np.empty(m), np.empty(m), np.empty(m, dtype=bool)
    step = max(1, _BATCH // (k * width) ** 2)
    for start in range(0, m, step):
        part = slice(start, start + step)
        J[part], L[part], singular[part] = _eliminate(_gather(R, dataset[part], members[part], blocks, width), width)
    return Terms(np.zeros(m), J, L, singular)


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
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """(J, L, singular) of matrices (K, K, m), destroyed; `width` columns make one variable."""
    K, _, m = A.shape
    J = np.zeros(m)
    singular = np.zeros(m, dtype=bool)
    W = np.zeros((K, K, m))  # the inverse of the unit lower factor
    W[np.arange(K), np.arange(K)] = 1.0
    P = np.zeros((K // width, width, width, m))  # diagonal blocks of the inverse
    for i in range(K):
        singular |= ~(A[i, i] > SINGULAR)
        pivot = np.where(singular, 1.0, A[i, i])
        J += np.log(pivot)
        row = W[i].reshape(K // width, width, m)
        done = i // width + 1
        P[:done] += row[:done, :, None] * (row[:done, None] / pivot)
        factor = A[i + 1 :, i] / pivot
        A[i + 1 :, i + 1 :] -= factor[:, None] * A[i, None, i + 1 :]
        W[i + 1 :, : i + 1] -= factor[:, None] * W[i, None, : i + 1]
    L = np.zeros(m)
    for i in range(width):
        pivot = np.where(singular, 1.0, P[:, i, i])
        for row in np.log(pivot):  # one by one: numpy's own sum changes its order with the shape
            L += row
        if i + 1 < width:
            P[:, i + 1 :, i + 1 :] -= (P[:, i + 1 :, i] / pivot[:, None])[:, :, None] * P[:, i, None, i + 1 :]
    return J, L, singular
