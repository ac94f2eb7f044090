"""Standard errors of the values of given sets: by influence functions, or by resampling blocks of samples."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from hoi._backends.protocol import Problem
from hoi._errors import HoiError, HoiWarning
from hoi._maths.influence import parts_of_samples, standard_error
from hoi._measures.registry import Measure
from hoi._systems.protocol import Estimator, System
from hoi._typing import FloatArray

__all__ = ["by_blocks", "by_influence"]

# Doubles in one batch of resampled data.
_BATCH = 1 << 22


def by_influence(
    tables: Sequence[FloatArray],
    variables: Sequence[tuple[int, ...]],
    given: tuple[int, ...],
    target: tuple[int, ...],
    sets: Sequence[tuple[int, ...]],
    measure: Measure,
) -> FloatArray:
    """Standard errors (n_datasets, n_sets) in nats from the samples of Gaussian entropies.

    Parameters
    ----------
    tables : sequence of (n_samples, n_columns)
        Scores of each dataset.
    variables : sequence of tuples of int
        Columns of each variable.
    given : tuple of int
        Columns that all is conditional on. Their part is what is left of the others after a regression on them: a
        conditional covariance is that of residuals, and changes with the regression in second order only.
    target : tuple of int
        Columns that the measure is about, if any: it is then one of entropies less the same given the target too, and
        what a sample adds to it is the difference.
    sets : sequence of tuples of int
        Variables of each set.
    measure : Measure
    """
    found = np.empty((len(tables), len(sets)))
    weights = measure.d, measure.j, measure.l
    for row, table in zip(found, tables, strict=True):
        whole = _residuals(table, given)
        conditional = _residuals(table, given + target) if target else None
        for s, members in enumerate(sets):
            columns = [c for v in members for c in variables[v]]
            blocks = np.concatenate([[0], np.cumsum([len(variables[v]) for v in members])])
            y = parts_of_samples(whole[:, columns], blocks, *weights)
            if conditional is not None:
                y -= parts_of_samples(conditional[:, columns], blocks, *weights)
            row[s] = standard_error(y)
    return found


def _residuals(table: FloatArray, given: tuple[int, ...]) -> FloatArray:
    """What a regression on the columns given leaves of a table."""
    if not given:
        return table
    centred = table - table.mean(axis=0)
    z = centred[:, list(given)]
    return centred - z @ np.linalg.lstsq(z, centred, rcond=None)[0]


def by_blocks(
    tables: Sequence[FloatArray],
    estimator: Estimator,
    values_of: Callable[[Problem], FloatArray],
    problem_of: Callable[[System], Problem],
    lengths: Sequence[int],
    n_resamples: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Standard deviations (n_datasets, n_sets) of the values over data made of blocks of samples, drawn at random.

    Blocks of some `lengths` of consecutive samples of each dataset start anywhere in it and go round its end (the
    circular block bootstrap of Politis and Romano 1992). The datasets are drawn one after the other.
    """
    spread = []
    for table, length in zip(tables, lengths, strict=True):
        n_samples, n_columns = table.shape
        size = max(1, _BATCH // (n_samples * n_columns))
        values = []
        for start in range(0, n_resamples, size):
            number = min(size, n_resamples - start)
            rows = _blocks(n_samples, length, number, rng)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", HoiWarning)  # of the samples themselves it has been said
                try:
                    values.append(values_of(problem_of(estimator.fit(table[rows]))))
                except HoiError as error:
                    raise HoiError(
                        "the samples can be estimated, and some that are drawn anew for the bootstrap cannot: take "
                        f"more samples of each state or class, or smaller sets. ({error})"
                    ) from error
        spread.append(np.concatenate(values).std(axis=0, ddof=1))
    return np.array(spread)


def _blocks(n_samples: int, length: int, size: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Rows (size, n_samples) of data made of blocks."""
    starts = rng.integers(0, n_samples, (size, -(-n_samples // length)))
    rows = (starts[:, :, None] + np.arange(length)) % n_samples
    return rows.reshape(size, -1)[:, :n_samples]
