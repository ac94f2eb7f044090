"""Tables of samples by variables from files, for the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hoi._cli.reading._arrays import read_arrays, read_parquet
from hoi._cli.reading._columns import choose
from hoi._cli.reading._text import read_text
from hoi._errors import HoiError

if TYPE_CHECKING:
    import pandas

__all__ = ["SUFFIXES", "Table", "choose", "read_table"]

_TEXT = (".csv", ".tsv", ".txt", ".dat")
SUFFIXES = (*_TEXT, ".npy", ".npz", ".parquet", ".mat")


class Table(NamedTuple):
    """What a file holds: a DataFrame, or a 3-D array of several data sets; and remarks for the user."""

    values: pandas.DataFrame | np.ndarray
    notes: list[str]


def read_table(
    path: str,
    *,
    columns: str | None = None,
    drop: str | None = None,
    variable: str | None = None,
    header: str = "auto",
    missing: str = "error",
    transpose: bool = False,
) -> Table:
    """Read a file, choose its columns, and see to it that every value is a finite number.

    Parameters
    ----------
    path : str
        The file; "-" reads csv from standard input.
    columns, drop : str, optional
        Columns to keep, or to leave out, as in "LHip,LAmy,3,5:8"; see `choose`.
    variable : str, optional
        Which array of an npz or mat file.
    header : {"auto", "yes", "no"}
        Whether the first line of a text file holds names.
    missing : {"error", "drop"}
        What to do with rows that lack a value.
    transpose : bool
        The rows are the variables.

    Returns
    -------
    Table
        ``values`` of shape (n_samples, n_variables), or (n_datasets, n_samples, n_variables) from an array
        of three dimensions; ``notes`` say what was left out and what looks odd.

    Raises
    ------
    HoiError
        When the file cannot be read as a table of numbers; the message names what is wrong and the way out.
    """
    notes: list[str] = []
    name = "standard input" if path == "-" else path
    if path != "-" and not Path(path).is_file():
        kind = "it is a folder" if Path(path).is_dir() else "there is no such file"
        raise HoiError(f"cannot read {name!r}: {kind}")
    suffix = _suffix(path)
    if variable is not None and suffix not in (".npz", ".mat"):
        raise HoiError(f"--variable chooses an array of an npz or mat file; {name!r} is neither")
    try:
        if suffix in _TEXT:
            values: Any = read_text(path, suffix, header, notes)
        elif suffix == ".parquet":
            values = read_parquet(path)
        else:
            values = read_arrays(path, suffix, variable)
    except UnicodeDecodeError as error:
        raise HoiError(f"cannot read {name!r}: its text is not UTF-8. Save it as 'CSV UTF-8'") from error
    except (OSError, EOFError) as error:
        raise HoiError(f"cannot read {name!r}: {error}") from error
    if transpose:
        values = values.T if values.ndim == 2 else values.swapaxes(1, 2)
    if values.ndim == 3:
        kept = _kept([str(i) for i in range(values.shape[2])], columns, drop)
        return Table(values[:, :, kept], notes)
    frame = _as_frame(values)
    if columns is None and drop is None:
        _remark_row_numbers(frame, notes)
    frame = frame.iloc[:, _kept(list(frame.columns), columns, drop)]
    frame = _complete(_numeric(frame, name), missing, name, notes)
    _require_varying(frame, name)
    samples, variables = frame.shape
    if samples < variables:
        notes.append(f"{samples} samples of {variables} variables; if rows are variables, use --transpose")
    return Table(frame, notes)


def _suffix(path: str) -> str:
    """The suffix that says the format, without that of gzip."""
    if path == "-":
        return ".csv"
    name = Path(path).name.lower()
    suffix = Path(name.removesuffix(".gz")).suffix
    if suffix not in SUFFIXES or (name.endswith(".gz") and suffix not in _TEXT):
        sheet = ". Save the sheet as csv" if suffix in (".xlsx", ".xls", ".ods") else ""
        raise HoiError(
            f"cannot read {path!r}: the suffix must be one of {', '.join(SUFFIXES)}, or .gz after one of text{sheet}"
        )
    return suffix


def _kept(names: list[str], columns: str | None, drop: str | None) -> list[int]:
    """Positions of the columns to use."""
    kept = list(range(len(names))) if columns is None else choose(columns, names)
    if drop is not None:
        away = set(choose(drop, names, "--drop"))
        kept = [i for i in kept if i not in away]
    if not kept:
        raise HoiError("no columns are left: --drop names all of them")
    return kept


def _as_frame(values: Any) -> pandas.DataFrame:
    """A DataFrame whose columns are named by text."""
    import pandas as pd

    frame = values if isinstance(values, pd.DataFrame) else pd.DataFrame(values)
    frame.columns = [str(column) for column in frame.columns]
    return frame


def _remark_row_numbers(frame: pandas.DataFrame, notes: list[str]) -> None:
    """A first column 0, 1, 2 ... is more often a row number or a time than data."""
    start = frame.iloc[:, 0]
    if (
        len(frame) > 2
        and start.dtype.kind in "iuf"
        and (np.diff(start.to_numpy(float, na_value=np.nan)) == 1).all()
    ):
        name = str(frame.columns[0])
        notes.append(f"column {name!r} counts the rows; if it is not data, leave it out with --drop {name}")


def _numeric(frame: pandas.DataFrame, name: str) -> pandas.DataFrame:
    """All columns as float64, or an error that names the columns of text and shows a cell of each."""
    import pandas as pd

    wrong = []
    for position, column in enumerate(frame.columns):
        values = frame.iloc[:, position]
        if values.dtype.kind in "biuf":
            continue
        is_date = values.dtype.kind in "mM"
        numbers = pd.Series(np.nan, values.index) if is_date else pd.to_numeric(values, errors="coerce")
        bad = np.flatnonzero(values.notna() & numbers.isna())
        if bad.size:
            wrong.append(f"{column!r} (row {bad[0] + 1}: {str(values.iloc[bad[0]])!r})")
    if wrong:
        some = "; ".join(wrong[:6]) + (f"; and {len(wrong) - 6} more" if len(wrong) > 6 else "")
        way_out = "Choose columns with --columns, or leave these out with --drop"
        if len(wrong) == frame.shape[1]:
            way_out = "Not one holds numbers only: if lines stand above the header, begin them with # or delete them"
        raise HoiError(f"{name!r} has columns that are not numbers: {some}. {way_out}")
    numbers = frame.apply(pd.to_numeric)
    return numbers.apply(lambda column: pd.Series(column.to_numpy(float, na_value=np.nan), column.index))


def _complete(frame: pandas.DataFrame, missing: str, name: str, notes: list[str]) -> pandas.DataFrame:
    """Rows without missing or infinite values, or an error that names the columns and counts."""
    bad = ~np.isfinite(frame.to_numpy())
    rows = bad.any(axis=1)
    if not rows.any():
        return frame
    counts = [(column, int(n)) for column, n in zip(frame.columns, bad.sum(axis=0), strict=True) if n]
    where = ", ".join(f"{column!r} ({n})" for column, n in counts[:8])
    where += f" and {len(counts) - 8} more columns" if len(counts) > 8 else ""
    if missing == "error":
        raise HoiError(
            f"{name!r} has missing or infinite values in {int(rows.sum())} of {len(frame)} rows, in columns "
            f"{where}. Leave those rows out with --missing drop, or those columns with --drop"
        )
    if rows.all():
        worst = max(counts, key=lambda c: c[1])[0]
        raise HoiError(
            f"--missing drop leaves no rows of {name!r}: values are missing in {where}; leave such columns "
            f"out with --drop, as in --drop {worst}"
        )
    out = int(rows.sum())
    notes.append(f"left out {out} of {len(frame)} rows with missing or infinite values, in {where}")
    return frame[~rows]


def _require_varying(frame: pandas.DataFrame, name: str) -> None:
    """An error that names the columns with one value only, and how to leave them out."""
    values = frame.to_numpy()
    constant = [str(column) for column in frame.columns[(values == values[:1]).all(axis=0)]] if len(values) > 1 else []
    if constant:
        some = ", ".join(map(repr, constant[:8]))
        some += f" and {len(constant) - 8} more columns" if len(constant) > 8 else ""
        raise HoiError(
            f"{name!r} has one value only in {some}: a constant has no information to share. Leave such columns out, "
            f"as in --drop {','.join(constant)}"
        )
