"""Fast fluctuations of a curve: their size in closed form, drift that does not count, and how often noise swings."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from hoi_grokking.statistics.oscillations import fluctuations, spectrum

STEP = np.arange(128)


def swinging(period: float, size: float, noise: float, seed: int) -> np.ndarray:
    """Smoothed noise (lag-one correlation 0.97) with a sine of this size, on a steep drift."""
    rng = np.random.default_rng(seed)
    smooth = noise * lfilter([1], [1, -0.97], rng.standard_normal(1128))[-128:]
    return smooth + size * np.sin(2 * np.pi * STEP / period + seed) - STEP / 10


def test_power_adds_up_to_the_variance_and_a_quadratic_drift_has_none() -> None:
    noise = np.random.default_rng(0).standard_normal((400, 128))
    assert spectrum(noise)[1].sum(-1).mean() == pytest.approx(1 - 3 / 128, rel=0.02)
    np.testing.assert_allclose(spectrum(3 - STEP + STEP**2 / 7)[1], 0, atol=1e-12)


@pytest.mark.parametrize(("period", "share"), [(8, 1.0), (40, 0.0)])
def test_the_share_is_of_what_is_faster_than_the_limit(period: float, share: float) -> None:
    found = fluctuations(swinging(period, 1, 0, 0), above=1 / 16)
    assert found.share == pytest.approx(share, abs=0.02)
    assert found.amplitude == pytest.approx(np.sqrt(share / 2), abs=0.05)


def test_a_swing_is_found_with_its_period() -> None:
    found = [fluctuations(swinging(8, 0.4, 0.25, seed), above=1 / 16, n_resamples=199) for seed in range(20)]
    assert np.mean([one.pvalue <= 0.05 for one in found]) > 0.8
    assert np.median([one.period for one in found]) == 8


def test_smoothed_noise_swings_as_often_as_it_should() -> None:
    found = [fluctuations(swinging(8, 0, 1, seed), above=1 / 16, n_resamples=99) for seed in range(300)]
    assert 0.015 < np.mean([one.pvalue <= 0.05 for one in found]) < 0.085
    assert np.mean([one.low <= one.share <= one.high for one in found]) > 0.9


def test_what_is_not_finite_or_does_not_move_has_no_fluctuations() -> None:
    for curve in (np.where(STEP == 5, -np.inf, 0.0), np.zeros(128)):
        assert np.isnan(fluctuations(curve, above=1 / 16)).all()
