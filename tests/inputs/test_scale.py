"""Values of any size, for every estimator: units never matter."""

from __future__ import annotations

import numpy as np
import pytest
from messages import message, says

import hoi
from hoi._maths.covariance import covariance, covariance_of_any_scale

rng = np.random.default_rng(9)
X = rng.standard_normal((50, 4)) @ rng.standard_normal((4, 4))
BACKENDS = ["numpy", "torch"]


def by_numpy(X):
    """O-information of all columns, plain Gaussian, without bias correction."""
    R = np.corrcoef(X.T)
    logdet = np.linalg.slogdet(R)[1]
    return (len(R) - 2) * logdet / 2 + sum(
        -np.linalg.slogdet(np.delete(np.delete(R, i, 0), i, 1))[1] / 2 for i in range(len(R))
    )


@pytest.mark.parametrize("place", BACKENDS)
@pytest.mark.parametrize("estimator", ["gaussian", "gaussian_copula"])
@pytest.mark.parametrize("power", [-1000, -550, -540, -201, 201, 500, 515, 1000])
@pytest.mark.parametrize("columns", [slice(None), 0, [1, 2]])
def test_powers_of_two_change_nothing(power, estimator, columns, place):
    if place == "torch":
        pytest.importorskip("torch")
    scaled = X.copy()
    scaled[:, columns] = np.ldexp(scaled[:, columns], power)
    value = hoi.oinfo(scaled, estimator=estimator, backend=place)
    assert value == pytest.approx(hoi.oinfo(X, estimator=estimator), abs=1e-13)


@pytest.mark.parametrize("factor", [1e160, 1e-160, 1e300, 1e-300])
def test_the_value_is_that_of_numpy(factor):
    value = hoi.oinfo(X * factor, estimator="gaussian", bias_correction=False)
    assert value == pytest.approx(by_numpy(X), abs=1e-12)


@pytest.mark.parametrize("factor", [1e160, 1e-160])
def test_entropy_keeps_the_units(factor):
    sets = [(0,), (1, 3), (0, 1, 2, 3)]
    shift = np.array([1, 2, 4]) * np.log(factor)
    np.testing.assert_allclose(hoi.entropy(X * factor, sets), hoi.entropy(X, sets) + shift, rtol=1e-13)
    assert np.isinf(hoi.GaussianSystem.from_data(X * 1e160, estimator="gaussian").covariance).any()


def test_ordinary_columns_have_the_covariance_they_had():
    for table in (X, X * 1e12, X * 1e-12, X + 1000):
        C, exponents = covariance_of_any_scale(table)
        np.testing.assert_array_equal(C, covariance(table))
        assert not exponents.any()


@pytest.mark.parametrize("place", BACKENDS)
def test_a_far_mean_costs_nothing(place):
    if place == "torch":
        pytest.importorskip("torch")
    grid = np.round(X * 512) / 512  # exact beside the offset
    value = hoi.oinfo(grid + 2.0**43, estimator="gaussian", backend=place)
    assert value == pytest.approx(hoi.oinfo(grid, estimator="gaussian"), abs=1e-12)


def test_a_variance_that_float64_cannot_hold():
    says(message(hoi.GaussianSystem.from_covariance, np.eye(2) * 1e-310), "variance of 1e-310", "other units")
