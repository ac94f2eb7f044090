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


SERIES = np.random.default_rng(4).standard_normal((50, 4)).cumsum(axis=0)
NOISE, LONG = np.random.default_rng(5).standard_normal((2, 300, 4))
LONG[:, 3] += LONG[:, 0] - LONG[:, 1]
OF_SAMPLES = {
    "local": lambda X, **more: hoi.local(X, [(0, 1, 2), (1, 3)], **more),
    "interval": lambda X, **more: hoi.confidence_interval(X, [(0, 1, 2)], **more).high,
    "bootstrap": lambda X, **more: hoi.confidence_interval(
        X, [(0, 1, 2)], method="bootstrap", n_resamples=9, seed=0, **more).high,
    **{null: lambda X, null=null, **more: hoi.permutation_test(
        X, 3, null=null, n_resamples=29, seed=0, **more).pvalue for null in ("shift", "permute", "phase")},
    "member": lambda X, **more: hoi.permutation_test(X, 3, null="member", n_resamples=29, seed=0, **more).statistic,
    "compare": lambda X, **more: hoi.compare(X, NOISE, 3, n_resamples=19, seed=0, **more).pvalue,
    "effective": lambda X, **more: hoi.oinfo(X, bias_correction="effective", **more),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_SAMPLES)
@pytest.mark.filterwarnings("ignore::hoi.HoiWarning")
def test_what_is_made_of_samples_does_not_depend_on_their_units(name):
    """Surrogates, local values, intervals: a plain Gaussian multiplies there, too."""
    whole = LONG if name == "compare" else SERIES
    expected = OF_SAMPLES[name](whole, estimator="gaussian")
    for power in (-1000, -540, 515, 1000):
        for columns in (slice(None), [1, 2]):
            scaled = whole.copy()
            scaled[:, columns] = np.ldexp(scaled[:, columns], power)
            np.testing.assert_allclose(OF_SAMPLES[name](scaled, estimator="gaussian"), expected, rtol=0, atol=1e-10)
    far = OF_SAMPLES[name](whole + np.array([0, 2.0**40, 0, -(2.0**41)]), estimator="gaussian")
    np.testing.assert_allclose(far, expected, rtol=0, atol=1e-2)  # the sum rounds by 1e-4


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
