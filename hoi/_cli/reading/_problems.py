"""What keeps a table from being used: all of it at once, with the options that mend it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hoi._errors import HoiError

if TYPE_CHECKING:
    import pandas

__all__ = ["complete", "described", "listing", "remark_axes"]

_SHOWN = 8
# rows from which a column that always rises is no accident
_RISING = 10


def described(names: Sequence[str]) -> str:
    """Columns by name, not too many."""
    some = ", ".join(names[:_SHOWN])
    return f"columns {some}" + (f", ... ({len(names)} columns)" if len(names) > _SHOWN else "")


def listing(values: pandas.DataFrame | np.ndarray) -> str:
    """Each column in a line: its number, name, how many values are there, their range, and the first ones."""
    if isinstance(values, np.ndarray):
        sets, samples, variables = values.shape
        return f"{sets} data sets of {samples} samples of {variables} variables"
    lines = [f"{len(values)} samples of {values.shape[1]} columns", "", "number  name  values  lowest  highest  first"]
    cells = [line.split("  ") for line in lines[2:]]
    for position, name in enumerate(map(str, values.columns)):
        column = values.iloc[:, position]
        numbers = column.dtype.kind in "biuf"
        there = column.notna()
        if numbers:
            there &= np.isfinite(column.astype(float))
        low = high = "" if numbers else "text"
        if numbers and there.any():
            low, high = (f"{f(column[there].astype(float)):.6g}" for f in (min, max))
        first = ", ".join(f"{v:.6g}" if numbers else repr(str(v)) for v in column[:3].tolist())
        cells.append([str(position), name, str(int(there.sum())), low, high, first])
    widths = [max(map(len, entries)) for entries in zip(*cells, strict=True)]
    rows = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join([*lines[:2], *rows])


def remark_axes(frame: pandas.DataFrame) -> list[str]:
    """A column that goes in equal steps, or a first one that only rises, is more often a time than data."""
    notes = []
    for position, name in enumerate(map(str, frame.columns)):
        values = frame.iloc[:, position]
        if len(values) < 3 or values.dtype.kind not in "iuf":
            continue
        steps = np.diff(values.to_numpy(float, na_value=np.nan))
        step = float(np.median(steps))
        if (steps == 1).all():
            what = "counts the rows"
        elif step and (np.abs(steps - step) <= 1e-3 * abs(step)).all():
            what = f"goes in steps of {step:.6g}"
        elif position == 0 and len(values) >= _RISING and (steps > 0).all():
            what = "rises from row to row"
        else:
            continue
        notes.append(f"column {name!r} {what}; if it is not data, leave it out with --drop {_quoted(name)}")
    return notes


def _quoted(name: str) -> str:
    """A name as --columns and --drop read it."""
    return f'\'"{name}"\'' if "," in name else f"'{name}'" if " " in name else name


def complete(
    frame: pandas.DataFrame, name: str, missing: str, notes: list[str], used: list[int] | None = None
) -> pandas.DataFrame:
    """The table as float64 without gaps in the columns that are used, or an error that says all that is wrong with them
    at once. Columns that are not used stay in their places; those that are no numbers are NaN."""
    import pandas as pd

    if used is not None and len(used) < frame.shape[1]:
        left = complete(frame.iloc[:, used], name, missing, notes)
        everything = frame.loc[left.index].apply(pd.to_numeric, errors="coerce").astype(float)
        everything.iloc[:, used] = left
        return everything
    problems: list[str] = []
    ways: list[str] = []
    text = _text(frame, problems)
    if len(text) == frame.shape[1]:
        raise HoiError(
            f"{name!r} has {problems[0]}. Not one holds numbers only: if lines stand above the header, say --header N "
            "with its line, and see hoi show"
        )
    numbers = frame.iloc[:, [i for i in range(frame.shape[1]) if i not in text]].apply(pd.to_numeric)
    numbers = numbers.apply(lambda column: pd.Series(column.to_numpy(float, na_value=np.nan), column.index))
    bad = ~np.isfinite(numbers.to_numpy())
    rows = bad.any(axis=1)
    counts = [(str(column), int(n)) for column, n in zip(numbers.columns, bad.sum(axis=0), strict=True) if n]
    where = ", ".join(f"{column!r} ({n})" for column, n in counts[:_SHOWN])
    where += f" and {len(counts) - _SHOWN} more columns" if len(counts) > _SHOWN else ""
    left = numbers[~rows]
    if missing == "drop" and rows.all():
        worst = max(counts, key=lambda count: count[1])[0]
        problems.append(f"no row without missing values, which are in {where}")
        ways.append(f"--drop {_quoted(worst)} or another of these")
    elif missing == "drop" and rows.any():
        notes.append(f"left out {int(rows.sum())} of {len(frame)} rows with missing or infinite values, in {where}")
    elif rows.any():
        problems.append(f"missing or infinite values in {int(rows.sum())} of {len(frame)} rows, in columns {where}")
        ways.append("--missing drop for those rows, or --drop for those columns")
        left = numbers
    away = [str(frame.columns[i]) for i in text]
    constant = _constant(left)
    if constant:
        some = ", ".join(map(repr, constant[:_SHOWN]))
        some += f" and {len(constant) - _SHOWN} more columns" if len(constant) > _SHOWN else ""
        problems.append(f"one value only in {some} (a constant has no information to share)")
    away += constant
    if away:
        more = " (or --numeric-only)" if len(away) == len(text) else ""
        ways.insert(0, f"--drop {','.join(map(_quoted, away))}{more}")
    if problems:
        raise HoiError(f"{name!r} has {'; '.join(problems)}. The way out: {', and '.join(ways)}")
    return left


def _text(frame: pandas.DataFrame, problems: list[str]) -> list[int]:
    """Positions of the columns with a cell that is no number; a cell of each is shown."""
    import pandas as pd

    wrong, where = [], []
    for position, column in enumerate(frame.columns):
        values = frame.iloc[:, position]
        if values.dtype.kind in "biuf":
            continue
        is_date = values.dtype.kind in "mM"
        numbers = pd.Series(np.nan, values.index) if is_date else pd.to_numeric(values, errors="coerce")
        bad = np.flatnonzero(values.notna() & numbers.isna())
        if not bad.size and isinstance(values.get(values.first_valid_index()), str):
            bad = np.flatnonzero(values.notna())  # a number, but not as the numbers of the file are written
        if bad.size:
            wrong.append(position)
            where.append(f"{column!r} (row {bad[0] + 1}: {str(values.iloc[bad[0]])!r})")
    if wrong:
        some = "; ".join(where[:6]) + (f"; and {len(where) - 6} more" if len(where) > 6 else "")
        problems.append(f"columns that are not numbers: {some}")
    return wrong


def _constant(frame: pandas.DataFrame) -> list[str]:
    """Names of the columns with one value only, of the values that are there."""
    constant = []
    for position, column in enumerate(frame.columns):
        values = frame.iloc[:, position].to_numpy()
        values = values[np.isfinite(values)]
        if len(frame) > 1 and values.size and (values == values[0]).all():
            constant.append(str(column))
    return constant
