"""Recordings of different lengths: a system of each, side by side, with the samples and the bias of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hoi._backends.protocol import Problem
from hoi._errors import HoiError, HoiWarning
from hoi._inputs.containers import read_datasets
from hoi._inputs.datasets import labels_of
from hoi._inputs.table import Recordings, Table
from hoi._maths.terms import Terms
from hoi._systems.protocol import Estimator, System
from hoi._typing import ArrayLike, BiasCorrection, FloatArray

__all__ = ["JoinedProblem", "SeveralSystem", "fitted"]


def fitted(estimator: Estimator, X: ArrayLike | Table | Recordings, *, backend: str = "auto") -> System:
    """What an estimator makes of data of any kind, recordings of different lengths too, with the datasets' names."""
    data = read_datasets(X, ranks=estimator.ranks)
    if isinstance(data, Recordings):
        return SeveralSystem(*_fitted_each(estimator, data, backend), data.datasets)
    system = estimator.fit(data, backend=backend)
    if isinstance(data, Table) and system.stacked:
        system.datasets = data.datasets
    return system


def _fitted_each(
    estimator: Estimator, data: Recordings, backend: str
) -> tuple[list[System], list[tuple[str, type[HoiWarning]]]]:
    """Systems of all recordings, and what to warn of: once, if it is so in several. Errors name the one they are of."""
    labels = labels_of(data)
    systems: list[System] = []
    said: dict[type[HoiWarning], list[str]] = {}
    for label, table in zip(labels, data.tables, strict=True):
        try:
            systems.append(estimator.fit(table, backend=backend))
        except HoiError as error:
            raise HoiError(f"dataset {label!r}: {error}") from error
        for text, kind in systems[-1].remarks:
            said.setdefault(kind, []).append(f"dataset {label!r}: {text}")
    remarks = []
    for kind, texts in said.items():
        more = f" (So in {len(texts) - 1} more of {len(labels)} datasets.)" if len(texts) > 1 else ""
        remarks.append((texts[0] + more, kind))
    return systems, remarks


class SeveralSystem(System):
    """Systems of the same variables, each of one dataset with samples of its own number."""

    stacked = True

    def __init__(
        self, parts: Sequence[System], remarks: Sequence[tuple[str, type[HoiWarning]]] = (),
        datasets: tuple[str, ...] | None = None,
    ) -> None:
        self.parts, self.remarks, self.datasets = tuple(parts), remarks, datasets
        first = parts[0]
        self.names, self.estimator, self.corrects = first.names, first.estimator, first.corrects
        self.tells_determined, self.no_value = first.tells_determined, first.no_value
        self.n_datasets = len(parts)
        self.n_samples = min(self.lengths)
        if any(part.raw is not None for part in parts):
            independent = np.eye(len(self.names))[None]
            self.raw = np.concatenate([independent if part.raw is None else part.raw for part in parts])

    @property
    def lengths(self) -> list[int]:
        return [part.n_samples or 0 for part in self.parts]

    def problem(
        self,
        groups: Sequence[tuple[int, ...]] | None = None,
        given: tuple[int, ...] = (),
        *,
        bias_correction: BiasCorrection = True,
    ) -> JoinedProblem:
        return JoinedProblem([part.problem(groups, given, bias_correction=bias_correction) for part in self.parts])

    def information(
        self,
        groups: Sequence[tuple[int, ...]],
        given: tuple[int, ...],
        target: tuple[int, ...],
        *,
        bias_correction: BiasCorrection = True,
    ) -> JoinedProblem:
        return JoinedProblem(
            [part.information(groups, given, target, bias_correction=bias_correction) for part in self.parts]
        )

    def by_samples(self) -> SeveralSystem:
        return SeveralSystem([part.by_samples() for part in self.parts], self.remarks, self.datasets)

    def most_about(self, target: tuple[int, ...], given: tuple[int, ...]) -> FloatArray | None:
        each = [part.most_about(target, given) for part in self.parts]
        return None if each[0] is None else np.concatenate(each)  # type: ignore[arg-type]

    def about(self) -> dict[str, Any]:
        return self.parts[0].about()

    def scarcity(self, n_columns: int, chosen: bool) -> str | None:
        return self.parts[int(np.argmin(self.lengths))].scarcity(n_columns, chosen)

    def require_samples(self, n_columns: int, what: Callable[[], str], given: tuple[int, ...] = ()) -> None:
        shortest = int(np.argmin(self.lengths))
        longer = np.argsort(self.lengths, kind="stable")[1:].tolist() if given else []  # may have the smallest class
        for d in [shortest, *longer]:
            label = f"{repr(self.datasets[d]) if self.datasets else d}{', the shortest' * (d == shortest)}"
            self.parts[d].require_samples(n_columns, lambda label=label: f"in dataset {label}, {what()}", given)

    def __repr__(self) -> str:
        samples = f"{min(self.lengths)} to {max(self.lengths)} samples"
        return f"SeveralSystem({self.n_datasets} datasets, {self.n_variables} variables, {samples}, {self.estimator})"


class JoinedProblem(Problem):
    """The datasets of several problems as those of one. Its terms are corrected for bias, as each problem corrects its
    own.

    Parameters
    ----------
    parts : sequence of Problem
        On the same variables.
    """

    kind = "joined"

    def __init__(self, parts: Sequence[Problem]) -> None:
        self.parts = tuple(parts)
        self.n_datasets = sum(part.n_datasets for part in parts)
        self.n_variables, self.device = parts[0].n_variables, parts[0].device

    @property
    def has_entropies(self) -> bool:  # type: ignore[override]
        return all(part.has_entropies for part in self.parts)

    @property
    def grouped(self) -> bool:
        return any(part.grouped for part in self.parts)

    def reference(self, members: NDArray[np.intp], dataset: NDArray[np.intp]) -> Terms:
        terms = Terms.zeros(len(members))
        for part, rows, own in self._rows(dataset):
            some = members[rows]
            found = part.reference(some, own).corrected(*part.correction(some))
            for target, source in zip(terms, found, strict=True):
                target[rows] = source
        return terms

    def least_variance(self, members: NDArray[np.intp], dataset: NDArray[np.intp]) -> FloatArray:
        least = np.ones(len(members))
        for part, rows, own in self._rows(dataset):
            least[rows] = part.least_variance(members[rows], own)
        return least

    def pointwise(
        self, members: NDArray[np.intp], dataset: int
    ) -> tuple[FloatArray, FloatArray, FloatArray] | None:
        ((part, _, own),) = self._rows(np.array([dataset]))
        return part.pointwise(members, int(own[0]))

    def constant(self, members: NDArray[np.intp]) -> FloatArray:
        return np.concatenate([part.constant(members) for part in self.parts])

    def _rows(self, dataset: NDArray[np.intp]) -> list[tuple[Problem, NDArray[np.intp], NDArray[np.intp]]]:
        """Each problem that has some of the datasets (m,): where, and their numbers in it."""
        starts = np.cumsum([0, *(part.n_datasets for part in self.parts)])
        owner = np.searchsorted(starts, dataset, side="right") - 1
        return [(self.parts[p], rows, dataset[rows] - starts[p])
                for p in np.unique(owner).tolist() if len(rows := np.flatnonzero(owner == p))]
