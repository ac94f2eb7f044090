"""Influence functions against differences, long-run variances against their sum, and both against known systems."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.signal import lfilter

from hoi._maths.influence import effective_sample_size, influence, long_run_variance, parts_of_samples, standard_error
from hoi._measures.registry import MEASURES
from tests import reference


def covariance(rng, n):
    A = rng.standard_normal((2 * n, n))
    return A.T @ A / (2 * n)


@pytest.mark.parametrize("blocks", [[0, 1, 2, 3, 4], [0, 1, 3, 4], [0, 2, 4], [0, 4]])
@pytest.mark.parametrize("name", ["tc", "dtc", "oinfo", "sinfo"])
def test_influence_is_the_derivative(rng, name, blocks):
    C = covariance(rng, 4)
    parts = [tuple(range(a, b)) for a, b in itertools.pairwise(blocks)]
    measure = {
        "tc": reference.total_correlation, "dtc": reference.dual_total_correlation,
        "oinfo": reference.oinfo, "sinfo": reference.sinfo,
    }[name]  # fmt: skip
    expected = reference.slope(lambda S: measure(reference.entropies(S), parts), C)
    row = MEASURES[name]
    found = influence(C, np.array(blocks), row.d, row.j, row.l) / 2
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("n", [3, 4, 50, 51])
def test_long_run_variance_is_the_sum_of_autocovariances(rng, n):
    for y in (rng.standard_normal(n), np.cumsum(rng.standard_normal(n)), (-1.0) ** np.arange(n)):
        np.testing.assert_allclose(long_run_variance(y), reference.long_run_variance(y), rtol=1e-9)


def autoregressive(phi, shape, rng):
    """Series (..., time, columns) of variance 1."""
    noise = rng.standard_normal((*shape[:-2], shape[-2] + 200, shape[-1]))
    return lfilter([np.sqrt(1 - phi**2)], [1, -phi], noise, axis=-2)[..., 200:, :]


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.8])
def test_long_run_variance_of_an_autoregression(rng, phi):
    y = autoregressive(phi, (30, 4000, 1), rng)[..., 0]
    found = np.mean([long_run_variance(row) for row in y])
    np.testing.assert_allclose(found, (1 + phi) / (1 - phi), rtol=0.1)


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
def test_effective_samples_are_those_of_bartlett(rng, phi):
    X = autoregressive(phi, (40, 1000, 3), rng)
    X[:, :, 2] = 0.6 * X[:, :, 0] + 0.8 * X[:, :, 2]  # a column that depends on the first one has no fewer
    chance = np.mean([1 / (effective_sample_size(values) - 1) for values in X], axis=0)
    np.testing.assert_allclose(1 / chance, 1000 * (1 - phi**2) / (1 + phi**2), rtol=0.2)


@pytest.mark.parametrize("phi", [0.0, 0.7])
def test_standard_error_is_the_spread_over_samples(rng, phi):
    """Of the O-information of a sum of two variables, from white and from autocorrelated samples."""
    n_samples, row = 500, MEASURES["oinfo"]
    values, errors = [], []
    for _ in range(200):
        X = autoregressive(phi, (n_samples, 3), rng)
        X[:, 2] += X[:, 0] + X[:, 1]
        values.append(reference.oinfo(reference.entropies(np.cov(X.T)), reference.singles((0, 1, 2))))
        errors.append(standard_error(parts_of_samples(X, np.arange(4), row.d, row.j, row.l)))
    np.testing.assert_allclose(np.mean(errors), np.std(values), rtol=0.15)  # 5 % standard error of the spread
