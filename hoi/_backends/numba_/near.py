"""Problems of nearest neighbours on the compiled kernel: blocks of sets in lexicographic order share prefixes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma

from hoi._backends.blocks import BlockEvaluator, set_position
from hoi._backends.numba_.neighbours import neighbour_terms
from hoi._backends.protocol import Backend, Floor, Found, Problem, Ranking, Unit
from hoi._maths import combinatorics

__all__ = ["NeighbourWalk"]

# Sets at once: the distances of a sample are computed once for all of them, and a block takes some tenths of a second.
_BLOCK = 256
# Nats by which a sum of digammas over the samples may differ from the reference path's.
_MARGIN = 1e-9


class NeighbourWalk(BlockEvaluator):
    """All sets of a unit by the kernel; those that may be among the best go to the reference path."""

    parallel = True
    unit_sets = _BLOCK * 8

    def __init__(self, problem: Problem, ranking: Ranking, backend: Backend) -> None:
        super().__init__(problem, ranking)
        self.together = 0
        n_samples = problem.values.shape[1]
        self._psi = np.concatenate([[np.nan], digamma(np.arange(1.0, n_samples + 2))])
        self._blocks = np.cumsum(
            [0, *(len(v) for v in problem.variables), len(problem.target), len(problem.given)]
        ).astype(np.int64)
        self._data: dict[int, NDArray[np.floating]] = {}

    def ready(self, order: int) -> None:
        self._evaluated(0, np.arange(order)[None])  # compiles

    def walk_name(self, unit: Unit) -> str:
        return "neighbours"

    def walk(self, unit: Unit, floor: Callable[..., Floor]) -> Iterator[Found]:
        n, k = self.problem.n_variables, unit.order
        first, last = (set_position(k, position, n) for position in (unit.start, unit.stop))
        for dataset in range(unit.dataset, unit.dataset + unit.n_datasets):
            for start in range(first, last, _BLOCK):
                members = combinatorics.block(n, k, start, min(start + _BLOCK, last))
                D, J, L = self._evaluated(dataset, members)
                yield Found(np.full(len(members), dataset), members, J, L, len(members), 0, _MARGIN, D)

    def _evaluated(self, dataset: int, members: NDArray[np.intp]) -> NDArray[np.float64]:
        """(D, J, L) of sets in lexicographic order."""
        problem = self.problem
        if dataset not in self._data:
            columns = [c for v in problem.variables for c in v] + list(problem.target) + list(problem.given)
            self._data[dataset] = np.ascontiguousarray(problem.values[dataset][:, columns].T)
        data = self._data[dataset]
        sets = members.astype(np.int64)
        same = np.cumprod(sets[1:] == sets[:-1], axis=1).sum(axis=1)
        shared = np.concatenate([[0], same]).astype(np.int64)
        terms = np.zeros((3, len(sets)))
        least = np.nextafter(data.dtype.type(0), data.dtype.type(1))
        neighbour_terms(
            data, self._blocks, bool(problem.target), bool(problem.given), self._psi, problem.k, problem.window, least,
            sets, shared, terms,
        )
        return 2 * terms / data.shape[1]
