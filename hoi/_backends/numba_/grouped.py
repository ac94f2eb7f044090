"""How the walk over sets of groups is fed: for one Gaussian problem, or a weighted sum of several."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from hoi._backends.numba_.feed import Output
from hoi._backends.numba_.groups import (
    GroupSum,
    determinants,
    group_sum,
    group_trust,
    group_walk,
    padded_bias,
)
from hoi._backends.numba_.score import lower_bound, weight
from hoi._backends.protocol import UNRANKED, Floor, Found, Problem, Ranking, Unit
from hoi._maths import combinatorics
from hoi._maths.blas import one_thread
from hoi._typing import FloatArray

__all__ = ["GroupFeed"]

# Sets seen before the kernel comes back to Python.
_PART_GROUPS = 500_000
# Log-determinants of groups in a table: 32 MB; covariances between groups, of which there are some for each member.
_MOST_TABLE, _MOST_COVARIANCES = 1 << 22, 1 << 19
# Datasets whose matrices are held.
_MOST_HELD = 32


class GroupFeed:
    """Sets of groups of columns, from the log-determinants of those with one member less.

    Parameters
    ----------
    problem : Problem
        Whose terms are found.
    ranking : Ranking
    parts : sequence of (float, Problem)
        Gaussian problems of the same groups, whose weighted sum it is.
    constants : (n_datasets, n_variables)
        Twice what h of the problem has for each variable beside the log-determinants of the parts in standard form.
    """

    def __init__(
        self, problem: Problem, ranking: Ranking, parts: Sequence[tuple[float, Problem]], constants: FloatArray
    ) -> None:
        self._problem, self._ranking, self._parts, self._constants = problem, ranking, parts, constants
        self._sums: dict[int, tuple[GroupSum, list[float]]] = {}
        self._table: tuple[tuple[int, int], FloatArray] | None = None

    def serves(self, order: int) -> bool:
        """Whether sets go by a table of log-determinants of their parts: it and the covariances must not take much
        room."""
        n = self._problem.n_variables
        if self._ranking == UNRANKED or combinatorics.count(n, order - 1) > _MOST_TABLE:
            return False
        width = int(np.diff(self._parts[0][1].blocks).max())
        return len(self._parts) * (n * width) ** 2 <= _MOST_COVARIANCES

    def ready(self) -> None:
        """Compile the walk."""
        group_walk()

    def walk(self, unit: Unit, floor: Callable[[], Floor]) -> Iterator[Found]:
        """All sets of a unit that reach the floor."""
        n, k, ranking = self._problem.n_variables, unit.order, self._ranking
        summed, bounds = self._sum(unit.dataset)
        width = int(summed.sizes.max())
        trusts = [group_trust(k, width, bound) for bound in bounds]
        margin = weight(ranking) * float(np.abs(summed.shares) @ [trust.margin for trust in trusts])
        least = np.array([trust.least for trust in trusts])
        table, bias, place = self._determinants(unit.dataset, k), padded_bias(summed, k), combinatorics.table(n, k)
        constants = self._constants[unit.dataset]
        alone = bias[summed.sizes]
        # what the constants are in J they are in D too, and are not in L
        single = ranking.d * alone + (ranking.d + ranking.j - ranking.l) * constants
        walk, weights = group_walk(), (float(ranking.j), float(ranking.l))
        left = unit.stop - unit.start
        cursor = np.array(combinatorics.unrank(unit.start, n - 2, k - 2), dtype=np.int64)
        x = cursor[-1] + 1 if len(cursor) else 0
        output = Output(unit.dataset, n, k)
        while left:
            low, high = floor()
            found, seen, done, x = walk(
                summed.between, summed.within, summed.shares, summed.sizes, table, bias, single, weights, place, cursor,
                x, left, _PART_GROUPS, np.empty(0), least, low + margin, high - margin, *output.arrays,
            )
            left -= done
            part = output.take(found, seen, 0, margin)
            D, J, L = self._problem.correction(part.members)
            own = constants[part.members].sum(axis=1)
            yield part._replace(
                D=alone[part.members].sum(axis=1) + own - D, J=part.J + own - J, L=part.L - own - L
            )

    def _sum(self, dataset: int) -> tuple[GroupSum, list[float]]:
        """The matrices of a dataset, and bounds on their eigenvalues; units on several threads share them."""
        held = self._sums.get(dataset)
        if held is None:
            with one_thread():
                bounds = [lower_bound(part.matrix[dataset]) for _, part in self._parts]
            if len(self._sums) >= _MOST_HELD:  # of many surrogates
                self._sums.clear()
            held = self._sums[dataset] = group_sum(self._parts, dataset), bounds
        return held

    def _determinants(self, dataset: int, order: int) -> FloatArray:
        """The table that the walk needs. Units of one dataset and order follow each other: one is held."""
        held = self._table
        if held is None or held[0] != (dataset, order):
            held = self._table = (dataset, order), determinants(self._sum(dataset)[0], order)
        return held[1]
