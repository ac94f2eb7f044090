"""Covariance of a table of samples, and its standard form with unit diagonal."""

from __future__ import annotations

import contextlib

import numpy as np

from hoi._maths.blas import one_thread
from hoi._typing import FloatArray, IntArray

__all__ = ["EXTREME", "FAR", "covariance", "covariance_of_any_scale", "of_ordinary_size", "to_correlation"]

# Products of numbers from which several threads are worth their start.
_LARGE = 2e9
# Columns beyond 2 to the power of plus or minus this are brought to the order of 1: their squares leave float64 soon.
EXTREME = 200
# In units of its range: values so far from 0 that the rounding of their mean shows.
FAR = 2.0**20


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


def covariance_of_any_scale(X: FloatArray) -> tuple[FloatArray, IntArray]:
    """Sample covariance of columns whose squares may be beyond float64.

    Parameters
    ----------
    X : ndarray, shape (n_samples, n_vars)
        Finite values.

    Returns
    -------
    C : ndarray, shape (n_vars, n_vars)
        The covariance of ``X * 2.0**-exponents``.
    exponents : ndarray of int, shape (n_vars,)
        0 for every column of ordinary size, whose covariance is `covariance` of X to the last bit.

    Examples
    --------
    >>> import numpy as np
    >>> from hoi._maths.covariance import covariance_of_any_scale
    >>> C, exponents = covariance_of_any_scale(np.array([[0.0, 0.0], [1.0, 2.0**600], [2.0, 2.0**600]]))
    >>> bool(np.isfinite(C).all()), exponents.tolist()
    (True, [0, 601])
    """
    X, exponents = of_ordinary_size(X)
    return covariance(X), exponents


def of_ordinary_size(X: FloatArray) -> tuple[FloatArray, IntArray]:
    """Columns whose squares and means are exact enough: what products are made of.

    Parameters
    ----------
    X : ndarray, shape (n_samples, n_vars)
        Finite values.

    Returns
    -------
    X : ndarray, shape (n_samples, n_vars)
        The columns times ``2.0**-exponents``, those far from 0 for their range less one of their values; X itself where
        all are of ordinary size.
    exponents : ndarray of int, shape (n_vars,)

    Examples
    --------
    >>> import numpy as np
    >>> from hoi._maths.covariance import of_ordinary_size
    >>> of_ordinary_size(np.array([[1.0, 2.0**600], [2.0, 2.0**599]]))
    (array([[1.  , 0.5 ],
           [2.  , 0.25]]), array([  0, 601]))
    """
    high, low = X.max(axis=0), X.min(axis=0)
    exponents = np.frexp(np.maximum(high, -low))[1].astype(np.int64)
    exponents[np.abs(exponents) <= EXTREME] = 0
    if exponents.any():
        X, high, low = (np.ldexp(values, -exponents) for values in (X, high, low))
    far = np.maximum(high, -low) > FAR * (high - low)
    if far.any():  # less one of the values, which is exact or nearly so, the mean is small
        X = X - np.where(far, X[0], 0.0)
    return X, exponents


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
