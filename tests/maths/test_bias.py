"""The constant of the entropy bias: closed forms, and the mean over many samples of Gaussian variables."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import digamma

from hoi._errors import HoiError
from hoi._maths.bias import entropy_bias
from hoi._maths.covariance import covariance


@pytest.mark.parametrize(("k", "n_samples"), [(1, 8), (2, 8), (5, 8), (3, 30)])
def test_mean_over_many_samples_is_the_exact_entropy(k, n_samples):
    """Estimate + constant has the exact mean, to 5 standard errors; without it, or subtracted, not."""
    draws = 20_000
    rng = np.random.default_rng(k * 100 + n_samples)
    factor = np.tril(rng.standard_normal((k, k))) + 2 * np.eye(k)
    exact = k / 2 * np.log(2 * np.pi * np.e) + np.linalg.slogdet(factor)[1]
    samples = rng.standard_normal((draws, n_samples, k)) @ factor.T + 3.0
    samples -= samples.mean(axis=1, keepdims=True)
    matrices = np.swapaxes(samples, 1, 2) @ samples / (n_samples - 1)
    estimates = k / 2 * np.log(2 * np.pi * np.e) + np.linalg.slogdet(matrices)[1] / 2
    bound = 5 * estimates.std() / np.sqrt(draws)
    constant = entropy_bias(k, n_samples)
    assert constant > 2 * bound  # so that the three lines below tell right from wrong
    assert abs(estimates.mean() + constant - exact) < bound
    assert abs(estimates.mean() - exact) > bound
    assert abs(estimates.mean() - constant - exact) > bound


def test_the_simulated_covariance_is_the_one_of_the_package(rng):
    X = rng.standard_normal((8, 3))
    centred = X - X.mean(axis=0)
    np.testing.assert_allclose(covariance(X), centred.T @ centred / 7, rtol=1e-14)


@pytest.mark.parametrize("n_samples", [12, 100, 10_000])
def test_formula_of_the_published_tools(n_samples):
    """H minus the bias that gcmi, HOI and THOI subtract, term by term."""
    for k in range(1, 11):
        terms = digamma((n_samples - np.arange(1, k + 1)) / 2) / 2
        subtracted = k * (np.log(2) - np.log(n_samples - 1)) / 2 + terms.sum()
        assert entropy_bias(k, n_samples) == pytest.approx(-subtracted, abs=1e-12)


def test_array_of_orders():
    orders = np.array([[0, 1], [7, 3]])
    values = entropy_bias(orders, 50)
    assert values.shape == orders.shape
    np.testing.assert_array_equal(values, [[entropy_bias(int(k), 50) for k in row] for row in orders])


def test_zero_variables_have_no_bias():
    assert entropy_bias(0, 5) == 0.0
    assert isinstance(entropy_bias(2, 5), float)


def test_it_grows_with_the_order_and_fades_with_samples():
    assert (np.diff(entropy_bias(np.arange(20), 25)) > 0).all()
    assert entropy_bias(3, 10**7) == pytest.approx(3 * 4 / 2 / (2 * 10**7), rel=1e-2)  # k (k + 1) / (4 n)


@pytest.mark.parametrize(
    ("k", "n_samples", "text"),
    [
        (5, 5, "5 samples for a set of 5 columns: .* more samples than columns.*bias_correction=False"),
        (np.array([2, 9]), 6, "6 samples for a set of 9 columns"),
        (-1, 10, "k = -1 variables"),
    ],
)
def test_message(k, n_samples, text):
    with pytest.raises(HoiError, match=text):
        entropy_bias(k, n_samples)
