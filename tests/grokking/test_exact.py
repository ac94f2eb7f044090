"""Permutation tests that are enumerated: numbers counted by hand, and both sides."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from hoi_grokking.statistics.exact import block_test, exchange_test, flip_test, rank_test
from hoi_grokking.statistics.prediction import auc


def test_five_seeds_beside_five_random_sets_each() -> None:
    """Beating 4 of 25: of the 6^5 choices 126 have a rank sum as low, and as many one as high."""
    seeds = [[below - 0.5, *range(5)] for below in (0, 0, 0, 3, 1)]
    pvalue, side = rank_test(seeds)
    assert pvalue == pytest.approx(2 * 126 / 6**5)
    assert side == 4 - 12.5
    better, above = rank_test([[4.5 - one[0] - 0.5, *range(5)] for one in seeds])
    assert (better, above) == (pytest.approx(pvalue), 12.5 - 4)


def test_ties_and_unequal_numbers_of_controls_are_enumerated() -> None:
    groups = [[2, 2, 1], [5, 0, 0, 9], [7]]
    from scipy.stats import rankdata

    ranks = [rankdata(group) for group in groups[:2]]
    sums = np.array([sum(chosen) for chosen in itertools.product(*ranks)])
    mean, own = sums.mean(), ranks[0][0] + ranks[1][0]
    pvalue, side = rank_test(groups)
    assert pvalue == pytest.approx(np.mean(np.abs(sums - mean) >= abs(own - mean) - 1e-12))
    assert side == pytest.approx(own - mean)


def test_without_controls_there_is_no_test() -> None:
    assert math.isnan(rank_test([[1], [2]])[0])
    assert math.isnan(rank_test([])[0])


def test_configurations_are_the_units() -> None:
    """35 networks that are told apart wholly are seven configurations of which three grok: 2 of 35 orders."""
    grokked = [[True] * 5] * 3 + [[False] * 5] * 4
    scores = np.repeat(np.arange(7)[::-1], 5)
    pvalue, side = block_test(lambda outcomes: auc(scores, outcomes), grokked, 0.5)
    assert (pvalue, side) == (pytest.approx(2 / 35), 0.5)
    assert block_test(lambda outcomes: auc(-scores, outcomes), grokked, 0.5) == (pytest.approx(2 / 35), -0.5)
    assert math.isnan(block_test(lambda outcomes: auc(scores, outcomes), [[True] * 5] * 7, 0.5)[0])


def test_signs_of_differences_are_those_of_scipy() -> None:
    from scipy.stats import permutation_test

    for n in (2, 4, 7):
        values = np.random.default_rng(n).standard_normal(n) + 0.4
        expected = permutation_test((values,), np.mean, permutation_type="samples", n_resamples=np.inf)
        pvalue, side = flip_test(values)
        assert pvalue == pytest.approx(expected.pvalue)
        assert side == pytest.approx(values.mean())
    assert np.isnan(flip_test([])[0])
    assert flip_test([-1.0, -2.0, -3.0, -1.0, -2.0]) == (2 / 32, -1.8)
    assert flip_test([0.0, 0.0])[0] == 1


def drifting(rng: np.random.Generator, n: int) -> np.ndarray:
    """Curves with a common rise, and a slow walk of each network: neighbouring steps tell the same."""
    return np.arange(30) + rng.standard_normal((n, 30)).cumsum(1)


def test_curves_that_share_a_trend_go_together_by_chance_only() -> None:
    rng = np.random.default_rng(0)
    pvalues = np.array([exchange_test(drifting(rng, 5), drifting(rng, 5))[1] for _ in range(300)])
    assert np.mean(pvalues <= 0.05) < 0.08
    assert np.mean(pvalues <= 0.5) > 0.3, "the test is not idle"


def test_curves_of_the_same_network_go_together() -> None:
    rng = np.random.default_rng(1)
    first = drifting(rng, 5)
    value, pvalue = exchange_test(first, 100 - first + 0.3 * rng.standard_normal(first.shape))
    assert value < -0.8
    assert pvalue == pytest.approx(2 / 120)
    assert np.isnan(exchange_test(first, np.tile(first[0], (5, 1)))).all(), "no network differs from the mean"
