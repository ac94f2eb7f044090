"""Walking a unit the plain way: list its sets block by block and evaluate each. For any order and groups."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from hoi._backends.protocol import Found, Problem, Unit
from hoi._maths import combinatorics
from hoi._maths.terms import Terms, by_elimination

__all__ = ["BLOCK", "first_beginning", "reference_terms", "set_position", "walk_blocks"]

# Sets in a block.
BLOCK = 1 << 14


def reference_terms(problem: Problem, members: NDArray[np.intp]) -> Terms:
    """Terms (n_datasets, m) of given sets of one order by the reference path."""
    terms = Terms.zeros((problem.n_datasets, len(members)))
    for datasets in _blocks_of(range(problem.n_datasets), len(members)):
        found = _evaluate(problem, datasets, members)[2]
        for target, source in zip(terms, found, strict=True):
            target[datasets] = source.reshape(len(datasets), -1)
    return terms


def _blocks_of(datasets: range, sets: int) -> Iterator[NDArray[np.intp]]:
    """Datasets of so many sets, as many at a time as fill a block."""
    size = max(1, BLOCK // sets)
    for start in range(datasets.start, datasets.stop, size):
        yield np.arange(start, min(start + size, datasets.stop))


def _evaluate(
    problem: Problem, datasets: NDArray[np.intp], members: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp], Terms]:
    """(dataset, members, terms) of each set in each of some datasets, dataset after dataset."""
    dataset, rows = np.repeat(datasets, len(members)), np.tile(members, (len(datasets), 1))
    return dataset, rows, by_elimination(problem.matrix, rows, problem.blocks, dataset)


def walk_blocks(problem: Problem, unit: Unit) -> Iterator[Found]:
    """All the sets of a unit, evaluated by the reference path, in blocks; datasets of few sets share one."""
    n, k = problem.n_variables, unit.order
    first, last = (set_position(k, position, n) for position in (unit.start, unit.stop))
    for datasets in _blocks_of(range(unit.dataset, unit.dataset + unit.n_datasets), last - first):
        for start in range(first, last, BLOCK):
            some = combinatorics.block(n, k, start, min(start + BLOCK, last))
            dataset, members, (_, J, L, singular) = _evaluate(problem, datasets, some)
            good = ~singular
            yield Found(dataset[good], members[good], J[good], L[good], int(good.sum()), int(singular.sum()))


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
