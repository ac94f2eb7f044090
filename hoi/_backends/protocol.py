"""What a backend is given and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from hoi._maths.terms import Terms
from hoi._typing import FloatArray

__all__ = ["EVERYTHING", "UNRANKED", "Backend", "Estimate", "Floor", "Found", "Problem", "Ranking", "Unit"]


@dataclass(frozen=True)
class Problem:
    """A system in standard form: each variable whitened, so that only the correlations between them are left.

    Attributes
    ----------
    matrix : (n_datasets, n_columns, n_columns)
        Unit diagonal, identity blocks.
    blocks : (n_variables + 1,)
        Variable ``v`` is the columns ``blocks[v]:blocks[v + 1]``.
    log_scale : (n_datasets, n_variables)
        Log-determinant of each variable's own covariance, which the standard form has lost.
    bias : (n_columns + 1,)
        Constant to add to the entropy of k columns, in nats; zeros where nothing is corrected. It can be shorter:
        sets with more columns than samples have no value.
    device : str or None
        The device of torch that the data were on, where backends on a device of choice compute.
    """

    matrix: FloatArray
    blocks: NDArray[np.intp]
    log_scale: FloatArray
    bias: FloatArray
    device: str | None = None

    @property
    def n_datasets(self) -> int:
        return self.matrix.shape[0]

    @property
    def n_variables(self) -> int:
        return len(self.blocks) - 1

    @property
    def grouped(self) -> bool:
        """Whether some variable has several columns."""
        return self.n_variables != self.matrix.shape[-1]


class Unit(NamedTuple):
    """A range of sets of one order: those whose first ``order - 2`` members, the prefix, have a position from `start`
    to `stop` (exclusive) among the ``order - 2`` first ones of ``n_variables - 2``.

    They are those of one dataset, or of `n_datasets` from `dataset` on, which then have few sets each. With `highest`,
    the unit is part of a walk over all orders from `order` to that one, at positions as the backend counts them.
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
    """Only sets with a value at or below `low`, or at or above `high`, are of interest (corrected, in nats)."""

    low: float
    high: float


EVERYTHING = Floor(np.inf, -np.inf)


class Found(NamedTuple):
    """Part of the work on a unit: the sets of interest in it, and how many sets it went through.

    `dataset` (m,) ascending; `members` (m, order) ascending in each row; `J`, `L` their terms in standard form, NaN for
    a set too close to a singular one for the backend to vouch for them; `evaluated` sets had a value, `skipped` were
    numerically singular. A set without terms counts as evaluated here: the engine finds out. `margin` is the nats by
    which the values from J and L may be off, where the backend has a bound; 1e-4 for each member otherwise.
    """

    dataset: NDArray[np.intp]
    members: NDArray[np.intp]
    J: FloatArray
    L: FloatArray
    evaluated: int
    skipped: int
    margin: float | None = None


class Estimate(NamedTuple):
    """Covariances (n_datasets, n, n) that a backend has estimated itself, and what there is to know of the data."""

    matrices: FloatArray
    names: tuple[str, ...]
    n_samples: int
    stacked: bool
    repeated: FloatArray  # (n,) largest share of repeated values in each column, over datasets
    device: str | None


class Backend(Protocol):
    """A leaf of :mod:`hoi._backends`. It knows the terms (D, J, L) of a problem, and no measure.

    Beyond what is listed here, a backend may have ``estimate(X, estimator, ties, rng) -> Estimate``, which takes the
    place of numpy from the data to the covariance; `unit_sets`, the number of sets it likes in a unit;
    ``together(problem)``, the most sets that datasets may have to share units; ``settings(problem)``, what a result
    should say of it; and, on a GPU, `compiled`: whether its searches run on a compiled kernel.
    """

    name: str
    parallel: bool  # whether units can run on several threads at once

    def ready(self, problem: Problem, order: int, ranking: Ranking) -> None:
        """Load or compile what a walk of this order needs, so that it does not stop later on."""
        ...

    def terms(self, problem: Problem, members: NDArray[np.intp]) -> Terms:
        """Terms (n_datasets, m) of given sets of one order, one a row, ascending in each row."""
        ...

    def walk(
        self, problem: Problem, unit: Unit, ranking: Ranking, floor: Callable[..., Floor]
    ) -> Iterator[Found]:
        """Go through all sets of a unit, and give at least those that reach the floor, part by part.

        The floor is asked for again before each part: it may rise while others find better sets. ``floor()`` is that
        of the unit's order and its first dataset; ``floor(dataset=..., order=...)`` of others. Parts are short
        (well under a second), so that a search can be stopped between them. Sets of a dataset come in any order, but
        in lexicographic order where the ranking is `UNRANKED`.
        """
        ...
