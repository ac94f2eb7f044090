"""Sets of k out of n in lexicographic order: count, rank, unrank, and blocks, never a full list."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

import numpy as np
from numpy.typing import NDArray

__all__ = ["block", "count", "rank", "table", "unrank"]


def count(n: int, k: int) -> int:
    """Number of sets of `k` out of `n`; 0 where there is none."""
    return comb(n, k) if 0 <= k <= n else 0


def table(n: int, k: int) -> NDArray[np.int64]:
    """Numbers of sets of i out of m, (n + 1, k + 1), for every m up to `n` and i up to `k`."""
    numbers = np.zeros((n + 1, k + 1), dtype=np.int64)
    numbers[:, 0] = 1
    for m in range(1, n + 1):
        numbers[m, 1:] = numbers[m - 1, 1:] + numbers[m - 1, :-1]
    return numbers


def rank(members: Sequence[int], n: int) -> int:
    """Position of the ascending tuple `members` among all sets of its size out of `n`."""
    k = len(members)
    # the sets that come after `members` first differ from it at some place i by a larger element there
    after = sum(comb(n - 1 - int(m), k - i) for i, m in enumerate(members))
    return comb(n, k) - 1 - after


def unrank(position: int, n: int, k: int) -> tuple[int, ...]:
    """The set of `k` out of `n` at `position` in lexicographic order."""
    members = []
    element = 0
    for left in range(k, 0, -1):
        while (here := comb(n - 1 - element, left - 1)) <= position:
            position -= here
            element += 1
        members.append(element)
        element += 1
    return tuple(members)


def block(n: int, k: int, start: int, stop: int) -> NDArray[np.intp]:
    """The sets at positions `start` to `stop` (exclusive), one a row.

    All rows are unranked at once, column by column: a row's next element is found in the running sums of the
    numbers of sets behind each possible element.
    """
    kind = np.int64 if stop < 2**62 else object  # Python's integers do not overflow
    position = np.arange(start, stop, dtype=kind)
    members = np.empty((len(position), k), dtype=np.intp)
    element = np.zeros(len(position), dtype=np.int64)
    for i in range(k):
        # before[e]: sets of the remaining k - i elements that start below e
        before = np.array([0, *np.cumsum([comb(n - 1 - e, k - i - 1) for e in range(n)], dtype=object)])
        before = before.astype(np.int64) if before[-1] < 2**62 else before
        target = position + before[element]
        chosen = np.searchsorted(before, target, side="right") - 1
        position = (target - before[chosen]).astype(kind)
        members[:, i] = chosen
        element = chosen + 1
    return members
