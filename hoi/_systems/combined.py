"""Linear combinations of set functions: a difference is an information, a weighted mean conditions on categories."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hoi._backends.protocol import Problem
from hoi._maths.terms import Terms
from hoi._typing import FloatArray

__all__ = ["CombinedProblem", "InformationProblem", "MeanProblem"]


class CombinedProblem(Problem):
    """A weighted sum of problems on the same variables.

    With the frequencies of categories as weights it is the entropy given a discrete variable; over frequencies of
    spectra a rate.

    Parameters
    ----------
    parts : sequence of (float, Problem)
        Weights and problems with the same datasets and variables.
    """

    kind = "combined"

    def __init__(self, parts: Sequence[tuple[float, Problem]]) -> None:
        self.parts = tuple(parts)
        first = self.parts[0][1]
        self.n_datasets, self.n_variables, self.device = first.n_datasets, first.n_variables, first.device

    @property
    def grouped(self) -> bool:
        return any(part.grouped for _, part in self.parts)

    def reference(self, members: NDArray[np.intp], dataset: NDArray[np.intp]) -> Terms:
        total = Terms.zeros(len(members))
        for weight, part in self.parts:
            raw = part.reference(members, dataset)
            for target, term in zip(total[:3], raw[:3], strict=True):
                target[:] += weight * term
            total.singular[:] |= raw.singular
        return total.corrected(*self.constants(members, dataset))

    def least_variance(self, members: NDArray[np.intp], dataset: NDArray[np.intp]) -> FloatArray:
        return np.min([part.least_variance(members, dataset) for _, part in self.parts], axis=0)

    def pointwise(
        self, members: NDArray[np.intp], dataset: int
    ) -> tuple[FloatArray, FloatArray, FloatArray] | None:
        total: FloatArray | float = 0.0
        for weight, part in self.parts:
            terms = part.pointwise(members, dataset)
            if terms is None:
                return None
            total = total + weight * np.stack(terms)
        D, J, L = total  # type: ignore[misc]
        return D, J, L

    def constants(
        self, members: NDArray[np.intp], dataset: NDArray[np.intp]
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """What the weighted sum of the raw terms (D, J, L) of the parts lacks: corrections, and constants of variables.

        Parameters
        ----------
        members : (m, k) integers
        dataset : (m,) integers

        Returns
        -------
        D, J, L : (m,) float64
        """
        D, J, L = np.zeros((3, len(members)))
        for weight, part in self.parts:
            for total, corrected in zip((D, J, L), part.correction(members), strict=True):
                total += weight * corrected
        for column in members.T:  # one by one: numpy's own sum changes its order with the shape
            own = self._alone[dataset, column]
            D += own
            J += own
            L -= own
        return D, J, L

    @functools.cached_property
    def _alone(self) -> FloatArray:
        """Twice the constants (n_datasets, n_variables) of single variables that the parts leave out, which differ
        among them."""
        alone = np.arange(self.n_variables)[:, None]
        return sum((2 * weight * part.constant(alone) for weight, part in self.parts), np.zeros((1, 1)))


class InformationProblem(CombinedProblem):
    """h(S) = I(S; target) = H(S) - H(S given the target): J / 2 is the information, -TC of h the RSI, and DTC of h
    the gradient of the O-information.

    Parameters
    ----------
    whole, conditional : Problem
        H of sets of variables, and the same given the target; both may be given further columns.
    """

    kind = "information"

    def __init__(self, whole: Problem, conditional: Problem) -> None:
        super().__init__([(1.0, whole), (-1.0, conditional)])
        self.whole, self.conditional = whole, conditional


class MeanProblem(Problem):
    """The mean over the datasets of a problem, as a problem of one dataset. A set without a value in one of them has
    none.

    Parameters
    ----------
    each : Problem
    """

    kind = "mean"
    n_datasets = 1

    def __init__(self, each: Problem) -> None:
        self.each = each
        self.n_variables, self.device = each.n_variables, each.device

    @property
    def grouped(self) -> bool:
        return self.each.grouped

    def reference(self, members: NDArray[np.intp], dataset: NDArray[np.intp]) -> Terms:
        total = Terms.zeros(len(members))
        for d in range(self.each.n_datasets):
            raw = self.each.reference(members, np.full(len(members), d))
            for target, term in zip(total[:3], raw[:3], strict=True):
                target[:] += term / self.each.n_datasets
            total.singular[:] |= raw.singular
        return total

    def correction(self, members: NDArray[np.intp]) -> tuple[FloatArray, FloatArray, FloatArray]:
        return self.each.correction(members)

    def least_variance(self, members: NDArray[np.intp], dataset: NDArray[np.intp]) -> FloatArray:
        datasets = range(self.each.n_datasets)
        return np.min([self.each.least_variance(members, np.full(len(members), d)) for d in datasets], axis=0)

    def constant(self, members: NDArray[np.intp]) -> FloatArray:
        return self.each.constant(members).mean(axis=0, keepdims=True)
