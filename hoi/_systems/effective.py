"""Gaussian entropies corrected by the samples that those of a set are worth, where they are autocorrelated."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hoi._backends.protocol import Problem
from hoi._errors import HoiError
from hoi._maths.bias import dependence_bias, variance_bias
from hoi._maths.terms import Terms
from hoi._systems.standard_form import GaussianProblem
from hoi._typing import FloatArray

__all__ = ["EffectiveProblem"]


class EffectiveProblem(Problem):
    """A Gaussian problem whose sets are each corrected by a number of samples of their own.

    The leading term of the bias of the entropy of columns is a sum over their pairs, so the samples of a set are the
    harmonic mean of those of its pairs of columns (of N - 1). What a column has by itself cancels in every measure,
    and is corrected by its own number. Given columns Z, the bias is that of the set with Z, less that of Z.

    This constant is another one for every set, which no compiled walk knows: the block walk goes through the sets.

    Parameters
    ----------
    raw : GaussianProblem
        Without any correction.
    inverse : (n_datasets or 1, n_columns, n_columns)
        1 / (N - 1) of each two columns of the data, and of each by itself.
    columns : sequence of tuples of int
        Columns of the data that each variable has.
    given : tuple of int
        Those that all is conditional on.
    names : tuple of str
        Of the columns, for errors.
    """

    kind = "effective"

    def __init__(
        self, raw: GaussianProblem, inverse: FloatArray, columns: Sequence[tuple[int, ...]], given: tuple[int, ...],
        names: tuple[str, ...],
    ) -> None:
        self.raw = raw
        self.n_datasets, self.n_variables, self.device = raw.n_datasets, raw.n_variables, raw.device
        self.columns, self.given, self.names = tuple(columns), given, names
        inverse = np.broadcast_to(inverse, (raw.n_datasets, *inverse.shape[1:]))
        alone = variance_bias(1.0 + 1.0 / np.diagonal(inverse, axis1=1, axis2=2))
        self.single = np.stack([alone[:, list(own)].sum(axis=1) for own in columns], axis=1)
        pairs = inverse.copy()
        pairs[:, np.arange(len(names)), np.arange(len(names))] = 0
        order = np.array([c for own in columns for c in own])
        starts = np.cumsum([0, *(len(own) for own in columns)])[:-1]
        between = np.add.reduceat(np.add.reduceat(pairs[:, order[:, None], order], starts, axis=1), starts, axis=2)
        variables = np.arange(len(columns))
        # sums of 1 / (N - 1) over pairs of columns: of two variables, within each (and with what is given), and of what
        # is given
        self.within = between[:, variables, variables] / 2
        between[:, variables, variables] = 0
        self.between = between
        fixed = list(given)
        self.within += np.add.reduceat(pairs[:, order[:, None], fixed].sum(axis=2), starts, axis=1)
        self.fixed = pairs[:, fixed][:, :, fixed].sum(axis=(1, 2)) / 2

    @property
    def grouped(self) -> bool:
        return self.raw.grouped

    def reference(self, members: NDArray[np.intp], dataset: NDArray[np.intp]) -> Terms:
        return self.raw.reference(members, dataset).corrected(*self._own(members, dataset))

    def least_variance(self, members: NDArray[np.intp], dataset: NDArray[np.intp]) -> FloatArray:
        return self.raw.least_variance(members, dataset)

    def constant(self, members: NDArray[np.intp]) -> FloatArray:
        return self.raw.constant(members)

    def _own(
        self, members: NDArray[np.intp], dataset: NDArray[np.intp]
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Corrections of (D, J, L) of sets (m, k) of the datasets (m,)."""
        across = self.between[dataset[:, None, None], members[:, :, None], members[:, None, :]].sum(axis=2)
        within, fixed = self.within[dataset[:, None], members], self.fixed[dataset]
        whole = across.sum(axis=1) / 2 + within.sum(axis=1) + fixed
        widths = np.diff(self.raw.blocks)[members]
        width = widths.sum(axis=1)
        single = self.single[dataset[:, None], members]
        own = self._bias(widths, within + fixed[:, None], members, dataset) + single
        less = self._bias(width[:, None] - widths, whole[:, None] - across - within, members, dataset) + (
            single.sum(axis=1, keepdims=True) - single
        )
        every = self._bias(width[:, None], whole[:, None], members, dataset)[:, 0] + single.sum(axis=1)
        of_given = self._bias(np.zeros((len(members), 1), np.intp), fixed[:, None], members, dataset)[:, 0]
        D = 2 * (own - of_given[:, None]).sum(axis=1)
        return D, 2 * (every - of_given), 2 * (less - every[:, None]).sum(axis=1)

    def _bias(
        self, width: NDArray[np.intp], sums: FloatArray, members: NDArray[np.intp], dataset: NDArray[np.intp]
    ) -> FloatArray:
        """Of so many columns, together with those given, whose pairs have this sum of 1 / (N - 1)."""
        width = width + len(self.given)
        pairs = width * (width - 1) / 2
        worth = 1.0 + np.divide(pairs, sums, out=np.full(sums.shape, np.inf), where=pairs > 0)
        few = worth <= width
        if few.any():
            row, _ = np.argwhere(few)[0]
            columns = [*itertools.chain.from_iterable(self.columns[v] for v in members[row]), *self.given]
            raise HoiError(
                f"the samples of ({', '.join(self.names[c] for c in columns)}) are worth only {worth[few][0]:.1f} "
                f"independent ones, too few to correct {int(width[few][0])} columns by: take smaller sets, record "
                "longer, or use bias_correction=False."
            )
        return dependence_bias(width, np.where(pairs > 0, worth, 2.0))

