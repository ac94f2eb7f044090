"""Linear combinations of set functions: a difference is an information, a weighted mean conditions on categories."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hoi._backends.protocol import Problem
from hoi._maths.terms import Terms
from hoi._typing import FloatArray

__all__ = ["CombinedProblem"]


class CombinedProblem(Problem):
    """A weighted sum of problems on the same variables.

    ``[(1, h), (-1, h_given_target)]`` is I(S; target): information is its J / 2, RSI its -TC, the gradient of the
    O-information its DTC. With the frequencies of categories as weights it is the entropy given a discrete variable.

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
            constants = _constants(part, members, dataset)
            for target, *addends in zip(total[:3], raw[:3], part.correction(members), constants):
                target[:] += weight * sum(addends)
            total.singular[:] |= raw.singular
        return total


def _constants(problem: Problem, members: NDArray[np.intp], dataset: NDArray[np.intp]) -> tuple[FloatArray, ...]:
    """What (D, J, L) lack because a problem leaves out constants of single variables, which differ among problems."""
    rows = np.arange(len(members))

    def of(sets: NDArray[np.intp]) -> FloatArray:
        return problem.constant(sets)[dataset, rows]

    k = members.shape[1]
    whole = of(members)
    D = sum((of(members[:, [i]]) for i in range(k)), np.zeros(len(members)))
    L = sum((of(np.delete(members, i, axis=1)) - whole for i in range(k)), np.zeros(len(members)))
    return 2 * D, 2 * whole, 2 * L
