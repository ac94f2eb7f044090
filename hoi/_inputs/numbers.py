"""Numbers of any real type as float64, without making two of a column equal that are not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hoi._typing import FloatArray

__all__ = ["as_float"]

# Integers up to here are exact in float64.
_EXACT = 2**53


def as_float(values: np.ndarray, *, ranks: bool = False) -> FloatArray:
    """Real numbers as float64; columns that it cannot hold keep what matters of them.

    Parameters
    ----------
    values : ndarray, shape (..., n_samples, n_vars), (n_samples, n_vars) or (n_samples,)
        Of any real type. A column is what shares all indices but that of samples.
    ranks : bool
        Whether only the order of values will count. A column that float64 cannot hold (integers beyond 2**53, long
        doubles) then becomes the positions of its values among the distinct ones, which is exact; otherwise it is
        moved to begin at 0, which is exact to float64 of its range.

    Returns
    -------
    ndarray of the same shape
        C-contiguous; the array itself where it is float64 already.
    """
    if _fits(values):
        with np.errstate(all="ignore"):
            return np.asarray(values, dtype=np.float64, order="C")
    columns = values[:, None] if values.ndim == 1 else values
    out = np.empty(columns.shape)
    keep: Callable[[np.ndarray], FloatArray] = _positions if ranks else _moved
    for place in np.ndindex(*columns.shape[:-2], columns.shape[-1]):
        at = (*place[:-1], slice(None), place[-1])
        out[at] = columns[at] if _fits(columns[at]) else keep(columns[at])
    return out.reshape(values.shape)


def _fits(values: np.ndarray) -> bool:
    """Whether every value is one of float64."""
    kind, size = values.dtype.kind, values.dtype.itemsize
    if not values.size or kind == "b" or size < 8 or (kind == "f" and size == 8):
        return True
    if kind in "iu":
        return int(values.min()) >= -_EXACT and int(values.max()) <= _EXACT
    with np.errstate(all="ignore"):
        return bool(np.array_equal(values.astype(np.float64).astype(values.dtype), values, equal_nan=True))


def _positions(column: np.ndarray) -> FloatArray:
    """Positions among the distinct finite values; what is not finite stays."""
    with np.errstate(all="ignore"):
        out = column.astype(np.float64)
    finite = np.isfinite(column)
    out[finite] = np.unique(column[finite], return_inverse=True)[1]
    return out


def _moved(column: np.ndarray) -> FloatArray:
    """Distances from the smallest value."""
    if column.dtype.kind == "i":
        # differences of two's complements are right without sign, also where they exceed the largest integer
        column = column.astype(np.int64).view(np.uint64) - np.int64(column.min()).view(np.uint64)
    elif column.dtype.kind == "u":
        column = column - column.min()
    elif np.isfinite(column).any():
        column = column - column[np.isfinite(column)].min()
    with np.errstate(all="ignore"):
        return column.astype(np.float64)
