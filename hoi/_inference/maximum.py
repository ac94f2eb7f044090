"""p-values of the most extreme sets: maximum statistics over sets, and the smallest p over several kinds of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoi._typing import FloatArray

__all__ = ["MaximumNull", "exceedances", "standardised"]

# Values are compared on a grid: a surrogate that is the data itself must count as being as far.
_DIGITS = 12
# Standard deviations closer to 0 than this are 0: a set whose value no surrogate changes.
_FLAT = 1e-12


class MaximumNull(NamedTuple):
    """The extremes of surrogates, of several families of sets (an order and an end, say); large is far.

    Attributes
    ----------
    extremes : (n_resamples, n_families)
        The largest value of each family in each surrogate.
    observed : (n_families,)
        The same of the data.
    """

    extremes: FloatArray
    observed: FloatArray

    def pvalues(self, values: FloatArray, family: NDArray[np.intp]) -> FloatArray:
        """p of sets with these values, corrected for all sets of all families.

        Among the data and its surrogates, each gets the share that is as far as itself in each family; the smallest of
        these is its statistic, and p of a set is the share whose statistic is as small as that of its own value
        (Westfall and Young 1993, the smallest p). It is never 0, and the largest value has an exact one.
        """
        own = exceedances(self.extremes, values, family)
        return (1 + np.searchsorted(np.sort(self._least()), own, side="right")) / (len(self.extremes) + 1)

    def thresholds(self, level: float) -> list[float | None]:
        """What a value of each family must exceed for a p of at most `level`; None where no value can."""
        m = len(self.extremes)
        least = np.sort(self._least())
        allowed = [r for r in range(1, m + 1) if 1 + int(np.searchsorted(least, r, side="right")) <= level * (m + 1)]
        if not allowed:
            return [None] * self.extremes.shape[1]
        return [float(value) for value in np.sort(self.extremes, axis=0)[m - allowed[-1]]]

    def _least(self) -> NDArray[np.intp]:
        """The smallest rank of each surrogate over the families, among all and the data; 1 is the farthest."""
        rows = np.round(np.concatenate([self.observed[None], self.extremes]), _DIGITS)
        as_far = [len(column) - np.searchsorted(np.sort(column), column, side="left") for column in rows.T]
        return np.min(as_far, axis=0)[1:]


def exceedances(extremes: FloatArray, values: FloatArray, family: NDArray[np.intp]) -> NDArray[np.intp]:
    """For each value, one more than the number of surrogates whose extreme of its family is as large."""
    counts = np.empty(len(values), dtype=np.intp)
    for f, column in enumerate(extremes.T):
        rows = family == f
        ascending = np.sort(np.round(column, _DIGITS))
        counts[rows] = 1 + len(column) - np.searchsorted(ascending, np.round(values[rows], _DIGITS), side="left")
    return counts


def standardised(values: FloatArray) -> FloatArray:
    """Each column less its mean, over its standard deviation; 0 where it has none, NaN where some value is missing."""
    if values.shape[1] == 1:  # numpy sums a column alone in another order than one beside others
        return standardised(np.repeat(values, 2, axis=1))[:, :1]
    centred = values - values.mean(axis=0)
    spread = np.sqrt((centred**2).mean(axis=0))
    flat = spread <= _FLAT
    return np.where(flat, 0.0, centred / np.where(flat, 1.0, spread))
