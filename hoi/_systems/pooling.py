"""One covariance of several recordings: deviations from the mean of each, or ranks within each, taken together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hoi._errors import HoiError
from hoi._inputs.words import listing
from hoi._typing import FloatArray

if TYPE_CHECKING:
    from hoi._systems.gaussian import GaussianSystem

__all__ = ["pooled"]


def pooled(systems: Sequence[GaussianSystem]) -> tuple[FloatArray, int]:
    """The covariance within recordings (1, n, n), and the samples that its bias is that of.

    Each recording has lost its mean, so the sum of products has the degrees of freedom of all samples less the number
    of recordings; one table of `n_samples` has ``n_samples - 1``.
    """
    names = {system.names for system in systems}
    if len(names) > 1:
        raise HoiError(
            f"X has recordings with different columns ({listing([', '.join(n) for n in sorted(names)], 2)}): give the "
            "same ones in the same order, for example [table[names] for table in tables]."
        )
    if any(system.exponents is not None for system in systems):
        raise HoiError("X has values whose squares are beyond float64: give it in other units to pool it.")
    freedom = [(system.n_samples or 0) - 1 for system in systems]
    products = np.sum([f * system.matrices for f, system in zip(freedom, systems, strict=True)], axis=0)
    return products / sum(freedom), sum(freedom) + 1
