"""Missing values: an error, or rows left out, as the parameter `missing` says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from hoi._errors import HoiError, InputWarning, warn
from hoi._inputs.containers import read_all
from hoi._inputs.datasets import apart, joined, names_of
from hoi._inputs.options import check_choice
from hoi._inputs.table import Recordings, Table
from hoi._inputs.words import listing

__all__ = ["MISSING", "rows_without_gaps", "without_unused_gaps"]

MISSING = ("raise", "drop")


def rows_without_gaps(X: Any, missing: str, *, ranks: bool = False, what: str = "X") -> tuple[Any, int]:
    """Data by the rule for missing values: as they are for "raise" (a check follows), fewer rows for "drop".

    Parameters
    ----------
    X : array_like
        What :func:`hoi.oinfo` takes.
    missing : {"raise", "drop"}
        "drop" leaves out the rows (samples) with a gap in any column, of each dataset its own.
    ranks : bool
        As in `as_float`.
    what : str
        Name of the argument in messages.

    Returns
    -------
    X : array_like
        `Recordings` if datasets lost different numbers of rows.
    dropped : int
        Rows that were left out.

    Raises
    ------
    HoiError
        If fewer than 3 rows are left.

    Warns
    -----
    InputWarning
        If rows were left out: how many.
    """
    if check_choice(missing, MISSING, "missing") == "raise":
        return X, 0
    data = read_all(X, what, ranks=ranks)
    tables = apart(data)
    if not any(np.isnan(table.values).any() for table in tables):
        return data, 0
    labels = data.datasets or tuple(map(str, range(len(tables))))
    stacked = isinstance(data, Recordings) or data.values.ndim == 3
    kept = [_whole(table, f"{what}, dataset {label!r}," if stacked else what) for label, table in zip(labels, tables)]
    _warn_of_gaps(tables, what)
    dropped = sum(len(table.values) for table in tables) - sum(len(table.values) for table in kept)
    return (joined(kept, data.datasets, what) if stacked else kept[0]), dropped


def without_unused_gaps(
    data: Table | Recordings, used: Sequence[int]
) -> tuple[Table | Recordings, Sequence[int] | None]:
    """The data without the columns that nobody uses, if these have gaps, and which columns then are left."""
    tables = apart(data)
    if any(table.values.ndim != 2 for table in tables) or len(used) == tables[0].values.shape[1]:
        return data, None
    unused = np.delete(np.arange(tables[0].values.shape[1]), used)
    if not any(np.isnan(table.values[:, unused]).any() for table in tables):
        return data, None
    names = names_of(data)

    def narrow(table: Table) -> Table:
        values = np.ascontiguousarray(table.values[..., used])
        return replace(table, values=values, names=tuple(names[c] for c in used))

    if isinstance(data, Recordings):
        return replace(data, tables=tuple(map(narrow, tables))), used
    return narrow(data), used


def _whole(table: Table, what: str) -> Table:
    """The rows without a gap."""
    if table.values.ndim != 2:
        return table
    gap = np.isnan(table.values)
    whole = ~gap.any(axis=1)
    if whole.sum() < 3:
        raise HoiError(
            f'{what} has shape {gap.shape} and {whole.sum()} rows without a gap: missing="drop" needs at least 3. '
            f"Values are missing in {_most([table])}: leave such columns out."
        )
    return table if whole.all() else replace(table, values=np.ascontiguousarray(table.values[whole]))


def _warn_of_gaps(tables: Sequence[Table], what: str) -> None:
    samples = sum(len(table.values) for table in tables)
    broken = sum(int(np.isnan(table.values).any(axis=-1).sum()) for table in tables)
    datasets = f" of {len(tables)} datasets" if len(tables) > 1 else ""
    warn(
        f"{what}: {broken} of {samples} samples{datasets} have a gap and were left out. Values are missing in "
        f"{_most(tables)}; a column that is not needed is better left out than its gaps.",
        InputWarning,
    )


def _most(tables: Sequence[Table]) -> str:
    """The columns with the most gaps, in words."""
    share = np.concatenate([np.isnan(table.values) for table in tables]).mean(axis=0)
    names = tables[0].names or tuple(map(str, range(len(share))))
    return listing([f"{names[j]} ({share[j]:.1%})" for j in np.argsort(-share, kind="stable") if share[j]], 3)
