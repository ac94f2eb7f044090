"""Two groups of data sets, or two conditions of one recording, compared on every set at once."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoi._backends import registry
from hoi._backends.protocol import UNRANKED, Evaluator, Problem, Unit
from hoi._engine import executors
from hoi._engine.plan import count_sets, cut
from hoi._errors import HoiError
from hoi._inference.maximum import standardised
from hoi._maths import combinatorics
from hoi._maths.covariance import to_correlation
from hoi._maths.influence import effective_sample_size
from hoi._maths.terms import Terms
from hoi._measures.registry import Measure
from hoi._search.exhaustive import corrected
from hoi._search.units import scanned
from hoi._typing import FloatArray

__all__ = ["Compared", "Comparison", "Conditions", "Subjects", "arrangements", "best", "block_length", "block_matrices"]

# Sets in a part of a product, those of a unit, and numbers in the values of a part.
_PART, _SETS, _MOST = 4096, 1 << 16, 1 << 22
# Blocks are this many times as long as the samples that count for one, where that leaves enough blocks; and at least.
_LENGTHS, _LEAST_LENGTHS, _LEAST_BLOCKS = 10, 4, 5
# Samples that count for one, up to which they are as good as independent.
_WHITE = 1.2


class Compared(NamedTuple):
    """The sets of a part that are farthest at each end with their statistics, the largest one of any set in each
    arrangement, the observed first, and how many sets there were."""

    members: NDArray[np.intp]
    statistic: FloatArray
    largest: FloatArray
    evaluated: int


def arrangements(n_first: int, n_second: int, paired: bool, n_resamples: int, rng: np.random.Generator) -> FloatArray:
    """Rows (1 + n_resamples, n) of unit length, the observed first, whose product with values is their correlation.

    Paired: signs of the differences. Unpaired: labels, less their mean.
    """
    if paired:
        rows = np.ones((1 + n_resamples, n_first))
        rows[1:] = rng.choice([-1.0, 1.0], (n_resamples, n_first))
        return rows / np.sqrt(n_first)
    labels = np.repeat([1.0, 0.0], [n_first, n_second])
    rows = np.tile(labels, (1 + n_resamples, 1))
    rows[1:] = rng.permuted(rows[1:], axis=1)
    rows -= labels.mean()
    return rows / np.sqrt((rows**2).sum(axis=1, keepdims=True))


class Comparison(executors.Job):
    """Every set of two groups of data sets, or of two conditions of one recording.

    Parameters
    ----------
    problems : sequence of Problem
        Of each data set, those of the first group first; of one recording those of its two conditions, whose datasets
        are the arrangements.
    orders, measure, n_best
        As for a search.
    backend : str
    """

    def __init__(
        self, problems: Sequence[Problem], orders: tuple[int, int], measure: Measure, n_best: int, backend: str
    ) -> None:
        super().__init__()
        self.problems, self.orders, self.measure = problems, orders, measure
        self.n_best, self.backend = n_best, backend

    @abstractmethod
    def units(self, evaluator: Evaluator, n_workers: int | None) -> Iterator[Any]:
        """The work in parts; for an executor of so many workers, if there is one."""

    def open(self) -> list[Evaluator]:
        backend = registry.load(self.backend)
        return [backend.open(problem, UNRANKED) for problem in self.problems]

    def compared(self, executor: Any) -> list[Compared]:
        """Every part, in order."""
        total = count_sets(self.problems[0], *self.orders) * len(self.problems)
        n_workers = None if executor is None else executors.size_of(executor)
        evaluator = registry.load(self.backend).open(self.problems[0], UNRANKED)
        units = self.units(evaluator, n_workers)
        return [landed.answer for landed in executors.answers(self, units, executor, total)]


class Subjects(Comparison):
    """Data sets: the correlation of each set's values with the labels (or the signs).

    t grows with the correlation r, and what normalises the values is the same in all arrangements; so the maximum
    statistic needs one product of matrices. `rows` are by `arrangements`.
    """

    def __init__(self, *job: Any, n_first: int, paired: bool, rows: FloatArray) -> None:
        super().__init__(*job)
        self.n_first, self.paired, self.rows = n_first, paired, rows

    def units(self, evaluator: Evaluator, n_workers: int | None) -> Iterator[Unit]:
        sets = _SETS
        if n_workers is not None:
            total = count_sets(self.problems[0], *self.orders)
            sets = min(sets, executors.unit_sets(evaluator, self.orders, total, n_workers))
        return cut(self.problems[0], *self.orders, sets)

    def do(self, made: list[Evaluator], unit: Unit, sent: Any, after: Callable[[int], None]) -> Compared:
        values: Any = []
        for subject, evaluator in enumerate(made):
            members, value = self._values(evaluator, unit, subject)
            values.append(value)
        values = np.array(values)
        values = values[: self.n_first] - values[self.n_first :] if self.paired else values - values.mean(axis=0)
        length = np.sqrt((values**2).sum(axis=0))
        values /= np.where(length > 0, length, 1.0)
        statistic, largest = np.empty(values.shape[1]), np.zeros(len(self.rows))
        for start in range(0, values.shape[1], _PART):
            r = self.rows @ values[:, start : start + _PART]
            statistic[start : start + _PART] = r[0]
            np.maximum(largest, np.maximum(r.max(axis=1), -r.min(axis=1)), out=largest)
        return _farthest(members, statistic, largest, self.n_best)

    def _values(self, evaluator: Evaluator, unit: Unit, subject: int) -> tuple[NDArray[np.intp], FloatArray]:
        """All sets of a unit, and their values in one data set."""
        parts = list(scanned(evaluator, unit))
        if any(part.skipped for part in parts):
            raise HoiError(
                f"some sets of dataset {subject} (those of A are first) are numerically singular, so that they cannot "
                "be compared: some of their variables are determined by others. Leave out duplicated or dependent "
                "columns."
            )
        values = []
        for part in parts:
            D = np.zeros_like(part.J) if part.D is None else part.D
            raw = Terms(D, part.J, part.L, np.zeros(len(D), dtype=bool))
            values.append(self.measure.value(*corrected(evaluator.problem, raw, part.members)[:3]))
        return np.concatenate([part.members for part in parts]), np.concatenate(values)


class Conditions(Comparison):
    """One recording: differences of each set in standard deviations over arrangements, the datasets of the problems."""

    def units(self, evaluator: Evaluator, n_workers: int | None) -> Iterator[tuple[int, int, int]]:
        n, n_arrangements = self.problems[0].n_variables, self.problems[0].n_datasets
        size = max(1, _MOST // n_arrangements)
        for k in range(self.orders[0], self.orders[1] + 1):
            total = combinatorics.count(n, k)
            step = size if n_workers is None else min(size, -(-total // (executors.UNITS_PER_WORKER * n_workers)))
            for start in range(0, total, step):
                yield k, start, min(start + step, total)

    def do(
        self, made: list[Evaluator], unit: tuple[int, int, int], sent: Any, after: Callable[[int], None]
    ) -> Compared:
        k, start, stop = unit
        members = combinatorics.block(self.problems[0].n_variables, k, start, stop)
        first, second = (self._values(evaluator, members) for evaluator in made)
        z = np.nan_to_num(standardised(first - second))
        return _farthest(members, z[0], np.abs(z).max(axis=1), self.n_best)

    def _values(self, evaluator: Evaluator, members: NDArray[np.intp]) -> FloatArray:
        D, J, L, singular = corrected(evaluator.problem, evaluator.terms(members), members)
        return np.where(singular, np.nan, self.measure.value(D, J, L))


def _farthest(
    members: NDArray[np.intp], statistic: FloatArray, largest: FloatArray, n_best: int
) -> Compared:
    """Of all sets of a part, those that may be among the best at either end."""
    ends = [np.lexsort((*members.T[::-1], sign * np.round(statistic, 12)))[:n_best] for sign in (1.0, -1.0)]
    rows = np.unique(np.concatenate(ends))
    return Compared(members[rows], statistic[rows], largest, len(members))


def block_length(tables: Sequence[FloatArray]) -> int:
    """Samples of a block, several times those that count for one independent sample of a pair of columns."""
    worth = []
    for table in tables:
        upper = np.triu_indices(table.shape[1], 1)
        worth.append(float(np.median(len(table) / effective_sample_size(table)[upper])))
    if max(worth) <= _WHITE:
        return 1
    shortest = min(len(table) for table in tables)
    if _LEAST_LENGTHS * max(worth) * _LEAST_BLOCKS > shortest:
        raise HoiError(
            f"a condition has {shortest} samples, of which {max(worth):.1f} count for one independent sample: that "
            f"leaves too few blocks of samples to deal out anew (at least {_LEAST_BLOCKS} are needed). Record longer, "
            "or compare several recordings of each condition."
        )
    return min(int(np.ceil(_LENGTHS * max(worth))), shortest // _LEAST_BLOCKS)


def block_matrices(
    tables: Sequence[FloatArray], length: int, n_resamples: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Correlations (1 + n_resamples, n, n) of the two conditions, the observed first, with their blocks of samples
    dealt out anew."""
    sums, squares, sizes = [], [], []
    counts = []
    for table in tables:
        starts = np.arange(0, max(len(table) - length, 0) + 1, length)
        counts.append(len(starts))
        sums.append(np.add.reduceat(table, starts))
        squares.append(np.array([part.T @ part for part in np.split(table, starts[1:])]))
        sizes.append(np.diff([*starts, len(table)]))
    total, square, size = np.concatenate(sums), np.concatenate(squares), np.concatenate(sizes).astype(float)
    first = np.zeros((1 + n_resamples, len(size)))
    first[:, : counts[0]] = 1
    first[1:] = rng.permuted(first[1:], axis=1)

    def correlations(chosen: FloatArray) -> FloatArray:
        n = (chosen @ size)[:, None]
        mean = chosen @ total / n
        C = np.tensordot(chosen, square, axes=1) / n[:, :, None] - mean[:, :, None] * mean[:, None, :]
        return to_correlation(C)[0]

    return correlations(first), correlations(1 - first)


def best(parts: Sequence[Compared], end: str, n_best: int, width: int) -> tuple[NDArray[np.intp], FloatArray]:
    """The farthest sets at an end, filled up with -1, and their statistics."""
    sign = 1.0 if end == "lowest" else -1.0
    members, statistics = [], []
    for part in parts:
        ranked = np.lexsort((*part.members.T[::-1], sign * np.round(part.statistic, 12)))[:n_best]
        filled = np.full((len(ranked), width), -1, dtype=np.intp)
        filled[:, : part.members.shape[1]] = part.members[ranked]
        members.append(filled)
        statistics.append(part.statistic[ranked])
    rows, statistic = np.concatenate(members), np.concatenate(statistics)
    ranked = np.argsort(sign * statistic, kind="stable")[:n_best]
    return rows[ranked], statistic[ranked]
