"""From a system to a problem in standard form, and from a problem to units of work of equal cost."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from hoi._backends.protocol import Problem, Unit
from hoi._errors import HoiError
from hoi._maths import combinatorics
from hoi._maths.bias import entropy_bias
from hoi._maths.covariance import to_correlation
from hoi._maths.terms import SINGULAR
from hoi._systems.gaussian import GaussianSystem

__all__ = ["count_sets", "cut", "prepare", "variable_names"]

# Units to cut a search into, so that the last ones end together; sets in a unit, so that starting one costs nothing and
# losing one little; and the most units there may be.
_UNITS, _LEAST_SETS, _MOST_SETS, _MOST_UNITS = 32, 500_000, 5_000_000, 4096


def prepare(
    system: GaussianSystem, groups: Sequence[tuple[int, ...]] | None, bias_correction: bool
) -> Problem:
    """The system in standard form, with each group of columns as one variable."""
    matrix, log_scale = to_correlation(system.matrices)
    blocks = np.arange(system.n_variables + 1)
    if groups is not None:
        columns = np.concatenate([np.asarray(group, dtype=np.intp) for group in groups])
        matrix = matrix[:, columns[:, None], columns]
        blocks = np.concatenate([[0], np.cumsum([len(group) for group in groups])])
        log_scale = np.add.reduceat(log_scale[:, columns], blocks[:-1], axis=1)
        if len(blocks) <= len(columns):
            log_scale = log_scale + _whiten(matrix, blocks, variable_names(system, groups))
    most = matrix.shape[-1]
    if system.n_samples is not None:
        most = min(most, system.n_samples - 1)
    if bias_correction and system.n_samples is not None:
        bias = np.asarray(entropy_bias(np.arange(most + 1), system.n_samples))
    else:
        bias = np.zeros(most + 1)
    return Problem(np.ascontiguousarray(matrix), blocks, log_scale, bias, system.device)


def _whiten(matrix: np.ndarray, blocks: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Make the block of each group the identity, in place; give the log-determinants (n_datasets, n_groups)."""
    logdet = np.zeros((len(matrix), len(blocks) - 1))
    for g, (start, stop) in enumerate(itertools.pairwise(blocks)):
        part = slice(start, stop)
        for d, R in enumerate(matrix):
            try:
                factor = np.linalg.cholesky(R[part, part])
            except np.linalg.LinAlgError:
                factor = np.zeros((stop - start, stop - start))
            scale = np.diagonal(factor)
            if scale.min() ** 2 <= SINGULAR:
                raise HoiError(
                    f"group {names[g]!r} is numerically singular: some of its {stop - start} columns are determined "
                    "by the others. Leave the redundant columns out, or reduce the group (by PCA, for example)."
                )
            R[part] = np.linalg.solve(factor, R[part])
            R[:, part] = R[part].T
            R[part, part] = np.eye(stop - start)
            logdet[d, g] = 2 * np.log(scale).sum()
    return logdet


def variable_names(system: GaussianSystem, groups: Sequence[tuple[int, ...]] | None) -> tuple[str, ...]:
    """Names of the variables of the problem: of a group, those of its columns joined."""
    if groups is None:
        return system.names
    return tuple("+".join(system.names[c] for c in group) for group in groups)


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

