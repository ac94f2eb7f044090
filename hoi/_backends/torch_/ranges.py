"""Ranges of sets made on the device, and how the prefixes in a range share their last member."""

from __future__ import annotations

import functools
from math import comb

import numpy as np
import torch
from torch import Tensor

from hoi._maths import combinatorics

__all__ = ["LARGEST", "before", "count_last", "unrank", "unrank_at"]

# Positions beyond this are unranked on the host: int64 would overflow.
LARGEST = 2**62


def unrank(start: int, stop: int, n: int, k: int, device: torch.device) -> Tensor:
    """The sets of `k` out of `n` at positions `start` to `stop` (exclusive), one a row: `combinatorics.block`."""
    if comb(n, k) >= LARGEST:
        return torch.from_numpy(combinatorics.block(n, k, start, stop).astype(np.int64)).to(device)
    return unrank_at(torch.arange(start, stop, device=device), n, k)


def unrank_at(position: Tensor, n: int, k: int) -> Tensor:
    """The sets of `k` out of `n` at the given positions, one a row, where int64 counts them all."""
    members = torch.empty(k, len(position), dtype=torch.int64, device=position.device)
    element = torch.zeros_like(position)
    table = before(n, k, position.device)
    for i in range(k):
        target = position + table[i][element]
        chosen = torch.searchsorted(table[i], target, right=True) - 1
        position = target - table[i][chosen]
        members[i] = chosen
        element = chosen + 1
    return members.T


@functools.lru_cache(maxsize=64)
def before(n: int, k: int, device: torch.device) -> Tensor:
    """(k, n + 1): sets of the remaining ``k - i`` members whose first one is below each element.

    Kept, as a copy to a GPU waits until all that is queued there is done.
    """
    rows = [[0, *np.cumsum([comb(n - 1 - e, k - i - 1) for e in range(n)], dtype=np.int64)] for i in range(k)]
    return torch.from_numpy(np.array(rows, dtype=np.int64).reshape(k, n + 1)).to(device)


def count_last(start: int, stop: int, n: int, k: int) -> list[int]:
    """How many of the sets of `k` >= 1 out of `n` at positions `start` to `stop` have each element as their last.

    Known without listing the sets, so that a GPU needs not be waited for.
    """
    return [b - a for a, b in zip(_last_before(start, n, k), _last_before(stop, n, k), strict=True)]


def _last_before(position: int, n: int, k: int) -> list[int]:
    """How many of the sets before `position` have each element as their last."""
    if position >= comb(n, k):
        return [comb(w, k - 1) for w in range(n)]
    counts = [0] * n
    low = 0
    for i, member in enumerate(combinatorics.unrank(position, n, k)):
        rest = k - i - 1  # members after this one; sets that share the earlier ones and are smaller here
        for w in range(low, n):
            if rest == 0:
                counts[w] += w < member
            else:
                # sum over e in low..member-1 of C(w - 1 - e, rest - 1), the choices between e and the last one w
                counts[w] += comb(max(w - low, 0), rest) - comb(max(w - member, 0), rest)
        low = member + 1
    return counts
