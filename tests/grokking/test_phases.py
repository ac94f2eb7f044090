"""Phases of training, on curves drawn by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from hoi_grokking import find_phases
from hoi_grokking.phases import PHASES, Phase, peaks, smooth

STEP = np.arange(0, 101)
# generalisation is complete at 76
ACCURACY = np.interp(STEP, [50, 76], [0, 0.98])
RISING = STEP / 100


def line(*knots: tuple[float, float]) -> np.ndarray:
    """Straight between (step, value) knots, flat outside."""
    return np.interp(STEP, *zip(*knots, strict=True))


ONE_PEAK = line((20, 0), (40, 1), (60, 0))
TWO_PEAKS = line((10, 0), (20, 1), (30, 0.2), (40, 0.2), (60, 2), (80, 0.2))


def names(synergy: np.ndarray, redundancy: np.ndarray = RISING, accuracy: np.ndarray = ACCURACY) -> list[str]:
    return [phase.name for phase in find_phases(STEP, synergy, redundancy, accuracy)]


def test_five_phases_and_where_they_meet() -> None:
    phases = find_phases(STEP, TWO_PEAKS, RISING, ACCURACY)
    assert [phase.name for phase in phases] == list(PHASES)
    assert all(one.stop == other.start for one, other in itertools.pairwise(phases))
    learning, emergence, divergence, delayed, decoupling = phases
    assert learning.start == 1, "step 0 is no training"
    assert abs(emergence.start - 10) <= 1
    assert (emergence.stop, delayed.stop, decoupling.stop) == (20, 60, 100)
    assert 30 <= divergence.stop <= 40


def test_one_peak_is_emergence_without_delay() -> None:
    assert names(ONE_PEAK) == ["feature learning", "emergence", "decoupling"]


def test_decoupling_needs_redundancy_to_stay() -> None:
    assert names(ONE_PEAK, 1 - RISING) == ["feature learning", "emergence", "divergence"]
    assert find_phases(STEP, ONE_PEAK, 1 - RISING, ACCURACY)[-1] == Phase("divergence", 40, 76), "not after it"
    assert names(TWO_PEAKS, 1 - RISING) == list(PHASES[:4])


def test_decoupling_needs_synergy_to_fall() -> None:
    assert names(line((20, 0), (90, 1))) == ["feature learning", "emergence"]
    assert names(line((20, 0), (40, 1), (60, 0.95))) == ["feature learning", "emergence"]


def test_a_second_peak_after_generalisation_is_no_delayed_emergence() -> None:
    early = np.interp(STEP, [20, 45], [0, 0.98])
    assert names(TWO_PEAKS, accuracy=early) == ["feature learning", "emergence", "decoupling"]


def test_without_generalisation_a_second_peak_counts_until_the_end() -> None:
    assert names(TWO_PEAKS, accuracy=np.zeros(101)) == list(PHASES)


def test_without_a_peak_there_is_only_feature_learning() -> None:
    for synergy in (np.ones(101), line((0, 1), (100, 0))):
        assert find_phases(STEP, synergy, RISING, ACCURACY) == [Phase("feature learning", 1, 100)]


@pytest.mark.parametrize("redundancy", [RISING, 1 - RISING])
def test_a_fall_after_generalisation_is_no_divergence(redundancy: np.ndarray) -> None:
    early = np.interp(STEP, [20, 39], [0, 0.98])
    assert "divergence" not in names(ONE_PEAK, redundancy, early)


def test_the_untrained_network_has_no_peak() -> None:
    """A network that has hardly been trained, its synergy first high and then low, has the phases it has without."""
    transient = line((1, 2), (2, 5), (9, 3))
    early = np.where(STEP < 10, transient, 0)
    assert find_phases(STEP, ONE_PEAK + early, RISING, ACCURACY) == find_phases(STEP, ONE_PEAK, RISING, ACCURACY)
    assert names(np.where(STEP < 30, line((1, 5), (30, 0)), 0)) == ["feature learning"], "it only falls"
    assert names(line((1, 0), (10, 5), (30, 0))) == ["feature learning"], "it has risen before"
    shown = find_phases(STEP, ONE_PEAK + early, RISING, ACCURACY, first=1)
    assert shown[0].stop <= 3, "the first step is a choice"


def test_shorter_than_the_first_step() -> None:
    assert find_phases([0, 1, 5], [0, 3, 0], [0, 0, 0], [0, 0, 1]) == [Phase("feature learning", 1, 5)]


def test_jitter_is_no_peak() -> None:
    jitter = np.random.default_rng(0).normal(0, 0.03, 101)
    assert names(ONE_PEAK + jitter) == names(ONE_PEAK)
    assert names(TWO_PEAKS + jitter) == names(TWO_PEAKS)


def test_scale_and_level_do_not_matter() -> None:
    assert find_phases(STEP, 100 * TWO_PEAKS - 7, 3 * RISING + 1, ACCURACY) == find_phases(
        STEP, TWO_PEAKS, RISING, ACCURACY
    )


def test_the_level_of_generalisation_is_a_choice() -> None:
    low = find_phases(STEP, TWO_PEAKS, RISING, np.interp(STEP, [20, 40], [0, 0.7]), grokked=0.6)
    assert [phase.name for phase in low] == ["feature learning", "emergence", "decoupling"]


@pytest.mark.parametrize(
    ("values", "places"),
    [
        ([0, 1, 0], [1]),
        ([1, 0, 1], [0, 2]),
        ([0, 1, 0.9, 1, 0], [1, 3]),
        ([0, 1, 0.9, 0.99, 0], [1]),
        ([2, 2, 2], []),
        ([0, 1, 2], [2]),
    ],
)
def test_peaks(values: list[float], places: list[int]) -> None:
    found = peaks(values, prominence=0.1)
    assert found == places


def test_smoothing_keeps_a_constant_and_has_no_delay() -> None:
    np.testing.assert_allclose(smooth(np.full(9, 3.0)), 3, rtol=1e-12)
    pulse = np.zeros(41)
    pulse[20] = 1
    smoothed = smooth(pulse)
    assert smoothed.argmax() == 20
    np.testing.assert_allclose(smoothed[10:31], smoothed[10:31][::-1], rtol=1e-3)
    assert smoothed[20] == pytest.approx(1 / 3, abs=1e-4)
    assert pulse.sum() == 1, "the input is left as it was"
