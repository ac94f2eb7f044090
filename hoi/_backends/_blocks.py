"""Walking a unit the plain way: list its sets block by block and evaluate each. For any order and groups."""

from __future__ import annotations

from collections.abc import Iterator

from hoi._backends._protocol import Found, Problem, Unit
from hoi.maths import combinatorics
from hoi.maths.terms import by_elimination

__all__ = ["first_beginning", "set_position", "walk_blocks"]

_BLOCK = 1 << 14


def walk_blocks(problem: Problem, unit: Unit) -> Iterator[Found]:
    """All the sets of a unit, evaluated by the reference path, in blocks."""
    n, k = problem.n_variables, unit.order
    for start, stop in _set_blocks(unit, n):
        members = combinatorics.block(n, k, start, stop)
        _, J, L, singular = by_elimination(problem.matrix[unit.dataset], members, problem.blocks)
        good = ~singular
        yield Found(members[good], J[good], L[good], int(good.sum()), int(singular.sum()))


def _set_blocks(unit: Unit, n: int) -> Iterator[tuple[int, int]]:
    """Positions of the sets of a unit, cut into blocks."""
    first, last = (set_position(unit.order, position, n) for position in (unit.start, unit.stop))
    for start in range(first, last, _BLOCK):
        yield start, min(start + _BLOCK, last)


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
