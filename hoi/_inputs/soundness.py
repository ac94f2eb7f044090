"""What is wrong with the values of a table: all of it at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hoi._errors import HoiError
from hoi._inputs.datasets import apart
from hoi._inputs.table import Recordings, Table
from hoi._inputs.words import columns, listing
from hoi._typing import FloatArray

__all__ = ["DROP", "constant_columns", "constants", "gaps", "refuse", "without_constants"]

# What to do about gaps, for functions with the parameter.
DROP = 'Use missing="drop" to leave out samples with a gap, leave out'


def refuse(what: str, problems: Sequence[str]) -> None:
    """Error with all problems, each a sentence or two; none is no error."""
    if len(problems) > 1:
        listed = "\n".join(f"- {problem}" for problem in problems)
        raise HoiError(f"{what} cannot be used as it is, for {len(problems)} reasons:\n{listed}")
    if problems:
        raise HoiError(problems[0])


def gaps(
    values: FloatArray, names: Sequence[str], what: str, gap: str = "NaN", *, way: str, shape: Sequence[int] = ()
) -> list[str]:
    """Missing and infinite values, with their number and the columns that hold them; `shape` is that of all data."""
    bad = ~np.isfinite(values)
    if not bad.any():
        return []
    n_nan = int(np.isnan(values).sum())
    n_infinite = int(bad.sum()) - n_nan
    counts = " and ".join(f"{n} {word}" for n, word in ((n_nan, gap), (n_infinite, "infinite")) if n)
    counts += " value" + "s" * (n_nan + n_infinite > 1)
    where = columns(names, np.flatnonzero(bad.any(axis=tuple(range(values.ndim - 1)))))
    said = f"{what} has shape {tuple(shape) or values.shape} and {counts}, in {where}: every value must be finite."
    return [f"{said} {way} those columns, or fill the gaps."]


def constant_columns(values: FloatArray) -> NDArray[np.bool_]:
    """Which columns (n_datasets, n_vars) of a stack (n_datasets, n_samples, n_vars) have one value only; a missing one
    is none."""
    # the first and the last sample clear almost every column, so the table is not read once more
    first, last = values[:, 0], values[:, -1]
    constant = (first == last) | ~(np.isfinite(first) & np.isfinite(last))
    for d, j in zip(*constant.nonzero(), strict=True):
        column = values[d, :, j]
        there = column[np.isfinite(column)]
        constant[d, j] = there.size > 0 and bool((there == there[0]).all())
    return constant


def constants(values: FloatArray, names: Sequence[str], what: str, *, stacked: bool) -> list[str]:
    """Columns with one value only, of a stack."""
    constant = constant_columns(values)
    if not constant.any():
        return []
    where = columns(names, np.flatnonzero(constant.any(axis=0)))
    datasets = f" of dataset {listing(np.flatnonzero(constant.any(axis=1)).tolist())}" if stacked else ""
    said = f"{what} has the same value in all {values.shape[1]} samples{datasets} in {where}"
    return [f"{said}: a constant has no information to share. Leave such columns out."]


def without_constants(data: Table | Recordings) -> tuple[Table | Recordings, NDArray[np.bool_] | None]:
    """The data with numbers that vary in the place of constant columns, and which these are (n_datasets, n_vars).

    For callers that give no value to sets with such a column; None where there is none.
    """
    tables = apart(data)
    if any(table.values.ndim != 2 or not table.values.size for table in tables):
        return data, None
    found = [constant_columns(table.values[None])[0] for table in tables]
    found = [mask & np.isfinite(table.values).all(axis=0) for mask, table in zip(found, tables, strict=True)]
    if not np.any(found):
        return data, None

    def varied(table: Table, mask: NDArray[np.bool_]) -> Table:
        values = np.where(mask, np.arange(float(len(table.values)))[:, None], table.values)
        return replace(table, values=values)

    some = [varied(table, mask) for table, mask in zip(tables, found, strict=True)]
    if isinstance(data, Recordings):
        return replace(data, tables=tuple(some)), np.array(found)
    values = np.stack([table.values for table in some])
    return replace(data, values=values if data.values.ndim == 3 else values[0]), np.array(found)
