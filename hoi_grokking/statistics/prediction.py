"""How well a number known early tells which networks will grok: area under the ROC curve, with a bootstrap
interval.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["auc", "auc_interval", "early"]


def auc(scores: ArrayLike, outcomes: ArrayLike) -> float:
    """Chance that a network that grokked scores above one that did not; ties count half.

    Parameters
    ----------
    scores : array_like, shape (n,)
    outcomes : array_like of bool, shape (n,)

    Returns
    -------
    float
        NaN if all outcomes are equal.

    Examples
    --------
    >>> from hoi_grokking.statistics.prediction import auc
    >>> auc([1, 2, 3, 3], [False, False, True, False])
    0.8333333333333334
    """
    from scipy.stats import rankdata

    scores, outcomes = np.asarray(scores, float), np.asarray(outcomes, bool)
    n_yes, n_no = int(outcomes.sum()), int((~outcomes).sum())
    if not n_yes or not n_no:
        return float("nan")
    return float((rankdata(scores)[outcomes].sum() - n_yes * (n_yes + 1) / 2) / (n_yes * n_no))


def auc_interval(
    scores: ArrayLike, outcomes: ArrayLike, *, level: float = 0.95, n_draws: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Percentile interval of :func:`auc` from networks drawn with replacement.

    Parameters
    ----------
    scores, outcomes : array_like, shape (n,)
    level : float
    n_draws, seed : int

    Returns
    -------
    (float, float)
        NaN where no draw held both outcomes.
    """
    scores, outcomes = np.asarray(scores, float), np.asarray(outcomes, bool)
    rng = np.random.default_rng(seed)
    draws = [
        auc(scores[chosen], outcomes[chosen])
        for chosen in rng.integers(0, len(scores), (n_draws, len(scores)))
    ]
    known = [value for value in draws if value == value]
    if not known:
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def early(step: ArrayLike, values: ArrayLike, window: tuple[int, int], how: str = "peak") -> np.ndarray:
    """What a curve says within an early window of steps.

    Parameters
    ----------
    step : array_like, shape (n_steps,)
    values : array_like, shape (n_models, n_steps)
    window : (int, int)
        First and last step that count.
    how : {"peak", "last"}
        Highest value in the window, or the value at its end.

    Returns
    -------
    ndarray, shape (n_models,)
    """
    step, values = np.asarray(step), np.asarray(values, float)
    inside = values[:, (step >= window[0]) & (step <= window[1])]
    return np.nanmax(inside, axis=1) if how == "peak" else inside[:, -1]
