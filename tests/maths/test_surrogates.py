"""Surrogates keep what they promise to keep, and the table of cross-correlations says what moving the data says."""

from __future__ import annotations

import numpy as np
import pytest

from hoi._maths.surrogates import NULLS, CrossCorrelations, draw_lags, moved

UNIT = np.array([0, 1, 1, -1, 2])


def table(rng, n_samples=60):
    """Columns that depend on each other in time and across."""
    return np.cumsum(rng.standard_normal((n_samples, 5)), axis=0) @ (np.eye(5) + 0.3)


@pytest.mark.parametrize("n_samples", [59, 60])
def test_correlations_of_shifted_columns_are_a_gather(rng, n_samples):
    X = table(rng, n_samples)
    found = CrossCorrelations(X).shifted(draw_lags(UNIT, n_samples, 7, np.random.default_rng(3)))
    data = moved(X, UNIT, "shift", 7, np.random.default_rng(3))
    np.testing.assert_allclose(found, [np.corrcoef(values.T) for values in data], atol=1e-12)
    assert (found == found.swapaxes(1, 2)).all()
    assert (np.diagonal(found, axis1=1, axis2=2) == 1).all()


@pytest.mark.parametrize("n_samples", [59, 60])
@pytest.mark.parametrize("null", NULLS)
def test_units_move_as_one_and_the_rest_stays(rng, null, n_samples):
    X = table(rng, n_samples)
    data = moved(X, UNIT, null, 9, rng)
    assert data.shape == (9, n_samples, 5)
    np.testing.assert_allclose(data[:, :, 3], np.tile(X[:, 3], (9, 1)), atol=1e-12)
    for values in data:
        within = np.corrcoef(values[:, [1, 2]].T)[0, 1]
        np.testing.assert_allclose(within, np.corrcoef(X[:, [1, 2]].T)[0, 1], atol=1e-10)
    across = [np.corrcoef(values.T)[0, 4] for values in data]
    assert np.ptp(across) > 0.01


@pytest.mark.parametrize("n_samples", [59, 60])
def test_shifts_and_phases_keep_the_spectrum_and_permutations_the_values(rng, n_samples):
    X = table(rng, n_samples)
    power = np.abs(np.fft.rfft(X, axis=0))
    for null in ("shift", "phase"):
        data = moved(X, UNIT, null, 3, rng)
        np.testing.assert_allclose(np.abs(np.fft.rfft(data, axis=1)), [power] * 3, rtol=1e-8, atol=1e-8)
    for null in ("shift", "permute"):
        data = moved(X, UNIT, null, 3, rng)
        assert (np.sort(data, axis=1) == np.sort(X, axis=0)).all()


@pytest.mark.parametrize("null", NULLS)
def test_a_seed_repeats_the_surrogates(rng, null):
    X = table(rng)
    once, again = (moved(X, UNIT, null, 4, np.random.default_rng(5)) for _ in range(2))
    assert (once == again).all()
    assert not (once == moved(X, UNIT, null, 4, np.random.default_rng(6))).all()


def test_every_lag_comes_up_and_what_stays_has_none(rng):
    lags = draw_lags(UNIT, 10, 2000, rng)
    assert (lags[:, 3] == 0).all() and (lags[:, 1] == lags[:, 2]).all()
    counts = np.bincount(lags[:, 0], minlength=10)
    assert counts.min() > 140 and counts.max() < 260  # 200 expected, standard deviation 13.4


def test_the_mean_squared_correlation_over_all_shifts_is_parseval_s(rng):
    """What the effective sample size rests on."""
    from hoi._maths.influence import effective_sample_size, spectral_overlap

    X = table(rng, 50)
    squares = CrossCorrelations(X).table[0, 1] ** 2
    np.testing.assert_allclose(spectral_overlap(X)[0, 1], squares.mean(), rtol=1e-10)
    np.testing.assert_allclose(effective_sample_size(X)[0, 1], 1 + (1 + squares[0]) / squares.mean(), rtol=1e-10)
