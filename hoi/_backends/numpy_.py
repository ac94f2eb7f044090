"""The reference backend: every set evaluated on its own, in numpy."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from hoi._backends.blocks import BLOCK, reference_terms, walk_blocks
from hoi._backends.protocol import Floor, Found, Problem, Ranking, Unit
from hoi._maths.terms import Terms

__all__ = ["NumpyBackend"]


class NumpyBackend:
    """Plain numpy: slow in a search, always there, and the measure of the others."""

    name = "numpy"
    parallel = False

    def ready(self, problem: Problem, order: int, ranking: Ranking) -> None:
        """Nothing to prepare."""

    def terms(self, problem: Problem, members: NDArray[np.intp]) -> Terms:
        return reference_terms(problem, members)

    def together(self, problem: Problem) -> int:
        """As many as fit into a block."""
        return BLOCK

    def walk(
        self, problem: Problem, unit: Unit, ranking: Ranking, floor: Callable[..., Floor]
    ) -> Iterator[Found]:
        return walk_blocks(problem, unit)
