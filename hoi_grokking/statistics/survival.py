"""Time to an event that some units do not reach while they are watched (censored): which number tells it early?"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Concordance", "Effect", "concordance", "hazard_effect"]

# Newton's method for the partial likelihood: steps at most, and the size of the last one.
_STEPS, _CONVERGED = 50, 1e-8

# A log hazard ratio above this one grows without end.
_LARGEST = 30.0


class Concordance(NamedTuple):
    """Chance that of two units the one with the higher score comes first; 0.5 says nothing.

    `low` and `high` are a 95 % bootstrap interval over units, `pvalue` is two-sided, by permuting scores.
    """

    value: float
    low: float
    high: float
    pvalue: float


class Effect(NamedTuple):
    """Log hazard ratio for one standard deviation of a score beside others: above 0 the event comes earlier.

    `low` and `high` are a 95 % Wald interval, `pvalue` is that of the likelihood-ratio test.
    """

    value: float
    low: float
    high: float
    pvalue: float


def concordance(
    scores: ArrayLike, time: ArrayLike, event: ArrayLike, strata: ArrayLike, *, n_resamples: int = 999, seed: int = 0
) -> Concordance:
    """Harrell's concordance of a score with the time to an event, from pairs within strata only.

    Parameters
    ----------
    scores : array_like, shape (n,)
    time : array_like, shape (n,)
        Of the event, or the last one at which it had not come.
    event : array_like of bool, shape (n,)
    strata : array_like, shape (n,)
        Units are compared, and scores permuted, within a stratum.
    n_resamples, seed : int

    Returns
    -------
    Concordance
        NaN if no two units can be compared.

    Examples
    --------
    >>> from hoi_grokking.statistics.survival import concordance
    >>> concordance([4, 3, 2, 1], [10, 20, 30, 30], [True, True, False, False], [0, 0, 0, 0]).value
    1.0
    """
    scores, time, event = np.asarray(scores, float), np.asarray(time, float), np.asarray(event, bool)
    strata = np.asarray(strata)
    parts = []
    for stratum in np.unique(strata):
        own = strata == stratum
        first = (time[own][:, None] < time[own]) & event[own][:, None]
        order = np.sign(scores[own][:, None] - scores[own]) / 2
        parts.append((first.astype(np.float32), order.astype(np.float32)))
    pairs = sum(float(first.sum()) for first, _ in parts)
    if not pairs:
        return Concordance(*[math.nan] * 4)
    rng = np.random.default_rng(seed)
    excess = sum(float((first * order).sum()) for first, order in parts) / pairs
    null, drawn = np.zeros(n_resamples), np.zeros((2, n_resamples))
    for first, order in parts:
        ahead, n = first * order, len(first)
        for i in range(n_resamples):
            shuffled = rng.permutation(n)
            null[i] += float((first * order[np.ix_(shuffled, shuffled)]).sum()) / pairs
            times = np.bincount(rng.integers(0, n, n), minlength=n).astype(np.float32)
            drawn[:, i] += times @ ahead @ times, times @ first @ times
    known = drawn[0, drawn[1] > 0] / drawn[1, drawn[1] > 0]
    low, high = np.quantile(known, [0.025, 0.975]) if len(known) else (np.nan, np.nan)
    pvalue = (np.count_nonzero(np.abs(null) >= abs(excess) - 1e-9) + 1) / (n_resamples + 1)
    return Concordance(0.5 + excess, 0.5 + float(low), 0.5 + float(high), float(pvalue))


def hazard_effect(score: ArrayLike, others: ArrayLike, time: ArrayLike, event: ArrayLike, strata: ArrayLike) -> Effect:
    """What a score adds to others in Cox's model of the hazard, with a baseline of its own in each stratum.

    Parameters
    ----------
    score : array_like, shape (n,)
    others : array_like, shape (n, n_others)
        All are standardised within strata.
    time, event, strata : array_like, shape (n,)
        As for :func:`concordance`. Events at the same time are treated as by Breslow (1974).

    Returns
    -------
    Effect
        NaN if there are too few events to tell, or the score never differs.
    """
    from scipy.stats import chi2

    time, event, strata = np.asarray(time, float), np.asarray(event, bool), np.asarray(strata)
    columns = np.column_stack([np.asarray(score, float), np.asarray(others, float)])
    for stratum in np.unique(strata):
        own = strata == stratum
        columns[own] -= columns[own].mean(0)
    spread = columns.std(0)
    columns = columns[:, spread > 0] / spread[spread > 0]
    if not spread[0] > 0 or event.sum() < 2 * columns.shape[1]:
        return Effect(*[math.nan] * 4)
    full, without = (_cox(part, time, event, strata) for part in (columns, columns[:, 1:]))
    if full is None or without is None:
        return Effect(*[math.nan] * 4)
    value, error = float(full.coefficients[0]), float(full.errors[0])
    gain = max(2 * (full.log_likelihood - without.log_likelihood), 0.0)
    return Effect(value, value - 1.96 * error, value + 1.96 * error, float(chi2.sf(gain, 1)))


class _Fit(NamedTuple):
    coefficients: NDArray
    errors: NDArray
    log_likelihood: float


def _cox(columns: NDArray, time: NDArray, event: NDArray, strata: NDArray) -> _Fit | None:
    """The highest partial likelihood; None if there is none, as where a score tells all events apart."""
    n = columns.shape[1]
    parts = []
    for stratum in np.unique(strata):
        own = strata == stratum
        x, happens = columns[own], event[own]
        at_risk = (time[own] >= time[own][happens][:, None]).astype(float)
        products = (x[:, :, None] * x[:, None, :]).reshape(len(x), n * n)
        parts.append((x, happens, at_risk, products))
    beta = np.zeros(n)
    for _ in range(_STEPS):
        likelihood, slope, information = 0.0, np.zeros(n), np.zeros((n, n))
        for x, happens, at_risk, products in parts:
            linear = x @ beta
            weight = np.exp(linear)
            total = at_risk @ weight
            mean = at_risk @ (weight[:, None] * x) / total[:, None]
            likelihood += float(linear[happens].sum() - np.log(total).sum())
            slope += (x[happens] - mean).sum(0)
            second = (at_risk @ (weight[:, None] * products) / total[:, None]).sum(0).reshape(n, n)
            information += second - mean.T @ mean
        try:
            root = np.linalg.inv(np.linalg.cholesky(information))
        except np.linalg.LinAlgError:  # flat: it rises for ever
            return None
        covariance = root.T @ root
        step = covariance @ slope
        if np.abs(step).max(initial=0) < _CONVERGED:
            return _Fit(beta, np.sqrt(np.diag(covariance)), likelihood)
        beta = beta + step
        if np.abs(beta).max() > _LARGEST:
            return None
    return None
