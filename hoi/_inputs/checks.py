"""User input turned into canonical arrays, sets and settings; every error that input can cause.

`hoi._inputs.containers` reads the containers of other libraries, `hoi._inputs.sets` the sets of variables.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hoi._errors import HoiError
from hoi._inputs.containers import read, read_all
from hoi._inputs.datasets import labels_of
from hoi._inputs.options import (
    check_bool,
    check_choice,
    check_correction,
    check_executor,
    check_positive_int,
    check_seed,
)
from hoi._inputs.sets import check_groups, check_multiplets, check_order
from hoi._inputs.soundness import DROP, constants, gaps, refuse
from hoi._inputs.table import Table
from hoi._inputs.words import columns, require_unique
from hoi._typing import ArrayLike, FloatArray

__all__ = [
    "Data",
    "Samples",
    "check_bool",
    "check_choice",
    "check_correction",
    "check_covariance",
    "check_data",
    "check_datasets",
    "check_executor",
    "check_groups",
    "check_multiplets",
    "check_order",
    "check_positive_int",
    "check_samples",
    "check_seed",
]

# In units of the correlation matrix: the largest difference between C_ij and C_ji, and the most negative
# eigenvalue, that count as rounding.
SYMMETRY = 1e-8
INDEFINITE = 1e-8
# In units of the range of values: the largest difference between a square table and its transpose at which it is a
# covariance in all likelihood. Correlations in float32 are symmetric to 1e-7.
LOOKS_SYMMETRIC = 1e-6


class Data(NamedTuple):
    """Checked data: values (n_datasets, n_samples, n_vars), column names, and whether X was a stack (3-D)."""

    values: FloatArray
    names: tuple[str, ...]
    stacked: bool


def check_data(X: ArrayLike, *, what: str = "X", ranks: bool = False) -> Data:
    """Table or stack of tables of any kind as finite float64, with the names of its variables.

    Parameters
    ----------
    X : array_like, shape (n_samples, n_vars) or (n_datasets, n_samples, n_vars)
        numpy array of real numbers, nested lists, DataFrame of pandas or polars, table of pyarrow, xarray
        DataArray (dimensions by their names), torch tensor on any device, Raw, Evoked or Epochs of MNE
        (channels are the variables, times the samples, epochs the datasets), a `Table`, or a list or dict of
        equal tables.
    what : str
        Name of the argument in error messages.
    ranks : bool
        Whether only the order of the values of a column will count: columns that float64 cannot hold then become
        positions, which keep it.

    Returns
    -------
    Data
        `values` is C-contiguous float64 and may share memory with X; `names` are "0", "1", ... where X has
        none.

    Raises
    ------
    HoiError
        If X is empty, not 2-D or 3-D, not real, has NaN, infinite values or constant columns, fewer than 3
        samples, or two columns of one name.

    Examples
    --------
    >>> from hoi._inputs.checks import check_data
    >>> data = check_data([[1, 2], [2, 1], [3, 5]])
    >>> data.values.shape, data.names, data.stacked
    ((1, 3, 2), ('0', '1'), False)
    """
    table = read(X, what, ranks=ranks)
    shape, labels = table.values.shape, table.names
    _require_shape(shape, what)
    n_samples, n_vars = shape[-2:]
    names = tuple(map(str, range(n_vars))) if labels is None else labels
    if labels is not None:
        require_unique(names, what)
    values = np.ascontiguousarray(table.values)
    with np.errstate(all="ignore"):
        # one pass: a finite sum has finite terms; another sum (NaN, inf, overflow) leads to the full check
        finite = bool(np.isfinite(values.sum()))
    problems = [] if finite else gaps(values, names, what, table.gap, way=DROP)
    values = values.reshape(-1, n_samples, n_vars)
    _require_samples(values, what, shape)
    refuse(what, problems + constants(values, names, what, stacked=len(shape) == 3))
    return Data(values, names, len(shape) == 3)


class Samples(NamedTuple):
    """Checked datasets, each (n_samples, n_vars) with samples of its own number."""

    tables: tuple[FloatArray, ...]
    names: tuple[str, ...]
    stacked: bool
    datasets: tuple[str, ...] | None = None
    apart: bool = False  # whether each is estimated by itself, since their lengths differ

    @property
    def lengths(self) -> list[int]:
        """Samples of each dataset."""
        return [len(table) for table in self.tables]

    def shortest(self) -> tuple[int, str]:
        """The fewest samples, and which dataset has them in words; "" where all have as many."""
        fewest = min(self.lengths)
        d = self.lengths.index(fewest)
        label = repr(self.datasets[d]) if self.datasets else d
        return fewest, f" of dataset {label} (the shortest)" if self.apart else ""


def check_datasets(X: ArrayLike, *, what: str = "X", ranks: bool = False) -> Samples:
    """Data of any kind as the tables of its datasets, which may have different lengths.

    Parameters
    ----------
    X, what, ranks
        As in `check_data`.

    Returns
    -------
    Samples

    Raises
    ------
    HoiError
        As `check_data`; of recordings of different lengths it names the one.

    Examples
    --------
    >>> import numpy as np
    >>> from hoi._inputs.checks import check_datasets
    >>> samples = check_datasets([np.eye(9, 2), np.eye(5, 2)])
    >>> samples.lengths, samples.stacked
    ([9, 5], True)
    """
    read_so = read_all(X, what, ranks=ranks)
    if isinstance(read_so, Table):
        data = check_data(read_so, what=what, ranks=ranks)
        return Samples(tuple(data.values), data.names, data.stacked, read_so.datasets)
    tables = []
    for label, table in zip(labels_of(read_so), read_so.tables, strict=True):
        try:
            data = check_data(table, what=what, ranks=ranks)
        except HoiError as error:
            raise HoiError(f"dataset {label!r}: {error}") from error
        tables.append(data.values[0])
    return Samples(tuple(tables), data.names, True, read_so.datasets, apart=True)


def _require_shape(shape: tuple[int, ...], what: str) -> None:
    """Error unless the shape is one of data."""
    given = f"{what} has shape {shape}"
    rule = "(n_samples, n_variables) or (n_datasets, n_samples, n_variables) is needed"
    if 0 in shape:
        raise HoiError(f"{given}, so it is empty: at least 3 samples (rows) of 1 variable are needed.")
    if len(shape) == 0:
        raise HoiError(f"{what} is a single number: {rule}. Give a table of samples.")
    if len(shape) == 1:
        raise HoiError(f"{given}: {rule}. Use {what}.reshape(-1, 1) if it holds the samples of one variable.")
    if len(shape) > 3:
        raise HoiError(f"{given}: {rule}. Use {what}.reshape(-1, {shape[-2]}, {shape[-1]}) for a stack.")
    if shape[-2] < 3:
        raise HoiError(
            f"{given}, so {shape[-2]} sample{'s' * (shape[-2] > 1)} of {shape[-1]} variables: at least 3 "
            f"samples are needed. Samples are rows; use {what}.T if they are columns here."
        )


def _require_samples(values: FloatArray, what: str, shape: tuple[int, ...]) -> None:
    """Error when a covariance is given where samples are meant; samples are never symmetric by chance."""
    if shape[-2] != shape[-1]:
        return
    with np.errstate(over="ignore", invalid="ignore"):
        difference = np.abs(values - values.swapaxes(1, 2)).max()
        symmetric = difference <= LOOKS_SYMMETRIC * np.ptp(values)
    if symmetric:
        raise HoiError(
            f"{what} has shape {shape} and is symmetric, so it looks like a covariance or correlation and not like "
            f"samples (rows). Use hoi.GaussianSystem.from_covariance({what}, n_samples=...), "
            "which is accepted in its place."
        )


def check_covariance(
    C: ArrayLike, n_samples: int | None = None, names: Sequence[str] | None = None
) -> tuple[FloatArray, tuple[str, ...], bool]:
    """Covariance, or stack of covariances, as exactly symmetric float64.

    Parameters
    ----------
    C : array_like, shape (n, n) or (n_datasets, n, n)
        Symmetric and positive semi-definite; a DataFrame or DataArray brings its names.
    n_samples : int, optional
        Samples it was estimated from; None when it is exact.
    names : sequence of str, optional
        Names of the n variables; they replace those of C.

    Returns
    -------
    C : ndarray, shape (n_datasets, n, n)
    names : tuple of str
    stacked : bool
        True when C was 3-D.

    Raises
    ------
    HoiError
        If C is not square, finite, symmetric (to 1e-8 in units of the correlation) and positive semi-definite
        with a positive diagonal; or `n_samples` or `names` do not fit.

    Examples
    --------
    >>> from hoi._inputs.checks import check_covariance
    >>> C, names, stacked = check_covariance([[1, 0.5], [0.5, 1]], names=["a", "b"])
    >>> C.shape, names, stacked
    ((1, 2, 2), ('a', 'b'), False)
    """
    table = read(C, "C", oriented=False)
    array, labels = table.values, table.names
    shape = array.shape
    if array.ndim not in (2, 3) or shape[-1] != shape[-2]:
        raise HoiError(
            f"C has shape {shape}: a covariance is square, (n, n) or (n_datasets, n, n). "
            "Use GaussianSystem.from_data for a table of samples."
        )
    if array.size == 0:
        raise HoiError(f"C has shape {shape}, so it is empty: at least 1 variable is needed.")
    if n_samples is not None and check_positive_int(n_samples, "n_samples") < 3:
        raise HoiError(f"n_samples={n_samples}: at least 3 are needed. Use None for an exact covariance.")
    n = shape[-1]
    if names is not None:
        labels = (names,) if isinstance(names, str) else tuple(str(name) for name in names)
        if len(labels) != n:
            raise HoiError(f"names has {len(labels)} entries and C has shape {shape}: give {n} names.")
    final = tuple(map(str, range(n))) if labels is None else labels
    require_unique(final, "C")
    values = array.reshape(-1, n, n).copy()
    refuse("C", gaps(values, final, "C", way="Leave out"))
    variance = np.diagonal(values, axis1=1, axis2=2)
    if not (variance > 0).all():
        where = columns(final, np.flatnonzero((variance <= 0).any(axis=0)))
        raise HoiError(
            f"C has no positive variance on its diagonal (smallest {variance.min():.6g}) in {where}: every "
            "variance must be positive. Leave such columns out."
        )
    if variance.min() < np.finfo(np.float64).tiny:
        where = columns(final, np.flatnonzero((variance < np.finfo(np.float64).tiny).any(axis=0)))
        raise HoiError(
            f"C has a variance of {variance.min():.3g} in {where}: below 2.2e-308 float64 loses digits. Give it in "
            "other units; measures do not depend on them."
        )
    scale = np.sqrt(variance)
    R = values / scale[:, :, None] / scale[:, None, :]
    _require_symmetric(R, values, final)
    values = (values + values.swapaxes(1, 2)) / 2
    _require_semidefinite((R + R.swapaxes(1, 2)) / 2)
    return values, final, array.ndim == 3


def _require_symmetric(R: FloatArray, C: FloatArray, names: Sequence[str]) -> None:
    """Error that names the two variables with the largest difference between C_ij and C_ji."""
    difference = np.abs(R - R.swapaxes(1, 2))
    if difference.max() > SYMMETRY:
        d, i, j = (int(v) for v in np.unravel_index(int(difference.argmax()), R.shape))
        raise HoiError(
            f"C is not symmetric: entry ({names[i]}, {names[j]}) is {C[d, i, j]:.6g} and entry "
            f"({names[j]}, {names[i]}) is {C[d, j, i]:.6g}. Use (C + C.T) / 2 if that is rounding."
        )


def _require_semidefinite(R: FloatArray) -> None:
    """Error with the smallest eigenvalue of a correlation matrix that is indefinite."""
    try:
        np.linalg.cholesky(R)  # much cheaper than eigenvalues, and enough for nearly every input
    except np.linalg.LinAlgError:
        smallest = float(np.linalg.eigvalsh(R).min())
        if smallest < -INDEFINITE:
            raise HoiError(
                f"C is indefinite: the smallest eigenvalue of its correlation matrix is {smallest:.3g}, and "
                "no data have such a covariance. Estimate all its entries from the same samples (no pairwise "
                "deletion), or shrink it, for example by sklearn.covariance.LedoitWolf."
            ) from None


def check_samples(n_samples: int, n_columns: int, what: str) -> None:
    """Error unless a set of n_columns columns has more samples than columns.

    Raises
    ------
    HoiError
        If ``n_samples <= n_columns``: the covariance of such a set has no inverse.
    """
    if n_samples <= n_columns:
        raise HoiError(
            f"{what} has {n_columns} columns and there are {n_samples} samples: a set needs more samples "
            "than columns, for otherwise its covariance has no inverse. Take smaller sets, or more samples; samples "
            "are the rows of a table."
        )
