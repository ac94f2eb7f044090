"""Single calls: one value of a table, of a prepared system, and of a list of sets. Values first, then time.

The overhead of `hoi.oinfo(X)` is its time less that of the transform, `hoi.GaussianSystem.from_data(X)`, on the same
table. It is stored with the case of `hoi.oinfo` as `overhead_seconds`.
"""

from __future__ import annotations

import numpy as np
import pytest

import hoi
import reference
from benchmarks import cases
from benchmarks.test_search import report_rate
from benchmarks.test_transform import seconds

SHAPES = [(1000, 10), (1000, 100)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_system(benchmark, shape):
    """The transform: ranks, normal scores, covariance."""
    X = cases.factor_data(*shape)
    z = reference.peers_covariance(X)
    got = hoi.GaussianSystem.from_data(X).covariance.reshape(z.shape)
    scale = np.sqrt(np.diag(z) / np.diag(got))
    np.testing.assert_allclose(got * np.outer(scale, scale), z, rtol=0, atol=1e-10)

    benchmark(hoi.GaussianSystem.from_data, X)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("measure", ["oinfo", "total_correlation"])
def test_table(benchmark, shape, measure):
    """One value of all columns of a table, transform included."""
    X = cases.factor_data(*shape)
    short = {"oinfo": "oinfo", "total_correlation": "tc"}[measure]
    want = reference.value(short, reference.peers_covariance(X), n_samples=len(X))
    call = getattr(hoi, measure)
    assert call(X) == pytest.approx(want, rel=0, abs=1e-9)

    # in turn, so that both meet the same machine
    pairs = [(seconds(call, X), seconds(hoi.GaussianSystem.from_data, X)) for _ in range(300)]
    whole, transform = np.min(pairs, axis=0)
    benchmark.extra_info["overhead_seconds"] = whole - transform
    benchmark(call, X)


@pytest.mark.parametrize("n_variables", [10, 100])
def test_prepared(benchmark, n_variables):
    """One value of all columns of a prepared system: what a call costs beyond the transform."""
    X = cases.factor_data(1000, n_variables)
    system = hoi.GaussianSystem.from_data(X)
    want = reference.value("oinfo", reference.peers_covariance(X), n_samples=len(X))
    assert hoi.oinfo(system) == pytest.approx(want, rel=0, abs=1e-9)

    benchmark(hoi.oinfo, system)


@pytest.mark.parametrize("order", [3, 10])
def test_list_of_sets(benchmark, order):
    """Ten thousand sets named by the user."""
    X = cases.factor_data(1000, 50)
    system = hoi.GaussianSystem.from_data(X)
    sets = [tuple(map(int, s)) for s in cases.random_sets(50, order, 10_000)]
    C = reference.peers_covariance(X)
    want = [reference.value("oinfo", C, s, len(X)) for s in sets[:50]]
    np.testing.assert_allclose(hoi.oinfo(system, sets)[:50], want, rtol=0, atol=1e-10)

    benchmark.pedantic(hoi.oinfo, (system, sets), rounds=5, warmup_rounds=1)
    report_rate(benchmark, len(sets))
