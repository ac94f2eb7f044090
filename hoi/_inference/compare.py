"""Two groups of data sets, or two conditions of one recording, compared on every set at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoi._backends.protocol import Evaluator
from hoi._errors import HoiError
from hoi._inference.maximum import standardised
from hoi._maths import combinatorics
from hoi._maths.covariance import to_correlation
from hoi._maths.influence import effective_sample_size
from hoi._measures.registry import Measure
from hoi._search.exhaustive import all_sets, corrected
from hoi._typing import FloatArray

__all__ = ["Compared", "arrangements", "best", "block_length", "block_matrices", "of_conditions", "of_subjects"]

# Sets in a part of a product, and numbers in the values of a part.
_PART, _MOST = 4096, 1 << 22
# Blocks are this many times as long as the samples that count for one, where that leaves enough blocks; and at least.
_LENGTHS, _LEAST_LENGTHS, _LEAST_BLOCKS = 10, 4, 5
# Samples that count for one, up to which they are as good as independent.
_WHITE = 1.2


class Compared(NamedTuple):
    """Sets of one order with their statistics, and the largest one anywhere in each arrangement, the observed first."""

    members: NDArray[np.intp]
    statistic: FloatArray
    largest: FloatArray


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


def of_subjects(
    evaluators: Sequence[Evaluator], orders: tuple[int, int], measure: Measure, n_first: int, paired: bool,
    rows: FloatArray,
) -> Iterator[Compared]:
    """Correlation of each set's values with the labels (or the signs), part by part.

    t grows with the correlation r, and what normalises the values is the same in all arrangements; so the maximum
    statistic needs one product of matrices. `evaluators`: of each subject, those of the first group first.
    """
    scans = [all_sets(evaluator, orders, 1 << 16) for evaluator in evaluators]
    for blocks in zip(*scans, strict=True):
        if any(block.skipped for block in blocks):
            subject = next(i for i, block in enumerate(blocks) if block.skipped)
            raise HoiError(
                f"some sets of dataset {subject} (those of A are first) are numerically singular, so that they cannot "
                "be compared: some of their variables are determined by others. Leave out duplicated or dependent "
                "columns."
            )
        values = np.array([measure.value(*block.terms[:3]) for block in blocks])
        values = values[:n_first] - values[n_first:] if paired else values - values.mean(axis=0)
        length = np.sqrt((values**2).sum(axis=0))
        values /= np.where(length > 0, length, 1.0)
        statistic, largest = np.empty(values.shape[1]), np.zeros(len(rows))
        for start in range(0, values.shape[1], _PART):
            r = rows @ values[:, start : start + _PART]
            statistic[start : start + _PART] = r[0]
            np.maximum(largest, np.maximum(r.max(axis=1), -r.min(axis=1)), out=largest)
        yield Compared(blocks[0].members, statistic, largest)


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


def of_conditions(
    first: Evaluator, second: Evaluator, orders: tuple[int, int], measure: Measure
) -> Iterator[Compared]:
    """Differences of each set in standard deviations over arrangements, the datasets of the problems, part by part."""
    n, n_arrangements = first.problem.n_variables, first.problem.n_datasets
    size = max(1, _MOST // n_arrangements)

    def values(evaluator: Evaluator, members: NDArray[np.intp]) -> FloatArray:
        D, J, L, singular = corrected(evaluator.problem, evaluator.terms(members), members)
        return np.where(singular, np.nan, measure.value(D, J, L))

    for k in range(orders[0], orders[1] + 1):
        for start in range(0, combinatorics.count(n, k), size):
            members = combinatorics.block(n, k, start, min(start + size, combinatorics.count(n, k)))
            z = np.nan_to_num(standardised(values(first, members) - values(second, members)))
            yield Compared(members, z[0], np.abs(z).max(axis=1))


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
