"""What crosses the border between the engine and a backend: problems, units of work, evaluators, what they found."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoi._maths.terms import Terms
from hoi._typing import ArrayLike, FloatArray

__all__ = [
    "EVERYTHING",
    "UNRANKED",
    "Backend",
    "Estimate",
    "Evaluator",
    "Floor",
    "Found",
    "Problem",
    "Ranking",
    "Unit",
]


class Problem(ABC):
    """A set function h on variables, as the terms D = 2 Σ h(i), J = 2 h(S), L = 2 Σ [h(S∖i) − h(S)] of sets.

    h is an entropy by any estimator, a conditional one, or an information. Constants of single variables may be left
    out of h, since they cancel in every measure. A system makes problems; the engine hands them to backends, which
    make a kind of them fast.
    """

    kind: ClassVar[str]
    n_datasets: int
    n_variables: int
    has_entropies: ClassVar[bool] = True  # whether J / 2 with its constant is an entropy, and not known but for others
    device: str | None = None  # of torch, where the data were: backends on a device of choice compute there

    @property
    def grouped(self) -> bool:
        """Whether some variable has several columns."""
        return False

    @property
    def degenerate(self) -> str:
        """Why some variable has a value in no set, or a dataset has none at all, in words; "" where that is not so.

        The sets of such variables come out singular. Problems made of others say what these say.
        """
        return next(filter(None, (part.degenerate for part in _problems_in(tuple(vars(self).values())))), "")

    @abstractmethod
    def reference(self, members: NDArray[np.intp], dataset: NDArray[np.intp]) -> Terms:
        """Raw terms of sets (m, k), ascending in each row, of the datasets (m,), by the path whose values decide."""

    def correction(self, members: NDArray[np.intp]) -> tuple[FloatArray, FloatArray, FloatArray]:
        """What to add to the (D, J, L) of sets (m, k) for the bias of their entropies; the same in all datasets."""
        return np.zeros(len(members)), np.zeros(len(members)), np.zeros(len(members))

    def least_variance(self, members: NDArray[np.intp], dataset: NDArray[np.intp]) -> FloatArray:
        """How nearly sets (m, k) of the datasets (m,) are singular, for how far their values can be trusted: the least
        share of its variance that a member keeps given all the others. 1 where rounding is of no concern."""
        return np.ones(len(members))

    def constant(self, members: NDArray[np.intp]) -> FloatArray:
        """What h(S) has beside J / 2: the constants (n_datasets, m) in nats that the terms of sets (m, k) lack."""
        return np.zeros((self.n_datasets, len(members)))

    def pointwise(
        self, members: NDArray[np.intp], dataset: int
    ) -> tuple[FloatArray, FloatArray, FloatArray] | None:
        """Raw terms (D, J, L) of each sample, (m, n_samples) each, whose means are those of sets (m, k) of a dataset;
        None where h is no mean over samples, or is had in another way."""
        return None


def _problems_in(values: tuple[Any, ...]) -> Iterator[Problem]:
    """Problems in a tuple, and in tuples of it."""
    for value in values:
        if isinstance(value, Problem):
            yield value
        elif isinstance(value, tuple):
            yield from _problems_in(value)


class Unit(NamedTuple):
    """A range of sets of one order: those whose first ``order - 2`` members, the prefix, have a position from `start`
    to `stop` (exclusive) among the ``order - 2`` first ones of ``n_variables - 2``.

    They are those of one dataset, or of `n_datasets` from `dataset` on, which then have few sets each. With `highest`,
    the unit is part of a walk over all orders from `order` to that one, at positions as the evaluator counts them.
    """

    dataset: int
    order: int
    start: int
    stop: int
    highest: int | None = None
    n_datasets: int = 1


class Ranking(NamedTuple):
    """Coefficients of the measure that sets are compared by, on the terms (D, J, L) in half nats.

    Only `n_best` sets at each end of a dataset will be kept, so that a backend may leave out what is beyond them
    within a part. None keeps all that reach the floor.
    """

    d: int
    j: int
    l: int  # noqa: E741
    n_best: int | None = None


# No measure: all sets are wanted, and in lexicographic order.
UNRANKED = Ranking(0, 0, 0)


class Floor(NamedTuple):
    """Pruning threshold: only sets with a value at or below `low`, or at or above `high`, are of interest
    (corrected, in nats)."""

    low: float
    high: float


EVERYTHING = Floor(np.inf, -np.inf)


class Found(NamedTuple):
    """Part of the work on a unit: the sets of interest in it, and how many sets it went through.

    `dataset` (m,) ascending; `members` (m, order) ascending in each row; `J`, `L` their raw terms, NaN for a set too
    close to a singular one for the backend to vouch for them; `evaluated` sets had a value, `skipped` were numerically
    singular. A set without terms counts as evaluated here: the engine finds out. `margin` is the nats by which the
    values from the terms may be off, where the backend has a bound; 1e-4 for each member otherwise. `D` is None where
    it is 0 for every set, as in a Gaussian problem in standard form. `exact` terms are those of the reference path, to
    the last bit, so that nothing is evaluated again.
    """

    dataset: NDArray[np.intp]
    members: NDArray[np.intp]
    J: FloatArray
    L: FloatArray
    evaluated: int
    skipped: int
    margin: float | None = None
    D: FloatArray | None = None
    exact: bool = False


class Estimate(NamedTuple):
    """Covariances (n_datasets, n, n) that a backend has estimated itself, and what there is to know of the data."""

    matrices: FloatArray
    names: tuple[str, ...]
    n_samples: int
    stacked: bool
    repeated: FloatArray  # (n,) largest share of repeated values in each column, over datasets
    device: str | None
    exponents: NDArray[np.int64] | None = None  # (n_datasets, n): the matrices are those of columns * 2.0**-exponents
    raw: FloatArray | None = None  # (n_datasets, n, n): correlations of the data as they are, if nearly dependent


class Evaluator(ABC):
    """A problem and a ranking on a backend, for the time of one call: whatever is kept, is kept here.

    Threads of the call share it. Two calls never do.
    """

    parallel = False  # whether units can run on several threads at once
    unit_sets: int | None = None  # sets it likes in a unit; None leaves that to the plan
    # What tells how long its work takes. Where the thread that asks does all of it, that is time.thread_time, which
    # others on a busy machine do not stretch; a device, or a function of the user, is waited for.
    clock: Callable[[], float] = staticmethod(time.perf_counter)
    least_rate = 0.0  # sets a second that it goes through at least, where that is known without trying
    together = 0  # most sets of a dataset that may share units with other datasets

    def __init__(self, problem: Problem, ranking: Ranking) -> None:
        self.problem = problem
        self.ranking = ranking

    def ready(self, order: int) -> None:  # noqa: B027  (nothing to do is a fair default)
        """Load or compile what a walk of this order needs, so that it does not stop later on."""

    def joint(self, orders: tuple[int, int]) -> int:
        """Positions of a walk over all these orders at once, made ready; 0 where there is none or it does not pay."""
        return 0

    @abstractmethod
    def terms(self, members: NDArray[np.intp]) -> Terms:
        """Raw terms (n_datasets, m) of given sets of one order, one a row, ascending in each row."""

    @abstractmethod
    def walk_name(self, unit: Unit) -> str:
        """Which walk goes through the unit."""

    @abstractmethod
    def walk(self, unit: Unit, floor: Callable[..., Floor]) -> Iterator[Found]:
        """Go through all sets of a unit, and give at least those that reach the floor, part by part.

        The floor is asked for again before each part: it may rise while others find better sets. ``floor()`` is that
        of the unit's order and its first dataset; ``floor(dataset=..., order=...)`` of others. Parts are short
        (well under a second), so that a search can be stopped between them. Sets of a dataset come in any order, but
        in lexicographic order where the ranking is `UNRANKED`.
        """

    @abstractmethod
    def exchanges(self, dataset: int, members: NDArray[np.intp]) -> FloatArray:
        """Values (k, n_variables) in nats of a set with member i replaced by variable y, to compare among themselves.

        NaN for the set's own members, and where a set is singular.
        """

    @abstractmethod
    def extensions(self, dataset: int, members: NDArray[np.intp]) -> FloatArray:
        """Values (n_variables,) in nats of a set with variable y added, to compare among themselves; NaN likewise."""

    def about(self) -> dict[str, Any]:
        """What a result should say of where it was computed, beyond the name of the backend."""
        return {}


class Backend(ABC):
    """A leaf of :mod:`hoi._backends`: where to compute. It knows the terms (D, J, L) of problems, and no measure.

    One instance serves the whole process, so it holds options and no state of a call.
    """

    name: ClassVar[str]
    compiled: bool = False  # on a GPU: whether its searches run on a compiled kernel

    @abstractmethod
    def open(self, problem: Problem, ranking: Ranking) -> Evaluator:
        """An evaluator of the problem for one call."""

    def estimate(
        self, X: ArrayLike, estimator: str, ties: str, rng: np.random.Generator | None
    ) -> Estimate | None:
        """The covariance of data, or of their normal scores, in the place of numpy; None leaves it to numpy."""
        return None
