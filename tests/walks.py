"""Systems that a walk can get wrong, and the check that a backend finds in them what the numpy backend finds."""

from __future__ import annotations

import numpy as np

import hoi
from hoi._backends import registry
from hoi._measures.registry import MEASURES
from hoi._search.exhaustive import best_sets

BOTH = ("lowest", "highest")


def system_of(n, *, copies=(), near=(), n_samples=80, n_datasets=1, seed=3):
    """A system of several datasets; a copy (i, j) makes column i equal to j, a near one adds a little noise."""
    X = hoi.simulate.random_covariance(n, seed=seed).sample(n_samples, seed=seed, n_datasets=n_datasets)
    rng = np.random.default_rng(seed)
    for i, j in copies:
        X[..., i] = X[..., j]
    for i, j, noise in near:
        X[..., i] = X[..., j] + noise * rng.normal(size=X.shape[:-1])
    return hoi.GaussianSystem.from_data(X, estimator="gaussian")


def agree(problem, order, measure, backend, n_best=6):
    """The backend finds what numpy finds, with the same counts; `measure` is a name, or a row itself. What it found."""
    row = MEASURES[measure] if isinstance(measure, str) else measure
    found, wanted = (
        best_sets(problem, (order, order), row, BOTH, n_best, False, b, 1, False)
        for b in (backend, registry.load("numpy"))
    )
    where = f"order {order}, {measure}"
    assert np.array_equal(found.members, wanted.members), where
    assert np.array_equal(found.dataset, wanted.dataset), where
    assert (found.evaluated, found.skipped) == (wanted.evaluated, wanted.skipped), where
    assert np.array_equal(found.terms.J, wanted.terms.J), where
    return found


def assert_same(one, other):
    """The same table, to the last bit."""
    np.testing.assert_array_equal(one.indices, other.indices)
    for name in MEASURES:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    for count in ("evaluated", "skipped"):
        assert one.settings[count] == other.settings[count], count


def bounded_pivots(rng, n):
    """Correlations whose conditional variances, one after the other, are no smaller than 1e-4, in some order of the
    columns; those given all others can be far smaller. After Kahan's matrices, tridiagonal ones, and random ones."""
    variance = 10 ** rng.uniform(-4, -2.5)
    kind = rng.choice(["kahan", "tridiagonal", "random"])
    factor = np.zeros((n, n))
    factor[0, 0] = 1.0
    for i in range(1, n):
        direction = {"kahan": np.ones(i), "tridiagonal": np.arange(i) == i - 1.0}.get(kind, rng.standard_normal(i))
        factor[i, :i] = direction / np.linalg.norm(direction) * np.sqrt(1 - variance)
        factor[i, i] = np.sqrt(variance)
    R = factor @ factor.T
    R = (R + R.T) / 2
    np.fill_diagonal(R, 1.0)
    order = rng.permutation(n)
    return R[np.ix_(order, order)]
