"""Walking a unit the plain way: list its sets block by block and evaluate each. For any order and groups."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hoi._backends._protocol import Found, Problem, Unit
from hoi.maths import combinatorics
from hoi.maths.terms import by_elimination

__all__ = ["BLOCK", "first_beginning", "set_position", "walk_blocks"]

# Sets in a block.
BLOCK = 1 << 14


def walk_blocks(problem: Problem, unit: Unit) -> Iterator[Found]:
    """All the sets of a unit, evaluated by the reference path, in blocks; datasets of few sets share one."""
    n, k = problem.n_variables, unit.order
    first, last = (set_position(k, position, n) for position in (unit.start, unit.stop))
    size = max(1, BLOCK // (last - first))
    end = unit.dataset + unit.n_datasets
    for begin in range(unit.dataset, end, size):
        datasets = np.arange(begin, min(begin + size, end))
        for start in range(first, last, BLOCK):
            some = combinatorics.block(n, k, start, min(start + BLOCK, last))
            dataset, members = np.repeat(datasets, len(some)), np.tile(some, (len(datasets), 1))
            _, J, L, singular = by_elimination(problem.matrix, members, problem.blocks, dataset)
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
