"""Nearest neighbours (Kraskov's first algorithm): continuous, mixed and tied columns, dependence of any form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hoi._backends.protocol import Problem
from hoi._errors import HoiError
from hoi._inputs import checks
from hoi._inputs.categories import Categories
from hoi._inputs.sets import is_int
from hoi._inputs.table import Table
from hoi._maths.dependence import near_dependence, near_dependence_of
from hoi._maths.neighbours import SCALES, Space, on_scale, sample_terms, space_terms
from hoi._maths.terms import Terms
from hoi._systems.protocol import Estimator, System
from hoi._typing import ArrayLike, BiasCorrection, FloatArray

__all__ = ["KNN", "NeighbourProblem", "NeighbourSystem"]


@dataclass(frozen=True)
class KNN(Estimator):
    """Kraskov, Stögbauer and Grassberger's first algorithm: distances to the k-th nearest sample.

    Sees dependence of any form between continuous columns, and between those and discrete ones: where a distance is 0,
    equal samples are counted. One radius serves all the terms of a set, so that their biases cancel. It needs many
    samples, and strong synergy of many variables comes out too weak.

    It knows dependence only, and no entropies: ``hoi.entropy`` is not to be had. Measures about a target have one
    radius as well, that in the space of the set and the target.

    Parameters
    ----------
    k : int
        Neighbours. More of them scatter less, and are more biased.
    scale : {"normal", "rank"} or None
        What distances are taken of: normal scores or ranks of each column, which no monotone map changes, or the
        columns as they are.
    window : int
        Samples of a series nearer in time than this, or as near, are no neighbours of each other (Theiler 1986).

    Raises
    ------
    HoiError
        If k is not positive, the scale is not known, or the window is negative.

    References
    ----------
    Kraskov, Stögbauer and Grassberger (2004), Estimating mutual information, Physical Review E 69, 066138. Gao, Kannan,
    Oh and Viswanath (2017), Estimating mutual information for discrete-continuous mixtures, NeurIPS.

    Examples
    --------
    A parabola, which no rank correlation shows:

    >>> import numpy as np, hoi
    >>> x, noise = np.random.default_rng(0).standard_normal((2, 500))
    >>> X = np.column_stack([x, x**2 + 0.1 * noise])
    >>> hoi.total_correlation(X, estimator="knn") > 1, hoi.total_correlation(X) < 0.01
    (True, True)
    """

    k: int = 4
    scale: str | None = "normal"
    window: int = 0
    name = "knn"
    methods = (
        "by nearest neighbours [kraskov2004] (the first algorithm, k = {k}, scale {scale!r}), with the radius of the "
        "whole set for all its terms"
    )
    caution = "Nearest neighbours see less and less of a dependence as sets grow."
    repeats = False  # a sample drawn twice is its own nearest neighbour

    def __post_init__(self) -> None:
        checks.check_positive_int(self.k, "k")
        if self.scale is not None:
            checks.check_choice(self.scale, [scale for scale in SCALES if scale], "scale")
        if not is_int(self.window) or self.window < 0:
            raise HoiError(f"window={self.window!r}: a number of samples is needed, at least 0.")

    def fit(self, X: ArrayLike, *, backend: str = "auto") -> NeighbourSystem:
        data = checks.check_data(X, ranks=self.scale is not None)
        n_samples = data.values.shape[1]
        if n_samples <= self.k + 2 * self.window:
            raise HoiError(
                f"{n_samples} samples, k={self.k} and window={self.window}: each sample needs k others outside its "
                f"window, so more than {self.k + 2 * self.window} samples. Take a smaller k or window."
            )
        scaled = np.stack([on_scale(values, self.scale) for values in data.values])
        system = NeighbourSystem(scaled, data.names, data.stacked, self)
        system.raw = near_dependence(data.values)
        return system

    def fit_categories(self, X: Table, categories: Categories, *, backend: str = "auto") -> NeighbourSystem:
        # equal labels are at distance 0, and different ones farther apart than any two values of other columns
        system = self.fit(X)
        scaled, states = system.values, X.values.reshape(system.values.shape).astype(np.int64)
        numeric = [c for c in range(len(system.names)) if c not in categories.labels]
        far = 2 * np.ptp(scaled[..., numeric], axis=(0, 1)).max(initial=1) + 1
        columns: list[NDArray[np.floating]] = []
        places = []
        for c in range(len(system.names)):
            if c in categories.labels:
                # the bits of a state, of which at least one differs: no label is nearer to some than to others
                bits = range(max(1, (len(categories.labels[c]) - 1).bit_length()))
                own = [(far * ((states[..., c] >> bit) & 1)).astype(scaled.dtype) for bit in bits]
            else:
                own = [scaled[..., c]]
            places.append(tuple(range(len(columns), len(columns) + len(own))))
            columns += own
        discrete = [system.names[c] for c in categories.columns]
        mixed = NeighbourSystem(np.stack(columns, axis=-1), system.names, system.stacked, self, places, discrete)
        mixed.raw = near_dependence_of(X.values.reshape(system.values.shape), numeric)
        return mixed


class NeighbourSystem(System):
    """Columns on the scale that distances are taken of; `places` are those of each column of the data."""

    corrects = False
    tells_determined = True

    def __init__(
        self, values: NDArray[np.floating], names: tuple[str, ...], stacked: bool, by: KNN,
        places: Sequence[tuple[int, ...]] | None = None, discrete: Sequence[str] = (),
    ) -> None:
        self.values, self.names, self.stacked, self.by = values, names, stacked, by
        self.places = places or [(c,) for c in range(len(names))]
        self.discrete = list(discrete)
        self.n_datasets, self.n_samples = values.shape[:2]
        self.estimator = by.name

    def _spread(self, columns: Sequence[int]) -> tuple[int, ...]:
        return tuple(place for c in columns for place in self.places[c])

    def problem(
        self,
        groups: Sequence[tuple[int, ...]] | None = None,
        given: tuple[int, ...] = (),
        *,
        bias_correction: BiasCorrection = True,
    ) -> NeighbourProblem:
        variables = self.variables(groups, given)
        own = tuple(map(self._spread, variables))
        return NeighbourProblem(self.values, self.by.k, self.by.window, own, self._spread(given))

    def information(
        self,
        groups: Sequence[tuple[int, ...]],
        given: tuple[int, ...],
        target: tuple[int, ...],
        *,
        bias_correction: BiasCorrection = True,
    ) -> NeighbourProblem:
        # not the difference of two problems: their radii differ, and the biases of theirs would not cancel
        own, fixed, aim = tuple(map(self._spread, groups)), self._spread(given), self._spread(target)
        return NeighbourProblem(self.values, self.by.k, self.by.window, own, fixed, aim)

    def about(self) -> dict[str, Any]:
        more = {"discrete": self.discrete} if self.discrete else {}
        return {**super().about(), "k": int(self.by.k), "scale": self.by.scale, "window": int(self.by.window), **more}

    def require_samples(self, n_columns: int, what: Callable[[], str], given: tuple[int, ...] = ()) -> None:
        """Any number of columns can be estimated."""

    def __repr__(self) -> str:
        return f"NeighbourSystem({self.n_variables} variables, {self.n_samples} samples, k={self.by.k})"


class NeighbourProblem(Problem):
    """Terms of sets with one radius for all of them.

    Attributes
    ----------
    values : (n_datasets, n_samples, n_columns)
    k, window : int
    variables : tuple of tuples of int
        Columns of each variable; within one the maximum norm is taken.
    given : tuple of int
        Columns that are joined to every space.
    target : tuple of int
        Columns that the information of sets is about; without, h is an entropy.
    """

    kind = "neighbours"
    has_entropies = False

    def __init__(
        self, values: NDArray[np.floating], k: int, window: int, variables: tuple[tuple[int, ...], ...],
        given: tuple[int, ...], target: tuple[int, ...] = (),
    ) -> None:
        self.values, self.k, self.window, self.variables, self.given = values, k, window, variables, given
        self.target = target
        self.n_datasets, self.n_variables = len(values), len(variables)

    @property
    def grouped(self) -> bool:
        return any(len(columns) > 1 for columns in self.variables)

    def reference(self, members: NDArray[np.intp], dataset: NDArray[np.intp]) -> Terms:
        terms = Terms.zeros(len(members))
        for row, (d, S) in enumerate(zip(dataset.tolist(), members.tolist(), strict=True)):
            terms.D[row], terms.J[row], terms.L[row] = space_terms(self._space(d, S), self.k, self.window)
        return terms

    def pointwise(self, members: NDArray[np.intp], dataset: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        D, J, L = np.zeros((3, len(members), self.values.shape[1]))
        for row, S in enumerate(members.tolist()):
            alone, whole, without = sample_terms(self._space(dataset, S), self.k, self.window)
            D[row], J[row], L[row] = 2 * sum(alone), 2 * whole, 2 * sum(x - whole for x in without)
        return D, J, L

    def _space(self, dataset: int, members: list[int]) -> Space:
        values = self.values[dataset]
        return Space(
            tuple(values[:, list(self.variables[v])] for v in members), values[:, list(self.target)],
            values[:, list(self.given)],
        )  # fmt: skip
