"""Multiplets to and from files: parquet and netCDF without loss, csv for other programs."""

from __future__ import annotations

import csv
import importlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from hoi._errors import HoiError
from hoi._results.columns import label, unit

if TYPE_CHECKING:
    import xarray

    from hoi._results.multiplets import Multiplets

__all__ = ["SUFFIXES", "check_place", "check_target", "complete_or_nothing", "load", "save", "to_xarray", "write_rows"]

SUFFIXES = (".parquet", ".nc", ".netcdf", ".csv")
_FORMAT = 1


def save(result: Multiplets, path: str | os.PathLike[str]) -> Path:
    """Write by suffix; the file appears only when it is complete."""
    path = Path(path).expanduser()
    suffix = check_target(path)
    writer = {".parquet": _write_parquet, ".csv": _write_csv}.get(suffix, _write_netcdf)
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
        _need("pyarrow", "write parquet")
    elif suffix != ".csv":
        _need("xarray", "write netCDF")
    return suffix


def check_place(path: Path) -> None:
    """Error unless a file of that name can be made."""
    if not path.parent.is_dir():
        raise HoiError(
            f"cannot save to {str(path)!r}: there is no folder {str(path.parent)!r}; create it first"
        )
    if path.is_dir():
        raise HoiError(f"cannot save to {str(path)!r}: it is a folder; give the name of a file")


def load(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Fields of the Multiplets in a file."""
    path = Path(path).expanduser()
    suffix = path.suffix.lower()
    if suffix == ".csv":
        raise HoiError(
            f"cannot load {str(path)!r}: a csv file holds the rows without the settings; save to "
            ".parquet or .nc to load the result back, or read the rows with pandas.read_csv"
        )
    if suffix not in SUFFIXES:
        raise HoiError(f"cannot load {str(path)!r}: the suffix must be one of .parquet, .nc, .netcdf")
    if not path.is_file():
        raise HoiError(f"cannot load {str(path)!r}: there is no such file")
    return _read_parquet(path) if suffix == ".parquet" else _read_netcdf(path)


def to_xarray(result: Multiplets) -> xarray.Dataset:
    """Dataset with one row per set; see `Multiplets.to_xarray`."""
    xr = _need("xarray", "give an xarray Dataset")
    rows = "multiplet"
    # netCDF 3 cannot hold two empty dimensions, so a result without rows gets one position
    members = np.array(result.indices) if result.indices.shape[1] else np.full((len(result), 1), -1)
    variables: dict[str, Any] = {
        "members": (
            (rows, "position"),
            members,
            {"description": "index of the variable, -1: none"},
        ),
        "order": (rows, result.order, {"description": "number of variables in the set"}),
    }
    for name in result.columns:
        attributes = {"long_name": label(name), "units": unit(name, result.units) or "1"}
        variables[name] = (rows, np.array(getattr(result, name)), attributes)
    coordinates: dict[str, Any] = {"variable": ("variable", np.array(result.names, dtype=object))}
    if result.dataset is not None:
        coordinates["dataset"] = (rows, np.array(result.dataset))
    if result.extreme is not None:
        coordinates["extreme"] = (rows, np.array(result.extreme))
    about = {"hoi_format": _FORMAT, "units": result.units, "settings": json.dumps(result.settings)}
    return xr.Dataset(variables, coordinates, about)


def _write_netcdf(result: Multiplets, path: Path) -> None:
    # netCDF 3 by way of scipy: no further package, and text of any language survives
    to_xarray(result).to_netcdf(path, engine="scipy", format="NETCDF3_64BIT")


def _read_netcdf(path: Path) -> dict[str, Any]:
    xr = _need("xarray", "read netCDF")
    try:
        found = xr.load_dataset(path, engine="scipy")
    except (TypeError, ValueError, OSError, IndexError) as error:
        raise HoiError(f"cannot load {str(path)!r}: not a netCDF 3 file ({error})") from error
    if "hoi_format" not in found.attrs:
        raise _foreign(path)
    fields = {name: found[name].values for name in found.data_vars if name not in ("members", "order")}
    for name in ("dataset", "extreme"):
        fields[name] = found[name].values if name in found.coords else None
    return {
        **fields,
        "indices": found["members"].values,
        "names": tuple(str(name) for name in found["variable"].values),
        "settings": json.loads(found.attrs["settings"]),
    }


def _write_parquet(result: Multiplets, path: Path) -> None:
    pa, pq = _need("pyarrow", "write parquet"), _need("pyarrow.parquet", "write parquet")
    columns: dict[str, Any] = {}
    if result.dataset is not None:
        columns["dataset"] = pa.array(result.dataset, pa.int64())
    if result.extreme is not None:
        columns["extreme"] = pa.array(result.extreme.tolist(), pa.string())
    columns["order"] = pa.array(result.order, pa.int64())
    columns["members"] = pa.array(result.members, pa.list_(pa.int32()))
    columns["names"] = pa.array(result.member_names, pa.list_(pa.string()))
    columns.update({name: pa.array(getattr(result, name), pa.float64()) for name in result.columns})
    about = {"format": _FORMAT, "names": result.names, "units": result.units, "settings": result.settings}
    table = pa.table(columns).replace_schema_metadata({"hoi": json.dumps(about)})
    pq.write_table(table, path)


def _read_parquet(path: Path) -> dict[str, Any]:
    pa, pq = _need("pyarrow", "read parquet"), _need("pyarrow.parquet", "read parquet")
    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise HoiError(f"cannot load {str(path)!r}: not a parquet file ({error})") from error
    metadata = table.schema.metadata or {}
    if b"hoi" not in metadata:
        raise _foreign(path)
    about = json.loads(metadata[b"hoi"])
    members = table["members"].to_pylist()
    indices = np.full((len(members), max(map(len, members), default=0)), -1, dtype=np.intp)
    for row, member in zip(indices, members, strict=True):
        row[: len(member)] = member
    about_sets = ("dataset", "extreme", "order", "members", "names")
    fields = {name: table[name].to_numpy() for name in table.column_names if name not in about_sets}
    fields["dataset"] = table["dataset"].to_numpy() if "dataset" in table.column_names else None
    fields["extreme"] = table["extreme"].to_pylist() if "extreme" in table.column_names else None
    return {**fields, "indices": indices, "names": tuple(about["names"]), "settings": about["settings"]}


def _write_csv(result: Multiplets, path: Path) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        write_rows(result, file)


def write_rows(result: Multiplets, file: Any) -> None:
    """The rows as csv: members separated by spaces, their names by semicolons, values at full precision."""
    writer = csv.writer(file, lineterminator="\n")
    optional = [name for name in ("dataset", "extreme") if getattr(result, name) is not None]
    writer.writerow([*optional, "order", "members", "names", *result.columns])
    for row in result:
        start = [getattr(row, name) for name in optional]
        values = [repr(getattr(row, name)) for name in result.columns]
        writer.writerow([*start, row.order, " ".join(map(str, row.members)), "; ".join(row.names), *values])


@contextmanager
def complete_or_nothing(path: Path) -> Iterator[Path]:
    """A neighbouring name to write to, renamed to `path` at the end, so that no half a file is left."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise HoiError(f"cannot save to {str(path)!r}: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)


def _need(module: str, purpose: str) -> ModuleType:
    """An optional package, or an error that says how to get it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise HoiError(
            f"{package} is needed to {purpose} and is not installed: pip install 'hoi[io]'"
        ) from error


def _foreign(path: Path) -> HoiError:
    return HoiError(f"cannot load {str(path)!r}: it was not written by Multiplets.save")
