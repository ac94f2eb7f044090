"""How the compiled walks are fed: their cursors, thresholds that follow the floor, room for what they find, parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hoi._backends.blocks import first_beginning, set_position
from hoi._backends.numba_.complement import Inverse, complement_walk
from hoi._backends.numba_.lanes import lane_walk
from hoi._backends.numba_.score import Score, exponents, trust, weight
from hoi._backends.numba_.subsets import IN_LANE, SubsetPlan, subset_walk
from hoi._backends.numba_.tail import tail_walk
from hoi._backends.protocol import Floor, Found, Problem, Ranking, Unit
from hoi._maths import combinatorics
from hoi._maths.terms import SINGULAR, least_variance
from hoi._typing import FloatArray

__all__ = [
    "Output",
    "compiled_rows",
    "feed_complements",
    "feed_lanes",
    "feed_subsets",
    "feed_tail",
    "plan_and_score",
]

# Sets seen before the kernel comes back to Python: 20 to 500 ms of work.
_PART_SETS = 10_000_000
_PART_POSITIONS = _PART_SETS // 64
# Sets handed over before the kernel comes back: few at first, when every set is one of the best so far.
_FIRST_FOUND, _MOST_FOUND = 512, 1 << 16
# First halves listed at once: many lanes that end at the same variable, little memory.
_HALVES = 1 << 15


def compiled_rows(order: int, ranking: Ranking) -> int:
    """Rows a kernel is compiled for: few kernels serve all orders, and few rows are idle."""
    rows = order - 2
    if ranking.l == 0:
        return 0
    if rows <= 4:
        return rows
    return rows + rows % 2 if rows <= 8 else -(-rows // 4) * 4


class Output:
    """Room for what a kernel finds: its members, as rows of `shape`, and terms. It grows while the kernel fills it."""

    def __init__(self, dataset: int, n: int, *shape: int) -> None:
        self._dataset, self._shape = dataset, shape
        self._grow(max(_FIRST_FOUND, 32 * n))

    def _grow(self, room: int) -> None:
        members = np.empty((room, *self._shape), dtype=np.intp)
        self.arrays: tuple[NDArray[Any], ...] = members, np.empty(room), np.empty(room)

    def take(self, found: int, evaluated: int, skipped: int, margin: float | None = None) -> Found:
        """What was found, as arrays of its own."""
        members, J, L = (array[:found].copy() for array in self.arrays)
        if 2 * found > len(self.arrays[1]) and len(self.arrays[1]) < _MOST_FOUND:
            self._grow(2 * len(self.arrays[1]))
        return Found(np.full(found, self._dataset), members, J, L, evaluated, skipped, margin)


def _nothing(order: int, evaluated: int, skipped: int) -> Found:
    """Counts alone."""
    none = np.empty(0)
    return Found(none.astype(np.intp), np.empty((0, order), dtype=np.intp), none, none, evaluated, skipped)


def feed_tail(
    problem: Problem, unit: Unit, rows: int, score: Score, largest: float, floor: Callable[[], Floor],
    matrix: FloatArray,
) -> Iterator[Found]:
    """Lanes over the last variable; each call of the kernel sees the floor as it is then."""
    n, k = problem.n_variables, unit.order
    left = unit.stop - unit.start
    walk, margin = tail_walk(rows, score.exponents.plain), float(score.margin[0])
    cursor = np.array(combinatorics.unrank(unit.start, n - 2, k - 2), dtype=np.int64)
    x = cursor[-1] + 1
    output = Output(unit.dataset, n, k)
    while left:
        found, evaluated, skipped, done, x = walk(
            matrix, score.power, largest, cursor, x, left, _PART_SETS, *score.between(floor()), *output.arrays
        )
        left -= done
        yield output.take(found, evaluated, skipped, margin)


def feed_lanes(
    problem: Problem, unit: Unit, rows: int, score: Score, largest: float, floor: Callable[[], Floor]
) -> Iterator[Found]:
    """Lanes over the first halves of sets, side by side where they end at the same variable."""
    n, k = problem.n_variables, unit.order
    half = k // 2
    rest = k - half
    walk, margin = lane_walk(rows, score.exponents.plain), float(score.margin[0])
    R = problem.matrix[unit.dataset]
    output = Output(unit.dataset, n, k)
    for halves in _halves(unit, n, half):
        if largest < np.inf:
            # with room for rounding: what is close to the limit goes on, and the reference path decides
            singular = ~(least_variance(R, halves, problem.blocks) > SINGULAR / 2)
            skipped = sum(comb(n - 1 - end, rest) for end in halves[singular, -1].tolist())
            halves = halves[~singular]
            yield _nothing(k, 0, skipped)
        state = np.array([0, rest - 2, *range(rest - 2)], dtype=np.int64)
        while state[0] < len(halves):
            found, evaluated, skipped = walk(
                R, score.power, largest, halves, k, state, _PART_SETS, *score.between(floor()), *output.arrays
            )
            yield output.take(found, evaluated, skipped, margin)


def _halves(unit: Unit, n: int, half: int) -> Iterator[NDArray[np.intp]]:
    """The first halves of sets that are a unit's share, by their last members: those side by side have the same.

    They are not the halves of the sets between the unit's ends, which differ in their last members; only the number
    of sets is the same, as nearly as halves allow. Shares tile an order as units do.
    """
    rest = unit.order - half
    first, last = (_half_after(set_position(unit.order, p, n), n, half, rest) for p in (unit.start, unit.stop))
    for start in range(first, last, _HALVES):
        stop = min(start + _HALVES, last)
        parts = []
        for end in range(half - 1, n - rest):
            before = comb(end, half)
            low, high = max(start - before, 0), min(stop, comb(end + 1, half)) - before
            if low < high:
                rows = combinatorics.block(end, half - 1, low, high)
                parts.append(np.column_stack([rows, np.full(len(rows), end)]))
        yield np.concatenate(parts)


def _half_after(sets: int, n: int, half: int, rest: int) -> int:
    """Position of the first half, by last members, with at least that many sets before it."""
    for end in range(half - 1, n - rest):
        behind = comb(n - 1 - end, rest)
        if sets <= comb(end, half - 1) * behind:
            return comb(end, half) - (-sets // behind)
        sets -= comb(end, half - 1) * behind
    return comb(n - rest, half)


def feed_complements(
    problem: Problem, unit: Unit, ranking: Ranking, floor: Callable[[], Floor], inverse: Inverse
) -> Iterator[Found]:
    """Lanes over all variables, for the complements of the sets; these have the opposite order."""
    n, k = problem.n_variables, unit.order
    a, b, e, _ = exponents(ranking)
    log_diagonal = np.log(inverse.diagonal)
    offset = a * inverse.logdet + b * float(log_diagonal.sum())
    margin = k * inverse.margin * weight(ranking)
    walk, score = complement_walk(), Score(problem, [k], ranking, [margin], offset)
    factors = inverse.diagonal ** float(e)
    output = Output(unit.dataset, n, n - k)
    total = combinatorics.count(n, k)
    last, first = (
        first_beginning(n - k - 1, n - k, total - set_position(k, position, n), n)
        for position in (unit.start, unit.stop)
    )
    if first == last:
        return
    cursor = np.array(combinatorics.unrank(first, n - 1, n - k - 1), dtype=np.int64)
    y = cursor[-1] + 1 if len(cursor) else 0
    while first < last:
        found, evaluated, done, y = walk(
            inverse.scaled, factors, (a, b, e), cursor, y, last - first, _PART_SETS,
            *score.between(floor()), *output.arrays,
        )
        first += done
        part = output.take(found, evaluated, 0)
        inside = np.ones((found, n), dtype=bool)
        np.put_along_axis(inside, part.members, False, axis=1)
        left_out = log_diagonal[part.members].sum(axis=1)
        yield part._replace(
            members=np.nonzero(inside)[1].reshape(found, k),
            J=inverse.logdet + left_out + part.J,
            L=log_diagonal.sum() - left_out + part.L,
            margin=margin,
        )


def plan_and_score(
    problem: Problem, bound: float, low: int, high: int, ranking: Ranking
) -> tuple[SubsetPlan, Score]:
    """Of a walk over several orders at once; eigenvalues are above `bound`."""
    orders = range(low, high + 1)
    score = Score(problem, orders, ranking, [trust(k, bound, weight(ranking)).margin for k in orders])
    return SubsetPlan(problem.n_variables, low, high), score


def feed_subsets(
    problem: Problem, unit: Unit, floor: Callable[[int], Floor], plan: SubsetPlan, score: Score
) -> Iterator[Found]:
    """All orders at once; a part for each order that something was found of."""
    walk, orders = subset_walk(), range(plan.low, plan.high + 1)
    a, b, _, _ = score.exponents
    path = np.zeros(plan.n, dtype=np.int64)
    start = plan.path(unit.start)
    path[: len(start)] = start
    at, on_path = unit.start, len(start)
    output = Output(unit.dataset, plan.n)
    while at < unit.stop:
        low, high = score.bounds([floor(k) for k in orders])
        found, evaluated, at, on_path = walk(
            problem.matrix[unit.dataset], float(a), b == 1, IN_LANE, (plan.low, plan.high), plan.sets,
            path, on_path, at, min(at + _PART_POSITIONS, unit.stop),
            plan.by_order(low, 0.0), plan.by_order(high, np.inf), *output.arrays,
        )
        dataset, masks, J, L = output.take(found, evaluated, 0)[:4]
        yield _nothing(plan.low, evaluated, 0)
        for rows, members in plan.members(masks, a * J + b * L):
            margin = float(score.margin[members.shape[1] - plan.low])
            yield Found(dataset[rows], members, J[rows], L[rows], 0, 0, margin)
