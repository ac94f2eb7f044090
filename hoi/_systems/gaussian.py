"""`GaussianSystem`: what the measures need to know of the data, estimated once."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from hoi._backends import registry
from hoi._backends.protocol import Estimate
from hoi._errors import TiesWarning
from hoi._inputs import checks
from hoi._inputs.containers import listing
from hoi._maths.copula import TIES, normal_scores
from hoi._maths.covariance import covariance
from hoi._typing import ArrayLike, FloatArray, Seed, Ties

__all__ = ["ESTIMATORS", "GaussianSystem"]

ESTIMATORS = ("gaussian_copula", "gaussian")

# Share of repeated values in a column from which the copula deserves a warning.
_MANY_TIES = 0.1


class GaussianSystem:
    """A covariance with names and a sample size: accepted wherever data are, and estimated once.

    Build it with :meth:`from_data` or :meth:`from_covariance`.

    Attributes
    ----------
    covariance : ndarray, shape (n_variables, n_variables) or (n_datasets, n_variables, n_variables)
        Covariance of the variables (of their normal scores for the Gaussian copula).
    names : tuple of str
        Name of each variable.
    n_samples : int or None
        Samples behind the covariance; None for an exact covariance, which needs no bias correction.
    estimator : {"gaussian_copula", "gaussian", "covariance"}
        Where the covariance comes from.
    ties : str or None
        Tie rule of the copula; None without one.
    stacked : bool
        Whether there is an axis of datasets: results then have it too.
    device : str or None
        The device of torch that the data were on, where it is not the CPU.

    Examples
    --------
    >>> import numpy as np, hoi
    >>> X = np.random.default_rng(0).standard_normal((500, 4))
    >>> system = hoi.GaussianSystem.from_data(X)
    >>> system
    GaussianSystem(4 variables, 500 samples, gaussian_copula)
    >>> hoi.oinfo(system) == hoi.oinfo(X)
    True
    """

    def __init__(
        self,
        matrices: FloatArray,
        names: tuple[str, ...],
        n_samples: int | None,
        estimator: str,
        ties: str | None,
        stacked: bool,
        device: str | None = None,
    ) -> None:
        matrices.setflags(write=False)
        self.matrices = matrices
        self.names = names
        self.n_samples = n_samples
        self.estimator = estimator
        self.ties = ties
        self.stacked = stacked
        self.device = device

    @classmethod
    def from_data(
        cls,
        X: ArrayLike,
        *,
        estimator: str = "gaussian_copula",
        ties: Ties = "average",
        seed: Seed = None,
        backend: str = "auto",
    ) -> GaussianSystem:
        """Estimate a system from samples.

        Parameters
        ----------
        X : array_like, shape (n_samples, n_variables) or (n_datasets, n_samples, n_variables)
            numpy, nested lists, pandas or polars frames, xarray, torch tensors.
        estimator : {"gaussian_copula", "gaussian"}
            Covariance of the normal scores of each column, or of the columns themselves.
        ties : {"average", "ordinal", "random"}
            Rank of equal values in the copula; "random" needs `seed`.
        seed : int or numpy.random.Generator, optional
            For ``ties="random"``.
        backend : {"auto", "numpy", "numba", "torch", "cuda"}
            Where to estimate: "torch" on the device of the data, "cuda" on the GPU, "auto" there too if the data are a
            tensor on a GPU, and otherwise in numpy. Values do not depend on it.

        Returns
        -------
        GaussianSystem

        Raises
        ------
        HoiError
            For data that cannot be used: see :func:`hoi.oinfo`.

        Warns
        -----
        TiesWarning
            If over 10 % of the values of a column repeat (Gaussian copula only).

        References
        ----------
        Ince et al. (2017), A statistical framework for neuroimaging data analysis based on mutual information
        estimated via a Gaussian copula, Human Brain Mapping 38, 1541-1573.

        Examples
        --------
        >>> import hoi
        >>> hoi.GaussianSystem.from_data([[1, 2], [2, 1], [3, 5], [4, 3]]).covariance.shape
        (2, 2)
        """
        checks.check_choice(estimator, ESTIMATORS, "estimator")
        checks.check_choice(ties, TIES, "ties")
        rng = np.random.default_rng(seed) if ties == "random" and seed is not None else None
        copula = estimator == "gaussian_copula"
        on_device = registry.estimator(backend, X)
        found = (on_device or _estimate)(X, estimator, ties, rng)
        _warn_of_ties(found.repeated, found.names, ties)
        return cls(
            found.matrices, found.names, found.n_samples, estimator, ties if copula else None, found.stacked,
            found.device,
        )

    @classmethod
    def from_covariance(
        cls,
        C: ArrayLike,
        n_samples: int | None = None,
        names: Sequence[str] | None = None,
    ) -> GaussianSystem:
        """A system with a known covariance.

        Parameters
        ----------
        C : array_like, shape (n_variables, n_variables) or (n_datasets, n_variables, n_variables)
            Symmetric and positive semi-definite, with a positive diagonal.
        n_samples : int, optional
            Samples the covariance was estimated from (mean removed); None takes it as exact.
        names : sequence of str, optional
            Names of the variables; "0", "1", ... otherwise.

        Returns
        -------
        GaussianSystem

        Raises
        ------
        HoiError
            If C is not a covariance; the message says which rule it breaks.

        Examples
        --------
        >>> import hoi
        >>> system = hoi.GaussianSystem.from_covariance([[1, 0.5], [0.5, 1]], names=["a", "b"])
        >>> round(hoi.total_correlation(system), 6)
        0.143841
        """
        matrices, checked, stacked = checks.check_covariance(C, n_samples, names)
        return cls(matrices, checked, n_samples, "covariance", None, stacked)

    @property
    def covariance(self) -> FloatArray:
        """Covariance, without the axis of datasets when there is just one table."""
        return self.matrices if self.stacked else self.matrices[0]

    @property
    def n_variables(self) -> int:
        """Number of variables."""
        return self.matrices.shape[-1]

    @property
    def n_datasets(self) -> int:
        """Number of datasets; 1 for a single table."""
        return self.matrices.shape[0]

    def __repr__(self) -> str:
        datasets = f"{self.n_datasets} datasets, " if self.stacked else ""
        samples = "exact" if self.n_samples is None else f"{self.n_samples} samples"
        return f"GaussianSystem({datasets}{self.n_variables} variables, {samples}, {self.estimator})"


def _estimate(X: ArrayLike, estimator: str, ties: Ties, rng: np.random.Generator | None) -> Estimate:
    """Covariance of the data, or of their normal scores, in numpy."""
    data = checks.check_data(X)
    n_datasets, n_samples, n_variables = data.values.shape
    matrices = np.empty((n_datasets, n_variables, n_variables))
    repeated = np.zeros(n_variables)
    for values, matrix in zip(data.values, matrices, strict=True):
        if estimator == "gaussian_copula":
            values, share = normal_scores(values, ties, rng)
            np.maximum(repeated, share, out=repeated)
        matrix[...] = covariance(values)
    return Estimate(matrices, data.names, n_samples, data.stacked, repeated, None)


def _warn_of_ties(repeated: FloatArray, names: tuple[str, ...], ties: str) -> None:
    """Warn once of all the columns that repeat many values."""
    many = [f"{names[i]} ({repeated[i]:.0%})" for i in np.flatnonzero(repeated > _MANY_TIES)]
    if many:
        warnings.warn(
            f"Over {_MANY_TIES:.0%} of the values repeat in {len(many)} of {len(names)} columns: {listing(many)}. "
            f'Equal values share a rank by the rule ties="{ties}", and the Gaussian copula describes such columns '
            "only roughly.",
            TiesWarning,
            stacklevel=4,
        )
