"""The way from a table to a correlation matrix: checks, normal scores, covariance. Values first, then time.

`scipy` in the group of a shape is `rankdata` with `ndtri`, which gives the same scores; the ratio of the two
in one run is stored with the case of hoi as `ratio_to_scipy`.
"""

from __future__ import annotations

import time

import numpy as np
import pytest
import scipy.special
import scipy.stats

from benchmarks import cases
from hoi._inputs.checks import check_data
from hoi._maths.copula import normal_scores
from hoi._maths.covariance import covariance

SHAPES = [(1000, 10), (2000, 60), (1000, 2000), (100_000, 100)]
TIED = {"untied": lambda X: X, "20 levels": lambda X: np.round(X * 3)}


def scipy_scores(X):
    return scipy.special.ndtri(scipy.stats.rankdata(X, axis=0) / (len(X) + 1))


def seconds(call, *args):
    start = time.perf_counter()
    call(*args)
    return time.perf_counter() - start


@pytest.mark.parametrize("kind", TIED)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_scores(benchmark, shape, kind):
    """Average ties against SciPy: the fastest of calls made in turn, so that both meet the same machine."""
    X = TIED[kind](cases.factor_data(*shape))
    np.testing.assert_allclose(normal_scores(X)[0], scipy_scores(X), rtol=0, atol=1e-12)

    rounds = 5 if X.size < 10**6 else 3
    pairs = [(seconds(scipy_scores, X), seconds(normal_scores, X)) for _ in range(rounds)]
    theirs, ours = np.min(pairs, axis=0)
    benchmark.group = f"{shape} {kind}"
    benchmark.extra_info["scipy_seconds"] = theirs
    benchmark.extra_info["ratio_to_scipy"] = theirs / ours
    benchmark.pedantic(normal_scores, (X,), rounds=rounds, warmup_rounds=1)


@pytest.mark.parametrize("kind", TIED)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_scipy(benchmark, shape, kind):
    """What the scores are compared with."""
    X = TIED[kind](cases.factor_data(*shape))
    benchmark.group = f"{shape} {kind}"
    benchmark.pedantic(scipy_scores, (X,), rounds=3 if X.size >= 10**6 else 10)


@pytest.mark.parametrize("ties", ["ordinal", "random"])
@pytest.mark.parametrize("kind", TIED)
def test_other_rules_for_ties(benchmark, kind, ties):
    X = TIED[kind](cases.factor_data(1000, 200))
    scores, _ = normal_scores(X, ties, seed=0)
    table = scipy.special.ndtri(np.arange(1, 1001) / 1001)
    np.testing.assert_allclose(np.sort(scores, axis=0), np.tile(table[:, None], 200), rtol=0, atol=1e-12)
    if ties == "ordinal":
        ranks = scipy.stats.rankdata(X, method="ordinal", axis=0)
        np.testing.assert_allclose(scores, table[ranks - 1], rtol=0, atol=1e-12)

    benchmark.pedantic(normal_scores, (X, ties, 0), rounds=5, warmup_rounds=1)


@pytest.mark.parametrize("threads", [1, 2])
def test_threads(benchmark, threads):
    X = cases.factor_data(100_000, 40)
    np.testing.assert_array_equal(normal_scores(X, threads=threads)[0], normal_scores(X)[0])

    benchmark.pedantic(normal_scores, (X,), {"threads": threads}, rounds=3, warmup_rounds=1)


@pytest.mark.parametrize("shape", [(1000, 10), (100_000, 100)], ids=str)
def test_check(benchmark, shape):
    X = cases.factor_data(*shape)
    np.testing.assert_array_equal(check_data(X).values[0], X)

    benchmark(check_data, X)


@pytest.mark.parametrize("shape", [(1000, 10), (1000, 2000), (100_000, 100)], ids=str)
def test_covariance(benchmark, shape):
    """Of scores as `normal_scores` lays them out: one column after the other."""
    scores, _ = normal_scores(cases.factor_data(*shape))
    np.testing.assert_allclose(covariance(scores), np.cov(scores.T), rtol=0, atol=1e-12)

    benchmark.pedantic(covariance, (scores,), rounds=5, warmup_rounds=1)
