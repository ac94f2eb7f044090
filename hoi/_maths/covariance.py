"""Covariance of a table of samples, and its standard form with unit diagonal."""

from __future__ import annotations

import contextlib

import numpy as np

from hoi._maths.blas import one_thread
from hoi._typing import FloatArray

__all__ = ["covariance", "to_correlation"]

# Products of numbers from which several threads are worth their start.
_LARGE = 2e9


def covariance(X: FloatArray) -> FloatArray:
    """Sample covariance of the columns of a table.

    Parameters
    ----------
    X : ndarray, shape (n_samples, n_vars)
        Finite values. The mean of each column is removed here.

    Returns
    -------
    ndarray, shape (n_vars, n_vars)
        Products of centred columns divided by ``n_samples - 1``, in squared units of X, exactly symmetric.

    Examples
    --------
    >>> import numpy as np
    >>> from hoi._maths.covariance import covariance
    >>> covariance(np.array([[0.0, 0.0], [1.0, 3.0], [2.0, 3.0]]))
    array([[1. , 1.5],
           [1.5, 3. ]])
    """
    n_samples = X.shape[0]
    centred = X - X.mean(axis=0)
    # A.T @ A of one array goes to the symmetric product of BLAS (syrk): half the work and exactly symmetric
    with one_thread() if X.size * X.shape[1] < _LARGE else contextlib.nullcontext():
        product = centred.T @ centred
    product /= n_samples - 1
    return product


def to_correlation(C: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Correlation and log variances of a covariance.

    Parameters
    ----------
    C : ndarray, shape (..., n, n)
        Symmetric, with a positive diagonal.

    Returns
    -------
    R : ndarray, shape (..., n, n)
        Correlation, symmetric, every diagonal entry exactly 1, others within [-1, 1].
    log_variance : ndarray, shape (..., n)
        Natural logarithm of the diagonal of C.

    Examples
    --------
    >>> import numpy as np
    >>> from hoi._maths.covariance import to_correlation
    >>> R, log_variance = to_correlation(np.array([[4.0, 1.0], [1.0, 1.0]]))
    >>> R
    array([[1. , 0.5],
           [0.5, 1. ]])
    """
    variance = np.diagonal(C, axis1=-2, axis2=-1)
    scale = np.sqrt(variance)
    R = C / scale[..., :, None]
    R /= scale[..., None, :]
    # dividing by one scale after the other rounds differently above and below the diagonal
    R = (R + np.swapaxes(R, -1, -2)) / 2
    np.clip(R, -1.0, 1.0, out=R)
    i = np.arange(C.shape[-1])
    R[..., i, i] = 1.0
    return R, np.log(variance)
