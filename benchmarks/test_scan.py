"""`hoi.scan`: every set with its four measures, block by block. Values first, then time."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

import hoi
import reference
from benchmarks import cases
from benchmarks.test_search import report_rate


@pytest.mark.parametrize("n_variables, order", [(60, 3), (40, 4), (20, 10)])
@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_scan(benchmark, n_variables, order, backend):
    X = cases.factor_data(1000, n_variables)
    C = reference.peers_covariance(X)
    seen = 0
    for block in hoi.scan(X, order, backend=backend):
        seen += len(block)
        row = len(block) // 2
        want = reference.REFERENCE
        h = reference.entropies(C, len(X))
        for name in want:
            value = want[name](h, reference.singles(block.members[row]))
            np.testing.assert_allclose(getattr(block, name)[row], value, rtol=0, atol=1e-10)
    assert seen == comb(n_variables, order)

    def consume():
        return sum(len(block) for block in hoi.scan(X, order, backend=backend))

    benchmark.pedantic(consume, rounds=3, warmup_rounds=1)
    report_rate(benchmark, seen)


@pytest.mark.parametrize("n_variables, order, backend", [(60, 3, "numpy"), (60, 3, "numba"), (40, 4, "numba")])
def test_scan_of_counts(benchmark, n_variables, order, backend):
    X = (cases.factor_data(1000, n_variables) > 0).astype(np.int64)
    options = {"estimator": "discrete", "backend": backend}
    seen = 0
    for block in hoi.scan(X, order, **options):
        seen += len(block)
        row = len(block) // 2
        S = reference.singles(block.members[row])
        value = reference.oinfo(lambda columns: reference.counted(X[:, list(columns)]), S)
        np.testing.assert_allclose(block.oinfo[row], value, rtol=0, atol=1e-10)
    assert seen == comb(n_variables, order)

    def consume():
        return sum(len(block) for block in hoi.scan(X, order, **options))

    benchmark.pedantic(consume, rounds=1 if backend == "numpy" else 3, warmup_rounds=1)
    report_rate(benchmark, seen)
