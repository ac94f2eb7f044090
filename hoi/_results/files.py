"""Results to and from files: by suffix parquet and netCDF, which give them back, or csv for other programs."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hoi._errors import HoiError
from hoi._results import formats
from hoi._results.writing import check_place, complete_or_nothing

if TYPE_CHECKING:
    from hoi._results.multiplets import Multiplets

__all__ = ["SUFFIXES", "check_target", "load", "save", "write_rows"]

SUFFIXES = (".parquet", ".nc", ".netcdf", ".csv")


def save(result: Multiplets, path: str | os.PathLike[str]) -> Path:
    """Write by suffix; the file appears only when it is complete."""
    path = Path(path).expanduser()
    suffix = check_target(path)
    for name in result.names:
        if any("\ud800" <= letter <= "\udfff" for letter in name):
            raise HoiError(
                f"cannot save to {str(path)!r}: the name {name!r} holds half a character (a surrogate), which no file "
                "of text can. Read the names with the right encoding, or give others."
            )
    writer = {".parquet": formats.write_parquet, ".csv": _write_csv}.get(suffix, formats.write_netcdf)
    with complete_or_nothing(path) as part:
        writer(result, part)
    return path


def check_target(path: str | os.PathLike[str]) -> str:
    """The suffix of a file to write, after checking that the file can be written."""
    path = Path(path).expanduser()
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise HoiError(f"cannot save to {str(path)!r}: the suffix must be one of {', '.join(SUFFIXES)}")
    check_place(path)
    if suffix == ".parquet":
        formats.need("pyarrow", "write parquet")
    elif suffix != ".csv":
        formats.need("xarray", "write netCDF")
    return suffix


def load(path: str | os.PathLike[str], make: Callable[..., Multiplets]) -> Multiplets:
    """The result in a file, put together by `make`."""
    path = Path(path).expanduser()
    suffix = path.suffix.lower()
    if suffix == ".csv":
        raise HoiError(
            f"cannot load {str(path)!r}: a csv file holds the rows without the settings; save to "
            ".parquet or .nc to load the result back, or read the rows with pandas.read_csv"
        )
    if suffix not in SUFFIXES:
        raise HoiError(f"cannot load {str(path)!r}: the suffix must be one of .parquet, .nc, .netcdf")
    if not os.path.isfile(path):
        raise HoiError(f"cannot load {str(path)!r}: there is no such file")
    reader = formats.read_parquet if suffix == ".parquet" else formats.read_netcdf
    try:
        return reader(path, make)
    except HoiError as error:
        raise HoiError(f"cannot load {str(path)!r}: {error}") from error
    except Exception as error:  # what damage does to the content is open
        raise HoiError(f"cannot load {str(path)!r}: the file is damaged ({type(error).__name__}: {error})") from error


def _write_csv(result: Multiplets, path: Path) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        write_rows(result, file)


def write_rows(result: Multiplets, file: Any) -> None:
    """The rows as csv: members separated by spaces, their names by semicolons, values at full precision.

    ``csv.reader([names], delimiter=";", skipinitialspace=True)`` takes names apart: those that hold a semicolon or a
    quotation mark, or begin or end with a space, are in quotation marks.
    """
    writer = csv.writer(file, lineterminator="\n")
    optional = [name for name in ("dataset", "extreme") if getattr(result, name) is not None]
    writer.writerow([*optional, "order", "members", "names", *result.columns])
    named = result.dataset_names
    for i, row in enumerate(result):
        start = [named[i] if name == "dataset" and named is not None else getattr(row, name) for name in optional]
        values = [repr(getattr(row, name)) for name in result.columns]
        names = "; ".join(map(_quoted, row.names))
        writer.writerow([*start, row.order, " ".join(map(str, row.members)), names, *values])


def _quoted(name: str) -> str:
    """A name that can stand beside others: in quotation marks, doubled within, where it needs them."""
    plain = name and name == name.strip() and not any(mark in name for mark in ';"\r\n')
    return name if plain else '"' + name.replace('"', '""') + '"'
