"""Discrete problems on the compiled walk over counts: how it is fed, with tables of sets with one member less."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoi._backends.blocks import BlockEvaluator
from hoi._backends.numba_.counts import count_walk, pack
from hoi._backends.numba_.vectors import LANES
from hoi._backends.protocol import UNRANKED, Backend, Floor, Found, Problem, Ranking, Unit
from hoi._maths import combinatorics
from hoi._maths.counts import joint_states
from hoi._typing import FloatArray

__all__ = ["CountWalks"]

# States of a set but its last member, times those of the last but one of its states, up to which bits are counted
# (planes); beyond, joint states go through a histogram, which takes less time.
_PLANES = 600
# Entropies in a table of sets with one member less, 128 MB; by heads, in each of the few that are kept.
_MOST_TABLE, _MOST_OF_HEAD, _KEPT = 1 << 24, 1 << 22, 4
# Places of a histogram: a set of as many samples as that, times the most states of a variable, goes by blocks.
_MOST_STATES = 1 << 24
# Sets seen before the kernel comes back to Python, and sets that it may hand over.
_PART_SETS, _ROOM = 300_000, 1 << 14
# Nats by which sums in the kernel may differ from the reference path's: some hundred terms below 1, rounded.
_MARGIN = 1e-9


class _Samples(NamedTuple):
    """A dataset: states (n, T) of each variable, how many each has, h of each alone, and the parts of h.

    A part is joint states (T,) that are not those of members, and a weight: what is given, and with the target.
    """

    codes: NDArray[np.int32]
    states: NDArray[np.int64]
    single: FloatArray
    parts: tuple[tuple[NDArray[np.int64], float], ...]
    constant: float


class _Sets(NamedTuple):
    """Sets that begin with the same head, as the kernel takes them; it counts their variables from that on."""

    planes: NDArray[np.uint64]
    codes: NDArray[np.int32]
    states: NDArray[np.int64]
    by_planes: bool
    f: FloatArray
    steps: FloatArray
    constant: float
    roots: NDArray[np.uint64]
    root_codes: NDArray[np.int32]
    root_weights: FloatArray
    n_roots: NDArray[np.int64]


class CountWalks(BlockEvaluator):
    """Entropies of states, given others or not, and information about states; of columns and of groups of them."""

    parallel = True
    clock = staticmethod(time.thread_time)

    def __init__(self, problem: Problem, ranking: Ranking, backend: Backend) -> None:
        super().__init__(problem, ranking)
        # a scan wants all terms of all sets: by any row that needs them
        self._row = Ranking(1, -2, -1) if ranking == UNRANKED else ranking
        plain: Any = problem
        self._counts, self._target = (plain, ()) if problem.kind == "counts" else (plain.whole, plain.conditional.given)
        self._lock = threading.Lock()
        self._samples: dict[int, _Samples] = {}
        self._ready: dict[tuple[int, int, tuple[int, ...]], tuple[_Sets, FloatArray]] = {}
        self.together = 0 if self._compiled(2) else self.together

    def ready(self, order: int) -> None:
        if self._compiled(order):
            head = tuple(range(self._head(order)))
            self._found(0, order, head, Floor(0.0, 0.0), np.arange(len(head), order - 2), 0, 0, self._room(order))

    def walk_name(self, unit: Unit) -> str:
        return "counts" if self._compiled(unit.order) else "blocks"

    def walk(self, unit: Unit, floor: Callable[..., Floor]) -> Iterator[Found]:
        if not self._compiled(unit.order):
            yield from super().walk(unit, floor)
            return
        n, k = self.problem.n_variables, unit.order
        position, size = unit.start, self._head(k)
        room = self._room(k)
        while position < unit.stop:
            prefix = combinatorics.unrank(position, n - 2, k - 2)
            head, rest = prefix[:size], prefix[size:]
            first = head[-1] + 1 if head else 0
            inside = tuple(v - first for v in rest)
            left = combinatorics.count(n - first - 2, k - 2 - size) - combinatorics.rank(inside, n - first - 2)
            left = min(left, unit.stop - position)
            position += left
            cursor = np.array(inside, dtype=np.int64)
            x = inside[-1] + 1 if inside else 0
            while left:
                found, seen, done, x = self._found(unit.dataset, k, head, floor(), cursor, x, left, room)
                left -= done
                members = np.empty((found, k), dtype=np.intp)
                members[:, :size], members[:, size:] = head, room[0][:found, : k - size] + first
                D, J, L = room[1][:, :found].copy()
                yield Found(np.full(found, unit.dataset), members, J, L, seen, 0, 2 * _MARGIN, D)

    def _compiled(self, order: int) -> bool:
        if not 2 <= order <= self.problem.n_variables:
            return False
        sample = self._sample(0)
        narrow = sample.codes.shape[1] * int(sample.states.max()) <= _MOST_STATES
        return narrow and (self._row.l == 0 or self._table_size(order, self._head(order)) <= _MOST_TABLE)

    def _head(self, order: int) -> int:
        """Members of the heads: none, where one table is small enough."""
        if self._row.l == 0 or order < 4 or self._table_size(order, 0) <= _MOST_TABLE:
            return 0
        sizes = range(1, order - 2)
        return next((size for size in sizes if self._table_size(order, size) <= _MOST_OF_HEAD), sizes[-1])

    def _table_size(self, order: int, head: int) -> int:
        return combinatorics.count(self.problem.n_variables - head, order - 1 - head)

    def _room(self, order: int) -> tuple[NDArray[np.int64], FloatArray]:
        sets = _ROOM + self.problem.n_variables
        return np.empty((sets, order), dtype=np.int64), np.empty((3, sets))

    def _found(
        self, dataset: int, order: int, head: tuple[int, ...], floor: Floor, cursor: NDArray[np.int64], x: int,
        left: int, room: tuple[NDArray[np.int64], FloatArray],
    ) -> tuple[int, int, int, int]:
        """One call of the kernel: sets of a head that reach the floor, from a place on."""
        sets, table = self._prepared(dataset, order, head)
        weights = float(self._row.d), float(self._row.j), float(self._row.l)
        single = self._sample(dataset).single
        first = head[-1] + 1 if head else 0
        return count_walk(
            *sets, table, single[first:], float(single[list(head)].sum()), weights,
            combinatorics.table(self.problem.n_variables - first, order), cursor, x, left, _PART_SETS, np.empty(0),
            floor.low + _MARGIN, floor.high - _MARGIN, *room,
        )

    def _sets(self, dataset: int, order: int, head: tuple[int, ...]) -> _Sets:
        """What the kernel needs for sets of an order that begin with the head."""
        sample = self._sample(dataset)
        first = head[-1] + 1 if head else 0
        codes, states = sample.codes[first:], sample.states[first:]
        f = self._counts.table[1]
        by_planes = self._by_planes(sample, order)
        chains = [head] if not self._row.l else [head, *(head[:i] + head[i + 1 :] for i in range(len(head)))]
        roots = [self._roots(sample, chain, by_planes) for chain in chains]
        rows = max(len(weights) for _, weights in roots)
        values = np.zeros((len(chains), rows, *roots[0][0].shape[1:]), dtype=roots[0][0].dtype)
        weights = np.zeros((len(chains), rows))
        for chain, (some, of_some) in enumerate(roots):
            values[chain, : len(some)], weights[chain, : len(some)] = some, of_some
        none = np.empty((len(chains), rows, 0), dtype=np.uint64), np.empty((len(chains), rows, 0), dtype=np.int32)
        return _Sets(
            pack(codes, int(states.max())) if by_planes else np.empty((1, 1, 1, LANES), dtype=np.uint64),
            codes, states, by_planes, f, np.append(np.diff(f), 0.0), sample.constant,
            values if by_planes else none[0], none[1] if by_planes else values, weights,
            np.array([len(of_some) for _, of_some in roots]),
        )  # fmt: skip

    def _by_planes(self, sample: _Samples, order: int) -> bool:
        """Whether counting bits in every cell takes less time than histograms of every part."""
        most = int(sample.states.max())
        cells = sum(int(joint.max()) + 1 for joint, _ in sample.parts)
        return cells * most ** (order - 1) * (most - 1) <= _PLANES * len(sample.parts)

    def _roots(self, sample: _Samples, head: tuple[int, ...], by_planes: bool) -> tuple[NDArray[Any], list[float]]:
        """Cells (bits), or joint states, of what is not a member and of some first members, with their weights."""
        T = sample.codes.shape[1]
        rows: list[NDArray[Any]] = []
        weights: list[float] = []
        for joint, weight in sample.parts:
            states, number = joint_states([joint, *sample.codes[list(head)].astype(np.int64)], T)
            if by_planes:
                cells = np.zeros((number, -(-T // 64) * 64), dtype=bool)
                cells[:, :T] = states == np.arange(number)[:, None]
                rows.extend(np.packbits(cells, axis=1, bitorder="little").view("<u8").astype(np.uint64))
                weights += [weight] * number
            else:
                rows.append(states.astype(np.int32))
                weights.append(weight)
        return np.stack(rows), weights

    def _sample(self, dataset: int) -> _Samples:
        if dataset not in self._samples:
            counts = self._counts
            values = counts.values[dataset]
            T = len(values)

            def states(columns: tuple[int, ...]) -> NDArray[np.int64]:
                return joint_states([values[:, c] for c in columns], T)[0]

            codes = np.ascontiguousarray([states(columns) for columns in counts.variables], dtype=np.int32)
            constant, f = counts.table
            # h(S | Z) = H(S, Z) - H(Z): the constant of H(S, Z) goes with that of H(Z), and likewise with a target
            parts = [(counts.given, 1.0)] + [(self._target, -1.0)] * bool(self._target)
            joints = tuple((states(columns), weight) for columns, weight in parts)
            bases = (
                weight * (float(f[np.bincount(joint)].sum()) if columns else constant)
                for (columns, weight), (joint, _) in zip(parts, joints, strict=True)
            )
            n = self.problem.n_variables
            J = self.problem.reference(np.arange(n)[:, None], np.full(n, dataset)).J
            single = np.concatenate([J / 2, np.zeros(LANES)])
            self._samples[dataset] = _Samples(codes, codes.max(axis=1).astype(np.int64) + 1, single, joints, sum(bases))
        return self._samples[dataset]

    def _prepared(self, dataset: int, order: int, head: tuple[int, ...]) -> tuple[_Sets, FloatArray]:
        """Sets that begin with the head, and h of all with one member less of those.

        Units of one dataset and order follow each other, so few are kept.
        """
        key = dataset, order, head
        with self._lock:
            if key not in self._ready:
                while len(self._ready) >= (_KEPT if head else 1):
                    del self._ready[next(iter(self._ready))]
                table = self._filled(dataset, order - 1, head) if self._row.l else np.empty(0)
                self._ready[key] = self._sets(dataset, order, head), table
            return self._ready[key]

    def _filled(self, dataset: int, order: int, head: tuple[int, ...]) -> FloatArray:
        """h of all sets of an order that begin with the head, in lexicographic order, with room in front and behind."""
        first = head[-1] + 1 if head else 0
        n, k = self.problem.n_variables - first, order - len(head)
        single = self._sample(dataset).single
        if k == 1:  # without a head
            return np.concatenate([np.zeros(LANES), single])
        target = np.zeros(combinatorics.count(n, k) + 2 * LANES)
        none: Any = np.empty((0, order), dtype=np.int64), np.empty((3, 0))
        count_walk(
            *self._sets(dataset, order, head), np.empty(0), single[first:], 0.0, (0.0, 0.0, 0.0),
            combinatorics.table(n, k), np.arange(k - 2, dtype=np.int64), k - 2, combinatorics.count(n - 2, k - 2),
            _PART_SETS, target, 0.0, 0.0, *none,
        )
        return target
