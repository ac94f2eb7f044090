"""Gaussian problems on the compiled kernels: which walk goes through a unit, and how it is fed."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hoi._backends.blocks import BlockEvaluator
from hoi._backends.numba_.complement import Inverse, complement_walk, invert
from hoi._backends.numba_.feed import (
    compiled_rows,
    feed_complements,
    feed_lanes,
    feed_subsets,
    feed_tail,
    plan_and_score,
)
from hoi._backends.numba_.grouped import GroupFeed
from hoi._backends.numba_.lanes import lane_walk
from hoi._backends.numba_.score import Score, exponents, lower_bound, trust, weight
from hoi._backends.numba_.subsets import SubsetPlan, eigenvalue_bound, subset_walk
from hoi._backends.numba_.swaps import exchanged, extended
from hoi._backends.numba_.tail import tail_walk
from hoi._backends.numba_.together import walk_together
from hoi._backends.numba_.vectors import padded
from hoi._backends.protocol import UNRANKED, Backend, Floor, Found, Problem, Ranking, Unit
from hoi._maths import combinatorics
from hoi._maths.blas import one_thread
from hoi._typing import FloatArray

__all__ = ["GaussianWalks"]

# From this order on, lanes over prefixes beat lanes over the last variable as long as their state fits into the nearest
# cache: up to this many variables times members (benchmarks/README.md has the crossover).
_LANES_ORDER, _LANES_STATE = 5, 1000
# Sets of two thirds of the variables and more are cheaper to find by what they leave out.
_COMPLEMENT_SHARE = 2 / 3
# Sets of a dataset up to which a walk of its own costs more than it saves; of groups, which then go by elimination.
_TOGETHER, _TOGETHER_GROUPED = 250_000, 1 << 11
# Fewer sets than this of several datasets are walked order by order, since the walk over all at once starts slowly.
_JOINT_FROM = 1 << 15


class GaussianWalks(BlockEvaluator):
    """Amortised sweeps in compiled code, O(order) operations a set: the walk is chosen by shape."""

    parallel = True
    clock = staticmethod(time.thread_time)

    def __init__(self, problem: Problem, ranking: Ranking, backend: Backend) -> None:
        super().__init__(problem, ranking)
        self.together = _TOGETHER_GROUPED if problem.grouped else _TOGETHER
        self._known: dict[Hashable, Any] = {}
        nothing = np.zeros((problem.n_datasets, problem.n_variables))
        self._groups = GroupFeed(problem, ranking, [(1.0, problem)], nothing)

    def ready(self, order: int) -> None:
        if self.problem.grouped and self._groups.serves(order):
            self._groups.ready()
        if not _compiled(self.problem, order):
            return
        if self._shared_units(order, order):
            tail_walk(compiled_rows(order, self.ranking), exponents(self.ranking).plain)
            return
        direct = [self._inverse(dataset, order) is None for dataset in range(self.problem.n_datasets)]
        if not all(direct):
            complement_walk()
        if any(direct):
            for dataset in range(self.problem.n_datasets):
                self._of_matrix(lower_bound, dataset)  # before threads start, which would each do it
            kernel = lane_walk if _use_lanes(self.problem.n_variables, order) else tail_walk
            kernel(compiled_rows(order, self.ranking), exponents(self.ranking).plain)

    def joint(self, orders: tuple[int, int]) -> int:
        plan = SubsetPlan(self.problem.n_variables, *orders)
        if orders[0] == orders[1] or not _compiled(self.problem, orders[1]) or not plan.positions:
            return 0
        if not exponents(self.ranking).plain:
            return 0
        if self.problem.n_datasets > 1 and self._sets(*orders) <= _JOINT_FROM:
            return 0
        for dataset in range(self.problem.n_datasets):
            if not self._of_matrix(eigenvalue_bound, dataset):
                return 0
        subset_walk()
        return plan.positions

    def _shared_units(self, low: int, high: int) -> bool:
        return self.problem.n_datasets > 1 and self._sets(low, high) <= self.together

    def _sets(self, low: int, high: int) -> int:
        return sum(combinatorics.count(self.problem.n_variables, k) for k in range(low, high + 1))

    def walk_name(self, unit: Unit) -> str:
        if unit.highest is not None:
            return "subsets"
        if unit.n_datasets > 1:
            return "together" if _compiled(self.problem, unit.order) else "blocks"
        return self._choose(unit.dataset, unit.order)

    def _choose(self, dataset: int, order: int) -> str:
        """The walk through sets of one order of one dataset."""
        if self.problem.grouped and self._groups.serves(order):
            return "groups"
        if not _compiled(self.problem, order):
            return "blocks"
        if self.ranking != UNRANKED:
            if self._inverse(dataset, order) is not None:
                return "complements"
            if _use_lanes(self.problem.n_variables, order):
                return "lanes"
        return "tail"

    def walk(self, unit: Unit, floor: Callable[..., Floor]) -> Iterator[Found]:
        problem, ranking = self.problem, self.ranking
        walk = self.walk_name(unit)
        if walk == "blocks":
            return super().walk(unit, floor)
        if walk == "subsets":
            bound = self._of_matrix(eigenvalue_bound, unit.dataset)
            plan, score = self._once(plan_and_score, problem, bound, unit.order, unit.highest, ranking)
            return feed_subsets(problem, unit, floor, plan, score)
        if walk == "together":
            return walk_together(problem, unit, ranking, compiled_rows(unit.order, ranking), floor)
        if walk == "groups":
            return self._groups.walk(unit, floor)
        if walk == "complements":
            inverse = self._inverse(unit.dataset, unit.order)
            return feed_complements(problem, unit, ranking, floor, inverse)
        bound = self._of_matrix(lower_bound, unit.dataset)
        margin, largest = trust(unit.order, bound, weight(ranking))
        score = self._once(Score, problem, (unit.order,), ranking, (margin,))
        rows = compiled_rows(unit.order, ranking)
        if walk == "lanes":
            return feed_lanes(problem, unit, rows, score, largest, floor)
        matrix = self._of_matrix(padded, unit.dataset)
        return feed_tail(problem, unit, rows, score, largest, floor, matrix)

    def exchanges(self, dataset: int, members: NDArray[np.intp]) -> FloatArray:
        if self.problem.grouped:
            return super().exchanges(dataset, members)
        return exchanged(self.problem.matrix[dataset], members, 0.5 * self.ranking.j, 0.5 * self.ranking.l)

    def extensions(self, dataset: int, members: NDArray[np.intp]) -> FloatArray:
        if self.problem.grouped:
            return super().extensions(dataset, members)
        return extended(self.problem.matrix[dataset], members, 0.5 * self.ranking.j, 0.5 * self.ranking.l)

    def _inverse(self, dataset: int, order: int) -> Inverse | None:
        """The inverse to walk with, where walking over complements is faster and safe."""
        if not _use_complements(self.problem.n_variables, order):
            return None
        return self._of_matrix(invert, dataset)

    def _of_matrix(self, compute: Callable[[FloatArray], Any], dataset: int) -> Any:
        """What was computed of the matrix of a dataset."""
        return self._once(_compute_of_matrix, self.problem, compute, dataset)

    def _once(self, compute: Callable[..., Any], problem: Problem, *arguments: Any) -> Any:
        """What was computed of the problem in this call; units on several threads share it."""
        if (what := (compute, *arguments)) not in self._known:
            with one_thread():
                self._known[what] = compute(problem, *arguments)
        return self._known[what]


def _compute_of_matrix(problem: Problem, compute: Callable[[FloatArray], Any], dataset: int) -> Any:
    return compute(problem.matrix[dataset])


def _compiled(problem: Problem, order: int) -> bool:
    """Whether there is a kernel for single columns: not for pairs."""
    return not problem.grouped and order >= 3


def _use_lanes(n: int, order: int) -> bool:
    return order >= _LANES_ORDER and n * order <= _LANES_STATE


def _use_complements(n: int, order: int) -> bool:
    return _COMPLEMENT_SHARE * n <= order < n


