"""Columns that others determine in the data as they are, which ranks and normal scores no longer show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoi._maths.covariance import covariance, covariance_of_any_scale, to_correlation
from hoi._maths.terms import DETERMINED, least_variance
from hoi._typing import FloatArray

__all__ = [
    "NOTHING", "SPARE", "RawColumns", "Sum", "if_near", "near_dependence", "near_dependence_of", "sums_among", "within",
]  # fmt: skip

# A combination of standardised columns with this share of their variance, or less, is none: rounding of float32 leaves
# 1e-14 of it, of numbers with four decimals 1e-9.
NOTHING = 1e-8
# A coefficient below this, beside the largest one of a combination, is rounding.
_ROUNDING = 1e-3
# Products of numbers up to which BLAS keeps to one thread by itself.
_SMALL = 100_000
# Samples beyond the number of columns from which chance makes no column a combination of others.
SPARE = 10


class Sum(NamedTuple):
    """A column that is a linear combination of others."""

    column: int
    of: tuple[int, ...]


def near_dependence(tables: FloatArray | Sequence[FloatArray]) -> FloatArray | None:
    """Correlations (n_datasets, n, n) of the columns of tables; None if no set of them is nearly dependent.

    The least variance of a member of a set given the others is at least the smallest eigenvalue of the whole matrix.

    Parameters
    ----------
    tables : ndarray, shape (n_datasets, n_samples, n), or sequence of tables
        Finite values.
    """
    with np.errstate(all="ignore"):
        if all(_clear(_scatter(values)) for values in tables):
            return None
    return if_near(np.stack([covariance_of_any_scale(values)[0] for values in tables]))


def near_dependence_of(tables: FloatArray, numbers: Sequence[int]) -> FloatArray | None:
    """The same of some columns of tables (n_datasets, n_samples, n), with the others, which are labels, as independent
    ones."""
    raw = near_dependence(tables[:, :, list(numbers)]) if len(numbers) else None
    if raw is None:
        return None
    R = np.tile(np.eye(tables.shape[2]), (len(raw), 1, 1))
    R[np.ix_(range(len(raw)), numbers, numbers)] = raw
    return R


def _scatter(values: FloatArray) -> FloatArray:
    """Products of the columns less their means, without the care that the result takes, which is for a screen only."""
    if values.size * values.shape[1] > _SMALL:
        return covariance(values)
    centred = values - values.mean(axis=0)
    return centred.T @ centred


def if_near(C: FloatArray) -> FloatArray | None:
    """The correlations of covariances (n_datasets, n, n); None if no set is nearly dependent."""
    return None if all(map(_clear, C)) else to_correlation(C)[0]


def _clear(covariances: FloatArray) -> bool:
    """Whether all eigenvalues of the correlations are above the limit; no, where that takes more care to say."""
    with np.errstate(all="ignore"):
        C = covariances.copy()
        i = np.arange(len(C))
        C[i, i] *= 1 - DETERMINED
        try:
            return bool(np.isfinite(np.linalg.cholesky(C)).all())
        except np.linalg.LinAlgError:
            return False


def within(R: FloatArray, columns: NDArray[np.intp], given: Sequence[int]) -> FloatArray:
    """Covariances of some columns given others, in shares of their own variances; columns may determine others.

    Parameters
    ----------
    R : ndarray, shape (n_datasets, n, n)
        Correlations.
    columns, given : sequences of int

    Returns
    -------
    ndarray, shape (n_datasets, len(columns), len(columns))
        R itself, where it is all of its columns.
    """
    if len(columns) == R.shape[-1] and np.array_equal(columns, np.arange(len(columns))):
        return R
    out = R[:, columns[:, None], columns]
    if given:
        z = np.asarray(given, dtype=np.intp)
        across = R[:, z[:, None], columns]
        inverse = np.linalg.pinv(R[:, z[:, None], z], rcond=NOTHING, hermitian=True)
        out = out - across.swapaxes(1, 2) @ inverse @ across
    return out


def sums_among(R: FloatArray, columns: Sequence[int]) -> list[Sum]:
    """Columns that are linear combinations of earlier ones, with those that take part; by the null space of R.

    Parameters
    ----------
    R : ndarray, shape (n, n)
        Correlations.
    columns : sequence of int
        Columns to look at.

    Examples
    --------
    >>> import numpy as np
    >>> from hoi._maths.dependence import sums_among
    >>> x, y, z = np.random.default_rng(0).standard_normal((3, 50))
    >>> sums_among(np.corrcoef([x, y, z, x + y]), range(4))
    [Sum(column=3, of=(0, 1))]
    """
    chosen = np.asarray(columns, dtype=np.intp)
    values, vectors = np.linalg.eigh(R[np.ix_(chosen, chosen)])
    null = vectors[:, values <= NOTHING].T[:, ::-1].copy()  # the last columns first: they are told of by earlier ones
    found = []
    for row in range(len(null)):
        # the pivot: the last column that any combination left has
        size = np.abs(null[row:])
        there = size.max(axis=0) > _ROUNDING
        pivot = int(there.argmax())
        best = row + int(size[:, pivot].argmax())
        null[[row, best]] = null[[best, row]]
        null[row] /= null[row, pivot]
        others = np.arange(len(null)) != row
        null[others] -= null[others, pivot][:, None] * null[row]
        found.append(pivot)
    last = len(chosen) - 1
    return [
        Sum(int(chosen[last - pivot]), tuple(
            int(chosen[last - c]) for c in np.flatnonzero(np.abs(row) > _ROUNDING * np.abs(row).max())[::-1]
            if c != pivot
        ))
        for pivot, row in sorted(zip(found, null, strict=True), key=lambda pair: -pair[0])
    ]


@dataclass(frozen=True)
class RawColumns:
    """What members of sets keep of their variance in the data as they are.

    Attributes
    ----------
    R : ndarray, shape (n_datasets, n_columns, n_columns)
        Covariances of the columns given others, in shares of their variances.
    blocks : ndarray of int, shape (n_variables + 1,)
        Variable ``v`` is the columns ``blocks[v]:blocks[v + 1]``.
    """

    R: FloatArray
    blocks: NDArray[np.intp]

    def kept(self, members: NDArray[np.intp], dataset: NDArray[np.intp]) -> FloatArray:
        """The least share that a member of the sets (m, k) of the datasets (m,) keeps given all the others; 1 may stand
        for any above `DETERMINED`."""
        return np.maximum(least_variance(self.R, members, self.blocks, dataset), 0.0)
