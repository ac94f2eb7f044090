"""One's own estimator: any function that gives the entropy of columns serves every measure and search."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hoi._backends.protocol import Problem
from hoi._errors import HoiError
from hoi._inputs import checks
from hoi._inputs.categories import Categories
from hoi._inputs.table import Table
from hoi._maths.terms import Terms
from hoi._systems.protocol import Estimator, System
from hoi._typing import ArrayLike, BiasCorrection, FloatArray

__all__ = ["ColumnsProblem", "Entropies", "EntropyProblem", "EntropySystem"]

# Entropies kept of sets seen before: the sets with one member less come again and again.
_KEPT = 1 << 20
# How far, relatively, the mean of somebody's local values may be from the entropy: rounding, and no bias of its own.
_SAME = 1e-9


@dataclass(frozen=True)
class Entropies(Estimator):
    """An estimator made of a function, or of an object with a method ``entropy``.

    Parameters
    ----------
    source : callable, or object with a callable ``entropy``
        Takes an array (n_samples, n_columns) and gives its joint entropy in nats. A callable ``local`` beside it takes
        the same and gives what each sample adds to it, (n_samples,), whose mean is the entropy.
    """

    source: Any

    @property
    def name(self) -> str:  # type: ignore[override]
        return str(getattr(self.source, "name", None) or getattr(self.source, "__name__", type(self.source).__name__))

    @property
    def entropy(self) -> Callable[[FloatArray], float]:
        """The function itself."""
        method = getattr(self.source, "entropy", None)
        return method if callable(method) else self.source

    def local(self, columns: FloatArray) -> FloatArray:
        """What each sample adds to the entropy, checked."""
        given, entropy = self.source.local(columns), self.entropy(columns)
        try:
            values = np.asarray(given, dtype=np.float64)
        except (TypeError, ValueError):
            raise HoiError(
                f"local() of the estimator gave {type(given).__name__} and no numbers for {len(columns)} samples: one "
                "is needed for each, and their mean is the entropy."
            ) from None
        if values.shape != (len(columns),) or not abs(values.mean() - entropy) <= _SAME * (1 + abs(entropy)):
            raise HoiError(
                f"local() of the estimator gave values of shape {values.shape} and mean {values.mean():.6g} for an "
                f"entropy of {entropy:.6g} nats of {len(columns)} samples: one is needed for each sample, and their "
                "mean is the entropy."
            )
        return values

    def fit(self, X: ArrayLike, *, backend: str = "auto") -> EntropySystem:
        data = checks.check_data(X)
        local = self.local if callable(getattr(self.source, "local", None)) else None
        return EntropySystem(data.values, data.names, data.stacked, self.entropy, self.name, local)

    def fit_categories(self, X: Table, categories: Categories, *, backend: str = "auto") -> EntropySystem:
        return self.fit(X)  # the function gets labels as whole numbers


class EntropySystem(System):
    """Samples, and a function that gives the entropy of some of their columns."""

    corrects = False
    no_value = (
        "has no value: its entropy, or that of a part of it, is not finite, as where columns determine each other. "
        "Leave such columns out"
    )

    def __init__(
        self, values: FloatArray, names: tuple[str, ...], stacked: bool, entropy: Callable[[FloatArray], float],
        estimator: str, local: Callable[[FloatArray], FloatArray] | None = None,
    ) -> None:
        self.values, self.names, self.stacked = values, names, stacked
        self.entropy, self.estimator, self.local = entropy, estimator, local
        self.n_datasets, self.n_samples = values.shape[:2]

    def problem(
        self,
        groups: Sequence[tuple[int, ...]] | None = None,
        given: tuple[int, ...] = (),
        *,
        bias_correction: BiasCorrection = True,
    ) -> EntropyProblem:
        variables = self.variables(groups, given)
        return EntropyProblem(self.values, self.entropy, variables, given, self.names, self.local)

    def __repr__(self) -> str:
        return f"EntropySystem({self.n_variables} variables, {self.n_samples} samples, {self.estimator})"


class ColumnsProblem(Problem):
    """Terms as sums of entropies of columns, each evaluated once as long as there is room to keep it.

    Attributes
    ----------
    values : (n_datasets, n_samples, n_columns)
    variables : tuple of tuples of int
        Columns of each variable.
    given : tuple of int
        Columns that every entropy is conditional on: H(S, Z) - H(Z).
    names : tuple of str
        Of the columns.
    """

    kind = "entropies"

    def __init__(
        self, values: NDArray[Any], variables: tuple[tuple[int, ...], ...], given: tuple[int, ...],
        names: tuple[str, ...],
    ) -> None:
        self.values, self.variables, self.given, self.names = values, variables, given, names
        self.n_datasets, self.n_variables = len(values), len(variables)
        self._known: dict[tuple[int, tuple[int, ...]], float] = {}

    @abstractmethod
    def entropy_of(self, dataset: int, columns: list[int]) -> float:
        """Nats of columns of one dataset; there is at least one."""

    def surprises_of(self, dataset: int, columns: list[int]) -> FloatArray | None:
        """What each of the samples adds to the entropy of columns, whose mean it is; None where it is no mean."""
        return None

    @property
    def grouped(self) -> bool:
        return any(len(columns) > 1 for columns in self.variables)

    def reference(self, members: NDArray[np.intp], dataset: NDArray[np.intp]) -> Terms:
        terms = Terms.zeros(len(members))
        for row, (d, S) in enumerate(zip(dataset.tolist(), map(tuple, members.tolist()), strict=True)):
            none, whole = self._of(d, ()), self._of(d, S)
            without = [self._of(d, S[:i] + S[i + 1 :]) for i in range(len(S))]
            terms.D[row] = 2 * sum(self._of(d, (i,)) - none for i in S)
            terms.J[row] = 2 * (whole - none)
            terms.L[row] = 2 * sum(h - whole for h in without)
            terms.singular[row] = not np.isfinite([terms.D[row], terms.J[row], terms.L[row]]).all()
        return terms

    def pointwise(
        self, members: NDArray[np.intp], dataset: int
    ) -> tuple[FloatArray, FloatArray, FloatArray] | None:
        known: dict[tuple[int, ...], Any] = {(): 0.0 if not self.given else self.surprises_of(dataset, [*self.given])}

        def h(S: tuple[int, ...]) -> Any:
            if S not in known:
                known[S] = self.surprises_of(dataset, self._columns(S))
            return known[S]

        D, J, L = np.zeros((3, len(members), self.values.shape[1]))
        for row, S in enumerate(map(tuple, members.tolist())):
            none, whole = h(()), h(S)
            if whole is None:
                return None
            D[row] = 2 * sum(h((i,)) - none for i in S)
            J[row] = 2 * (whole - none)
            L[row] = 2 * sum(h(S[:i] + S[i + 1 :]) - whole for i in range(len(S)))
        return D, J, L

    def _columns(self, members: tuple[int, ...]) -> list[int]:
        """Columns of variables, and all that is given."""
        return [*(c for v in members for c in self.variables[v]), *self.given]

    def _of(self, dataset: int, members: tuple[int, ...]) -> float:
        """Joint entropy of variables of one dataset and all that is given."""
        columns = self._columns(members)
        if not columns:
            return 0.0
        key = dataset, members
        value = self._known.get(key)
        if value is None:  # threads share what is known, and one may clear it between two looks of another
            if len(self._known) >= _KEPT:
                self._known.clear()
            value = self._known[key] = self.entropy_of(dataset, columns)
        return value

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_known": {}}  # another process finds its own


class EntropyProblem(ColumnsProblem):
    """Entropies that a function gives for columns.

    Attributes
    ----------
    entropy : callable
        Nats of columns (n_samples, n) of one dataset.
    local : callable, optional
        What each of the samples adds to the entropy of columns, whose mean it is.
    """

    def __init__(
        self, values: NDArray[Any], entropy: Callable[[NDArray[Any]], float], variables: tuple[tuple[int, ...], ...],
        given: tuple[int, ...], names: tuple[str, ...],
        local: Callable[[NDArray[Any]], FloatArray] | None = None,
    ) -> None:
        super().__init__(values, variables, given, names)
        self.entropy, self.local = entropy, local

    def entropy_of(self, dataset: int, columns: list[int]) -> float:
        value = self.entropy(self.values[dataset][:, columns])
        try:
            return float(value)
        except (TypeError, ValueError):
            named = ", ".join(self.names[c] for c in columns)
            raise HoiError(
                f"the estimator gave {value!r} ({type(value).__name__}) for the columns ({named}): one number is "
                "needed, their joint entropy in nats."
            ) from None

    def surprises_of(self, dataset: int, columns: list[int]) -> FloatArray | None:
        return None if self.local is None else self.local(self.values[dataset][:, columns])
