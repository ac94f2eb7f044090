"""The problems every benchmark measures: shape, number of samples, and the data they run on.

A case is a search of all sets of given orders. The same arrays go to hoi and to the published tools.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np


@dataclass(frozen=True)
class Case:
    """An exhaustive search: all sets of `low` to `high` variables out of `n_variables`."""

    name: str
    n_variables: int
    low: int
    high: int
    n_samples: int = 1000
    n_datasets: int = 1
    seed: int = 0

    @property
    def order(self) -> int | tuple[int, int]:
        """The `order` argument of `hoi.search`."""
        return self.low if self.low == self.high else (self.low, self.high)

    @property
    def orders(self) -> range:
        return range(self.low, self.high + 1)

    @property
    def n_sets(self) -> int:
        """Sets to evaluate, over all datasets."""
        return self.n_datasets * sum(comb(self.n_variables, k) for k in self.orders)

    @property
    def label(self) -> str:
        orders = str(self.low) if self.low == self.high else f"{self.low}..{self.high}"
        datasets = f" x {self.n_datasets} datasets" if self.n_datasets > 1 else ""
        return f"({self.n_variables}, {orders}){datasets}"

    def data(self) -> np.ndarray:
        """Samples x variables, or datasets x samples x variables when there are several datasets."""
        tables = [
            factor_data(self.n_samples, self.n_variables, seed=(self.seed, d))
            for d in range(self.n_datasets)
        ]
        return tables[0] if self.n_datasets == 1 else np.stack(tables)


def factor_data(n_samples: int, n_variables: int, *, seed: int | tuple[int, ...] = 0) -> np.ndarray:
    """Continuous data with shared factors (redundancy) and sums of earlier variables (synergy), no ties.

    Correlations are moderate on purpose: no set is near singular at any order up to all 30 variables, so
    every tool evaluates every set.
    """
    rng = np.random.default_rng(seed)
    n_factors = max(2, n_variables // 8)
    loadings = rng.normal(size=(n_factors, n_variables)) * (rng.random((n_factors, n_variables)) < 0.3)
    X = 0.6 * rng.normal(size=(n_samples, n_factors)) @ loadings + rng.normal(size=(n_samples, n_variables))
    for target in range(5, n_variables, 10):
        parents = rng.choice(target, size=min(3, target), replace=False)
        X[:, target] += 0.5 * X[:, parents].sum(axis=1)
    # a monotone map per variable: the marginals are not normal, the copula is unchanged
    return np.where(np.arange(n_variables) % 2 == 0, X, np.sinh(X / 2))


def random_sets(n_variables: int, order: int, count: int, *, seed: int = 0) -> np.ndarray:
    """`count` sorted random sets (count, order), drawn with replacement of whole sets."""
    rng = np.random.default_rng((seed, n_variables, order))
    draws = [np.sort(rng.choice(n_variables, size=order, replace=False)) for _ in range(count)]
    return np.array(draws, dtype=np.int64)


# the shapes of the comparison with THOI
WIDE = Case("n100k5", 100, 5, 5)
LONG = Case("n150k4", 150, 4, 4)
TAIL = Case("n1000k3", 1000, 3, 3, n_samples=2000)
HIGH = Case("n40k8", 40, 8, 8)
HIGHER = Case("n30k10", 30, 10, 10)
ALL_ORDERS = Case("n25k3-25", 25, 3, 25)
# the shape of the comparison with the JAX tool
JAX_SHAPE = Case("n60k5", 60, 5, 5)
# small problems, where the transform should be most of the time
SMALL = Case("n60k4", 60, 4, 4, n_samples=2000)
TINY = Case("n20k3", 20, 3, 3, n_samples=2000)

PEER_CASES = (WIDE, LONG, TAIL, HIGH, HIGHER, ALL_ORDERS, JAX_SHAPE, SMALL, TINY)
MANY_DATASETS = Case("n20k3x1000", 20, 3, 3, n_samples=200, n_datasets=1000)

BY_NAME = {case.name: case for case in (*PEER_CASES, MANY_DATASETS)}
