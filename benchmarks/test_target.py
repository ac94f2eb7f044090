"""Searches about a target on one thread, and local values of given sets. Values first, then time."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pytest

import hoi
import reference
from benchmarks import cases

# (variables beside the target, order)
SHAPES = [(100, 3), (100, 4), (60, 5), (40, 6)]


def check_against_every_set(order, measure):
    """On a table small enough for the slow reference, the same call finds the same rows."""
    n = order + 3
    X = cases.factor_data(300, n + 1, seed=1)
    h = reference.entropies(reference.peers_covariance(X), len(X))
    rows = [(reference.TARGET[measure](h, reference.singles(S), (n,)), S) for S in combinations(range(n), order)]
    want = reference.best(rows, "both", 5)
    got = hoi.search(X, order, measure=measure, target=n, n_best=5, backend="numba")
    assert got.members == [members for _, _, members in want]
    np.testing.assert_allclose(getattr(got, measure), [value for _, value, _ in want], rtol=0, atol=1e-10)


@pytest.mark.parametrize("measure", ["information", "rsi", "gradient"])
@pytest.mark.parametrize(("n", "order"), SHAPES)
def test_search_about_a_target(benchmark, n, order, measure):
    X = cases.factor_data(1000, n + 1, seed=2)
    check_against_every_set(order, measure)
    options = {"measure": measure, "target": n, "backend": "numba", "threads": 1, "progress": False}
    found = benchmark.pedantic(hoi.search, (X, order), options, rounds=3, warmup_rounds=1)
    assert found.settings["walk"] == ["pair"]
    assert found.settings["evaluated"] == comb(n, order)
    benchmark.extra_info["sets_per_second"] = comb(n, order) / benchmark.stats.stats.min


@pytest.mark.parametrize("measure", ["information", "rsi", "gradient"])
@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize(("n", "order"), [(100, 3), (60, 4)])
def test_search_about_labels(benchmark, n, order, classes, measure):
    def table(n, samples):
        X = cases.factor_data(samples, n + 1, seed=4)
        X[:, n] = np.argsort(np.argsort(X[:, n])) * classes // samples
        return X

    small = table(order + 3, 300)
    h = reference.mixed_entropies(small, [order + 3])
    rows = [(reference.TARGET[measure](h, reference.singles(S), (order + 3,)), S)
            for S in combinations(range(order + 3), order)]  # fmt: skip
    options = {"measure": measure, "estimator": "gaussian", "backend": "numba", "threads": 1, "progress": False}
    got = hoi.search(small, order, target=order + 3, discrete=order + 3, n_best=5, **options)
    assert got.members == [members for _, _, members in reference.best(rows, "both", 5)]
    options |= {"target": n, "discrete": n}
    found = benchmark.pedantic(hoi.search, (table(n, 1000), order), options, rounds=3, warmup_rounds=1)
    assert found.settings["walk"] == ["sums"] and found.settings["evaluated"] == comb(n, order)
    benchmark.extra_info["sets_per_second"] = comb(n, order) / benchmark.stats.stats.min


@pytest.mark.parametrize("measure", ["oinfo", "tc"])
def test_local_values(benchmark, measure):
    X = cases.factor_data(1000, 40, seed=3)
    rng = np.random.default_rng(0)
    sets = np.sort([rng.choice(40, 4, replace=False) for _ in range(4000)], axis=1)
    values = hoi.local(X, sets[:50], measure=measure)
    np.testing.assert_allclose(
        values.mean(axis=0), getattr(hoi.measures(X, sets[:50]), measure), rtol=0, atol=1e-10
    )
    benchmark.pedantic(hoi.local, (X, sets), {"measure": measure}, rounds=3, warmup_rounds=1)
    benchmark.extra_info["sets_per_second"] = len(sets) / benchmark.stats.stats.min
