"""How the kernels compare sets: by a product, against thresholds that leave room for rounding.

The value of a set is half the logarithm of its score, but for a sign and a constant. A kernel computes scores, and
hands a set over unless its score is safely between two thresholds, or unless the set is too close to a singular one
for its score to be trusted. Both rest on one bound. With unit diagonal, elimination of k variables is exact for a
matrix that differs from R_S by at most k (k + 1) u in norm, u the unit roundoff (Higham, Accuracy and Stability of
Numerical Algorithms, theorem 10.3). An entry (R_S^-1)_ii changes by at most that, relative to its size, times
1 / lambda, lambda the smallest eigenvalue of R_S; log det R_S by at most k times as much. In a value at most two
determinants and k such entries are added up and halved: 0.75 k^2 (k + 1) eps / lambda, of which `trust` takes four
times as much. With other coefficients there are `weight` times as many.

Two things bound 1 / lambda. Where the smallest eigenvalue of the whole matrix is known to be above a limit, so is
that of every part of it (interlacing), and nothing has to be watched. Otherwise the kernels watch the trace of the
inverse: for a set S + y with s the variance of y given S it is at most T + (T + 1) / s, T the trace for S.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd
from typing import NamedTuple

import numpy as np

from hoi._backends.protocol import Floor, Problem, Ranking
from hoi._maths.terms import correction
from hoi._typing import FloatArray

__all__ = ["EPS", "LEAST", "MOST", "Exponents", "Score", "Trust", "exponents", "lower_bound", "trust", "weight"]

# Lower bounds of the smallest eigenvalue that are tried, one after the other.
_BOUNDS = (1e-2, 1e-4, 1e-6, 1e-8)
# Nats for each member: the least margin (values this close are equal in the merge), and the most, which the engine
# allows for when it compares terms that a backend found.
LEAST, MOST = 1e-9, 1e-4
# Largest logarithm of a threshold: sets beyond it are handed over.
_LARGEST_LOG = 690.0
EPS = float(np.finfo(np.float64).eps)


class Exponents(NamedTuple):
    """Of the score ``det^a * prod(p)^b = exp(factor * value)``, bias correction aside, without common divisors; b is
    not negative.

    With S the set without its last member, and s the variance of that member given S, ``det = det_S * s``, and the
    product over the members of S has a further factor 1/s, that of the last one: hence s has the exponent e = a - b.
    """

    a: int
    b: int
    e: int
    factor: float

    @property
    def plain(self) -> bool:
        """Whether they are those of the common measures, for which kernels multiply without loops over exponents."""
        return self.b in (0, 1) and self.a in (0, 1, 2) and abs(self.e) <= 1

    @property
    def power(self) -> tuple[float, float, float, float]:
        """As the kernels take them: (a, e, b, 0), or if they are plain (a, e == 1, e == -1, e == 0)."""
        if self.plain:
            return float(self.a), float(self.e == 1), float(self.e == -1), float(self.e == 0)
        return float(self.a), float(self.e), float(self.b), 0.0


def exponents(ranking: Ranking) -> Exponents:
    """Those that sets are compared by for a measure of any integer coefficients."""
    divisor = gcd(ranking.j, ranking.l) or 1
    sign = -1 if (ranking.l or ranking.j) < 0 else 1
    a, b = sign * ranking.j // divisor, sign * ranking.l // divisor
    return Exponents(a, b, a - b, sign * 2 / divisor)


def weight(ranking: Ranking) -> float:
    """How much of the rounding of terms comes into a value, over what is counted for the common measures."""
    return max(1.0, (abs(ranking.j) + abs(ranking.l)) / 3)


def lower_bound(R: FloatArray) -> float:
    """A bound that every eigenvalue of `R` is above; 0 if none of those tried is."""
    for bound in _BOUNDS:
        try:
            np.linalg.cholesky(R - bound * np.eye(len(R)))
        except np.linalg.LinAlgError:
            continue
        return bound
    return 0.0


class Trust(NamedTuple):
    """How far scores can be trusted: to `margin` nats in a value, as long as the trace of the inverse is no more than
    `largest`; infinite where that needs no watching."""

    margin: float
    largest: float


def trust(order: int, bound: float, weight: float = 1.0) -> Trust:
    """For a matrix whose eigenvalues are above `bound`; 0 if that is not known."""
    rounding = 3 * EPS * order**3 * weight
    if bound > 0 and rounding / bound <= order * MOST:
        return Trust(max(order * LEAST * weight, rounding / bound), np.inf)
    largest = min(1 / _BOUNDS[-1], order * MOST / rounding)
    return Trust(max(order * LEAST * weight, rounding * largest), largest)


class Score:
    """The exponents of a kernel's scores, and the thresholds that matter for sets of each order.

    Parameters
    ----------
    margin : sequence of float
        For each order, nats by which the values that the kernel's scores stand for may be off.
    offset : float
        Logarithm of a constant factor that the kernel's scores lack.
    """

    def __init__(
        self, problem: Problem, orders: Sequence[int], ranking: Ranking, margin: Sequence[float], offset: float = 0.0
    ) -> None:
        self.exponents = exponents(ranking)
        self.power = self.exponents.power
        terms = [np.concatenate(correction(np.ones((1, k), dtype=np.intp), problem.bias)) for k in orders]
        self.shift = 0.5 * (np.array(terms) @ ranking[:3])
        self.margin = np.array(margin)
        self._offset = offset

    def bounds(self, floors: Sequence[Floor]) -> tuple[FloatArray, FloatArray]:
        """Scores between which a set is of no interest: 0 and infinity where an end is not wanted at all."""
        low, high = np.array(floors).T
        factor = self.exponents.factor
        ends = [
            factor * (low + self.margin - self.shift) - self._offset,
            factor * (high - self.margin - self.shift) - self._offset,
        ]
        low, high = ends if factor > 0 else ends[::-1]
        low_scores, high_scores = np.exp(np.maximum(np.minimum([low, high], _LARGEST_LOG), -_LARGEST_LOG))
        # nothing is below 0; what is beyond the range of logarithms is below the least, or above the largest
        low_scores[low == -np.inf], low_scores[low >= _LARGEST_LOG] = 0.0, np.inf
        high_scores[high == np.inf], high_scores[high <= -_LARGEST_LOG] = np.inf, -np.inf
        return low_scores, high_scores

    def between(self, floor: Floor) -> tuple[float, float]:
        """The same for sets of one order."""
        low, high = self.bounds([floor])
        return float(low[0]), float(high[0])
