"""Permutation tests that go through every relabelling, so that their p-values are exact however few units there are."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["block_test", "exchange_test", "flip_test", "rank_test"]

# Statistics that differ by less are equal: they are sums of the same numbers in another order.
_EQUAL = 1e-9


def rank_test(groups: Sequence[ArrayLike]) -> tuple[float, float]:
    """Is the first of each group higher, or lower, than the others of its group?

    Parameters
    ----------
    groups : sequence of array_like
        Scores of one seed each: first that of the set, then those of its controls. Groups without controls say
        nothing.

    Returns
    -------
    pvalue : float
        Two-sided and exact: the part of all choices of one member from each group whose sum of mid-ranks is at least
        as far from its mean. NaN without a control.
    side : float
        The observed sum minus its mean.

    Examples
    --------
    Higher than all of its five controls in each of two seeds:

    >>> from hoi_grokking.statistics.exact import rank_test
    >>> pvalue, side = rank_test([[9, 1, 2, 3, 4, 5], [8, 1, 2, 3, 4, 5]])
    >>> round(pvalue, 6) == round(2 / 36, 6), side > 0
    (True, True)
    """
    from scipy.stats import rankdata

    # mid-ranks are multiples of a half: their doubles are added as integers, and counted
    ranks = [np.rint(2 * rankdata(group)).astype(int) for group in map(np.asarray, groups) if len(group) > 1]
    if not ranks:
        return float("nan"), 0.0
    ways = np.ones(1)
    for group in ranks:
        ways = np.convolve(ways, np.bincount(group) / len(group))
    mean = sum(group.mean() for group in ranks)
    side = sum(group[0] for group in ranks) - mean
    far = np.abs(np.arange(len(ways)) - mean) >= abs(side) - _EQUAL
    return min(1.0, float(ways[far].sum())), float(side) / 2


def flip_test(differences: ArrayLike) -> tuple[float, float]:
    """Is the mean of some differences far from 0, if each of them could as well have had the other sign?

    Parameters
    ----------
    differences : array_like, shape (n_units,)
        Without NaN.

    Returns
    -------
    pvalue : float
        Two-sided and exact: the part of all choices of signs whose mean is at least as far from 0. NaN for no unit.
    side : float
        The mean.

    Examples
    --------
    >>> from hoi_grokking.statistics.exact import flip_test
    >>> flip_test([3.0, 5.0, 4.0, 1.0, 2.0])
    (0.0625, 3.0)
    """
    values = np.asarray(differences, float)
    if not len(values):
        return float("nan"), 0.0
    signs = 1 - 2 * (np.arange(2 ** len(values))[:, None] >> np.arange(len(values)) & 1)
    far = np.abs(signs @ values) >= abs(values.sum()) - _EQUAL
    return float(far.mean()), float(values.mean())


def block_test(
    statistic: Callable[[NDArray], float], blocks: Sequence[Sequence[bool]], centre: float
) -> tuple[float, float]:
    """Is a statistic of outcomes far from its centre, if whole blocks of outcomes could have come in any order?

    The networks of a configuration share what decides their outcome, so that configurations are the units.

    Parameters
    ----------
    statistic : callable
        Of the outcomes of all networks, block after block.
    blocks : sequence of sequence of bool
        Outcomes of the networks of each configuration; as many in each.
    centre : float
        Value of the statistic without any effect.

    Returns
    -------
    pvalue : float
        Two-sided and exact: the part of all distinct orders whose statistic is at least as far from `centre`. NaN if
        there is only one order.
    side : float
        The statistic minus `centre`.

    Examples
    --------
    >>> from hoi_grokking.statistics.exact import block_test
    >>> from hoi_grokking.statistics.prediction import auc
    >>> pvalue, side = block_test(lambda grokked: auc([5, 4, 3, 2], grokked), [[True], [True], [False], [False]], 0.5)
    >>> round(pvalue, 6), side
    (0.333333, 0.5)
    """
    own = tuple(map(tuple, blocks))
    orders = set(itertools.permutations(own))
    if len(orders) == 1:
        return float("nan"), 0.0
    found = {order: statistic(np.concatenate(order).astype(bool)) - centre for order in orders}
    far = [abs(value) >= abs(found[own]) - _EQUAL for value in found.values()]
    return float(np.mean(far)), float(found[own])


def exchange_test(first: ArrayLike, second: ArrayLike) -> tuple[float, float]:
    """Do two curves of a network go together, beyond what all networks have in common?

    Curves over training follow each other because both have a trend, and neighbouring steps are no separate evidence.
    So the mean over the networks is taken out of both, and the curves of one network are held against those that pair
    it with another: whatever steps have to do with each other is the same in every pairing.

    Parameters
    ----------
    first, second : array_like, shape (n_networks, n_steps)
        Networks that differ by their seed only; at least two.

    Returns
    -------
    correlation : float
        Mean over the networks of Spearman's correlation of the two, each without the mean of the networks.
    pvalue : float
        Two-sided and exact: of all n! pairings, twice the part that is at least as far on its side. NaN where a curve
        is not finite or never differs from the mean.

    Examples
    --------
    >>> import numpy as np
    >>> from hoi_grokking.statistics.exact import exchange_test
    >>> curves = np.random.default_rng(0).standard_normal((4, 20)) + np.arange(20)
    >>> correlation, pvalue = exchange_test(curves, curves**3)
    >>> correlation > 0.5, round(pvalue, 6) == round(2 / 24, 6)
    (True, True)
    """
    from scipy.stats import rankdata

    both = [np.asarray(curves, float) for curves in (first, second)]
    left = [curves - curves.mean(0) for curves in both]
    moves = [np.ptp(own, axis=1) > _EQUAL * np.abs(curves).max() for own, curves in zip(left, both, strict=True)]
    if not np.all(moves):  # NaN neither
        return float("nan"), float("nan")
    ranks = [rankdata(curves, axis=1) for curves in left]
    scores = [(own - own.mean(1, keepdims=True)) / own.std(1, keepdims=True) for own in ranks]
    pairs = scores[0] @ scores[1].T / scores[0].shape[1]
    n = len(pairs)
    null = np.array([pairs[np.arange(n), order].mean() for order in itertools.permutations(range(n))])
    value = float(null[0])
    tail = min(float(np.mean(null >= value - _EQUAL)), float(np.mean(null <= value + _EQUAL)))
    return value, min(1.0, 2 * tail)
