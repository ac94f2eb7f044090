"""Problems of nearest neighbours on the compiled kernel, whose terms are those of the reference path to the bit."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from hoi._backends.blocks import BlockEvaluator
from hoi._backends.numba_.neighbours import neighbour_terms
from hoi._backends.protocol import Backend, Problem, Ranking, Unit
from hoi._maths.neighbours import digammas, in_nats
from hoi._maths.terms import Terms

__all__ = ["NeighbourWalk"]

# Sets at once: the distances of a sample are computed once for all of them, and a block takes some tenths of a second.
_BLOCK = 512


class NeighbourWalk(BlockEvaluator):
    """All sets by the kernel: both count the same neighbours, and sums of whole numbers have no rounding."""

    parallel = True
    clock = staticmethod(time.thread_time)
    together = 0
    block = _BLOCK
    unit_sets = _BLOCK * 4

    def __init__(self, problem: Problem, ranking: Ranking, backend: Backend) -> None:
        super().__init__(problem, ranking)
        self._psi = digammas(problem.values.shape[1])
        self._blocks = np.cumsum(
            [0, *(len(v) for v in problem.variables), len(problem.target), len(problem.given)]
        ).astype(np.int64)
        self._data: dict[int, NDArray[np.floating]] = {}

    def ready(self, order: int) -> None:
        self._evaluated(0, np.empty((0, order), dtype=np.intp))  # compiles

    def walk_name(self, unit: Unit) -> str:
        return "neighbours"

    def reference(self, members: NDArray[np.intp], dataset: NDArray[np.intp]) -> Terms:
        terms = Terms.zeros(len(members))
        for d in np.unique(dataset).tolist():
            rows = np.flatnonzero(dataset == d)
            for start in range(0, len(rows), _BLOCK):
                some = rows[start : start + _BLOCK]
                terms.D[some], terms.J[some], terms.L[some] = self._evaluated(d, members[some])
        return terms

    def _evaluated(self, dataset: int, members: NDArray[np.intp]) -> NDArray[np.float64]:
        """(D, J, L) of sets, fastest in lexicographic order, where one shares members with the one before."""
        problem = self.problem
        if dataset not in self._data:
            columns = [c for v in problem.variables for c in v] + list(problem.target) + list(problem.given)
            self._data[dataset] = np.ascontiguousarray(problem.values[dataset][:, columns].T)
        data = self._data[dataset]
        sets = members.astype(np.int64)
        same = np.cumprod(sets[1:] == sets[:-1], axis=1).sum(axis=1)
        shared = np.concatenate([[0], same]).astype(np.int64)
        terms = np.zeros((3, len(sets)), dtype=np.int64)
        least = np.nextafter(data.dtype.type(0), data.dtype.type(1))
        neighbour_terms(
            data, self._blocks, bool(problem.target), bool(problem.given), self._psi, problem.k, problem.window, least,
            sets, shared, terms,
        )
        return in_nats(terms, data.shape[1])
