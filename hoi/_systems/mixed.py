"""Continuous and categorical columns together: Gaussian entropies given labels, and entropies of labels by counts."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hoi._backends.protocol import Problem
from hoi._errors import HoiError, HoiWarning
from hoi._inputs.categories import Categories, read_categories
from hoi._inputs.checks import check_data
from hoi._inputs.containers import read
from hoi._inputs.labels import numbered
from hoi._inputs.roles import check_columns
from hoi._inputs.words import columns as named
from hoi._maths.bias import entropy_bias
from hoi._maths.copula import normal_scores
from hoi._maths.counts import CountTable, count_table, entropy_of_counts, joint_states
from hoi._maths.covariance import covariance_of_any_scale, of_ordinary_size, to_correlation
from hoi._maths.dependence import near_dependence_of
from hoi._maths.terms import by_elimination
from hoi._systems.combined import CombinedProblem
from hoi._systems.entropies import ColumnsProblem
from hoi._systems.protocol import Estimator, System
from hoi._systems.several import JoinedProblem
from hoi._systems.standard_form import standard_form
from hoi._systems.ties import on_ties
from hoi._typing import ArrayLike, BiasCorrection, FloatArray, Seed, Ties

__all__ = ["MixedProblem", "MixedSystem", "WithCategories", "mixed_system", "with_categories"]


@dataclass(frozen=True)
class WithCategories(Estimator):
    """An estimator of data of which some columns are categories, numbered already."""

    by: Estimator
    categories: Categories

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.by.name

    @property
    def ranks(self) -> bool:  # type: ignore[override]
        return self.by.ranks

    @property
    def repeats(self) -> bool:  # type: ignore[override]
        return self.by.repeats

    def fit(self, X: ArrayLike, *, backend: str = "auto") -> System:
        return self.by.fit_categories(read(X, "X", ranks=self.ranks), self.categories, backend=backend)


    def among(self, columns: Sequence[int]) -> WithCategories:
        """The same for some of the columns, in this order."""
        labels = self.categories.labels
        return WithCategories(self.by, Categories({i: labels[c] for i, c in enumerate(columns) if c in labels}))


def with_categories(
    X: Any, estimator: Estimator, discrete: Any, names: Sequence[str] | None = None, what: str = "X"
) -> tuple[Any, Estimator]:
    """Data whose categorical columns are numbered, and the estimator that knows them; both as they are for None.

    To an estimator of labels all columns that hold no numbers are such. `names` are those that columns will have, where
    they have none of their own.
    """
    if estimator.labels and not isinstance(X, System):
        X = numbered(X)
    if discrete is None:
        return X, estimator
    if isinstance(X, System):
        raise HoiError(
            f"{what} is {X!r}, whose columns are what they were when it was made: discrete={discrete!r} has no part in "
            "it. Give the data themselves."
        )
    chosen = discrete if names is None else check_columns(discrete, tuple(map(str, names)), "discrete")
    table, categories = read_categories(X, chosen, ranks=estimator.ranks, what=what)
    return table, WithCategories(estimator, categories)


class MixedSystem(System):
    """Scores of continuous columns and states of categorical ones.

    With V the continuous columns of a set and K its categorical ones, H(S) = H(K) + H(V | K): H(K) from the counts of
    joint states, with the correction of Miller and Madow, and H(V | K) Gaussian, the mean over joint states of the
    entropies of V by the covariance there, each corrected for the number of its samples.

    Attributes
    ----------
    values : ndarray, shape (n_datasets, n_samples, n_variables)
        Scores, and states as whole numbers.
    categories : Categories
    """

    n_samples: int
    tells_determined = True
    _sampled = False  # whether all of its problems give what each sample adds

    def __init__(
        self, values: FloatArray, names: tuple[str, ...], stacked: bool, categories: Categories, estimator: str,
        about: dict[str, Any],
    ) -> None:
        self.values, self.names, self.stacked, self.categories = values, names, stacked, categories
        self.estimator, self._about = estimator, about
        self.n_datasets, self.n_samples = values.shape[:2]
        self.numeric = [c for c in range(len(names)) if c not in categories.labels]

    def problem(
        self,
        groups: Sequence[tuple[int, ...]] | None = None,
        given: tuple[int, ...] = (),
        *,
        bias_correction: BiasCorrection = True,
    ) -> Problem:
        variables = self.variables(groups, given)
        if self._sampled or any(c in self.categories.labels for group in variables for c in group):
            return MixedProblem(
                self.values, variables, given, self.names, frozenset(self.categories.labels), bool(bias_correction)
            )
        if not any(c in self.categories.labels for c in given):
            return self._gaussian(self.values, variables, given, bool(bias_correction))
        each = [self._given_classes(d, variables, given, bool(bias_correction)) for d in range(self.n_datasets)]
        return each[0] if len(each) == 1 else JoinedProblem(each)

    def by_samples(self) -> MixedSystem:
        known = copy.copy(self)
        known._sampled = True
        return known

    def _given_classes(
        self, dataset: int, variables: tuple[tuple[int, ...], ...], given: tuple[int, ...], bias_correction: bool
    ) -> Problem:
        """The mean of the problems of all classes of the given categories, by their frequencies, in one dataset."""
        classes, which = self._classes(dataset, given)
        numeric = tuple(c for c in given if c not in which)
        used = sorted({*numeric, *(c for group in variables for c in group)})
        parts = []
        for rows in classes:
            where = self._in_words(dataset, which, rows)
            self._require_class(dataset, rows, used, len(numeric), where)
            try:
                part = self._gaussian(self.values[dataset : dataset + 1, rows], variables, numeric, bias_correction)
            except HoiError as error:
                raise HoiError(f"{where}{error}") from None
            parts.append((len(rows) / self.n_samples, part))
        return CombinedProblem(parts)

    def _gaussian(
        self, values: FloatArray, variables: tuple[tuple[int, ...], ...], given: tuple[int, ...], bias_correction: bool
    ) -> Problem:
        """The problem of continuous columns by the covariance of these samples of each dataset."""
        used = [*(c for group in variables for c in group), *given]
        place = {c: i for i, c in enumerate(used)}
        found = [covariance_of_any_scale(table[:, used]) for table in values]
        matrices, powers = np.stack([C for C, _ in found]), np.stack([power for _, power in found])
        return standard_form(
            matrices, tuple(self.names[c] for c in used), values.shape[1],
            [tuple(place[c] for c in group) for group in variables], tuple(place[c] for c in given), bias_correction,
            None, powers if powers.any() else None,
        )  # fmt: skip

    def _classes(self, dataset: int, given: Sequence[int]) -> tuple[list[NDArray[np.intp]], list[int]]:
        """Rows of each class of the given categories, in the order of first appearance; and these categories."""
        which = [c for c in given if c in self.categories.labels]
        states = self.values[dataset][:, which].astype(np.int64)
        joint, number = joint_states(list(states.T), self.n_samples)
        first = np.full(number, self.n_samples)
        np.minimum.at(first, joint, np.arange(self.n_samples))
        return [np.flatnonzero(joint == state) for state in np.argsort(first)], which

    def _in_words(self, dataset: int, which: Sequence[int], rows: NDArray[np.intp]) -> str:
        """Where a class is: "where 'kind' is 'a', "."""
        states = self.values[dataset][rows[0]]
        parts = [f"{self.names[c]!r} is {self.categories.labels[c][int(states[c])]!r}" for c in which]
        return f"where {' and '.join(parts)} ({len(rows)} samples): " if parts else ""

    def _require_class(
        self, dataset: int, rows: NDArray[np.intp], used: list[int], n_given: int, where: str
    ) -> None:
        """Error where a class is too small for any set, or a column does not vary in it."""
        if len(rows) < n_given + 2:
            raise HoiError(
                f"{where}a class needs more samples than a set has columns, {n_given + 2} and more here. Join small "
                "classes, or leave them out."
            )
        values = self.values[dataset][rows]
        constant = [c for c in used if (values[:, c] == values[0, c]).all()]
        if constant:
            raise HoiError(
                f"{where}{named(self.names, constant)} has one value only, so that the labels tell all of it there. "
                "Leave it out, join this class with another, or name the column in `discrete` too."
            )

    def most_about(self, target: tuple[int, ...], given: tuple[int, ...]) -> FloatArray | None:
        """The entropy of labels, which the Gaussian of all classes together can exceed where classes lie apart."""
        if not all(c in self.categories.labels for c in target):
            return None
        fixed = tuple(c for c in given if c in self.categories.labels)
        labels = MixedProblem(self.values, ((*target,),), fixed, self.names, frozenset(self.categories.labels), True)
        terms = labels.reference(np.zeros((self.n_datasets, 1), dtype=np.intp), np.arange(self.n_datasets))
        return terms.J / 2

    def about(self) -> dict[str, Any]:
        return {**super().about(), **self._about, "discrete": [self.names[c] for c in self.categories.columns]}

    def require_samples(self, n_columns: int, what: Callable[[], str], given: tuple[int, ...] = ()) -> None:
        labelled = sum(c in self.categories.labels for c in given)
        continuous = min(n_columns - labelled, len(self.numeric))
        for dataset in range(self.n_datasets):
            classes, which = self._classes(dataset, given)
            rows = min(classes, key=len)
            if len(rows) <= continuous:
                where = self._in_words(dataset, which, rows)
                raise HoiError(
                    f"{where}{what()} has {continuous} continuous columns: a set needs more samples than columns in "
                    "each class. Take smaller sets, or join or leave out small classes."
                )

    def __repr__(self) -> str:
        kinds = f"{len(self.categories.labels)} of them categorical"
        return f"MixedSystem({self.n_variables} variables, {kinds}, {self.n_samples} samples, {self.estimator})"


class MixedProblem(ColumnsProblem):
    """Entropies of sets that have categorical members: H(K) + H(V | K).

    What a sample adds is the surprise of its labels, and that of its numbers by the Gaussian of its class.

    Attributes
    ----------
    labelled : set of int
        The categorical columns.
    bias_correction : bool
    """

    def __init__(
        self, values: FloatArray, variables: tuple[tuple[int, ...], ...], given: tuple[int, ...],
        names: tuple[str, ...], labelled: frozenset[int], bias_correction: bool,
    ) -> None:
        super().__init__(values, variables, given, names)
        self.labelled, self.bias_correction = labelled, bias_correction

    def entropy_of(self, dataset: int, columns: list[int]) -> float:
        numbers, joint, counts = self._classes(dataset, columns)
        n = len(joint)
        total = 0.0
        if numbers.shape[1] < len(columns):
            total = entropy_of_counts(counts, self._table(n))
        if numbers.shape[1]:
            for state, count in enumerate(counts.tolist()):
                total += count / n * self._gaussian(numbers[joint == state])
        return total

    def surprises_of(self, dataset: int, columns: list[int]) -> FloatArray:
        numbers, joint, counts = self._classes(dataset, columns)
        n = len(joint)
        total = np.zeros(n)
        if numbers.shape[1] < len(columns):
            constant, f = self._table(n)
            total += constant - n * (f[counts] / counts)[joint]
        if numbers.shape[1]:
            for state in range(len(counts)):
                rows = joint == state
                own = numbers[rows]
                total[rows] += self._gaussian(own) + 0.5 * (_distances(own) - own.shape[1])
        return total

    def _classes(self, dataset: int, columns: list[int]) -> tuple[FloatArray, NDArray[np.int64], NDArray[np.intp]]:
        """The continuous ones of the columns; the joint state of the others for each sample, and counts of states."""
        values = self.values[dataset]
        labels = values[:, [c for c in columns if c in self.labelled]].astype(np.int64)
        joint, number = joint_states(list(labels.T), len(values))
        return values[:, [c for c in columns if c not in self.labelled]], joint, np.bincount(joint, minlength=number)

    def _table(self, n: int) -> CountTable:
        return count_table(n, "miller_madow" if self.bias_correction else None)

    def _gaussian(self, values: FloatArray) -> float:
        """Entropy of columns by their covariance; minus infinity where that has no inverse."""
        n, k = values.shape
        if n <= k or (values == values[0]).all(axis=0).any():
            return -np.inf
        matrix, powers = covariance_of_any_scale(values)
        R, log_scale = to_correlation(matrix[None])
        terms = by_elimination(R, np.arange(k)[None], np.arange(k + 1))
        if terms.singular[0]:
            return -np.inf
        logdet = terms.J[0] + log_scale.sum() + 2 * np.log(2.0) * powers.sum()
        bias = entropy_bias(k, n) if self.bias_correction else 0.0
        return float(0.5 * (k * np.log(2 * math.pi * math.e) + logdet) + bias)


def mixed_system(
    X: ArrayLike, categories: Categories, estimator: str, ties: Ties | None, seed: Seed
) -> MixedSystem:
    """Of normal scores of the continuous columns, with ranks over all samples, or of these columns as they are where
    `ties` is None."""
    data = check_data(X, ranks=ties is not None)
    numeric = [c for c in range(len(data.names)) if c not in categories.labels]
    values = data.values
    remarks: list[tuple[str, type[HoiWarning]]] = []
    if ties is not None and numeric:
        values = values.copy()
        repeated = np.zeros(len(data.names))
        rng = np.random.default_rng(seed) if ties == "random" else None
        for table in values:
            table[:, numeric], share = normal_scores(table[:, numeric], ties, rng)
            repeated[numeric] = np.maximum(repeated[numeric], share)
        remarks = on_ties(repeated, data.names, ties)
    about = {"ties": ties, "seed": int(seed) if isinstance(seed, (int, np.integer)) else None}
    system = MixedSystem(values, data.names, data.stacked, categories, estimator, about)
    system.remarks = remarks
    system.raw = near_dependence_of(data.values, numeric)
    return system


def _distances(values: FloatArray) -> FloatArray:
    """Squared distances of samples from their mean, by their covariance as divided by n: their mean is the number of
    columns."""
    values, _ = of_ordinary_size(values)
    centred = values - values.mean(axis=0)
    C = centred.T @ centred / len(centred)
    return np.einsum("tk,tk->t", centred, np.linalg.solve(C, centred.T).T)
