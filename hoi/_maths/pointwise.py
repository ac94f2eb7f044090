"""Local (pointwise) values of Gaussian measures: quadratic forms of each sample."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hoi._typing import FloatArray

__all__ = ["add_quadratic", "forms", "residuals"]

# Doubles of a batch of samples of sets: small enough to stay in cache.
_BATCH = 1 << 16


def residuals(
    X: FloatArray, C: FloatArray, columns: Sequence[int], given: Sequence[int]
) -> tuple[FloatArray, FloatArray]:
    """Centred samples (n_samples, k) of columns less what those given tell of them, and their covariance.

    Parameters
    ----------
    X : (n_samples, n) centred samples
    C : (n, n) covariance of X
    columns, given : sequences of int

    Examples
    --------
    >>> import numpy as np
    >>> from hoi._maths.pointwise import residuals
    >>> X = np.array([[1.0, 1.0], [-1.0, -1.0], [1.0, 0.0], [-1.0, 0.0]])
    >>> residuals(X, X.T @ X / 3, [0], [1])[0].ravel()
    array([ 0.,  0.,  1., -1.])
    """
    wanted, z = np.asarray(columns, dtype=np.intp), np.asarray(given, dtype=np.intp)
    own = C[np.ix_(wanted, wanted)]
    if not len(z):
        return X[:, wanted], own
    slopes = np.linalg.solve(C[np.ix_(z, z)], C[np.ix_(z, wanted)])
    return X[:, wanted] - X[:, z] @ slopes, own - C[np.ix_(wanted, z)] @ slopes


def forms(C: FloatArray, members: NDArray[np.intp], weights: tuple[int, int, int]) -> FloatArray:
    """Matrices Q (m, k, k) with which a measure of sample x of sets (m, k) is a constant and ``x' Q x / 2``.

    The local terms of a sample are D = Σ x_i² / C_ii, J = x' P x and L = -Σ (P x)_i² / P_ii beside their constants, P
    the inverse of C_SS; `weights` are the coefficients (d, j, l) of the measure on them. One set, also of groups of
    columns, is :func:`hoi._maths.influence.influence`: to first order a value is the mean of its local values.

    Examples
    --------
    >>> import numpy as np
    >>> from hoi._maths.pointwise import forms
    >>> forms(np.array([[1.0, 0.5], [0.5, 1.0]]), np.array([[0, 1]]), (1, -1, 0)).round(3)  # of the total correlation
    array([[[-0.333,  0.667],
            [ 0.667, -0.333]]])
    """
    d, j, l = weights  # noqa: E741
    P = np.linalg.inv(C[members[:, :, None], members[:, None]])
    diagonal = np.einsum("mii->mi", P)
    Q = np.asarray(j * P, dtype=np.float64)
    if l:
        Q -= l * (P / diagonal[:, None]) @ P
    if d:
        np.einsum("mii->mi", Q)[...] += d / np.diagonal(C)[members]
    return Q


def add_quadratic(
    out: FloatArray, rows: NDArray[np.intp], X: FloatArray, Q: FloatArray, members: NDArray[np.intp]
) -> None:
    """Add ``x' Q x / 2`` of each sample of `X` (n, n_samples) and each set (m, k) with its matrix Q (m, k, k) to some
    rows (m,) of `out` (n_sets, n_samples).

    Examples
    --------
    >>> import numpy as np
    >>> from hoi._maths.pointwise import add_quadratic
    >>> out = np.ones((3, 2))
    >>> add_quadratic(out, np.array([1]), np.array([[1.0, 2.0], [0.0, 3.0]]), np.eye(2)[None], np.array([[0, 1]]))
    >>> out[1]
    array([1.5, 7.5])
    """
    m, k = members.shape
    step = max(1, _BATCH // (k * X.shape[1]))
    half = 0.5 * Q
    for start in range(0, m, step):
        part = slice(start, start + step)
        x = X[members[part]]
        out[rows[part]] += np.einsum("mkt,mkt->mt", x, half[part] @ x)
