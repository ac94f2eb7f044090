"""Tables from text files, whose separator, header and row labels are recognised."""

from __future__ import annotations

import csv
import gzip
import io
import re
import sys
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from hoi._cli.reading._columns import listed
from hoi._errors import HoiError

if TYPE_CHECKING:
    import pandas

__all__ = ["read_text"]

# spellings of a missing value, beside the empty cell
_MISSING = ["", "NA", "N/A", "n/a", "NaN", "nan", "-nan", "NULL", "null", "None", "<NA>"]


def read_text(path: str, suffix: str, header: str, notes: list[str]) -> pandas.DataFrame:
    """Read a text table and leave out what is not data, with a note on it."""
    source: Any = io.StringIO(sys.stdin.read()) if path == "-" else path
    head, start = _first_lines(source)
    if not head:
        raise HoiError(f"cannot read {path!r}: the file is empty")
    separator = "\t" if suffix == ".tsv" else _separator(head)
    first = _cells(head[0], separator)
    named = header == "yes" or (header == "auto" and _is_header(first, head, separator))
    if start:
        notes.append(f"left out {start} line{'s' * (start > 1)} before the table (empty, or begin with #)")
    if named:
        _refuse_repeated_names(first, path)
        if len(head) > 1 and len(_cells(head[1], separator)) == len(first) + 1:
            # R writes no name over the row labels
            first = ["", *first]
    frame = _parse(source, path, separator, start + named, first if named else None, head)
    if not len(frame):
        raise HoiError(f"cannot read {path!r}: it has a header and no rows")
    return _without_unnamed(frame, first, notes) if named else frame


def _parse(
    source: Any, path: str, separator: str, skipped: int, names: list[str] | None, head: list[str]
) -> pandas.DataFrame:
    """The rows after the first `skipped` lines."""
    import pandas as pd

    # the number written, to the last bit; from pandas 3 on that is the default and the option is deprecated
    exact: dict[str, Any] = {"float_precision": "round_trip"} if pd.__version__ < "3" else {}
    columns = None if names is None else [name or f"unnamed {i}" for i, name in enumerate(names)]
    try:
        with warnings.catch_warnings():
            # a row longer than the header is an error, not something to cut
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                source,
                sep=r"\s+" if separator == " " else separator,
                decimal="," if separator == ";" and _decimal_comma(head) else ".",
                header=None,
                names=columns,
                skiprows=skipped,
                index_col=False,
                na_values=_MISSING,
                keep_default_na=False,
                skipinitialspace=True,
                encoding="utf-8-sig",
                low_memory=False,
                **exact,
            )
    except pd.errors.EmptyDataError:
        return pd.DataFrame(columns=columns)
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        reason = " ".join(str(error).split()).removesuffix(".")
        raise HoiError(
            f"cannot read {path!r}: its rows have different numbers of cells ({reason}); mend the file"
        ) from error


def _first_lines(source: Any, count: int = 50) -> tuple[list[str], int]:
    """The first lines that hold something, and how many empty lines and comments come before them."""
    if isinstance(source, io.StringIO):
        lines = [line for _, line in zip(range(count), source, strict=False)]
        source.seek(0)
    else:
        opened = gzip.open if source.lower().endswith(".gz") else open
        with opened(source, "rt", encoding="utf-8-sig", newline="") as file:
            lines = [line for _, line in zip(range(count), file, strict=False)]
    start = 0
    while start < len(lines) and (lines[start].startswith("#") or not lines[start].strip()):
        start += 1
    return [line.rstrip("\r\n") for line in lines[start:] if line.strip()], start


def _separator(head: list[str]) -> str:
    """The separator that cuts the first lines into equally many cells, most cells first."""
    best, most = ",", 1
    for candidate in ("\t", ";", ",", " "):
        first, *rest = (len(_cells(line, candidate)) for line in head)
        sizes = set(rest) or {first}
        # a decimal comma also cuts every line alike, but then the semicolon was found before
        if len(sizes) > 1 or (candidate == "," and best == ";"):
            continue
        size = sizes.pop()
        # R leaves the name over the row labels away
        if size > most and first in (size, size - 1):
            best, most = candidate, size
    return best


def _cells(line: str, separator: str) -> list[str]:
    """The cells of one line, without quotes and blanks around them."""
    cells = csv.reader(
        [line.strip() if separator == " " else line], delimiter=separator, skipinitialspace=True
    )
    return [cell.strip() for cell in next(cells, [])]


def _decimal_comma(head: list[str]) -> bool:
    """Whether numbers are written 1,5 in a file separated by semicolons."""
    cells = [cell for line in head for cell in _cells(line, ";")]
    return any(re.fullmatch(r"[-+]?\d*,\d+(e[-+]?\d+)?", cell, re.IGNORECASE) for cell in cells)


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True


def _is_header(first: list[str], head: list[str], separator: str) -> bool:
    """Whether the first line holds names: words, or the running numbers 0, 1, 2 that pandas writes."""
    if not all(_is_number(cell) for cell in first if cell not in _MISSING):
        return True
    labelled = first[0] == "" or (len(head) > 1 and len(_cells(head[1], separator)) == len(first) + 1)
    numbers = first[1:] if first[0] == "" else first
    if len(numbers) < 2 or numbers != [str(i) for i in range(len(numbers))]:
        return False
    # without labels, 0, 1, 2 may be a row of whole numbers like the next one
    return labelled or (len(head) > 1 and not all(c.isdigit() for c in _cells(head[1], separator)))


def _refuse_repeated_names(first: list[str], path: str) -> None:
    repeated = sorted({name for name in first if name and first.count(name) > 1})
    if repeated:
        raise HoiError(
            f"cannot read {path!r}: the header names {listed(repeated)} more than once; rename the "
            "columns, or use --header no if the first line is data"
        )


def _without_unnamed(frame: pandas.DataFrame, first: list[str], notes: list[str]) -> pandas.DataFrame:
    """Leave out a first column of row numbers or labels, and empty columns, if they have no name."""
    unnamed = [i for i, name in enumerate(first) if not name]
    leave = [i for i in unnamed if frame.iloc[:, i].isna().all()]
    if leave:
        notes.append(f"left out {len(leave)} empty column{'s' * (len(leave) > 1)} without a name")
    if 0 in unnamed and 0 not in leave and frame.shape[1] > 1:
        start = frame.iloc[:, 0]
        numbers = start.dtype.kind in "biuf"
        if not numbers or (np.diff(start.to_numpy(float)) == 1).all():
            leave.append(0)
            what = "counts the rows" if numbers else "holds labels"
            notes.append(f"left out the first column: it has no name and {what}")
    return frame.iloc[:, [i for i in range(frame.shape[1]) if i not in leave]]
