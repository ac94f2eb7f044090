"""Surrogate systems: the data with their columns moved, many at a time, as datasets of one system."""

from __future__ import annotations

import copy
import functools
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hoi._backends.protocol import Problem
from hoi._errors import TiesWarning
from hoi._inputs.checks import Samples
from hoi._maths.copula import normal_scores
from hoi._maths.covariance import of_ordinary_size, to_correlation
from hoi._maths.influence import spectral_overlap
from hoi._maths.surrogates import CrossCorrelations, draw_lags, moved
from hoi._systems.combined import CombinedProblem
from hoi._systems.gaussian import Gaussian, GaussianCopula, GaussianSystem
from hoi._systems.mixed import WithCategories
from hoi._systems.protocol import Estimator, System
from hoi._systems.several import SeveralSystem
from hoi._typing import FloatArray

__all__ = ["Surrogates", "mean_problem", "not_gaussian", "scores"]

# Filters of warnings are those of the whole process, whose threads must not set them back in any order.
_FILTERS = threading.Lock()
# Doubles in one batch of surrogates (data, or matrices), and in a table of cross-correlations.
_BATCH, _TABLE = 1 << 22, 1 << 27


class Surrogates:
    """Draws systems of surrogates of data: of a Gaussian estimator by their correlations, of others by their samples.

    Ranks are taken once: moving the samples of a column moves its normal scores. Each surrogate has a seed of its own,
    so that it is the same wherever it is drawn, and with whatever others. Its datasets are drawn from that one stream,
    one after the other, each within itself and by the number of its own samples.

    Parameters
    ----------
    data : Samples
    estimator : Estimator
    null : {"shift", "permute", "phase"}
    seeds : (n_resamples,) int
    """

    def __init__(self, data: Samples, estimator: Estimator, null: str, seeds: NDArray[np.int64]) -> None:
        self.data, self.estimator, self.null, self.seeds = data, estimator, null, seeds
        self.gaussian = not_gaussian(estimator) is None
        self.tables = scores(data, estimator)
        self.overlap = [spectral_overlap(table) for table in self.tables] if self.gaussian else []

    def observed(self, system: System) -> list[System]:
        """A system of each dataset of the data, by the `system` of all of them."""
        if isinstance(system, SeveralSystem):
            return list(system.parts)
        if not isinstance(system, GaussianSystem):
            return [self.estimator.fit(table) for table in self.data.tables]
        return [_one_of(system, d) for d in range(system.n_datasets)]

    @functools.cached_property
    def correlations(self) -> list[CrossCorrelations] | None:
        """Of the tables under all shifts, where there is room for them."""
        room = sum(self.data.lengths) * len(self.data.names) ** 2
        if self.gaussian and self.null == "shift" and room <= _TABLE:
            return [CrossCorrelations(table) for table in self.tables]
        return None

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "correlations"}

    def batches(
        self, unit: NDArray[np.intp], numbers: range, moved_alone: int = -1
    ) -> Iterator[list[System]]:
        """Systems with some of the surrogates each, one for every dataset; `unit` says which columns move together.

        Surrogates in which one variable is `moved_alone` are other ones for every variable.
        """
        n_samples, n_columns = max(self.data.lengths), len(self.data.names)
        size = max(1, _BATCH // (n_columns * (n_columns if self.correlations else n_samples)))
        for start in range(numbers.start, numbers.stop, size):
            some = self.seeds[start : min(start + size, numbers.stop)]
            streams = [np.random.default_rng([seed, 1 + moved_alone]) for seed in some.tolist()]
            yield [self._system(d, unit, streams) for d in range(len(self.tables))]

    def _system(self, d: int, unit: NDArray[np.intp], streams: Sequence[np.random.Generator]) -> System:
        names, n_samples = self.data.names, self.data.lengths[d]
        if self.correlations is not None:
            lags = np.concatenate([draw_lags(unit, n_samples, 1, rng) for rng in streams])
            R = self.correlations[d].shifted(lags)
        else:
            tables = np.concatenate([moved(self.tables[d], unit, self.null, 1, rng) for rng in streams])
            if not self.gaussian:
                with _FILTERS, warnings.catch_warnings():
                    warnings.simplefilter("ignore", TiesWarning)  # the data have said so
                    return self.estimator.fit(tables)
            centred = tables - tables.mean(axis=1, keepdims=True)
            R, _ = to_correlation(centred.swapaxes(1, 2) @ centred)
        # moving a column, or its phases, leaves its periodogram as it is
        system = GaussianSystem(R, names, n_samples, self.estimator.name, None, True)
        system.overlap = self.overlap[d][None]
        return system


def not_gaussian(estimator: Estimator) -> str | None:
    """Why columns are not Gaussian to the estimator, in words; None if they are."""
    if isinstance(estimator, (Gaussian, GaussianCopula)):
        return None
    if isinstance(estimator, WithCategories):
        return "discrete names columns that are not"
    return f"estimator={estimator.name!r} is not"


def _one_of(system: GaussianSystem, d: int) -> GaussianSystem:
    """The system of one of its datasets."""
    one = copy.copy(system)
    one.matrices, one.n_datasets, one.stacked, one.datasets = system.matrices[d : d + 1], 1, False, None
    for name in ("exponents", "overlap", "raw"):
        setattr(one, name, None if (every := getattr(system, name)) is None else every[d : d + 1])
    return one


def scores(data: Samples, estimator: Estimator) -> list[FloatArray]:
    """The table of each dataset as the estimator takes it: normal scores for the Gaussian copula, and for a plain
    Gaussian columns of a size whose squares are numbers."""
    if isinstance(estimator, Gaussian):
        return [of_ordinary_size(table)[0] for table in data.tables]
    if not isinstance(estimator, GaussianCopula):
        return list(data.tables)
    rng = np.random.default_rng(estimator.seed)
    found = []
    for table in data.tables:
        if data.apart:  # ties are drawn as for the table alone
            rng = np.random.default_rng(estimator.seed)
        found.append(normal_scores(table, estimator.ties, rng)[0])
    return found


def mean_problem(systems: Sequence[System], problem_of: Callable[[System], Problem]) -> Problem:
    """The mean over systems of the entropies of sets, as a problem; of one system, its own."""
    problems = [problem_of(system) for system in systems]
    if len(problems) == 1:
        return problems[0]
    return CombinedProblem([(1 / len(problems), problem) for problem in problems])
