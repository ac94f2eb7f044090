"""Samples as functions read them that need these, and not only the system of them: surrogates, intervals, local values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from hoi._inputs.containers import named, read_all
from hoi._inputs.gaps import rows_without_gaps
from hoi._inputs.table import Recordings, Table
from hoi._systems.mixed import with_categories
from hoi._systems.protocol import Estimator
from hoi._systems.registry import resolve

__all__ = ["SamplesRead", "read_samples"]


class SamplesRead(NamedTuple):
    """Data that are read once, and the estimator, which knows their columns of labels."""

    whole: Table | Recordings
    data: Table | Recordings  # without the samples that have gaps, where these are dropped
    dropped: int
    estimator: Estimator


def read_samples(
    X: Any,
    estimator: str | Estimator | Any,
    *,
    discrete: Any = None,
    names: Sequence[str] | None = None,
    missing: str = "raise",
    what: str = "X",
) -> SamplesRead:
    """Read, name and number the data, and leave out samples with gaps if that is asked for.

    Raises
    ------
    HoiError
        As :func:`hoi.oinfo`; what a check of the values finds is for later.
    """
    labels, by = with_categories(X, resolve(estimator), discrete, names, what=what)
    whole = read_all(named(labels, names, what, ranks=by.ranks), what, ranks=by.ranks)
    return SamplesRead(whole, *rows_without_gaps(whole, missing, ranks=by.ranks, what=what), by)
