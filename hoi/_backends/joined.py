"""Problems made of problems with other datasets: each is walked by the evaluator that the backend has for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hoi._backends.protocol import Backend, Evaluator, Floor, Found, Problem, Ranking, Unit
from hoi._maths.terms import Terms
from hoi._typing import FloatArray

__all__ = ["JoinedEvaluator"]


class JoinedEvaluator(Evaluator):
    """Units go to the part that has their dataset. Terms are corrected for bias here, since parts differ in it."""

    def __init__(self, problem: Problem, ranking: Ranking, backend: Backend) -> None:
        super().__init__(problem, ranking)
        problems: tuple[Problem, ...] = problem.parts  # type: ignore[attr-defined]
        self._parts = [backend.open(part, ranking) for part in problems]
        self._starts = np.cumsum([0, *(part.n_datasets for part in problems)])
        self.parallel = all(part.parallel for part in self._parts)
        self.unit_sets, self.clock = self._parts[0].unit_sets, self._parts[0].clock

    def ready(self, order: int) -> None:
        for part in self._parts:
            part.ready(order)

    def joint(self, orders: tuple[int, int]) -> int:
        positions = {part.joint(orders) for part in self._parts}
        return positions.pop() if len(positions) == 1 else 0

    def terms(self, members: NDArray[np.intp]) -> Terms:
        found = [part.terms(members).corrected(*part.problem.correction(members)) for part in self._parts]
        return Terms(*(np.concatenate(arrays) for arrays in zip(*found, strict=True)))

    def walk_name(self, unit: Unit) -> str:
        part, dataset = self._of(unit.dataset)
        return part.walk_name(unit._replace(dataset=dataset))

    def walk(self, unit: Unit, floor: Callable[..., Floor]) -> Iterator[Found]:
        part, dataset = self._of(unit.dataset)
        before = unit.dataset - dataset

        def own_floor(order: int = unit.order, dataset: int = dataset) -> Floor:
            return floor(order=order, dataset=dataset + before)

        for found in part.walk(unit._replace(dataset=dataset), own_floor):
            D, J, L = part.problem.correction(found.members)
            yield found._replace(
                dataset=found.dataset + before, J=found.J + J, L=found.L + L, D=D if found.D is None else found.D + D
            )

    def exchanges(self, dataset: int, members: NDArray[np.intp]) -> FloatArray:
        part, own = self._of(dataset)
        return part.exchanges(own, members)

    def extensions(self, dataset: int, members: NDArray[np.intp]) -> FloatArray:
        part, own = self._of(dataset)
        return part.extensions(own, members)

    def about(self) -> dict[str, Any]:
        return self._parts[0].about()

    def _of(self, dataset: int) -> tuple[Evaluator, int]:
        """The part that has a dataset, and its number there."""
        p = int(np.searchsorted(self._starts, dataset, side="right")) - 1
        return self._parts[p], int(dataset - self._starts[p])
