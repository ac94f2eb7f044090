"""Permutation tests that go through every relabelling, so that their p-values are exact however few units there are."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["block_test", "flip_test", "rank_test"]

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
