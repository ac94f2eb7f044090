"""The compiled backend: which evaluator serves which kind of problem."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numba  # noqa: F401  (so that a numba that cannot be imported is found out when the backend is loaded)

from hoi._backends.blocks import BlockBackend

__all__ = ["NumbaBackend"]


class NumbaBackend(BlockBackend):
    """Walks in machine code, on as many threads as asked; without one for a kind of problem, blocks."""

    name = "numba"
    evaluators: ClassVar[Mapping[str, str]] = {
        "gaussian": "hoi._backends.numba_.gaussian:GaussianWalks",
        "information": "hoi._backends.numba_.about_target:TargetWalks",
        "combined": "hoi._backends.numba_.about_target:TargetWalks",
        "counts": "hoi._backends.numba_.discrete:CountWalks",
        "counted_information": "hoi._backends.numba_.discrete:CountWalks",
        "neighbours": "hoi._backends.numba_.near:NeighbourWalk",
    }
