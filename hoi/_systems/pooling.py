"""One covariance of several recordings: deviations from the mean of each, or ranks within each, taken together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hoi._errors import HoiError
from hoi._inputs.containers import read, read_datasets
from hoi._inputs.datasets import apart
from hoi._inputs.gaps import rows_without_gaps
from hoi._inputs.table import Recordings
from hoi._systems.protocol import Estimator
from hoi._typing import ArrayLike, FloatArray

if TYPE_CHECKING:
    from hoi._systems.gaussian import GaussianSystem

__all__ = ["pooled"]


def pooled(
    X: ArrayLike, estimator: Estimator, backend: str, missing: str
) -> tuple[FloatArray, int, GaussianSystem]:
    """The covariance within recordings (1, n, n), the samples that its bias is that of, and the system of the first.

    Each recording has lost its mean, so the sum of products has the degrees of freedom of all samples less the number
    of recordings; one table of `n_samples` has ``n_samples - 1``.
    """
    data, _ = rows_without_gaps(read_datasets(X, ranks=estimator.ranks), missing, ranks=estimator.ranks)
    if not isinstance(data, Recordings):
        data = read(data, "X", ranks=estimator.ranks)
        if data.values.ndim != 3:
            raise HoiError("pool=True needs several datasets: a list of tables (samples, variables), or a stack.")
    systems: list[Any] = [estimator.fit(table, backend=backend) for table in apart(data)]
    if not hasattr(systems[0], "matrices"):
        raise HoiError(f"estimator={estimator!r} does not make a covariance: pool=True takes a Gaussian one.")
    if any(system.exponents is not None for system in systems):
        raise HoiError("X has values whose squares are beyond float64: give it in other units to pool it.")
    for system in systems:
        system.tell()
    freedom = [system.n_samples - 1 for system in systems]
    products = np.sum([f * system.matrices for f, system in zip(freedom, systems, strict=True)], axis=0)
    return products / sum(freedom), sum(freedom) + 1, systems[0]
