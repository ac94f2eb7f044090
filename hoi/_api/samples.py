"""Samples as functions read them that need these, and not only the system of them: surrogates, intervals, local values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hoi._inputs.containers import named, read_all
from hoi._inputs.table import Recordings, Table
from hoi._systems.mixed import with_categories
from hoi._systems.protocol import Estimator
from hoi._systems.registry import resolve

__all__ = ["read_samples"]


def read_samples(
    X: Any,
    estimator: str | Estimator | Any,
    *,
    discrete: Any = None,
    names: Sequence[str] | None = None,
    what: str = "X",
) -> tuple[Table | Recordings, Estimator]:
    """Data with the names asked for, read once, and the estimator, which knows their columns of labels.

    Raises
    ------
    HoiError
        If they cannot be read; what a check of the values finds is for later.
    """
    labels, by = with_categories(X, resolve(estimator), discrete, names, what=what)
    return read_all(named(labels, names, what, ranks=by.ranks), what, ranks=by.ranks), by
