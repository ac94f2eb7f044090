"""From a problem to units of work of equal cost."""

from __future__ import annotations

from collections.abc import Iterator

from hoi._backends.protocol import Problem, Unit
from hoi._maths import combinatorics

__all__ = ["count_sets", "cut"]

# Units to cut a search into, so that the last ones end together; sets in a unit, so that starting one costs nothing and
# losing one little; and the most units there may be.
_UNITS, _LEAST_SETS, _MOST_SETS, _MOST_UNITS = 32, 500_000, 5_000_000, 4096


def count_sets(problem: Problem, low: int, high: int) -> int:
    """Number of sets of orders `low` to `high`, over all datasets."""
    return problem.n_datasets * sum(combinatorics.count(problem.n_variables, k) for k in range(low, high + 1))


def cut(
    problem: Problem, low: int, high: int, unit_sets: int | None = None, positions: int = 0, together: int = 0
) -> Iterator[Unit]:
    """Units with about `unit_sets` sets each, which tile every order of every dataset exactly once, in order.

    With `positions`, those of a walk over all the orders at once, each unit has all orders. Datasets of at most
    `together` sets share units.
    """
    n = problem.n_variables
    if unit_sets is None:
        total = count_sets(problem, low, high)
        unit_sets = max(_LEAST_SETS, min(total // _UNITS, _MOST_SETS), total // _MOST_UNITS)
    if positions:
        step = max(1, positions * unit_sets * problem.n_datasets // count_sets(problem, low, high))
        for dataset in range(problem.n_datasets):
            for start in range(0, positions, step):
                yield Unit(dataset, low, start, min(start + step, positions), high)
        return
    each = count_sets(problem, low, high) // problem.n_datasets
    size = max(1, unit_sets // each) if each <= together else 1
    for dataset in range(0, problem.n_datasets, size):
        number = min(size, problem.n_datasets - dataset)
        for order in range(low, high + 1):
            start = 0
            total = combinatorics.count(n, order)
            for position in range(unit_sets, total, unit_sets):
                prefix = combinatorics.unrank(position, n, order)[: order - 2]
                stop = combinatorics.rank(prefix, n - 2)
                if stop > start:
                    yield Unit(dataset, order, start, stop)
                    start = stop
            yield Unit(dataset, order, start, combinatorics.count(n - 2, order - 2), n_datasets=number)

