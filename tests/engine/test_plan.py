"""Units of work tile the sets of every order and dataset exactly once."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import hoi
from hoi._backends.protocol import Problem
from hoi._engine.plan import count_sets, cut
from hoi._maths import combinatorics


def problem_of(n: int, n_datasets: int = 1) -> Problem:
    stack = np.stack([hoi.simulate.random_covariance(n, seed=d).covariance for d in range(n_datasets)])
    return hoi.GaussianSystem.from_covariance(stack).problem()


@pytest.mark.parametrize("unit_sets", [1, 7, 100, 10**9])
@pytest.mark.parametrize(("n", "low", "high"), [(2, 2, 2), (9, 2, 2), (9, 3, 3), (8, 2, 8), (7, 7, 7)])
def test_units_hold_every_prefix_once_and_in_order(n: int, low: int, high: int, unit_sets: int) -> None:
    units = list(cut(problem_of(n, 3), low, high, unit_sets))
    places = [(unit.dataset, unit.order, p) for unit in units for p in range(unit.start, unit.stop)]
    assert places == [
        (d, k, p) for d in range(3) for k in range(low, high + 1) for p in range(math.comb(n - 2, k - 2))
    ]
    assert all(unit.stop > unit.start for unit in units)


@pytest.mark.parametrize("unit_sets", [1, 60, 130, 10**9])
@pytest.mark.parametrize("together", [0, 55, 56, 1000])
def test_units_of_several_datasets_hold_whole_orders_once(unit_sets: int, together: int) -> None:
    n, n_datasets, each = 6, 7, 20 + 15 + 6 + 15
    units = list(cut(problem_of(n, n_datasets), 2, 5, unit_sets, together=together))
    places = [
        (d, unit.order, p)
        for unit in units
        for d in range(unit.dataset, unit.dataset + unit.n_datasets)
        for p in range(unit.start, unit.stop)
    ]
    assert sorted(places) == [
        (d, k, p) for d in range(n_datasets) for k in range(2, 6) for p in range(math.comb(n - 2, k - 2))
    ]
    most = max(1, min(n_datasets, unit_sets // each)) if each <= together else 1
    assert max(unit.n_datasets for unit in units) == most
    for unit in units:
        whole = unit.stop - unit.start == math.comb(n - 2, unit.order - 2)
        assert unit.n_datasets == 1 or (whole and unit.n_datasets * each <= unit_sets)


def sets_behind(n: int, order: int, start: int, stop: int) -> int:
    """How many sets begin with the prefixes at positions start..stop."""
    prefixes = combinatorics.block(n - 2, order - 2, start, stop)
    last = prefixes[:, -1] if order > 2 else np.full(len(prefixes), -1)
    return sum(math.comb(n - 1 - int(w), 2) for w in last)


@pytest.mark.parametrize("unit_sets", [50, 400])
@pytest.mark.parametrize("order", [3, 4, 6])
def test_units_hold_about_as_many_sets(order: int, unit_sets: int) -> None:
    """As nearly as whole prefixes allow: no more than was asked for, and one prefix."""
    n = 14
    sizes = [sets_behind(n, order, u.start, u.stop) for u in cut(problem_of(n), order, order, unit_sets)]
    assert sum(sizes) == math.comb(n, order)
    assert max(sizes) <= unit_sets + 2 * math.comb(n - 1, 2)
    assert len(sizes) > 1 or sum(sizes) <= unit_sets + math.comb(n - 1, 2)


def test_large_searches_have_a_bounded_number_of_units() -> None:
    problem = problem_of(60)
    for order in (5, 12, 30):
        first = list(itertools.islice(cut(problem, order, order), 5000))
        assert 1 < len(first) <= 4097, order


def test_sets_are_counted_over_orders_and_datasets() -> None:
    assert count_sets(problem_of(9, 2), 2, 4) == 2 * (36 + 84 + 126)
