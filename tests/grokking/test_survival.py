"""Time to grok as censored survival: closed forms, and calibration under a null."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import minimize

from hoi_grokking.statistics.survival import concordance, hazard_effect

RNG = np.random.default_rng(0)


def test_concordance_counts_pairs_within_strata() -> None:
    # pairs that can be compared: (a, b), (a, c), (b, c) in the first stratum, none with the second but (d, e)
    scores, time = [3, 1, 2, 9, 9], [5, 6, 7, 1, 2]
    event = [True, True, False, True, False]
    found = concordance(scores, time, event, [0, 0, 0, 1, 1])
    assert found.value == pytest.approx((1 + 1 + 0 + 0.5) / 4)
    assert concordance(-np.array(scores), time, event, [0, 0, 0, 1, 1]).value == pytest.approx(1 - 2.5 / 4)


def test_what_is_censored_first_cannot_be_compared() -> None:
    found = concordance([1, 2], [5, 9], [False, True], [0, 0])
    assert all(math.isnan(number) for number in found)


def test_a_score_that_tells_and_one_that_does_not() -> None:
    time = RNG.exponential(size=60)
    strata = np.repeat([0, 1], 30)
    told = concordance(-time, np.minimum(time, 2), time < 2, strata)
    assert (told.value, told.high, told.pvalue) == (1, 1, 1 / 1000)
    assert told.low == 1


def test_the_permutation_test_keeps_its_level() -> None:
    """Hyperparameters decide both the score and the time; within a stratum the score says nothing."""
    rng = np.random.default_rng(1)
    strata = np.repeat([0, 1, 2], 15)
    pvalues = []
    for seed in range(120):
        time = rng.exponential(size=45) * (1 + 9 * strata)
        score = rng.standard_normal(45) - 5 * strata
        pvalues.append(concordance(score, np.minimum(time, 8), time < 8, strata, n_resamples=99, seed=seed).pvalue)
    assert np.mean(np.array(pvalues) <= 0.05) <= 0.1  # 5 % expected; 10 % is three standard errors away
    assert 0.4 < np.mean(pvalues) < 0.6


def partial_likelihood(beta: np.ndarray, x: np.ndarray, time: np.ndarray, event: np.ndarray) -> float:
    """Minus Cox's partial likelihood, event by event."""
    return -sum(
        x[i] @ beta - math.log(sum(math.exp(x[j] @ beta) for j in range(len(x)) if time[j] >= time[i]))
        for i in range(len(x))
        if event[i]
    )


def test_the_effect_is_the_maximum_of_the_partial_likelihood() -> None:
    x = RNG.standard_normal((40, 2))
    x = (x - x.mean(0)) / x.std(0)
    time = np.round(RNG.exponential(np.exp(-0.8 * x[:, 0])), 1)  # ties
    event = time < 2
    time = np.minimum(time, 2)
    found = hazard_effect(x[:, 0], x[:, 1:], time, event, np.zeros(40))
    best = minimize(partial_likelihood, np.zeros(2), (x, time, event))
    alone = minimize(partial_likelihood, np.zeros(1), (x[:, 1:], time, event))
    assert found.value == pytest.approx(best.x[0], abs=1e-4)
    assert (found.high - found.low) / 2 / 1.96 == pytest.approx(np.sqrt(best.hess_inv[0, 0]), rel=0.05)
    from scipy.stats import chi2

    assert found.pvalue == pytest.approx(chi2.sf(2 * (alone.fun - best.fun), 1), rel=1e-3)


def test_a_score_that_repeats_the_others_adds_nothing_and_strata_take_their_own_hazard() -> None:
    """The score follows loss, which decides; between strata it follows the hyperparameters, which decide too."""
    rng = np.random.default_rng(2)
    pvalues = []
    for _ in range(100):
        strata = np.repeat([0, 1, 2], 40)
        loss = rng.standard_normal(120)
        time = rng.exponential(np.exp(loss + 2 * strata))
        score = loss + 0.5 * rng.standard_normal(120) + 3 * strata
        event = time < np.quantile(time, 0.6)
        pvalues.append(hazard_effect(score, loss[:, None], np.minimum(time, np.quantile(time, 0.6)), event, strata)[3])
    assert np.mean(np.array(pvalues) <= 0.05) <= 0.12
    assert 0.4 < np.mean(pvalues) < 0.6


def test_an_effect_is_found() -> None:
    rng = np.random.default_rng(3)
    score, loss = rng.standard_normal((2, 300))
    time = rng.exponential(np.exp(-0.5 * score + loss))
    found = hazard_effect(score, loss[:, None], time, np.ones(300, bool), np.zeros(300))
    assert found.low < 0.5 < found.high
    assert found.pvalue < 1e-6


@pytest.mark.parametrize(
    ("score", "event"), [(np.ones(10), np.ones(10, bool)), (np.arange(10), np.arange(10) == 0)], ids=["same", "one"]
)
def test_nothing_to_tell(score: np.ndarray, event: np.ndarray) -> None:
    assert math.isnan(hazard_effect(score, np.arange(10)[::-1, None] ** 2, np.arange(10), event, np.zeros(10)).value)


def test_a_score_that_tells_all_events_apart_has_no_effect_of_finite_size() -> None:
    time = np.arange(1, 9)
    found = hazard_effect(-time, np.empty((8, 0)), time, np.ones(8, bool), np.zeros(8))
    assert math.isnan(found.value)
