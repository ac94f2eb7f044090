"""Discrete estimators: entropies from the counts of joint states, of labels as they are or of columns cut into bins."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hoi._backends.protocol import Problem
from hoi._errors import HoiError
from hoi._inputs import checks
from hoi._inputs.categories import Categories
from hoi._inputs.containers import listing
from hoi._inputs.labels import numbered
from hoi._inputs.table import Table
from hoi._inputs.words import require_unique
from hoi._maths.counts import (
    BY_ALL_COUNTS,
    CORRECTIONS,
    CountTable,
    count_table,
    dense_states,
    entropy_of_counts,
    joint_states,
)
from hoi._systems.combined import InformationProblem
from hoi._systems.entropies import EntropyProblem
from hoi._systems.protocol import Estimator, System
from hoi._typing import ArrayLike, BiasCorrection, FloatArray

__all__ = ["Binned", "CountInformation", "CountProblem", "Discrete", "DiscreteSystem"]

# Samples a state from which entropies are worth something; the same for a column, beyond which it is no discrete one.
_SAMPLES_PER_STATE = 4


@dataclass(frozen=True)
class Discrete(Estimator):
    """Entropies of labels: states are counted, and nothing is assumed of their order or distance.

    Sees every kind of dependence, the exclusive or included, as long as there are enough samples for each joint state
    (4 and more: below, a warning says so).

    Parameters
    ----------
    correction : {"miller_madow", "grassberger", "jackknife", "chao_shen", "shrink"} or None
        Of the bias of entropies from few samples; None is plug-in, the entropy of the relative frequencies. With
        ``bias_correction=False`` a measure is plug-in as well. The last two have no compiled walk: they are for given
        sets, such as the winners of a search by another one.

    Raises
    ------
    HoiError
        For an unknown correction.

    References
    ----------
    Miller (1955), Note on the bias of information estimates. Grassberger (2003), arXiv:physics/0307138. Chao and Shen
    (2003), Environmental and Ecological Statistics 10, 429-443. Hausser and Strimmer (2009), Journal of Machine
    Learning Research 10, 1469-1484 (shrink).

    Examples
    --------
    The exclusive or of two coins is a bit of synergy, which no pair shows:

    >>> import numpy as np, hoi
    >>> a, b = np.random.default_rng(0).integers(0, 2, (2, 1000))
    >>> round(hoi.oinfo(np.column_stack([a, b, a ^ b]), estimator="discrete", units="bits"), 2)
    -1.0
    """

    correction: str | None = "miller_madow"
    name = "discrete"
    labels = True
    methods = "from the counts of joint states"
    bias = "their bias for few samples was corrected ({correction})"
    caution = "Where few samples fall on a state, counts look like synergy."

    def __post_init__(self) -> None:
        _check_correction(self.correction)

    def fit(self, X: ArrayLike, *, backend: str = "auto") -> DiscreteSystem:
        data = checks.check_data(numbered(X))
        codes = _states(data.values)
        _require_states(codes, data.names, "discrete")
        return DiscreteSystem(codes, data.names, data.stacked, self.correction, self.name)

    def fit_categories(self, X: Table, categories: Categories, *, backend: str = "auto") -> DiscreteSystem:
        return self.fit(X)  # every column is one of labels


@dataclass(frozen=True)
class Binned(Estimator):
    """Columns cut into bins, and then counted like labels.

    Parameters
    ----------
    bins : int
        Of each column, at least 2. Few: the joint states of k columns are ``bins ** k``.
    method : {"frequency", "width"}
        Bins with equally many samples (invariant under monotone maps of a column), or equally wide ones.
    correction : {"miller_madow", "grassberger", "jackknife", "chao_shen", "shrink"} or None
        As in :class:`hoi.estimators.Discrete`.

    Raises
    ------
    HoiError
        For fewer than 2 bins, an unknown method or an unknown correction.

    Examples
    --------
    >>> import numpy as np, hoi
    >>> x, y = np.random.default_rng(0).standard_normal((2, 2000))
    >>> X = np.column_stack([x, y, np.abs(x) * np.sign(x * y)])  # a sign that no pair shows
    >>> hoi.oinfo(X, estimator=hoi.estimators.Binned(2)) < -0.5, abs(hoi.oinfo(X)) < 0.2
    (True, True)
    """

    bins: int = 4
    method: str = "frequency"
    correction: str | None = "miller_madow"
    name = "binned"
    methods = "from the counts of joint states, with the values of every variable in {bins} bins (equal {binning})"
    bias = Discrete.bias
    caution = Discrete.caution
    ranks = True

    def __post_init__(self) -> None:
        checks.check_positive_int(self.bins, "bins")
        if self.bins < 2:
            raise HoiError(f"bins={self.bins}: at least 2 bins are needed, for one bin holds no information.")
        checks.check_choice(self.method, ("frequency", "width"), "method")
        _check_correction(self.correction)

    def fit(self, X: ArrayLike, *, backend: str = "auto") -> DiscreteSystem:
        data = checks.check_data(X, ranks=self.method == "frequency")
        codes = np.stack([self._cut(values) for values in data.values])
        about = {"bins": int(self.bins), "binning": self.method}
        return DiscreteSystem(codes, data.names, data.stacked, self.correction, self.name, about)

    def fit_categories(self, X: Table, categories: Categories, *, backend: str = "auto") -> DiscreteSystem:
        system = self.fit(X)
        labelled = list(categories.columns)
        codes = system.codes.copy()
        codes[..., labelled] = X.values.reshape(codes.shape)[..., labelled]
        about = {**system.about(), "discrete": [system.names[c] for c in labelled]}
        return DiscreteSystem(codes, system.names, system.stacked, self.correction, self.name, about)

    def _cut(self, values: FloatArray) -> NDArray[np.int64]:
        if self.method == "width":
            low, high = values.min(axis=0), values.max(axis=0)
            cut = np.minimum(((values - low) / (high - low) * self.bins).astype(np.int64), self.bins - 1)
        else:
            # equal values share a bin: that of the first of them in the order of values
            first = np.sort(values, axis=0)
            ranks = np.stack([np.searchsorted(f, v) for f, v in zip(first.T, values.T, strict=True)], axis=1)
            cut = ranks * self.bins // len(values)
        return np.stack([dense_states(column)[0] for column in cut.T], axis=1)


class DiscreteSystem(System):
    """Samples of labels, or a distribution that is known exactly: accepted wherever data are.

    Attributes
    ----------
    codes : ndarray of int, shape (n_datasets, n_samples, n_variables)
        States of each variable, numbered from 0.
    names : tuple of str
    n_samples : int or None
        None for an exact distribution, whose entropies are not corrected.
    correction : str or None
        Of the bias of entropies.

    Examples
    --------
    >>> import hoi
    >>> xor = hoi.DiscreteSystem.from_distribution({(0, 0, 0): 1, (0, 1, 1): 1, (1, 0, 1): 1, (1, 1, 0): 1})
    >>> round(hoi.oinfo(xor, units="bits"), 6)
    -1.0
    """

    def __init__(
        self, codes: NDArray[np.int64], names: tuple[str, ...], stacked: bool, correction: str | None, estimator: str,
        about: Mapping[str, Any] | None = None, weights: FloatArray | None = None,
    ) -> None:
        self.codes, self.names, self.stacked = codes, names, stacked
        self.correction, self.estimator, self._about, self.weights = correction, estimator, dict(about or {}), weights
        self.n_datasets = len(codes)
        self.corrects = correction is not None
        self.n_samples = codes.shape[1] if weights is None else None

    @classmethod
    def from_distribution(
        cls, distribution: Mapping[Sequence[Any], float], names: Sequence[str] | None = None
    ) -> DiscreteSystem:
        """A system whose distribution is known: its entropies are exact.

        Parameters
        ----------
        distribution : mapping of tuples of labels to weights
            The probability of each joint state, up to a common factor; states that are left out have none. Labels are
            the same that Python holds equal: 1 and "1" are two.
        names : sequence of str, optional
            Names of the variables; "0", "1", ... otherwise.

        Returns
        -------
        DiscreteSystem

        Raises
        ------
        HoiError
            If states differ in length, weights are below 0 or not finite, or a name occurs twice.

        Examples
        --------
        >>> import hoi
        >>> copy = hoi.DiscreteSystem.from_distribution({("a", "x"): 0.5, ("b", "y"): 0.5})
        >>> hoi.total_correlation(copy, units="bits")
        1.0
        """
        try:
            states = [tuple(state) for state in distribution]
            weights = np.array([float(weight) for weight in distribution.values()])
        except (AttributeError, TypeError, ValueError):
            states, weights = [], np.empty(0)
        if not states or len({len(state) for state in states}) != 1 or not states[0]:
            raise HoiError(
                "a distribution maps tuples of labels, all of one length, to probabilities, as in {(0, 0): 0.5, "
                "(1, 1): 0.5}."
            )
        if not (np.isfinite(weights) & (weights >= 0)).all() or not weights.any():
            raise HoiError(
                f"the weights of a distribution are finite, not below 0 and not all 0, and here they are {weights}: "
                "give probabilities, or counts."
            )
        states = [state for state, weight in zip(states, weights, strict=True) if weight]
        codes = np.empty((len(states), len(states[0])), dtype=np.int64)
        for column, own in zip(codes.T, zip(*states, strict=True), strict=True):
            known: dict[Any, int] = {}
            column[:] = [known.setdefault(label, len(known)) for label in own]
        labels = tuple(map(str, range(codes.shape[1]) if names is None else names))
        require_unique(labels, "names")
        if len(labels) != codes.shape[1]:
            raise HoiError(f"names has {len(labels)} entries and the states have {codes.shape[1]} variables.")
        weights = weights[weights > 0]
        return cls(codes[None], labels, False, None, "distribution", weights=weights / weights.sum())

    def problem(
        self,
        groups: Sequence[tuple[int, ...]] | None = None,
        given: tuple[int, ...] = (),
        *,
        bias_correction: BiasCorrection = True,
    ) -> EntropyProblem:
        variables = self.variables(groups, given)
        if self.weights is not None:
            return EntropyProblem(self.codes, _Exact(self.weights), variables, given, self.names)
        correction = self.correction if bias_correction else None
        if correction in BY_ALL_COUNTS:
            return EntropyProblem(self.codes, _ByAllCounts(correction), variables, given, self.names)
        return CountProblem(self.codes, count_table(self.codes.shape[1], correction), variables, given, self.names)

    def information(
        self,
        groups: Sequence[tuple[int, ...]],
        given: tuple[int, ...],
        target: tuple[int, ...],
        *,
        bias_correction: BiasCorrection = True,
    ) -> Problem:
        whole = self.problem(groups, given, bias_correction=bias_correction)
        rest = self.problem(groups, (*given, *target), bias_correction=bias_correction)
        if isinstance(whole, CountProblem) and isinstance(rest, CountProblem):
            return CountInformation(whole, rest)
        return InformationProblem(whole, rest)

    def about(self) -> dict[str, Any]:
        return {**super().about(), "correction": self.correction, **self._about}

    def scarcity(self, n_columns: int, chosen: bool) -> str | None:
        if self.n_samples is None:
            return None
        states = np.sort(self.codes.max(axis=(0, 1)) + 1)[::-1][:n_columns].astype(float).prod()
        if self.n_samples >= _SAMPLES_PER_STATE * states:
            return None
        return (
            f"has up to {states:,.0f} joint states and there are {self.n_samples:,} samples, fewer than "
            f"{_SAMPLES_PER_STATE} a state: values are biased, mostly towards synergy where variables are "
            "independent. Take smaller sets, fewer bins or more samples."
        )

    def __repr__(self) -> str:
        samples = "exact" if self.n_samples is None else f"{self.n_samples} samples"
        datasets = f"{self.n_datasets} datasets, " if self.stacked else ""
        return f"DiscreteSystem({datasets}{self.n_variables} variables, {samples}, {self.estimator})"


class CountProblem(EntropyProblem):
    """Entropies ``constant - sum of f(count)`` over the joint states that occur.

    Attributes
    ----------
    values : (n_datasets, n_samples, n_columns) int64
        States from 0 in each column.
    table : (constant, f)
        See :func:`hoi._maths.counts.count_table`.
    """

    kind = "counts"

    def __init__(
        self, codes: NDArray[np.int64], table: CountTable, variables: tuple[tuple[int, ...], ...],
        given: tuple[int, ...], names: tuple[str, ...],
    ) -> None:
        self.table = table
        counted = _Counted(table)
        super().__init__(codes, counted, variables, given, names, counted.local)


class CountInformation(InformationProblem):
    """The difference of two problems of counts, which share their samples."""

    kind = "counted_information"


@dataclass(frozen=True, eq=False)
class _Counted:
    """The entropy of columns of states, by the counts of their joint states."""

    table: CountTable

    def __call__(self, columns: NDArray[np.int64]) -> float:
        joint, states = joint_states(list(columns.T), len(columns))
        return entropy_of_counts(np.bincount(joint, minlength=states), self.table)

    def local(self, columns: NDArray[np.int64]) -> FloatArray:
        """What each sample adds: its share of the f of its state, which is minus the logarithm of its frequency for
        the plug-in estimator."""
        constant, f = self.table
        joint, states = joint_states(list(columns.T), len(columns))
        counts = np.bincount(joint, minlength=states)
        return constant - len(columns) * (f[counts] / counts)[joint]


@dataclass(frozen=True, eq=False)
class _ByAllCounts:
    """The entropy of columns of states by the counts of all joint states that occur, and how many there could be."""

    correction: str

    def __call__(self, columns: NDArray[np.int64]) -> float:
        joint, states = joint_states(list(columns.T), len(columns))
        possible = math.prod(float(dense_states(column)[1]) for column in columns.T)
        return BY_ALL_COUNTS[self.correction](np.sort(np.bincount(joint, minlength=states)), possible)


@dataclass(frozen=True, eq=False)
class _Exact:
    """The entropy of columns of states with these probabilities."""

    weights: FloatArray

    def __call__(self, columns: NDArray[np.int64]) -> float:
        joint, states = joint_states(list(columns.T), len(columns))
        p = np.sort(np.bincount(joint, weights=self.weights, minlength=states))
        return float(-(p * np.log(p)).sum())


def _check_correction(correction: str | None) -> None:
    if correction is not None:
        checks.check_choice(correction, [*filter(None, CORRECTIONS), *BY_ALL_COUNTS], "correction")


def _states(values: FloatArray) -> NDArray[np.int64]:
    """States of each column, numbered from 0 in the order of values, the same in all datasets."""
    flat = values.reshape(-1, values.shape[-1])
    codes = [np.unique(column, return_inverse=True)[1] for column in flat.T]
    return np.stack(codes, axis=1).reshape(values.shape).astype(np.int64)


def _require_states(codes: NDArray[np.int64], names: tuple[str, ...], estimator: str) -> None:
    """Error where a column has so many different values that it cannot be a discrete one."""
    n_samples = codes.shape[0] * codes.shape[1]
    states = codes.max(axis=(0, 1)) + 1
    many = np.flatnonzero(states * _SAMPLES_PER_STATE > n_samples)
    if len(many):
        named = listing([f"{names[i]!r} ({states[i]:,})" for i in many])
        raise HoiError(
            f'estimator="{estimator}" counts equal values, and of {n_samples:,} samples these columns have too many '
            f'different ones: {named}. For continuous columns use "binned", "knn" or "gaussian_copula".'
        )
