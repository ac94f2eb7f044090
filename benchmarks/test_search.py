"""Whole calls of `hoi.search`: the transform, the search and the table. Values first, then time."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

import hoi
import reference
from benchmarks import cases

SHAPES = [*cases.PEER_CASES, cases.MANY_DATASETS]


def check_against_every_set(order, measure="oinfo"):
    """On a table small enough for the slow reference, the same call finds the same rows."""
    low, high = (order, order) if isinstance(order, int) else order
    n_variables = min(low + 3, 12) if low < 12 else low + 2
    high = min(high, n_variables)
    X = cases.factor_data(300, n_variables, seed=1)
    h = reference.entropies(reference.peers_covariance(X), len(X))
    rows = reference.every_set(h, measure, reference.singles(range(n_variables)), range(low, high + 1))
    want = reference.best(rows, "both", 5)
    got = hoi.search(X, (low, high), measure=measure, n_best=5, backend="numba")
    assert [tuple(map(int, m)) for m in got.members] == [members for _, _, members in want]
    np.testing.assert_allclose(getattr(got, measure), [value for _, value, _ in want], rtol=0, atol=1e-10)


def check_rows(found, X, measure="oinfo"):
    """The rows of a large search carry the values of their sets, in order, and each end is sorted."""
    stacked = X.ndim == 3
    for d in range(len(X)) if stacked else [0]:
        if stacked and d % 250:
            continue
        table = X[d] if stacked else X
        rows = np.flatnonzero(found.dataset == d) if stacked else np.arange(len(found))
        C = reference.peers_covariance(table)
        values = getattr(found, measure)[rows]
        want = [reference.value(measure, C, found.members[i], len(table)) for i in rows]
        np.testing.assert_allclose(values, want, rtol=0, atol=1e-10)
        lowest = np.asarray(found.extreme)[rows] == "lowest"
        assert (np.diff(values[lowest]) >= 0).all()
        assert (np.diff(values[~lowest]) <= 0).all()


@pytest.mark.parametrize("case", SHAPES, ids=lambda case: case.name)
def test_search(benchmark, case):
    X = case.data()
    check_against_every_set(case.order)
    check_rows(hoi.search(X, case.order, backend="numba", progress=False), X)

    found = benchmark.pedantic(
        hoi.search, (X, case.order), {"backend": "numba", "progress": False}, rounds=3, warmup_rounds=1
    )
    assert found.settings["evaluated"] == case.n_sets
    report_rate(benchmark, case.n_sets)


@pytest.mark.parametrize("measure", ["tc", "dtc", "oinfo", "sinfo"])
def test_measures(benchmark, measure):
    """Each measure at (60, 5); they differ in what the last step has to keep."""
    case = cases.JAX_SHAPE
    X = case.data()
    options = {"measure": measure, "backend": "numba", "progress": False}
    check_against_every_set(case.order, measure)
    check_rows(hoi.search(X, case.order, **options), X, measure)

    benchmark.pedantic(hoi.search, (X, case.order), options, rounds=5, warmup_rounds=1)
    report_rate(benchmark, case.n_sets)


@pytest.mark.parametrize("threads", [1, 2])
def test_threads(benchmark, threads):
    case = cases.HIGH
    X = case.data()
    options = {"threads": threads, "backend": "numba", "progress": False}
    check_rows(hoi.search(X, case.order, **options), X)

    benchmark.pedantic(hoi.search, (X, case.order), options, rounds=3, warmup_rounds=1)
    report_rate(benchmark, case.n_sets)


def test_groups(benchmark):
    """Sets of four out of 20 groups of two columns."""
    X = cases.factor_data(1000, 40)
    groups = [(2 * g, 2 * g + 1) for g in range(20)]
    options = {"groups": groups, "backend": "numba", "progress": False}
    found = hoi.search(X, 4, **options)
    h = reference.entropies(reference.peers_covariance(X), len(X))
    want = [reference.oinfo(h, [groups[i] for i in members]) for members in found.members]
    np.testing.assert_allclose(found.oinfo, want, rtol=0, atol=1e-10)
    every_97th = list(combinations(groups, 4))[::97]
    some = [reference.oinfo(h, members) for members in every_97th]
    assert found.oinfo.min() <= min(some)
    assert found.oinfo.max() >= max(some)

    benchmark.pedantic(hoi.search, (X, 4), options, rounds=5, warmup_rounds=1)
    report_rate(benchmark, 4845)


def report_rate(benchmark, n_sets):
    if benchmark.stats is not None:  # None under --benchmark-disable
        benchmark.extra_info["sets_per_second"] = n_sets / benchmark.stats.stats.min
