"""Problems made of several Gaussian ones (about a target, given labels, means) on the compiled walks over their
matrices."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from hoi._backends.blocks import BlockEvaluator, first_beginning, set_position
from hoi._backends.numba_.feed import Output, compiled_rows
from hoi._backends.numba_.grouped import GroupFeed
from hoi._backends.numba_.pair import pair_walk
from hoi._backends.numba_.score import Score, lower_bound, trust
from hoi._backends.numba_.vectors import padded
from hoi._backends.protocol import Backend, Floor, Found, Problem, Ranking, Unit
from hoi._maths import combinatorics
from hoi._maths.blas import one_thread
from hoi._typing import FloatArray

__all__ = ["TargetWalks"]

# Sets seen before the kernel comes back to Python.
_PART_SETS = 5_000_000
# Sets of a dataset up to which blocks of several datasets cost less than a walk of its own.
_TOGETHER = 1 << 11


class _Bias(NamedTuple):
    """What `Score` needs of a problem."""

    bias: FloatArray


class _Dataset(NamedTuple):
    """What the walk needs of a dataset: both matrices, the weights, and how far scores can be trusted."""

    matrices: FloatArray
    weight: FloatArray
    bounds: tuple[float, float]


class TargetWalks(BlockEvaluator):
    """Where all parts of a weighted sum of problems are Gaussian: the pair walk for an information of single columns,
    the walk over log-determinants for groups and for more parts, such as classes; blocks otherwise."""

    parallel = True
    clock = staticmethod(time.thread_time)
    together = _TOGETHER

    def __init__(self, problem: Any, ranking: Ranking, backend: Backend) -> None:
        super().__init__(problem, ranking)
        self._datasets: dict[int, _Dataset] = {}
        parts = _flat(problem)
        self._gaussian = all(part.kind == "gaussian" for _, part in parts)
        self._pair = problem.kind == "information" and len(parts) == 2 and not problem.grouped
        if self._gaussian and not self._pair:
            alone = np.arange(problem.n_variables)[:, None]
            constants = sum(2 * share * part.constant(alone) for share, part in parts)
            self._sums = GroupFeed(problem, ranking, parts, constants)

    def ready(self, order: int) -> None:
        if self._summed(order):
            self._sums.ready()
        if not self._compiled(order):
            return
        for dataset in range(self.problem.n_datasets):
            self._dataset(dataset)  # before threads start, which would each do it
        pair_walk(compiled_rows(order + 1, self.ranking))

    def walk_name(self, unit: Unit) -> str:
        if unit.n_datasets == 1 and self._summed(unit.order):
            return "groups" if self.problem.grouped else "sums"
        return "pair" if unit.n_datasets == 1 and self._compiled(unit.order) else "blocks"

    def walk(self, unit: Unit, floor: Callable[..., Floor]) -> Iterator[Found]:
        walk = self.walk_name(unit)
        if walk == "blocks":
            return super().walk(unit, floor)
        return self._walk(unit, floor) if walk == "pair" else self._sums.walk(unit, floor)

    def _summed(self, order: int) -> bool:
        """Whether sets go by the walk over log-determinants."""
        return self._gaussian and not self._pair and order >= 2 and self._sums.serves(order)

    def _compiled(self, order: int) -> bool:
        """Whether there is a kernel: for the measures of the registry, where standard form takes nothing from them.

        The variances that both matrices have lost have the exponent d + j - l together: they are in the weights of the
        determinant, which a product over the diagonal of the inverse goes without.
        """
        d, j, l, _ = self.ranking  # noqa: E741
        known = ((j, l) == (1, 0) and d in (0, -1)) or (d, j, l) == (0, 1, 1)
        return self._gaussian and self._pair and known and order >= 2

    def _dataset(self, dataset: int) -> _Dataset:
        if dataset not in self._datasets:
            whole, conditional = self.problem.whole, self.problem.conditional  # type: ignore[attr-defined]
            R = whole.matrix[dataset], conditional.matrix[dataset]
            weight = np.ones((2, self.problem.n_variables))
            d, j, l, _ = self.ranking  # noqa: E741
            weight[1] = np.exp((d + j - l) * (conditional.log_scale[dataset] - whole.log_scale[dataset]))
            with one_thread():
                bounds = lower_bound(R[0]), lower_bound(R[1])
            self._datasets[dataset] = _Dataset(np.stack([padded(matrix) for matrix in R]), weight, bounds)
        return self._datasets[dataset]

    def _score(self, order: int, margin: float) -> Score:
        whole, conditional = self.problem.whole, self.problem.conditional  # type: ignore[attr-defined]
        both = min(len(whole.bias), len(conditional.bias))
        difference: Any = _Bias(whole.bias[:both] - conditional.bias[:both])
        return Score(difference, [order], self.ranking, [margin])

    def _walk(self, unit: Unit, floor: Callable[..., Floor]) -> Iterator[Found]:
        """Lanes over the last variable, for prefixes with all other members."""
        n, k = self.problem.n_variables, unit.order
        matrices, weight, bounds = self._dataset(unit.dataset)
        trusts = [trust(k, bound) for bound in bounds]
        largest = trusts[0].largest, trusts[1].largest
        margin = trusts[0].margin + trusts[1].margin
        walk, score = pair_walk(compiled_rows(k + 1, self.ranking)), self._score(k, margin)
        start, stop = (
            first_beginning(k - 1, k, set_position(k, position, n), n) for position in (unit.start, unit.stop)
        )
        cursor = np.array(combinatorics.unrank(start, n - 1, k - 1), dtype=np.int64) if start < stop else None
        output = Output(unit.dataset, n, k)
        while start < stop:
            found, evaluated, skipped, done = walk(
                matrices, weight, largest, cursor, stop - start, _PART_SETS, *score.between(floor()), *output.arrays
            )
            start += done
            part = output.take(found, evaluated, skipped, margin)
            # what the logarithms of both matrices lack: corrections for bias, and the variables' own variances
            D, J, L = self.problem.constants(part.members, part.dataset)  # type: ignore[attr-defined]
            yield part._replace(D=D, J=part.J + J, L=part.L + L)


def _flat(problem: Any, share: float = 1.0) -> list[tuple[float, Problem]]:
    """The parts of a weighted sum, and theirs if they are sums too."""
    if problem.kind not in ("information", "combined"):
        return [(share, problem)]
    return [one for weight, part in problem.parts for one in _flat(part, share * weight)]
