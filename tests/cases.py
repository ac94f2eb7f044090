"""Every estimator as a case: the definition that its values are compared with, and the data that it is for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata
from sklearn.covariance import ledoit_wolf

import reference
from hoi.estimators import Binned, Discrete

Columns = Sequence[int]
# The definition under an estimator: the entropies of a table, for terms of the columns `whole` that belong together
Definition = Callable[[np.ndarray, Columns, Columns], reference.Entropy]


class Own:
    """An estimator of one's own: the spread of columns, added up with what neighbours in time have in common."""

    def entropy(self, columns: np.ndarray) -> float:
        C = np.atleast_2d(np.cov(columns, rowvar=False)) + 0.1 * np.eye(columns.shape[1])
        return float(np.linalg.slogdet(C)[1] + np.abs(np.diff(columns, axis=0)).mean())


class OwnWithLocal:
    """One whose entropy is a mean over samples: signs are counted."""

    def entropy(self, columns: np.ndarray) -> float:
        return float(self.local(columns).mean())

    def local(self, columns: np.ndarray) -> np.ndarray:
        _, state, counts = np.unique(columns > 0, axis=0, return_inverse=True, return_counts=True)
        return -np.log(counts[state.ravel()] / len(columns))


def scores(X: np.ndarray, labelled: Columns = (), grid: float = 0.0) -> np.ndarray:
    """Normal scores of the columns of numbers, centred or on a grid."""
    X = X.copy()
    numbers = [c for c in range(X.shape[1]) if c not in labelled]
    z = ndtri(rankdata(X[:, numbers], axis=0) / (len(X) + 1))
    X[:, numbers] = np.round(z / grid) * grid if grid else z - z.mean(axis=0)
    return X


def cut(X: np.ndarray, labelled: Columns = ()) -> np.ndarray:
    """The lower and the upper half of the columns of numbers."""
    return np.column_stack([
        x if c in labelled else rankdata(x, "min") - 1 >= len(x) / 2 for c, x in enumerate(X.T)
    ])  # fmt: skip


def by_columns(entropy: Callable[[np.ndarray], float], prepared: Callable[..., np.ndarray] | None = None) -> Definition:
    """The definition by a function of columns."""

    def of(X: np.ndarray, whole: Columns, labelled: Columns) -> reference.Entropy:
        own = X if prepared is None else prepared(X, labelled)
        return lambda columns: entropy(own[:, list(columns)]) if len(columns) else 0.0

    return of


def by_covariance(prepared: Callable[..., np.ndarray] | None, *, n: bool = True, shrunk: bool = False) -> Definition:
    """The definition by a covariance, or given labels by those of their classes."""

    def of(X: np.ndarray, whole: Columns, labelled: Columns) -> reference.Entropy:
        own = X if prepared is None else prepared(X, labelled)
        if labelled:
            return reference.mixed_entropies(own, labelled)
        C = ledoit_wolf(own)[0] if shrunk else np.cov(own, rowvar=False)
        return reference.entropies(C, len(X) if n else None)

    return of


def by_counts(formula: Callable[[Sequence[int]], float]) -> Definition:
    """The definition by the counts of all joint states that there could be."""

    def of(X: np.ndarray, whole: Columns, labelled: Columns) -> reference.Entropy:
        codes = np.stack([np.unique(x, return_inverse=True)[1] for x in X.T], axis=1)

        def h(columns: Columns) -> float:
            table = np.zeros([codes[:, c].max() + 1 for c in columns])
            np.add.at(table, tuple(codes[:, list(columns)].T), 1)
            return formula(table.ravel().astype(int).tolist()) if len(columns) else 0.0

        return h

    return of


def by_neighbours(X: np.ndarray, whole: Columns, labelled: Columns) -> reference.Entropy:
    return reference.neighbour_entropies(scores(X, labelled, 2.0**-20), whole, labelled)


class Case(NamedTuple):
    """An estimator, its definition, and the data that it is for; with labels columns 3 and 4 are such."""

    estimator: Any
    definition: Definition
    kind: str = "numbers"

    @property
    def labelled(self) -> tuple[int, ...]:
        return (3, 4) if self.kind == "mixed" else ()

    @property
    def options(self) -> dict[str, Any]:
        return {"estimator": self.estimator, **({"discrete": list(self.labelled)} if self.labelled else {})}

    def data(self, seed: int = 0, n: int = 64) -> np.ndarray:
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((n, 5))
        X[:, 4] += X[:, 0] * X[:, 1] + X[:, 2]
        X[1:, 0] += X[:-1, 1]
        if self.kind == "states":
            return (X > 0).astype(float)
        if self.kind == "mixed":
            X[:, 3], X[:, 4] = rng.integers(0, 2, n), X[:, 4] > 0
            X[:, 2] *= 1 + X[:, 3]
        return X

    def of(
        self, measure: str, X: np.ndarray, parts: Sequence[Columns], target: Columns = (), fixed: Columns = (),
        labelled: Columns | None = None,
    ) -> float:
        """A measure of a table by its definition."""
        if measure == "redundancy_mmi":  # a minimum of values that are had one by one
            return min(self.of("information", X, [part], target, fixed, labelled) for part in parts)
        if measure == "synergy_mmi":
            less = [[part for j, part in enumerate(parts) if j != i] for i in range(len(parts))]
            whole = self.of("information", X, parts, target, fixed, labelled)
            return whole - max(self.of("information", X, some, target, fixed, labelled) for some in less)
        together = (*reference.joined(parts), *target, *fixed)
        h = self.definition(X, together, self.labelled if labelled is None else labelled)
        if target:
            return reference.TARGET[measure](h, parts, target, fixed)
        return reference.REFERENCE[measure](reference.conditional(h, fixed), parts)


GAUSSIAN = by_covariance(None)
COPULA = by_covariance(scores)
COUNTED = by_columns(reference.counted)
CASES = {
    "gaussian_copula": Case("gaussian_copula", COPULA),
    "gaussian": Case("gaussian", GAUSSIAN),
    "shrinkage": Case("shrinkage", by_covariance(scores, n=False, shrunk=True)),
    "discrete": Case("discrete", COUNTED, "states"),
    'Discrete("chao_shen")': Case(Discrete("chao_shen"), by_counts(reference.chao_shen), "states"),
    'Discrete("shrink")': Case(Discrete("shrink"), by_counts(reference.shrunk), "states"),
    "binned": Case(Binned(2), by_columns(reference.counted, cut)),
    "knn": Case("knn", by_neighbours),
    "kernel": Case("kernel", by_columns(reference.kernel_density)),
    "one of your own": Case(Own(), by_columns(Own().entropy)),
    "one of your own with local": Case(OwnWithLocal(), by_columns(OwnWithLocal().entropy)),
    "gaussian_copula and labels": Case("gaussian_copula", COPULA, "mixed"),
    "gaussian and labels": Case("gaussian", GAUSSIAN, "mixed"),
    "discrete and labels": Case("discrete", COUNTED, "states"),
    "binned and labels": Case(Binned(2), by_columns(reference.counted, cut), "mixed"),
    "knn and labels": Case("knn", by_neighbours, "mixed"),
    "one of your own and labels": Case(OwnWithLocal(), by_columns(OwnWithLocal().entropy), "mixed"),
    "shrinkage and labels": Case("shrinkage", COPULA, "mixed"),
    "kernel and labels": Case("kernel", COPULA, "mixed"),
}
