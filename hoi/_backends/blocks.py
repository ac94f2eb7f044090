"""The block walk: list the sets of a unit block by block and ask the problem for their terms. For any problem."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from hoi._backends.joined import JoinedEvaluator
from hoi._backends.protocol import Backend, Evaluator, Floor, Found, Problem, Ranking, Unit
from hoi._maths import combinatorics
from hoi._maths.terms import Terms
from hoi._typing import FloatArray

__all__ = ["BLOCK", "BlockBackend", "BlockEvaluator", "first_beginning", "set_position"]

# Sets in a block.
BLOCK = 1 << 14


class BlockEvaluator(Evaluator):
    """Every set evaluated on its own by the reference path."""

    together = BLOCK  # as many as fit into a block
    block = BLOCK  # most sets in a part of a walk

    def reference(self, members: NDArray[np.intp], dataset: NDArray[np.intp]) -> Terms:
        """Raw terms of sets (m, k) of the datasets (m,): those of the reference path, to the last bit."""
        return self.problem.reference(members, dataset)

    def terms(self, members: NDArray[np.intp]) -> Terms:
        terms = Terms.zeros((self.problem.n_datasets, len(members)))
        for datasets in _blocks_of(range(self.problem.n_datasets), len(members)):
            found = self._evaluate(datasets, members)[2]
            for target, source in zip(terms, found, strict=True):
                target[datasets] = source.reshape(len(datasets), -1)
        return terms

    def walk_name(self, unit: Unit) -> str:
        return "blocks"

    def walk(self, unit: Unit, floor: Callable[..., Floor]) -> Iterator[Found]:
        """All the sets of the unit, whatever the floor; datasets of few sets share a block."""
        n, k = self.problem.n_variables, unit.order
        first, last = (set_position(k, position, n) for position in (unit.start, unit.stop))
        for datasets in _blocks_of(range(unit.dataset, unit.dataset + unit.n_datasets), last - first):
            for start in range(first, last, self.block):
                some = combinatorics.block(n, k, start, min(start + self.block, last))
                dataset, members, (D, J, L, singular) = self._evaluate(datasets, some)
                good = ~singular
                yield Found(
                    dataset[good], members[good], J[good], L[good], int(good.sum()), int(singular.sum()), D=D[good],
                    exact=True,
                )

    def exchanges(self, dataset: int, members: NDArray[np.intp]) -> FloatArray:
        values = np.full((len(members), self.problem.n_variables), np.nan)
        others = np.delete(np.arange(self.problem.n_variables), members)
        if not len(others):
            return values
        sets = np.stack([np.append(np.delete(members, i), y) for i in range(len(members)) for y in others])
        values[:, others] = self._values(dataset, sets).reshape(len(members), -1)
        return values

    def extensions(self, dataset: int, members: NDArray[np.intp]) -> FloatArray:
        values = np.full(self.problem.n_variables, np.nan)
        others = np.delete(np.arange(self.problem.n_variables), members)
        if not len(others):
            return values
        values[others] = self._values(dataset, np.stack([np.append(members, y) for y in others]))
        return values

    def _values(self, dataset: int, sets: NDArray[np.intp]) -> FloatArray:
        """The measure of sets of one dataset by the reference path, NaN for singular ones."""
        members = np.sort(sets, axis=1)
        raw = self.reference(members, np.full(len(members), dataset))
        terms = raw.corrected(*self.problem.correction(members))
        weights = self.ranking
        values = 0.5 * (weights.d * terms.D + weights.j * terms.J + weights.l * terms.L)
        return np.where(raw.singular, np.nan, values)

    def _evaluate(
        self, datasets: NDArray[np.intp], members: NDArray[np.intp]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], Terms]:
        """(dataset, members, terms) of each set in each of some datasets, dataset after dataset."""
        dataset, rows = np.repeat(datasets, len(members)), np.tile(members, (len(datasets), 1))
        return dataset, rows, self.reference(rows, dataset)


class BlockBackend(Backend):
    """A backend with evaluators of its own for some kinds of problems; the block walk serves all others."""

    # kind of problem -> "module:class" of its evaluator, made of (problem, ranking, backend); loaded when first needed
    evaluators: ClassVar[Mapping[str, str]] = {}

    def open(self, problem: Problem, ranking: Ranking) -> Evaluator:
        if problem.kind == "joined":
            return JoinedEvaluator(problem, ranking, self)
        if problem.kind not in self.evaluators:
            return BlockEvaluator(problem, ranking)
        module, name = self.evaluators[problem.kind].split(":")
        return getattr(importlib.import_module(module), name)(problem, ranking, self)


def _blocks_of(datasets: range, sets: int) -> Iterator[NDArray[np.intp]]:
    """Datasets of so many sets, as many at a time as fill a block."""
    size = max(1, BLOCK // sets)
    for start in range(datasets.start, datasets.stop, size):
        yield np.arange(start, min(start + size, datasets.stop))


@functools.lru_cache(maxsize=256)
def set_position(order: int, prefix_position: int, n: int) -> int:
    """Position among all sets of the first one whose prefix has at least the given position."""
    prefixes = combinatorics.count(n - 2, order - 2)
    if prefix_position >= prefixes:
        return combinatorics.count(n, order)
    prefix = combinatorics.unrank(prefix_position, n - 2, order - 2)
    after = prefix[-1] + 1 if prefix else 0
    return combinatorics.rank((*prefix, after, after + 1), n)


def first_beginning(length: int, order: int, position: int, n: int) -> int:
    """Position, among all beginnings of `length` members, of the first one whose sets all have at least `position`.

    With it, sets between two positions are handed out by their beginnings: one belongs where its first set lies.
    """
    room = n - (order - length)  # a beginning leaves room for the rest
    if position >= combinatorics.count(n, order):
        return combinatorics.count(room, length)
    members = combinatorics.unrank(position, n, order)
    after = members[length - 1] + 1 if length else 0
    begins = members[length:] == tuple(range(after, after + order - length))
    return combinatorics.rank(members[:length], room) + (not begins)
