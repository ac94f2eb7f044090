"""Covariance of samples and its standard form."""

from __future__ import annotations

import numpy as np
import pytest

from hoi._maths.covariance import covariance, to_correlation


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(3, 1), (5, 7), (400, 6)])
def test_definition(rng, shape, order):
    X = np.array(rng.standard_normal(shape), order=order)
    C = covariance(X)
    np.testing.assert_allclose(C, np.cov(X.T, ddof=1).reshape(C.shape), rtol=1e-12, atol=1e-15)
    np.testing.assert_array_equal(C, C.T)


def test_a_large_mean_costs_no_digits(rng):
    X = rng.standard_normal((200, 4))
    np.testing.assert_allclose(covariance(X + 1e6), covariance(X), rtol=1e-8, atol=1e-10)


def test_input_is_left_alone(rng):
    X = rng.standard_normal((20, 3))
    X.setflags(write=False)
    covariance(X)
    C = covariance(X)
    C.setflags(write=False)
    to_correlation(C)


def test_correlation_has_a_unit_diagonal_and_is_symmetric(rng):
    scale = np.logspace(-9, 9, 30)
    C = covariance(rng.standard_normal((100, 30)) * scale)
    R, log_variance = to_correlation(C)
    assert (np.diag(R) == 1.0).all()
    np.testing.assert_array_equal(R, R.T)
    d = np.sqrt(np.diag(C))
    np.testing.assert_allclose(R, C / np.outer(d, d), rtol=1e-14)
    np.testing.assert_array_equal(log_variance, np.log(np.diag(C)))


def test_correlation_of_many(rng):
    C = np.stack([covariance(rng.standard_normal((50, 4))) for _ in range(6)]).reshape(2, 3, 4, 4)
    R, log_variance = to_correlation(C)
    assert (R.shape, log_variance.shape) == ((2, 3, 4, 4), (2, 3, 4))
    one, _ = to_correlation(C[1, 2])
    np.testing.assert_array_equal(R[1, 2], one)


def test_correlation_stays_within_one():
    x = np.random.default_rng(0).standard_normal((100, 1)) * [1.0, 3.7, -1e-5]
    R, _ = to_correlation(covariance(x))
    assert np.abs(R).max() <= 1.0
