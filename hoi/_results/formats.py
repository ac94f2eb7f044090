"""What is in the files of a result: parquet and netCDF 3, without loss, with a version and a checksum.

Format 2 carries a checksum over the rows, names and settings; format 1, of the first version, has none.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from hoi._errors import HoiError
from hoi._results.columns import label, unit

if TYPE_CHECKING:
    import xarray

    from hoi._results.multiplets import Multiplets

__all__ = ["FORMAT", "checksum", "need", "read_netcdf", "read_parquet", "to_xarray", "write_netcdf", "write_parquet"]

FORMAT = 2
_FIRST_COLUMNS = ["tc", "dtc", "oinfo", "sinfo"]


def checksum(result: Multiplets) -> str:
    """SHA-256 of all that a file gives back, the same for every format."""
    about = {"names": result.names, "columns": result.columns, "settings": result.settings}
    if result.extreme is not None:
        about["extreme"] = [str(end) for end in result.extreme]
    found = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    found.update(json.dumps([result.indices.shape, result.dataset is not None]).encode())
    found.update(result.indices.astype("<i8").tobytes())
    if result.dataset is not None:
        found.update(result.dataset.astype("<i8").tobytes())
    for name in result.columns:
        found.update(getattr(result, name).astype("<f8").tobytes())
    return found.hexdigest()


def _stamp(result: Multiplets) -> dict[str, Any]:
    """What both formats say of their content; text, which netCDF 3 holds at any length."""
    about = {"names": result.names, "columns": result.columns, "settings": result.settings, "units": result.units}
    return {"format": FORMAT, **about, "checksum": checksum(result)}


def _checked(about: dict[str, Any]) -> dict[str, Any]:
    """The stamp of a file of a format that is read here."""
    if (version := about["format"]) not in (1, FORMAT):
        raise HoiError(f"it has format {version!r}, and this version of hoi reads 1 and {FORMAT}: a later one wrote it")
    return {"checksum": None, "columns": _FIRST_COLUMNS, **about} if version == 1 else about


def _need_columns(wanted: Iterable[str], there: Iterable[Any]) -> None:
    if lost := [name for name in wanted if name not in set(there)]:
        raise HoiError(f"it lacks the column{'s' * (len(lost) > 1)} {', '.join(map(repr, lost))}")


# -- netCDF 3, by way of scipy: no further package, and text of any language survives


def to_xarray(result: Multiplets) -> xarray.Dataset:
    """Dataset with one row per set; see `Multiplets.to_xarray`."""
    xr = need("xarray", "give an xarray Dataset")
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
        if result.dataset_names is not None:
            coordinates["dataset_name"] = (rows, result.dataset_names)
    if result.extreme is not None:
        coordinates["extreme"] = (rows, np.array(result.extreme))
    return xr.Dataset(variables, coordinates, {"units": result.units, "settings": json.dumps(result.settings)})


def write_netcdf(result: Multiplets, path: Path) -> None:
    """Write a netCDF 3 file."""
    # the names once more as JSON: netCDF fills text up with NUL, and so loses one at the end of a name
    stamped = to_xarray(result).assign_attrs(hoi_format=FORMAT, hoi=json.dumps(_stamp(result)))
    stamped.to_netcdf(path, engine="scipy", format="NETCDF3_64BIT")


def read_netcdf(path: Path, make: Callable[..., Multiplets]) -> Multiplets:
    """Read a netCDF 3 file that `write_netcdf`, or its like of format 1, wrote."""
    xr = need("xarray", "read netCDF")
    try:
        found = xr.load_dataset(path, engine="scipy")
    except Exception as error:  # of any kind: the parser is another's, and the file is anyone's
        raise HoiError(f"not a netCDF 3 file, or a damaged one ({error})") from error
    if "hoi_format" not in found.attrs:
        raise _foreign()
    version = int(found.attrs["hoi_format"])
    about = _checked(json.loads(found.attrs["hoi"]) if version == FORMAT else {"format": version})
    if version == 1:
        about["names"] = [str(name) for name in found["variable"].values]
        about["settings"] = json.loads(found.attrs["settings"])
    _need_columns(["members", *about["columns"]], found.variables)
    columns = {name: found[name].values for name in about["columns"]}
    for name in ("dataset", "extreme"):
        columns[name] = found[name].values if name in found.coords else None
    return _made(make, found["members"].values, about, columns)


# -- parquet


def write_parquet(result: Multiplets, path: Path) -> None:
    """Write a parquet file."""
    pa, pq = need("pyarrow", "write parquet"), need("pyarrow.parquet", "write parquet")
    columns: dict[str, Any] = {}
    if result.dataset is not None:
        columns["dataset"] = pa.array(result.dataset, pa.int64())
        if result.dataset_names is not None:  # for other programs; here they come from the settings
            columns["dataset_name"] = pa.array(result.dataset_names.tolist(), pa.string())
    if result.extreme is not None:
        columns["extreme"] = pa.array(result.extreme.tolist(), pa.string())
    columns["order"] = pa.array(result.order, pa.int64())
    columns["members"] = pa.array(result.members, pa.list_(pa.int32()))
    columns["names"] = pa.array(result.member_names, pa.list_(pa.string()))
    columns.update({name: pa.array(getattr(result, name), pa.float64()) for name in result.columns})
    table = pa.table(columns).replace_schema_metadata({"hoi": json.dumps(_stamp(result))})
    pq.write_table(table, path)


def read_parquet(path: Path, make: Callable[..., Multiplets]) -> Multiplets:
    """Read a parquet file that `write_parquet`, or its like of format 1, wrote."""
    pq = need("pyarrow.parquet", "read parquet")
    try:
        # a file as such: pyarrow would take "key=value" in the names of folders for columns
        with pq.ParquetFile(path) as file:
            table = file.read()
    except Exception as error:  # of any kind: the parser is another's, and the file is anyone's
        raise HoiError(f"not a parquet file, or a damaged one ({error})") from error
    metadata = table.schema.metadata or {}
    if b"hoi" not in metadata:
        raise _foreign()
    about = _checked(json.loads(metadata[b"hoi"]))
    _need_columns(["members", *about["columns"]], table.column_names)
    members = table["members"].to_pylist()
    indices = np.full((len(members), max(map(len, members), default=0)), -1, dtype=np.intp)
    for row, member in zip(indices, members, strict=True):
        row[: len(member)] = member
    columns = {name: table[name].to_numpy() for name in about["columns"]}
    columns["dataset"] = table["dataset"].to_numpy() if "dataset" in table.column_names else None
    columns["extreme"] = table["extreme"].to_pylist() if "extreme" in table.column_names else None
    return _made(make, indices, about, columns)


def _made(
    make: Callable[..., Multiplets], indices: np.ndarray, about: dict[str, Any], columns: dict[str, Any]
) -> Multiplets:
    """The result, if it is what was written."""
    result = make(indices, about["names"], settings=about["settings"], **columns)
    if about["format"] != 1 and checksum(result) != about["checksum"]:
        raise HoiError("its content does not fit its checksum: the file was damaged or changed after it was written")
    return result


def need(module: str, purpose: str, install: str = "'hoi[io]'") -> ModuleType:
    """An optional package, or an error that says how to get it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise HoiError(
            f"{package} is needed to {purpose} and is not installed: pip install {install}"
        ) from error


def _foreign() -> HoiError:
    return HoiError("it was not written by Multiplets.save")
