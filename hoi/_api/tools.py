"""Public helpers around the measures: the copula transform, and which backends are here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hoi._backends import registry
from hoi._inference.surrogates import scores
from hoi._inputs import checks
from hoi._inputs.containers import named, read_all
from hoi._inputs.table import Recordings, Table
from hoi._systems.gaussian import GaussianCopula
from hoi._typing import ArrayLike, FloatArray, Seed, Ties

__all__ = ["as_table", "backends", "copula_transform"]


def copula_transform(X: ArrayLike, *, ties: Ties = "average", seed: Seed = None) -> FloatArray | list[FloatArray]:
    """Normal scores of each column: ranks divided by n_samples + 1, through the inverse normal distribution.

    The scores keep what the Gaussian copula needs of the data, the ranks, and nothing of the marginal distributions.

    Parameters
    ----------
    X : array_like, shape (n_samples, n_variables) or (n_datasets, n_samples, n_variables)
        numpy, nested lists, pandas or polars frames, xarray, torch tensors.
    ties : {"average", "ordinal", "random"}
        Rank of equal values: their mean rank, their order of appearance, or an order drawn with `seed`.
    seed : int or numpy.random.Generator, optional
        Needed by ``ties="random"``.

    Returns
    -------
    ndarray, shape of X
        Scores without unit; of datasets of different lengths a list of arrays.

    Raises
    ------
    HoiError
        For data that cannot be used: see :func:`hoi.oinfo`.

    References
    ----------
    Ince et al. (2017), Human Brain Mapping 38, 1541-1573.

    Examples
    --------
    >>> import hoi
    >>> hoi.copula_transform([[10, 5], [200, 1], [30, 3]]).round(3)
    array([[-0.674,  0.674],
           [ 0.674, -0.674],
           [ 0.   ,  0.   ]])
    """
    estimator = GaussianCopula(ties, seed)
    data = checks.check_datasets(X, ranks=True)
    found = scores(data, estimator)
    if data.apart:
        return found
    return np.stack(found) if data.stacked else found[0]


def as_table(X: ArrayLike, *, names: Sequence[str] | None = None, everything: bool = False) -> Table | Recordings:
    """Data as every function here reads them: numbers and names, from any container.

    Parameters
    ----------
    X : array_like
        numpy, masked arrays, nested lists, pandas or polars frames, pyarrow tables, xarray, torch tensors, recordings
        of MNE, or a list or dict of tables (datasets).
    names : sequence of str, optional
        Names of the variables, in place of those that X has.
    everything : bool
        Keep what is left out of a recording of MNE otherwise: channels marked as bad, channels of other kinds (STIM,
        EOG, ...) beside those of brain activity, and samples in segments annotated as bad.

    Returns
    -------
    Table or Recordings
        `values` (float64, NaN where a value is missing or masked) and `names`; accepted wherever data are. Datasets of
        different lengths are `Recordings`, a table each.

    Raises
    ------
    HoiError
        If X cannot be read as real numbers.

    Warns
    -----
    InputWarning
        If something of a recording was left out.

    Examples
    --------
    >>> import hoi, pandas as pd
    >>> table = hoi.as_table(pd.DataFrame({"a": [1, 2, 3], "b": [0.5, None, 2.5]}))
    >>> table.names
    ('a', 'b')
    >>> table.values
    array([[1. , 0.5],
           [2. , nan],
           [3. , 2.5]])
    """
    return named(read_all(X, everything=checks.check_bool(everything, "everything")), names)


def backends() -> dict[str, str]:
    """The backends by name, each with "available" or the reason why it is not.

    Returns
    -------
    dict of str to str

    Examples
    --------
    >>> import hoi
    >>> hoi.backends()["numpy"]
    'available'
    """
    return {row.name: "available" if row.available else row.reason for row in registry.available()}
