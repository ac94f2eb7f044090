"""Tests of the most extreme sets against surrogate data."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from hoi._backends.protocol import Backend, Problem
from hoi._measures.registry import Measure
from hoi._search.exhaustive import Rows, best_sets
from hoi._typing import FloatArray

__all__ = ["SIGN", "extremes", "families"]

# A value times the sign of its end is large where it is far.
SIGN = {"lowest": -1.0, "highest": 1.0}


def families(orders: tuple[int, int], ends: tuple[str, ...]) -> list[tuple[int, str]]:
    """The kinds of sets that are compared among themselves: each order at each end."""
    return [(order, end) for order in range(orders[0], orders[1] + 1) for end in ends]


def extremes(
    problems: Iterable[Problem],
    orders: tuple[int, int],
    measure: Measure,
    ends: tuple[str, ...],
    backend: Callable[[Problem], Backend],
    threads: int,
) -> FloatArray:
    """The farthest value (n, n_families) of each family in each dataset of the problems, in nats; large is far."""
    parts = []
    for problem in problems:
        rows = best_sets(problem, orders, measure, ends, 1, True, backend(problem), threads, False)
        parts.append(_by_family(rows, problem.n_datasets, measure, orders, ends))
    return np.concatenate(parts)


def _by_family(
    rows: Rows, n_datasets: int, measure: Measure, orders: tuple[int, int], ends: tuple[str, ...]
) -> FloatArray:
    place = {family: f for f, family in enumerate(families(orders, ends))}
    found = np.full((n_datasets, len(place)), -np.inf)  # no set of an order has a value where all are singular
    value = measure.value(*rows.terms[:3])
    for d, order, end, x in zip(rows.dataset, (rows.members >= 0).sum(axis=1), rows.extreme, value, strict=True):
        found[d, place[int(order), str(end)]] = SIGN[str(end)] * x
    return found
