"""Missing values: an error, or rows left out, as the parameter `missing` says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from hoi._errors import HoiError, InputWarning, warn
from hoi._inputs.containers import read
from hoi._inputs.options import check_choice
from hoi._inputs.words import listing

__all__ = ["MISSING", "rows_without_gaps"]

MISSING = ("raise", "drop")


def rows_without_gaps(X: Any, missing: str, *, ranks: bool = False, what: str = "X") -> tuple[Any, int]:
    """Data by the rule for missing values: as they are for "raise" (a check follows), fewer rows for "drop".

    Parameters
    ----------
    X : array_like
        What :func:`hoi.oinfo` takes.
    missing : {"raise", "drop"}
        "drop" leaves out the rows (samples) with a gap in any column.
    ranks : bool
        As in `as_float`.
    what : str
        Name of the argument in messages.

    Returns
    -------
    X : array_like
    dropped : int
        Rows that were left out.

    Raises
    ------
    HoiError
        For a stack with gaps, whose datasets would differ in length, and if fewer than 3 rows are left.

    Warns
    -----
    InputWarning
        If rows were left out: how many.
    """
    if check_choice(missing, MISSING, "missing") == "raise":
        return X, 0
    table = read(X, what, ranks=ranks)
    gap = np.isnan(table.values)
    if not gap.any():
        return table, 0
    shape = table.values.shape
    if len(shape) != 2:
        raise HoiError(
            f'{what} has shape {shape} and gaps: missing="drop" would leave datasets of different lengths in one '
            "array. Leave the rows out beforehand, and give a list of tables, one for each dataset."
        )
    whole = ~gap.any(axis=1)
    names = table.names or tuple(map(str, range(shape[1])))
    share = gap.mean(axis=0)
    most = listing([f"{names[j]} ({share[j]:.1%})" for j in np.argsort(-share, kind="stable") if share[j]], 3)
    if whole.sum() < 3:
        raise HoiError(
            f'{what} has shape {shape} and {whole.sum()} rows without a gap: missing="drop" needs at least 3. Values '
            f"are missing in {most}: leave such columns out."
        )
    dropped = int(shape[0] - whole.sum())
    warn(
        f"{what}: {dropped} of {shape[0]} samples have a gap and were left out. Values are missing in {most}; a column "
        "that is not needed is better left out than its gaps.",
        InputWarning,
    )
    return replace(table, values=np.ascontiguousarray(table.values[whole])), dropped
