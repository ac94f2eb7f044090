"""Intervals: coverage of known systems, the same for every way to say a set, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import binom

import hoi
from hoi._maths.copula import normal_scores


def autoregressive(system, phi, n_samples, rng):
    """Samples of a system that follow each other like an autoregression, with the covariance of the system."""
    noise = rng.multivariate_normal(np.zeros(len(system.covariance)), system.covariance, n_samples + 200)
    return lfilter([np.sqrt(1 - phi**2)], [1, -phi], noise, axis=0)[200:]


@pytest.mark.parametrize(("phi", "nominal"), [(0.0, 0.93), (0.7, 0.88)])
@pytest.mark.parametrize("make", [lambda: hoi.simulate.common_effect(3), lambda: hoi.simulate.equicorrelated(5, 0.3)])
def test_coverage(rng, make, phi, nominal):
    """At least as often as measured at full size (`make calibrate`), with one chance in a thousand to fail."""
    system = make()
    inside = 0
    for _ in range(200):
        found = hoi.confidence_interval(autoregressive(system, phi, 250, rng))
        inside += bool(found.low[0] <= system.oinfo <= found.high[0])
    assert inside >= binom.ppf(0.001, 200, nominal)


ABOUT = [
    ({"measure": "gradient", "target": 2}, [(0, 1)]),
    ({"measure": "information", "target": (2, 3)}, [(0, 1)]),
    ({"measure": "rsi", "target": 2, "given": 3}, [(0, 1)]),
    ({"measure": "gradient", "target": 4, "groups": [(0, 1), (2,), (3,)]}, [(0, 1, 2)]),
    ({"measure": "tc", "given": (3, 4)}, [(0, 1, 2)]),
]


@pytest.mark.parametrize(("options", "sets"), ABOUT)
@pytest.mark.parametrize(("phi", "nominal"), [(0.0, 0.91), (0.7, 0.85)])
def test_coverage_about_a_target_and_given_columns(rng, options, sets, phi, nominal):
    root = np.array([[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0.6, 0.6, 1, 0, 0], [0.3, 0, 0.5, 1, 0], [0.4, 0, 0.4, 0.3, 1]])
    system = hoi.GaussianSystem.from_covariance(root @ root.T)
    function = {"tc": hoi.total_correlation}.get(options["measure"]) or getattr(hoi, options["measure"])
    true = function(system, sets, **{key: value for key, value in options.items() if key != "measure"})[0]
    inside = 0
    for _ in range(100):
        found = hoi.confidence_interval(autoregressive(system, phi, 250, rng), sets, estimator="gaussian", **options)
        inside += bool(found.low[0] <= true <= found.high[0])
    assert inside >= binom.ppf(0.001, 100, nominal)
    bootstrap = hoi.confidence_interval(
        autoregressive(system, 0, 300, rng), sets, method="bootstrap", n_resamples=100, seed=0, **options
    )
    influence = hoi.confidence_interval(autoregressive(system, 0, 300, rng), sets, **options)
    np.testing.assert_allclose(bootstrap.high - bootstrap.low, influence.high - influence.low, rtol=0.5)


def test_values_are_those_of_measures_and_wider_levels_give_wider_intervals(rng):
    X = rng.standard_normal((2, 100, 5))
    sets = [(0, 1, 2), (4, 2), (0, 1, 2, 3, 4)]
    found = hoi.confidence_interval(X, sets, measure="tc", units="bits")
    expected = hoi.measures(X, sets, units="bits")
    assert found.members == expected.members and (found.dataset == expected.dataset).all()
    np.testing.assert_array_equal(found.tc, expected.tc)
    np.testing.assert_allclose((found.low + found.high) / 2, found.tc)
    wide = hoi.confidence_interval(X, sets, measure="tc", units="bits", confidence_level=0.99)
    np.testing.assert_allclose((wide.high - wide.low) / (found.high - found.low), 2.5758 / 1.95996, rtol=1e-4)


def test_groups_of_one_column_are_columns_and_a_given_noise_changes_little(rng):
    X = rng.standard_normal((300, 4))
    X[:, 2] += X[:, 0] + X[:, 1]
    alone = hoi.confidence_interval(X, [(0, 1, 2)])
    grouped = hoi.confidence_interval(X, [(0, 1, 2)], groups=[[0], [1], [2]])
    given = hoi.confidence_interval(X, [(0, 1, 2)], given=3)
    np.testing.assert_allclose(grouped.low, alone.low, rtol=1e-9)
    np.testing.assert_allclose(given.high - given.low, alone.high - alone.low, rtol=0.1)


def test_the_bootstrap_serves_every_estimator_and_agrees(rng):
    X = rng.standard_normal((300, 3))
    X[:, 2] += X[:, 0] + X[:, 1]

    def entropy(columns):
        C = np.atleast_2d(np.cov(normal_scores(np.ascontiguousarray(columns))[0].T))
        return 0.5 * np.linalg.slogdet(2 * np.pi * np.e * C)[1]

    options = {"method": "bootstrap", "n_resamples": 150, "seed": 1}
    influence, bootstrap = hoi.confidence_interval(X), hoi.confidence_interval(X, **options)
    np.testing.assert_allclose(bootstrap.high - bootstrap.low, influence.high - influence.low, rtol=0.25)
    own = hoi.confidence_interval(X, estimator=entropy, bias_correction=False, **options)
    np.testing.assert_allclose(own.high - own.low, bootstrap.high - bootstrap.low, rtol=1e-8)


def test_the_best_sets_of_noise_shrink_in_the_other_half(rng):
    X = rng.standard_normal((200, 10))
    chosen, honest = hoi.search(X[:100], 3, n_best=5), hoi.split_half(X, 3, n_best=5)
    assert chosen.members == honest.members and list(chosen.extreme) == list(honest.extreme)
    assert np.abs(honest.oinfo).mean() < 0.5 * np.abs(chosen.oinfo).mean()
    assert honest.settings["chosen_in"] == [0, 100] and honest.settings["estimated_in"] == [100, 200]
    inside = (honest.low <= 0) & (honest.high >= 0)
    assert inside.mean() >= 0.8


def test_effective_samples_of_a_stack(rng):
    X = np.cumsum(rng.standard_normal((2, 200, 3)), axis=1)
    found = hoi.effective_sample_size(X)
    assert found.shape == (2, 3, 3) and (found > 1).all() and (found < 100).all()
    np.testing.assert_allclose(hoi.effective_sample_size(X[1]), found[1])
    np.testing.assert_allclose(hoi.effective_sample_size(np.exp(X[1] / 10)), found[1])  # ranks only


def test_errors(rng):
    X = rng.standard_normal((50, 4))

    def entropy(columns):
        return 0.0

    cases = [
        ({"confidence_level": 95}, "confidence_level=95: a number between 0 and 1 is needed"),
        ({"confidence_level": True}, "confidence_level=True: a number between 0 and 1"),
        ({"method": "jackknife"}, "method='jackknife': use one of 'influence', 'bootstrap'."),
        ({"estimator": entropy}, "is of Gaussian columns, and estimator='entropy' is not: use method=\"bootstrap\""),
        ({"measure": "gradient"}, 'measure="gradient" is about a target, and there is none'),
        ({"target": 3}, "target=3 has no part in measure=\"oinfo\""),
    ]
    for options, message in cases:
        with pytest.raises(hoi.HoiError) as error:
            hoi.confidence_interval(X, [(0, 1, 2)], **options)
        assert message in str(error.value)
    with pytest.raises(hoi.HoiError, match=r"15 samples for an interval: .* needs at least 20 samples"):
        hoi.confidence_interval(X[:15], [(0, 1, 2)])
    with pytest.raises(hoi.HoiError, match="15 samples for an interval"):
        hoi.split_half(X[:30], 3)
    with pytest.raises(hoi.HoiError, match="X has 2 datasets: the halves are of one"):
        hoi.split_half(np.stack([X, X]), 3)
    for call in (lambda S: hoi.confidence_interval(S), lambda S: hoi.split_half(S, 3)):
        with pytest.raises(hoi.HoiError, match=r"X is a GaussianSystem, .* give the table of samples"):
            call(hoi.GaussianSystem.from_data(X))
