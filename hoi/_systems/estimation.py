"""From samples to the covariance of columns or of their normal scores."""

from __future__ import annotations

import numpy as np

from hoi._backends.protocol import Estimate
from hoi._inputs import checks
from hoi._maths.copula import normal_scores
from hoi._maths.covariance import covariance, covariance_of_any_scale
from hoi._maths.dependence import near_dependence
from hoi._typing import ArrayLike, Ties

__all__ = ["estimated"]


def estimated(X: ArrayLike, estimator: str, ties: Ties, rng: np.random.Generator | None) -> Estimate:
    """Covariance of the data, or of their normal scores, in numpy."""
    data = checks.check_data(X, ranks=estimator == "gaussian_copula")
    n_datasets, n_samples, n_variables = data.values.shape
    matrices = np.empty((n_datasets, n_variables, n_variables))
    repeated = np.zeros(n_variables)
    exponents = np.zeros((n_datasets, n_variables), dtype=np.int64)
    for values, matrix, powers in zip(data.values, matrices, exponents, strict=True):
        if estimator == "gaussian_copula":
            scores, share = normal_scores(values, ties, rng)
            np.maximum(repeated, share, out=repeated)
            matrix[...] = covariance(scores)
        else:
            matrix[...], powers[...] = covariance_of_any_scale(values)
    scaled = exponents if exponents.any() else None
    raw = near_dependence(data.values) if estimator == "gaussian_copula" else None
    return Estimate(matrices, data.names, n_samples, data.stacked, repeated, None, scaled, raw)
