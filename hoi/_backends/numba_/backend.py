"""Units of work on the compiled kernels."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable, Iterator
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hoi._backends.blocks import first_beginning, reference_terms, set_position, walk_blocks
from hoi._backends.numba_.complement import Inverse, complement_walk, invert
from hoi._backends.numba_.groups import determinants, group_trust, group_walk, padded_bias, places, spread
from hoi._backends.numba_.lanes import lane_walk
from hoi._backends.numba_.score import Score, exponents, lower_bound, trust
from hoi._backends.numba_.subsets import IN_LANE, SubsetPlan, eigenvalue_bound, subset_walk
from hoi._backends.numba_.tail import tail_walk
from hoi._backends.numba_.together import walk_together
from hoi._backends.numba_.vectors import padded
from hoi._backends.protocol import UNRANKED, Floor, Found, Problem, Ranking, Unit
from hoi._maths import combinatorics
from hoi._maths.blas import one_thread
from hoi._maths.terms import Terms, by_elimination, correction
from hoi._typing import FloatArray

__all__ = ["NumbaBackend"]

# Sets seen before the kernel comes back to Python: 20 to 500 ms of work.
_PART_SETS = 10_000_000
_PART_POSITIONS = _PART_SETS // 64
_PART_GROUPS = _PART_SETS // 20
# Sets handed over before the kernel comes back: few at first, when every set is one of the best so far.
_FIRST_FOUND, _MOST_FOUND = 512, 1 << 16
# From this order on, lanes over prefixes beat lanes over the last variable as long as their state fits into the nearest
# cache: up to this many variables times members (benchmarks/README.md has the crossover).
_LANES_ORDER, _LANES_STATE = 5, 1000
# Sets of two thirds of the variables and more are cheaper to find by what they leave out.
_COMPLEMENT_SHARE = 2 / 3
# First halves listed at once: many lanes that end at the same variable, little memory.
_HALVES = 1 << 15
# Sets of a dataset up to which a walk of its own costs more than it saves; of groups, which then go by elimination.
_TOGETHER, _TOGETHER_GROUPED = 1 << 15, 1 << 11
# Log-determinants of groups in a table: 32 MB; covariances between groups, of which there are some for each member.
_MOST_TABLE, _MOST_COVARIANCES = 1 << 22, 1 << 19


class NumbaBackend:
    """Amortised sweep in compiled code: O(order) operations a set."""

    name = "numba"
    parallel = True

    def __init__(self) -> None:
        self._held: tuple[weakref.ref[Problem], dict[Hashable, Any]] | None = None
        self._table: tuple[weakref.ref[Problem], tuple[int, int], FloatArray] | None = None

    def ready(self, problem: Problem, order: int, ranking: Ranking) -> None:
        """Load or compile the kernel for sets of this order."""
        if _use_groups(problem, order, ranking):
            group_walk()
        if not _compiled(problem, order, ranking):
            return
        if self._shared_units(problem, order, order):
            tail_walk(_rows(order, ranking))
            return
        direct = [self._inverse(problem, dataset, order) is None for dataset in range(problem.n_datasets)]
        if not all(direct):
            complement_walk()
        if any(direct):
            for dataset in range(problem.n_datasets):
                self._known(problem, lower_bound, dataset)  # before threads start, which would each do it
            kernel = lane_walk if _use_lanes(problem.n_variables, order) else tail_walk
            kernel(_rows(order, ranking))

    def joint(self, problem: Problem, orders: tuple[int, int], ranking: Ranking) -> int:
        """Positions of the walk over all these orders at once; load or compile it. 0 where it does not pay."""
        plan = SubsetPlan(problem.n_variables, *orders)
        if orders[0] == orders[1] or not _compiled(problem, orders[1], ranking) or not plan.positions:
            return 0
        if self._shared_units(problem, *orders):
            return 0
        for dataset in range(problem.n_datasets):
            if not self._known(problem, eigenvalue_bound, dataset):
                return 0
        subset_walk()
        return plan.positions

    def together(self, problem: Problem) -> int:
        """Most sets of a dataset that shares units with others."""
        return _TOGETHER_GROUPED if problem.grouped else _TOGETHER

    def _shared_units(self, problem: Problem, low: int, high: int) -> bool:
        sets = sum(combinatorics.count(problem.n_variables, k) for k in range(low, high + 1))
        return problem.n_datasets > 1 and sets <= self.together(problem)

    def terms(self, problem: Problem, members: NDArray[np.intp]) -> Terms:
        return reference_terms(problem, members)

    def walk(
        self, problem: Problem, unit: Unit, ranking: Ranking, floor: Callable[..., Floor]
    ) -> Iterator[Found]:
        if unit.highest is not None:
            bound = self._known(problem, eigenvalue_bound, unit.dataset)
            plan, score = self._shared(problem, _plan_and_score, bound, unit.order, unit.highest, ranking)
            return _walk_subsets(problem, unit, floor, plan, score)
        if unit.n_datasets > 1:
            if not _compiled(problem, unit.order, ranking):
                return walk_blocks(problem, unit)
            return walk_together(problem, unit, ranking, _rows(unit.order, ranking), floor)
        if _use_groups(problem, unit.order, ranking):
            bound = self._known(problem, lower_bound, unit.dataset)
            table = self._determinants(problem, unit.dataset, unit.order)
            matrix = self._shared(problem, spread, unit.dataset)
            return _walk_groups(problem, unit, ranking, floor, bound, table, matrix)
        if not _compiled(problem, unit.order, ranking):
            return walk_blocks(problem, unit)
        if ranking != UNRANKED:
            inverse = self._inverse(problem, unit.dataset, unit.order)
            if inverse is not None:
                return _walk_complements(problem, unit, ranking, floor, inverse)
        bound = self._known(problem, lower_bound, unit.dataset)
        margin, largest = trust(unit.order, bound)
        score = self._shared(problem, Score, (unit.order,), ranking, (margin,))
        rows = _rows(unit.order, ranking)
        if ranking != UNRANKED and _use_lanes(problem.n_variables, unit.order):
            return _walk_lanes(problem, unit, rows, score, largest, floor)
        matrix = self._known(problem, padded, unit.dataset)
        return _walk_tail(problem, unit, rows, score, largest, floor, matrix)

    def _inverse(self, problem: Problem, dataset: int, order: int) -> Inverse | None:
        """The inverse to walk with, where walking over complements is faster and safe."""
        if not _use_complements(problem.n_variables, order):
            return None
        return self._known(problem, invert, dataset)

    def _known(self, problem: Problem, compute: Callable[[FloatArray], Any], dataset: int) -> Any:
        """What was computed of the matrix of a dataset of the present problem."""
        return self._shared(problem, _of_matrix, compute, dataset)

    def _shared(self, problem: Problem, compute: Callable[..., Any], *arguments: Any) -> Any:
        """What was computed of the present problem; units on several threads share it."""
        held = self._held
        if held is None or held[0]() is not problem:
            held = self._held = weakref.ref(problem), {}
        if (what := (compute, *arguments)) not in held[1]:
            with one_thread():
                held[1][what] = compute(problem, *arguments)
        return held[1][what]

    def _determinants(self, problem: Problem, dataset: int, order: int) -> FloatArray:
        """The table that a walk over groups needs. Units of one dataset and order follow each other: one is held."""
        held = self._table
        if held is None or held[0]() is not problem or held[1] != (dataset, order):
            held = self._table = weakref.ref(problem), (dataset, order), determinants(problem, dataset, order)
        return held[2]


def _of_matrix(problem: Problem, compute: Callable[[FloatArray], Any], dataset: int) -> Any:
    return compute(problem.matrix[dataset])


def _compiled(problem: Problem, order: int, ranking: Ranking) -> bool:
    """Whether there is a kernel for single columns: not for pairs, nor for a measure with unusual coefficients."""
    a, b, e, _ = exponents(ranking)
    return not problem.grouped and order >= 3 and a >= 0 and b in (0, 1) and abs(e) <= 1


def _use_groups(problem: Problem, order: int, ranking: Ranking) -> bool:
    """Whether sets go by a table of log-determinants of their parts: it and the covariances must not take much room."""
    n = problem.n_variables
    if not problem.grouped or ranking == UNRANKED or combinatorics.count(n, order - 1) > _MOST_TABLE:
        return False
    return (n * int(np.diff(problem.blocks).max())) ** 2 <= _MOST_COVARIANCES


def _use_lanes(n: int, order: int) -> bool:
    return order >= _LANES_ORDER and n * order <= _LANES_STATE


def _use_complements(n: int, order: int) -> bool:
    return _COMPLEMENT_SHARE * n <= order < n


def _rows(order: int, ranking: Ranking) -> int:
    """Rows a kernel is compiled for: few kernels serve all orders, and few rows are idle."""
    rows = order - 2
    if ranking.l == 0:
        return 0
    if rows <= 4:
        return rows
    return rows + rows % 2 if rows <= 8 else -(-rows // 4) * 4


class _Output:
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


def _thresholds(score: Score, floor: Callable[[], Floor]) -> tuple[float, float]:
    """Of a score of one order, at the present floor."""
    low, high = score.bounds([floor()])
    return float(low[0]), float(high[0])


def _walk_tail(
    problem: Problem, unit: Unit, rows: int, score: Score, largest: float, floor: Callable[[], Floor],
    matrix: FloatArray,
) -> Iterator[Found]:
    """Lanes over the last variable; each call of the kernel sees the floor as it is then."""
    n, k = problem.n_variables, unit.order
    left = unit.stop - unit.start
    walk, margin = tail_walk(rows), float(score.margin[0])
    cursor = np.array(combinatorics.unrank(unit.start, n - 2, k - 2), dtype=np.int64)
    x = cursor[-1] + 1
    output = _Output(unit.dataset, n, k)
    while left:
        found, evaluated, skipped, done, x = walk(
            matrix, score.power, largest, cursor, x, left, _PART_SETS, *_thresholds(score, floor), *output.arrays
        )
        left -= done
        yield output.take(found, evaluated, skipped, margin)


def _walk_lanes(
    problem: Problem, unit: Unit, rows: int, score: Score, largest: float, floor: Callable[[], Floor]
) -> Iterator[Found]:
    """Lanes over the first halves of sets, side by side where they end at the same variable."""
    n, k = problem.n_variables, unit.order
    half = k // 2
    rest = k - half
    walk, margin = lane_walk(rows), float(score.margin[0])
    R = problem.matrix[unit.dataset]
    output = _Output(unit.dataset, n, k)
    for halves in _halves(unit, n, half):
        if largest < np.inf:
            singular = by_elimination(R, halves, problem.blocks).singular
            skipped = sum(comb(n - 1 - end, rest) for end in halves[singular, -1].tolist())
            halves = halves[~singular]
            yield _nothing(k, 0, skipped)
        state = np.array([0, rest - 2, *range(rest - 2)], dtype=np.int64)
        while state[0] < len(halves):
            found, evaluated, skipped = walk(
                R, score.power, largest, halves, k, state, _PART_SETS, *_thresholds(score, floor), *output.arrays
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


def _walk_complements(
    problem: Problem, unit: Unit, ranking: Ranking, floor: Callable[[], Floor], inverse: Inverse
) -> Iterator[Found]:
    """Lanes over all variables, for the complements of the sets; these have the opposite order."""
    n, k = problem.n_variables, unit.order
    a, b, e, _ = exponents(ranking)
    log_diagonal = np.log(inverse.diagonal)
    offset = a * inverse.logdet + b * float(log_diagonal.sum())
    walk, score = complement_walk(), Score(problem, [k], ranking, [k * inverse.margin], offset)
    weight = inverse.diagonal**e
    output = _Output(unit.dataset, n, n - k)
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
            inverse.scaled, weight, score.power, score.product, cursor, y, last - first, _PART_SETS,
            *_thresholds(score, floor), *output.arrays,
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
            margin=k * inverse.margin,
        )


def _walk_groups(
    problem: Problem, unit: Unit, ranking: Ranking, floor: Callable[[], Floor], bound: float, table: FloatArray,
    matrix: tuple[FloatArray, FloatArray],
) -> Iterator[Found]:
    """Sets of groups of columns, from the log-determinants of those with one member less."""
    n, k = problem.n_variables, unit.order
    sizes = np.diff(problem.blocks)
    margin, least = group_trust(k, int(sizes.max()), bound)
    walk, bias, place = group_walk(), padded_bias(problem, k), places(n, k)
    weights = float(ranking.d), float(ranking.j), float(ranking.l)
    left = unit.stop - unit.start
    cursor = np.array(combinatorics.unrank(unit.start, n - 2, k - 2), dtype=np.int64)
    x = cursor[-1] + 1 if len(cursor) else 0
    output = _Output(unit.dataset, n, k)
    while left:
        low, high = floor()
        found, seen, done, x = walk(
            *matrix, sizes, table, bias, weights, place, cursor, x, left, _PART_GROUPS, np.empty(0),
            least, low + margin, high - margin, *output.arrays,
        )
        left -= done
        part = output.take(found, seen, 0, margin)
        _, J, L = correction(sizes[part.members], problem.bias)
        yield part._replace(J=part.J - J, L=part.L - L)


def _plan_and_score(
    problem: Problem, bound: float, low: int, high: int, ranking: Ranking
) -> tuple[SubsetPlan, Score]:
    """Of a walk over several orders at once; eigenvalues are above `bound`."""
    orders = range(low, high + 1)
    score = Score(problem, orders, ranking, [trust(k, bound).margin for k in orders])
    return SubsetPlan(problem.n_variables, low, high), score


def _walk_subsets(
    problem: Problem, unit: Unit, floor: Callable[[int], Floor], plan: SubsetPlan, score: Score
) -> Iterator[Found]:
    """All orders at once; a part for each order that something was found of."""
    walk, orders = subset_walk(), range(plan.low, plan.high + 1)
    path = np.zeros(plan.n, dtype=np.int64)
    start = plan.path(unit.start)
    path[: len(start)] = start
    at, on_path = unit.start, len(start)
    output = _Output(unit.dataset, plan.n)
    while at < unit.stop:
        low, high = score.bounds([floor(k) for k in orders])
        found, evaluated, at, on_path = walk(
            problem.matrix[unit.dataset], score.power[0], score.product, IN_LANE, (plan.low, plan.high), plan.sets,
            path, on_path, at, min(at + _PART_POSITIONS, unit.stop),
            plan.by_order(low, 0.0), plan.by_order(high, np.inf), *output.arrays,
        )
        dataset, masks, J, L = output.take(found, evaluated, 0)[:4]
        yield _nothing(plan.low, evaluated, 0)
        for rows, members in plan.members(masks, score.power[0] * J + score.product * L):
            margin = float(score.margin[members.shape[1] - plan.low])
            yield Found(dataset[rows], members, J[rows], L[rows], 0, 0, margin)
