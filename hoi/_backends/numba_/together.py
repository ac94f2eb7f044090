"""Datasets of few sets: walked one after the other with thresholds of their own, handed over many at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from hoi._backends.numba_.score import Score, trust, weight
from hoi._backends.numba_.tail import tail_walk
from hoi._backends.numba_.vectors import padded
from hoi._backends.protocol import Floor, Found, Problem, Ranking, Unit
from hoi._maths import combinatorics
from hoi._typing import FloatArray

__all__ = ["walk_together"]

# Sets of a dataset that are walked before there is a threshold, and how many times as many before the next one.
_FIRST, _GROWTH = 256, 8
# Sets handed over, and sets seen, in a part.
_MOST_FOUND, _PART_SETS = 1 << 16, 10_000_000


def walk_together(
    problem: Problem, unit: Unit, ranking: Ranking, rows: int, floor: Callable[..., Floor]
) -> Iterator[Found]:
    """All sets of an order of several datasets, with lanes over the last variable.

    Nothing is computed of a matrix beforehand: without a bound on its eigenvalues the walk watches the trace of each
    set's inverse.
    """
    one = _Dataset(problem, unit, ranking, rows)
    parts: list[Found] = []
    rows_found = 0
    for dataset in range(unit.dataset, unit.dataset + unit.n_datasets):
        parts.append(one.walk(problem.matrix[dataset], dataset, floor(dataset=dataset)))
        rows_found += len(parts[-1].J)
        if len(parts) * one.total > _PART_SETS or rows_found > _MOST_FOUND:
            yield _joined(parts)
            parts, rows_found = [], 0
    if parts:
        yield _joined(parts)


def _joined(parts: list[Found]) -> Found:
    dataset, members, J, L = (np.concatenate(arrays) for arrays in list(zip(*parts, strict=True))[:4])
    evaluated, skipped = (sum(counts) for counts in list(zip(*parts, strict=True))[4:6])
    return Found(dataset, members, J, L, evaluated, skipped, parts[0].margin)


class _Dataset:
    """The walk through one dataset, and the room that all share."""

    def __init__(self, problem: Problem, unit: Unit, ranking: Ranking, rows: int) -> None:
        self.n, self.k = problem.n_variables, unit.order
        self.prefixes = unit.stop
        self.total = combinatorics.count(self.n, self.k)
        self.ranking = ranking
        self.margin, self.largest = trust(self.k, 0.0, weight(ranking))
        self.score = Score(problem, [self.k], ranking, [self.margin])
        self.kernel = tail_walk(rows, self.score.exponents.plain)
        room = self.total + self.n  # a kernel stops where less is left than a tail may take
        self.output: tuple[NDArray[np.intp], FloatArray, FloatArray]
        self.output = np.empty((room, self.k), dtype=np.intp), np.empty(room), np.empty(room)

    def walk(self, R: FloatArray, dataset: int, floor: Floor) -> Found:
        """The sets that may come in; the n best of those seen so far raise the floor as it goes on."""
        matrix, left = padded(R), self.prefixes
        cursor = np.arange(self.k - 2)
        x = self.k - 2
        found = evaluated = skipped = 0
        step = _FIRST
        while left:
            rest = tuple(array[found:] for array in self.output)
            new, seen, singular, done, x = self.kernel(
                matrix, self.score.power, self.largest, cursor, x, left, step, *self.score.between(floor), *rest
            )
            found, floor = self._select(found + new, floor)
            evaluated, skipped, left = evaluated + seen, skipped + singular, left - done
            step *= _GROWTH
        members, J, L = (array[:found].copy() for array in self.output)
        return Found(np.full(found, dataset), members, J, L, evaluated, skipped, self.margin)

    def _select(self, found: int, floor: Floor) -> tuple[int, Floor]:
        """Leave the sets that can be among the n best of those found, and those without terms; raise the floor."""
        n_best = self.ranking.n_best
        if n_best is None or found <= n_best:
            return found, floor
        _, J, L = (array[:found] for array in self.output)
        values = 0.5 * (self.ranking.j * J + self.ranking.l * L) + float(self.score.shift[0])
        known = values[~np.isnan(values)]
        low, high = floor
        if len(known) > n_best:
            known.partition((n_best - 1, len(known) - n_best))
            low = min(low, float(known[n_best - 1]) + self.margin)
            high = max(high, float(known[-n_best]) - self.margin)
        keep = np.flatnonzero(~((values > low + self.margin) & (values < high - self.margin)))
        for array in self.output:
            array[: len(keep)] = array[keep]
        return len(keep), Floor(low, high)
