"""The member null: every set against surrogates in which one of its members alone is moved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoi._backends.protocol import Evaluator, Problem
from hoi._engine.checkpoint import Done
from hoi._errors import HoiError
from hoi._inference.maximum import standardised
from hoi._maths import combinatorics
from hoi._measures.registry import Measure
from hoi._search.exhaustive import corrected
from hoi._typing import FloatArray

__all__ = ["MemberTest", "count_moved", "one_variable", "weakest_members"]

# Numbers that may be held at once: the values of all sets with one member, in all surrogates.
_MOST = 1 << 28


class MemberTest(NamedTuple):
    """Sets with, for each end, the standardised increment of the member that adds least in that direction.

    Attributes
    ----------
    members : list of (m, order)
        All sets of each order.
    weakest : list of (n_ends, m)
        Their statistics.
    null : (n_resamples,)
        The largest increment of any member of any set in each surrogate, at any end.
    """

    members: list[NDArray[np.intp]]
    weakest: list[FloatArray]
    null: FloatArray


def one_variable(
    observed: Problem,
    surrogates: Iterable[Problem],
    v: int,
    orders: tuple[int, int],
    measure: Measure,
    signs: Sequence[float],
    evaluator: Callable[[Problem], Evaluator],
    after: Callable[[int], None],
) -> Done:
    """What one variable adds to every set that holds it, in standard deviations.

    A set without its member keeps all its dependence, so what changes when it is moved is what the member adds. Values
    are standardised by their mean and spread over the data and its surrogates, set by set.

    Parameters
    ----------
    observed : Problem
        Of the data: one dataset.
    surrogates : iterable of Problem
        Their datasets are surrogates in which this variable alone is moved.
    v : int
        The variable; as many as there are is the target, which is a member of every set.
    orders, measure
        What is looked at.
    signs : sequence of float
        -1 and 1: the ends.
    evaluator, after : callable
        Opens a problem; is told of sets that were gone through.

    Returns
    -------
    Done
        Arrays "null" (n_resamples,), the largest increment of any of the sets at any end in each surrogate, and "own",
        that of the data in each of the sets, order after order.
    """
    n = observed.n_variables
    sets = [rows[_holding(rows, v, n)] for rows in _all(n, orders)]
    values, n_sets = [_values(evaluator(observed), sets, measure)], sum(map(len, sets))
    for problem in surrogates:
        values.append(_values(evaluator(problem), sets, measure))
        after(problem.n_datasets * n_sets)
    scores = standardised(np.concatenate(values))
    null = np.max([np.nanmax(sign * scores[1:], axis=1, initial=-np.inf) for sign in signs], axis=0)
    return Done({"null": null, "own": scores[0]}, n_sets * len(null), 0, "members")


def weakest_members(done: Sequence[Done], n: int, orders: tuple[int, int], signs: Sequence[float]) -> MemberTest:
    """A set is as far as its weakest member (an intersection-union test), to be compared with the largest value of any
    set with any member. `done` is of all `n` variables, and of the target if there is one."""
    members = _all(n, orders)
    weakest = [np.full((len(signs), len(rows)), np.inf) for rows in members]
    for v, unit in enumerate(done):
        start = 0
        for some, every in zip(weakest, members, strict=True):
            rows = np.flatnonzero(_holding(every, v, n))
            own = unit.arrays["own"][start : start + len(rows)]
            start += len(rows)
            for e, sign in enumerate(signs):
                some[e, rows] = np.minimum(some[e, rows], sign * np.nan_to_num(own, nan=-sign * np.inf))
    return MemberTest(members, weakest, np.max([unit.arrays["null"] for unit in done], axis=0))


def count_moved(n: int, orders: tuple[int, int], n_resamples: int, target: bool) -> int:
    """Sets that hold a variable, over all variables, and all sets once more for a target.

    Raises
    ------
    HoiError
        If the values of those that change with one of them do not fit in memory, in all surrogates.
    """
    range_of = range(orders[0], orders[1] + 1)
    with_one = sum(combinatorics.count(n - 1, k - 1) for k in range_of)
    every = sum(combinatorics.count(n, k) for k in range_of) if target else 0
    most = max(with_one, every)
    if most * (n_resamples + 1) > _MOST:
        moved = f"{n} variables and the target" if target else f"{n} variables"
        raise HoiError(
            f'null="member" keeps the values of {most:,} sets in {n_resamples:,} surrogates, for each of {moved}: at '
            f"most {_MOST:,} numbers are kept. Take a lower order, fewer variables or fewer resamples."
        )
    return n * with_one + every


def _holding(rows: NDArray[np.intp], v: int, n: int) -> NDArray[np.bool_]:
    """Which sets change where variable v of n moves; with the target, which is number n, all do."""
    return np.full(len(rows), True) if v == n else (rows == v).any(axis=1)


def _all(n: int, orders: tuple[int, int]) -> list[NDArray[np.intp]]:
    """All sets of each order."""
    return [combinatorics.block(n, k, 0, combinatorics.count(n, k)) for k in range(orders[0], orders[1] + 1)]


def _values(evaluator: Evaluator, sets: Sequence[NDArray[np.intp]], measure: Measure) -> FloatArray:
    """Values (n_datasets, all sets) in nats; NaN where a set is singular."""
    parts = []
    for members in sets:
        D, J, L, singular = corrected(evaluator.problem, evaluator.terms(members), members)
        parts.append(np.where(singular, np.nan, measure.value(D, J, L)))
    return np.concatenate(parts, axis=1)
