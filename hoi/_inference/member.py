"""The member null: every set against surrogates in which one of its members alone is moved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoi._backends.protocol import Evaluator, Problem
from hoi._errors import HoiError
from hoi._inference.maximum import standardised
from hoi._maths import combinatorics
from hoi._measures.registry import Measure
from hoi._search.exhaustive import corrected
from hoi._typing import FloatArray

__all__ = ["MemberTest", "member_test"]

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


def member_test(
    observed: Problem,
    surrogates: Callable[[int], Iterable[Problem]],
    n_resamples: int,
    orders: tuple[int, int],
    measure: Measure,
    signs: Sequence[float],
    evaluator: Callable[[Problem], Evaluator],
    after: Callable[[int], None],
) -> MemberTest:
    """Move one variable after the other and compare all sets that hold it.

    A set without its member keeps all its dependence, so what changes is what the member adds. Values are standardised
    by their mean and spread over the data and its surrogates, set by set. A set is as far as its weakest member (an
    intersection-union test), and compared with the largest value of any set with any member.

    Parameters
    ----------
    observed : Problem
        Of the data: one dataset.
    surrogates : callable
        Gives problems whose datasets are surrogates in which this variable alone is moved.
    n_resamples : int
        Surrogates of each variable.
    orders, measure
        What is looked at.
    signs : sequence of float
        -1 and 1: the ends.
    evaluator, after : callable
        Opens a problem; is told of sets that were gone through.

    Raises
    ------
    HoiError
        If the values to be held do not fit in memory.
    """
    n = observed.n_variables
    range_of = range(orders[0], orders[1] + 1)
    with_one = sum(combinatorics.count(n - 1, k - 1) for k in range_of)
    if with_one * (n_resamples + 1) > _MOST:
        raise HoiError(
            f'null="member" keeps the values of {with_one:,} sets in {n_resamples:,} surrogates, for each of {n} '
            f"variables: at most {_MOST:,} numbers are kept. Take a lower order, fewer variables or fewer resamples."
        )
    members = [combinatorics.block(n, k, 0, combinatorics.count(n, k)) for k in range_of]
    weakest = [np.full((len(signs), len(rows)), np.inf) for rows in members]
    null = np.full(n_resamples, -np.inf)
    for v in range(n):
        chosen = [np.flatnonzero((rows == v).any(axis=1)) for rows in members]
        sets = [rows[some] for rows, some in zip(members, chosen, strict=True)]
        values = [_values(evaluator(observed), sets, measure)]
        for problem in surrogates(v):
            values.append(_values(evaluator(problem), sets, measure))
            after(problem.n_datasets * with_one)
        scores = standardised(np.concatenate(values))
        for sign in signs:
            np.maximum(null, np.nanmax(sign * scores[1:], axis=1, initial=-np.inf), out=null)
        start = 0
        for some, rows in zip(weakest, chosen, strict=True):
            own = scores[0, start : start + len(rows)]
            start += len(rows)
            for e, sign in enumerate(signs):
                some[e, rows] = np.minimum(some[e, rows], sign * np.nan_to_num(own, nan=-sign * np.inf))
    return MemberTest(members, weakest, null)


def _values(evaluator: Evaluator, sets: Sequence[NDArray[np.intp]], measure: Measure) -> FloatArray:
    """Values (n_datasets, all sets) in nats; NaN where a set is singular."""
    parts = []
    for members in sets:
        D, J, L, singular = corrected(evaluator.problem, evaluator.terms(members), members)
        parts.append(np.where(singular, np.nan, measure.value(D, J, L)))
    return np.concatenate(parts, axis=1)
