"""Tables of samples by variables from files, for the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hoi._cli.reading._arrays import read_arrays, read_parquet
from hoi._cli.reading._columns import choose
from hoi._cli.reading._decode import refuse_pointer
from hoi._cli.reading._options import Options
from hoi._cli.reading._problems import complete, described, listing, remark_axes
from hoi._cli.reading._text import Columns, read_text
from hoi._errors import HoiError
from hoi._inputs.categories import number_labels
from hoi._inputs.words import listing as few

if TYPE_CHECKING:
    import pandas

__all__ = ["SUFFIXES", "Options", "Table", "choose", "listing", "open_table", "read_table"]

_TEXT = (".csv", ".tsv", ".txt", ".dat")
SUFFIXES = (*_TEXT, ".npy", ".npz", ".parquet", ".mat")


class Table(NamedTuple):
    """What a file holds: a DataFrame, or a 3-D array of several data sets; remarks for the user; and how many rows with
    gaps were left out.
    """

    values: pandas.DataFrame | np.ndarray
    notes: list[str]
    dropped: int = 0


def read_table(
    path: str,
    options: Options | None = None,
    used: Callable[[list[str]], list[int] | None] | None = None,
    **more: Any,
) -> Table:
    """Read a file, choose its columns, and see to it that every value is a finite number.

    Parameters
    ----------
    path : str
        The file; "-" reads csv from standard input.
    options : Options, optional
        How to read it; or its fields as keywords.
    used : callable, optional
        Gives the columns that will be used, by the names of all; None for all. Others may be of anything: where they
        are no numbers they are NaN.

    Returns
    -------
    Table
        ``values`` of shape (n_samples, n_variables), or (n_datasets, n_samples, n_variables) from an array
        of three dimensions; ``notes`` say how it was read, what was left out and what looks odd.

    Raises
    ------
    HoiError
        When the file cannot be read surely as a table of numbers; the message names all that is wrong and the way out.
    """
    options = options or Options(**more)
    values, notes, _ = open_table(path, options)
    if isinstance(values, np.ndarray):
        return Table(values, notes)
    needed = None if used is None else used(list(values.columns))
    frame = complete(values, "standard input" if path == "-" else path, options.missing, notes, needed)
    samples, variables = frame.shape
    if samples < variables:
        notes.append(f"{samples} samples of {variables} variables; if rows are variables, use --transpose")
    return Table(frame, notes, len(values) - len(frame))


def open_table(path: str, options: Options) -> Table:
    """The columns of a file that the options choose, of numbers or not, with gaps or not; see `read_table`."""
    name = "standard input" if path == "-" else path
    if path != "-" and not Path(path).is_file():
        kind = "it is a folder" if Path(path).is_dir() else "there is no such file"
        raise HoiError(f"cannot read {name!r}: {kind}")
    suffix = _suffix(path)
    if options.variable is not None and suffix not in (".npz", ".mat"):
        raise HoiError(f"--variable chooses an array of an npz or mat file; {name!r} is neither")
    if suffix not in _TEXT and (given := options.of_text()):
        raise HoiError(f"{', '.join(given)}: for files of text only, and {name!r} is none")
    try:
        values, notes = _load(path, name, suffix, options)
    except (OSError, EOFError) as error:
        raise HoiError(f"cannot read {name!r}: {error}") from error
    if options.transpose:
        values = values.T if values.ndim == 2 else values.swapaxes(1, 2)
    if values.ndim == 3:
        return Table(values[:, :, _kept([str(i) for i in range(values.shape[2])], options)], notes)
    frame = _as_frame(values)
    kept = _kept(list(frame.columns), options)
    if options.columns is None:
        notes += remark_axes(frame.iloc[:, kept])
    frame = frame.iloc[:, kept]
    if options.discrete is not None:
        frame = _with_numbered_labels(frame, options.discrete, notes)
    if options.numeric_only:
        text = [i for i, column in enumerate(frame.columns) if frame.iloc[:, i].dtype.kind not in "biuf"]
        if len(text) == frame.shape[1]:
            raise HoiError(f"--numeric-only leaves no column of {name!r}: not one holds numbers only")
        if text:
            notes.append(f"left out columns that are not numbers: {', '.join(frame.columns[text])}")
            frame = frame.iloc[:, [i for i in range(frame.shape[1]) if i not in text]]
    return Table(frame, notes)


def _with_numbered_labels(frame: pandas.DataFrame, discrete: str, notes: list[str]) -> pandas.DataFrame:
    """The table with numbers in place of labels that are text, in the order of first appearance."""
    names = list(map(str, frame.columns))
    for i in choose(discrete, names, "--discrete"):
        column = frame.iloc[:, i]
        if column.dtype.kind in "biuf":
            continue
        (states,), labels = number_labels([column.to_numpy(dtype=object)], f"column {names[i]!r}")
        frame = frame.assign(**{frame.columns[i]: states})
        notes.append(f"numbered the labels of {names[i]!r}: {few([f'{j} {w}' for j, w in enumerate(labels)])}")
    return frame


def _load(path: str, name: str, suffix: str, options: Options) -> tuple[Any, list[str]]:
    """The whole table of a file, and remarks that begin with how it was read."""
    if suffix in _TEXT:
        columns = read_text(path, suffix, options)
        rows = len(columns.values[0])
        if not rows:
            raise HoiError(f"cannot read {name!r}: it has a header and no rows")
        said = f"read {name}: {rows} row{'s' * (rows > 1)}, {described(columns.names)}; {columns.how}"
        return _frame_of(columns), [said, *columns.notes]
    with open(path, "rb") as file:
        refuse_pointer(file.read(64), name)
    return (read_parquet(path) if suffix == ".parquet" else read_arrays(path, suffix, options)), []


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


def _kept(names: list[str], options: Options) -> list[int]:
    """Positions of the columns to use."""
    kept = list(range(len(names))) if options.columns is None else choose(options.columns, names)
    if options.drop is not None:
        away = set(choose(options.drop, names, "--drop"))
        kept = [i for i in kept if i not in away]
    if not kept:
        raise HoiError("no columns are left: --drop names all of them")
    return kept


def _frame_of(columns: Columns) -> pandas.DataFrame:
    import pandas as pd

    frame = pd.DataFrame(dict(enumerate(columns.values)))
    frame.columns = pd.Index(columns.names, dtype=object)
    return frame


def _as_frame(values: Any) -> pandas.DataFrame:
    """A DataFrame whose columns are named by text, each by its own."""
    import pandas as pd

    frame = values if isinstance(values, pd.DataFrame) else pd.DataFrame(values)
    frame.columns = [str(column) for column in frame.columns]
    return frame
