"""Discrete problems on the compiled walk over counts: how it is fed, with tables of sets with one member less."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoi._backends.blocks import BlockEvaluator
from hoi._backends.numba_.counts import count_walk, pack, places
from hoi._backends.numba_.vectors import LANES
from hoi._backends.protocol import UNRANKED, Backend, Floor, Found, Problem, Ranking, Unit
from hoi._maths import combinatorics
from hoi._maths.counts import joint_states
from hoi._typing import FloatArray

__all__ = ["CountWalks"]

# States of a set but its last member, times those of the last but one of its states, up to which bits are counted
# (planes); beyond, joint states go through a histogram. On 1000 samples planes took half to three quarters of the time
# of codes at 294 to 500, two thirds at 900 (10 states, triplets), and more than they at 1080 (6 states, sets of four).
_PLANES = 600
# Entropies in a table of sets with one member less: 128 MB. Beyond, sets go by blocks.
_MOST_TABLE = 1 << 24
# Sets seen before the kernel comes back to Python, and sets that it may hand over.
_PART_SETS, _ROOM = 300_000, 1 << 14
# Nats by which sums in the kernel may differ from the reference path's: some hundred terms below 1, rounded.
_MARGIN = 1e-9


class _Samples(NamedTuple):
    """A dataset as the kernel takes it; `roots` are the cells, or joint states, of what is given."""

    planes: NDArray[np.uint64]
    codes: NDArray[np.int32]
    roots: NDArray[np.uint64]
    root_codes: NDArray[np.int32]
    constant: float


class CountWalks(BlockEvaluator):
    """Single columns of states, given others or not; groups go by blocks."""

    parallel = True

    def __init__(self, problem: Problem, ranking: Ranking, backend: Backend) -> None:
        super().__init__(problem, ranking)
        self.together = 0 if self._compiled(3) else self.together
        self._lock = threading.Lock()
        self._samples: dict[int, _Samples] = {}
        self._table: tuple[tuple[int, int], FloatArray] | None = None

    def ready(self, order: int) -> None:
        if self._compiled(order):
            self._table_of(0, order)  # which compiles the walk

    def _compiled(self, order: int) -> bool:
        n = self.problem.n_variables
        return (
            not self.problem.grouped and 3 <= order <= n and self.ranking != UNRANKED
            and combinatorics.count(n, order - 1) <= _MOST_TABLE
        )  # fmt: skip

    def walk_name(self, unit: Unit) -> str:
        return "counts" if self._compiled(unit.order) else "blocks"

    def walk(self, unit: Unit, floor: Callable[..., Floor]) -> Iterator[Found]:
        if not self._compiled(unit.order):
            yield from super().walk(unit, floor)
            return
        n, k = self.problem.n_variables, unit.order
        table = self._table_of(unit.dataset, k)
        weights = float(self.ranking.d), float(self.ranking.j), float(self.ranking.l)
        cursor = np.array(combinatorics.unrank(unit.start, n - 2, k - 2), dtype=np.int64)
        x = cursor[-1] + 1
        left = unit.stop - unit.start
        members, terms = np.empty((_ROOM + n, k), dtype=np.int64), np.empty((3, _ROOM + n))
        while left:
            low, high = floor()
            found, seen, done, x = self._run(
                unit.dataset, k, table, weights, cursor, x, left, np.empty(0), low + _MARGIN, high - _MARGIN, members,
                terms,
            )
            left -= done
            D, J, L = terms[:, :found].copy()
            rows = members[:found].astype(np.intp)
            yield Found(np.full(found, unit.dataset), rows, J, L, seen, 0, 2 * _MARGIN, D)

    def _run(
        self, dataset: int, order: int, table: FloatArray, weights: tuple[float, float, float],
        cursor: NDArray[np.int64], x: int, left: int, target: FloatArray, low: float, high: float,
        members: NDArray[np.int64], terms: FloatArray,
    ) -> tuple[int, int, int, int]:
        """One call of the kernel."""
        sample, states = self._sample(dataset), self._states()
        f = self.problem.table[1]
        by_planes = self._by_planes(order)
        kept = sample if by_planes else sample._replace(planes=np.empty((1, 1, 1, LANES), dtype=np.uint64))
        return count_walk(
            kept.planes, sample.codes, states, by_planes, f, np.append(np.diff(f), 0.0), sample.constant,
            sample.roots, sample.root_codes, np.ones((1, max(sample.roots.shape[1], 1))),
            np.array([sample.roots.shape[1] if by_planes else 1]), table, self._single(dataset), weights,
            places(self.problem.n_variables, order), cursor, x, left, _PART_SETS, target, low, high, members, terms,
        )

    def _states(self) -> NDArray[np.int64]:
        columns = [c for (c,) in self.problem.variables]
        return self.problem.values[:, :, columns].max(axis=(0, 1)) + 1

    def _by_planes(self, order: int) -> bool:
        most = int(self._states().max())
        return most ** (order - 1) * (most - 1) <= _PLANES

    def _sample(self, dataset: int) -> _Samples:
        if dataset not in self._samples:
            problem = self.problem
            columns = [c for (c,) in problem.variables]
            codes = np.ascontiguousarray(problem.values[dataset][:, columns].T.astype(np.int32))
            T = codes.shape[1]
            given, q = joint_states([problem.values[dataset][:, c] for c in problem.given], T)
            planes = pack(codes, int(codes.max()) + 1)
            cells = np.zeros((q, -(-T // 64) * 64), dtype=bool)
            cells[:, :T] = given == np.arange(q)[:, None]
            roots = np.packbits(cells, axis=1, bitorder="little").view("<u8").astype(np.uint64)[None]
            constant, f = problem.table
            # h(S | Z) = H(S, Z) - H(Z): the constant of H(S, Z) goes with that of H(Z)
            of_given = float(f[np.bincount(given, minlength=q)].sum()) if problem.given else constant
            self._samples[dataset] = _Samples(planes, codes, roots, given.astype(np.int32)[None, None], of_given)
        return self._samples[dataset]

    def _single(self, dataset: int) -> FloatArray:
        """h of each variable, with room behind."""
        n = self.problem.n_variables
        members = np.arange(n)[:, None]
        J = self.problem.reference(members, np.full(n, dataset)).J
        return np.concatenate([J / 2, np.zeros(LANES)])

    def _table_of(self, dataset: int, order: int) -> FloatArray:
        """h of all sets with one member less, in lexicographic order, with room in front and behind.

        Units of one dataset and order follow each other: one table is held.
        """
        with self._lock:
            if self._table is None or self._table[0] != (dataset, order):
                self._table = (dataset, order), self._filled(dataset, order - 1)
            return self._table[1]

    def _filled(self, dataset: int, order: int) -> FloatArray:
        n = self.problem.n_variables
        target = np.zeros(combinatorics.count(n, order) + 2 * LANES)
        cursor = np.arange(order - 2, dtype=np.int64)
        none: Any = np.empty((0, order), dtype=np.int64), np.empty((3, 0))
        prefixes = combinatorics.count(n - 2, order - 2)
        self._run(
            dataset, order, np.empty(0), (0.0, 0.0, 0.0), cursor, order - 2, prefixes, target, 0.0, 0.0, *none
        )
        return target
