"""Kernel density: entropies as the mean of the logarithm of an estimated density, by scipy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hoi._errors import HoiError
from hoi._inputs import checks
from hoi._maths.covariance import of_ordinary_size
from hoi._systems.entropies import EntropySystem
from hoi._systems.protocol import Estimator
from hoi._typing import ArrayLike, FloatArray

__all__ = ["Kernel"]

# Samples whose distances from all others are held at once.
_ROWS = 512


@dataclass(frozen=True)
class Kernel(Estimator):
    """Entropies from a density of Gaussian kernels (``scipy.stats.gaussian_kde``), each sample left out of its own.

    Continuous columns, any form of dependence; slow (n_samples² for each set), and biased from three columns on, since
    kernels blur what they estimate. There is no correction.

    Parameters
    ----------
    bandwidth : {"scott", "silverman"} or float
        Rule, or factor, for the width of the kernels in units of the columns' own covariance.

    Raises
    ------
    HoiError
        For an unknown rule, or a factor that is not positive.

    References
    ----------
    Beirlant, Dudewicz, Györfi and van der Meulen (1997), Nonparametric entropy estimation: an overview.

    Examples
    --------
    >>> import numpy as np, hoi
    >>> x, noise = np.random.default_rng(0).standard_normal((2, 300))
    >>> hoi.total_correlation(np.column_stack([x, x**2 + 0.3 * noise]), estimator="kernel") > 0.3
    True
    """

    bandwidth: str | float = "scott"
    name = "kernel"
    methods = "from Gaussian kernel densities [scott1992]"
    caution = "Kernel densities smooth: dependence in narrow structures comes out too small."
    repeats = False  # a sample drawn twice vouches for itself

    def __post_init__(self) -> None:
        if isinstance(self.bandwidth, str):
            checks.check_choice(self.bandwidth, ("scott", "silverman"), "bandwidth")
        elif isinstance(self.bandwidth, bool) or not 0 < self.bandwidth < np.inf:
            raise HoiError(f'bandwidth={self.bandwidth!r}: a positive factor, "scott" or "silverman" is needed.')

    def fit(self, X: ArrayLike, *, backend: str = "auto") -> EntropySystem:
        data = checks.check_data(X)
        return EntropySystem(data.values, data.names, data.stacked, self.entropy, self.name, self.local)

    def entropy(self, columns: FloatArray) -> float:
        """Joint entropy of columns.

        Parameters
        ----------
        columns : ndarray, shape (n_samples, n_columns)

        Returns
        -------
        float
            Nats; -inf where a column is determined by others.
        """
        return float(self.local(columns).mean())

    def local(self, columns: FloatArray) -> FloatArray:
        """Minus the logarithm of the density at each sample, whose mean is the entropy.

        Parameters
        ----------
        columns : ndarray, shape (n_samples, n_columns)

        Returns
        -------
        ndarray, shape (n_samples,)
            Nats; -inf where a column is determined by others.
        """
        from scipy.spatial.distance import cdist
        from scipy.special import logsumexp
        from scipy.stats import gaussian_kde

        n, d = columns.shape
        columns, powers = of_ordinary_size(columns)
        try:
            density = gaussian_kde(columns.T, self.bandwidth)
        except np.linalg.LinAlgError:
            return np.full(n, -np.inf)
        factor = np.linalg.cholesky(density.covariance)
        white = np.linalg.solve(factor, columns.T).T
        # each sample's own kernel is left out, and not taken away: of one far from all others nothing would be left
        sums = np.empty(n)
        for start in range(0, n, _ROWS):
            exponents = -0.5 * cdist(white[start : start + _ROWS], white, "sqeuclidean")
            rows = np.arange(len(exponents))
            exponents[rows, start + rows] = -np.inf
            sums[start + rows] = logsumexp(exponents, axis=1)
        width = np.log(np.diag(factor)).sum() + np.log(2.0) * powers.sum()
        return np.log(n - 1) + 0.5 * d * np.log(2 * np.pi) + width - sums
