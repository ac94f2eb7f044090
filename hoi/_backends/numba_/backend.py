"""Units of work on the compiled kernels."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from hoi._backends._blocks import walk_blocks
from hoi._backends._protocol import Floor, Found, Problem, Ranking, Unit
from hoi._backends.numba_.lanes import lane_walk
from hoi._backends.numba_.tail import tail_walk
from hoi.maths import combinatorics
from hoi.maths.terms import Terms, by_elimination, correction

__all__ = ["NumbaBackend"]

# Sets seen before the kernel comes back to Python: 20 to 500 ms of work.
_PART_SETS = 10_000_000
# Sets handed over before the kernel comes back: few at first, when every set is one of the best so far.
_FIRST_FOUND, _MOST_FOUND = 512, 1 << 16
# Nats by which the kernel's values may differ from the reference path's, for each member of the set.
_MARGIN = 1e-9
# Largest logarithm of a threshold: beyond it, sets are handed over rather than lost.
_LARGEST_LOG = 690.0
# From this order on, and up to this many variables for each member, lanes over prefixes beat lanes over the last
# variable (benchmarks/README.md has the crossover).
_LANES_ORDER, _LANES_WIDTH = 6, 12
# First halves listed at once: many lanes that end at the same variable, little memory.
_HALVES = 1 << 15


class NumbaBackend:
    """Amortised sweep in compiled code: O(order) operations a set."""

    name = "numba"
    parallel = True

    def ready(self, problem: Problem, order: int, ranking: Ranking) -> None:
        """Load or compile the kernel for sets of this order."""
        if _compiled(problem, order, ranking):
            kernel = lane_walk if _use_lanes(problem.n_variables, order) else tail_walk
            kernel(_rows(order, ranking))

    def terms(self, problem: Problem, dataset: int, members: NDArray[np.intp]) -> Terms:
        return by_elimination(problem.matrix[dataset], members, problem.blocks)

    def walk(
        self, problem: Problem, unit: Unit, ranking: Ranking, floor: Callable[[], Floor]
    ) -> Iterator[Found]:
        if not _compiled(problem, unit.order, ranking):
            return walk_blocks(problem, unit)
        walk = _walk_lanes if _use_lanes(problem.n_variables, unit.order) else _walk_tail
        return walk(problem, unit, ranking, floor)


def _compiled(problem: Problem, order: int, ranking: Ranking) -> bool:
    """Whether there is a kernel: not for groups and pairs, nor for a measure with unusual coefficients."""
    a, b, e, _ = _exponents(ranking)
    return not problem.grouped and order >= 3 and a >= 0 and b in (0, 1) and abs(e) <= 1


def _exponents(ranking: Ranking) -> tuple[int, int, int, int]:
    """(a, b, e, sign) of the score ``det^a * prod(p)^b = exp(2 * sign * value)``, bias correction aside.

    With S the set without its last member, and s the variance of that member given S, ``det = det_S * s``, and the
    product over the members of S has a further factor 1/s, that of the last one: hence s has the exponent e = a - b.
    """
    sign = -1 if (ranking.j or ranking.l) < 0 else 1
    a, b = sign * ranking.j, sign * ranking.l
    return a, b, a - b, sign


def _use_lanes(n: int, order: int) -> bool:
    return order >= _LANES_ORDER and n < _LANES_WIDTH * order


def _rows(order: int, ranking: Ranking) -> int:
    """Rows a kernel is compiled for: few kernels serve all orders, and few rows are idle."""
    rows = order - 2
    if ranking.l == 0:
        return 0
    if rows <= 4:
        return rows
    return rows + rows % 2 if rows <= 8 else -(-rows // 4) * 4


class _Score:
    """How a kernel compares sets, and the scores that matter."""

    def __init__(self, problem: Problem, order: int, ranking: Ranking) -> None:
        a, _, e, self.sign = _exponents(ranking)
        self.power = float(a), float(e == 1), float(e == -1), float(e == 0)
        D, J, L = correction(np.ones((1, order), dtype=np.intp), problem.bias)
        self.shift = 0.5 * float((ranking.d * D + ranking.j * J + ranking.l * L)[0])
        self.margin = order * _MARGIN

    def bounds(self, floor: Floor) -> tuple[float, float]:
        """Scores between which a set is of no interest."""
        ends = [
            self.sign * 2 * (floor.low + self.margin - self.shift),
            self.sign * 2 * (floor.high - self.margin - self.shift),
        ]
        low, high = ends if self.sign > 0 else ends[::-1]
        return _exp(low, beyond=np.inf), _exp(high, beyond=0.0)


def _exp(log_score: float, beyond: float) -> float:
    """A threshold from its logarithm. Out of range, one end means that no score is of interest (0 as an upper bound,
    inf as a lower one), the other that every score is (`beyond`)."""
    if -_LARGEST_LOG < log_score < _LARGEST_LOG:
        return float(np.exp(log_score))
    if beyond == np.inf:
        return np.inf if log_score > 0 else 0.0
    return np.inf if log_score > 0 else -np.inf


class _Output:
    """Room for what a kernel finds; it grows while the kernel fills it."""

    def __init__(self, n: int, order: int) -> None:
        self._order = order
        self._grow(max(_FIRST_FOUND, 32 * n))

    def _grow(self, room: int) -> None:
        self.arrays = np.empty((room, self._order), dtype=np.int64), np.empty(room), np.empty(room)

    def take(self, found: int, evaluated: int, skipped: int) -> Found:
        """What was found, as arrays of its own."""
        members, J, L = (array[:found].copy() for array in self.arrays)
        if 2 * found > len(self.arrays[1]) and len(self.arrays[1]) < _MOST_FOUND:
            self._grow(2 * len(self.arrays[1]))
        return Found(members, J, L, evaluated, skipped)


def _walk_tail(
    problem: Problem, unit: Unit, ranking: Ranking, floor: Callable[[], Floor]
) -> Iterator[Found]:
    """Lanes over the last variable; each call of the kernel sees the floor as it is then."""
    n, k = problem.n_variables, unit.order
    left = unit.stop - unit.start
    walk, score = tail_walk(_rows(k, ranking)), _Score(problem, k, ranking)
    R = problem.matrix[unit.dataset]
    cursor = np.array(combinatorics.unrank(unit.start, n - 2, k - 2), dtype=np.int64)
    x = cursor[-1] + 1
    output = _Output(n, k)
    while left:
        found, evaluated, skipped, done, x = walk(
            R, score.power, cursor, x, left, _PART_SETS, *score.bounds(floor()), *output.arrays
        )
        left -= done
        yield output.take(found, evaluated, skipped)


def _walk_lanes(
    problem: Problem, unit: Unit, ranking: Ranking, floor: Callable[[], Floor]
) -> Iterator[Found]:
    """Lanes over the first halves of sets, side by side where they end at the same variable."""
    n, k = problem.n_variables, unit.order
    half = k // 2
    walk, score = lane_walk(_rows(k, ranking)), _Score(problem, k, ranking)
    R = problem.matrix[unit.dataset]
    output = _Output(n, k)
    first, last = (_half_at(position, n, k) for position in (unit.start, unit.stop))
    for start in range(first, last, _HALVES):
        halves = combinatorics.block(n - (k - half), half, start, min(start + _HALVES, last))
        halves = np.ascontiguousarray(halves[np.argsort(halves[:, -1], kind="stable")])
        rest = k - half - 2
        state = np.array([0, rest, *range(rest)], dtype=np.int64)
        while state[0] < len(halves):
            found, evaluated, skipped = walk(
                R, score.power, halves, k, state, _PART_SETS, *score.bounds(floor()), *output.arrays
            )
            yield output.take(found, evaluated, skipped)


def _half_at(prefix_position: int, n: int, k: int) -> int:
    """Position, among all first halves, of the first one that begins at or behind a prefix of a unit.

    A half belongs to the unit it begins in, with all its sets, though they may reach into the next one: units tile an
    order all the same.
    """
    half = k // 2
    room = n - (k - half)  # a first half leaves room for the rest
    if prefix_position == combinatorics.count(n - 2, k - 2):
        return combinatorics.count(room, half)
    prefix = combinatorics.unrank(prefix_position, n - 2, k - 2)
    begins = prefix[half - 1 :] == tuple(range(prefix[half - 1], prefix[half - 1] + k - 1 - half))
    return combinatorics.rank(prefix[:half], room) + (not begins)
