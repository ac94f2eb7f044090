"""Tables from npy, npz, mat and parquet files."""

from __future__ import annotations

import contextlib
import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

from hoi._cli.reading._options import Options
from hoi._errors import HoiError

if TYPE_CHECKING:
    import pandas

__all__ = ["read_arrays", "read_parquet"]


def read_parquet(path: str) -> pandas.DataFrame:
    """The table of a parquet file; a saved index is not a column."""
    import pandas as pd

    try:
        frame = pd.read_parquet(path)
    except ImportError as error:
        message = "pyarrow is needed to read parquet and is not installed: pip install 'hoi[io]'"
        raise HoiError(message) from error
    except Exception as error:  # a foreign decoder on bytes that may be anything
        raise HoiError(f"cannot read {path!r}: not a parquet file, or damaged ({_brief(error)})") from error
    for position, kind in enumerate(frame.dtypes):
        values = frame.iloc[:, position]
        if kind.kind == "O":  # numbers as text, or as Decimal
            numbers = pd.to_numeric(values, errors="coerce")
            if numbers.notna().sum() == values.notna().sum():
                frame.isetitem(position, numbers)
    return frame


def read_arrays(path: str, suffix: str, options: Options) -> np.ndarray:
    """The array of an npy file; of an npz or mat file the one named, or the only table of numbers."""
    try:
        found = _load(path, suffix)
    except HoiError:
        raise
    except Exception as error:  # likewise
        raise HoiError(
            f"cannot read {path!r}: not a {suffix} file of numbers, or damaged ({_brief(error)}); save it anew"
        ) from error
    variable = options.variable
    if suffix == ".npy":
        return _as_samples(found[""], path)
    if variable is None:
        tables = [
            name
            for name, a in found.items()
            if isinstance(a, np.ndarray) and a.dtype.kind in "biuf" and a.ndim in (2, 3) and min(a.shape) > 1
        ]
        if len(tables) != 1:
            what = "several arrays" if tables else "no table of numbers"
            raise HoiError(f"{path!r} holds {what}: {_contents(found)}; name one with --variable")
        variable = tables[0]
    elif variable not in found:
        raise HoiError(f"--variable: {path!r} has no array {variable!r}; it holds {_contents(found)}")
    array = _as_samples(found[variable], f"{path}: {variable}")
    _refuse_channels_in_rows(array, variable, found, options)
    return array


def _load(path: str, suffix: str) -> dict[str, Any]:
    """All arrays of a file by name; what is not one is there as a word that says why."""
    if suffix == ".mat":
        with open(path, "rb") as file:
            start = file.read(128)
        if b"MATLAB 7.3" in start or start.startswith(b"\x89HDF"):
            return _load_hdf5(path)
        return _load_mat(path)
    with open(path, "rb") as file:  # numpy leaves a damaged file open
        loaded = np.load(file, allow_pickle=False)
        if suffix == ".npy":
            if not isinstance(loaded, np.ndarray):
                raise HoiError(f"cannot read {path!r}: it is an npz file of several arrays; give it that suffix")
            return {"": loaded}
        if isinstance(loaded, np.ndarray):
            raise HoiError(f"cannot read {path!r}: it is one array; give it the suffix .npy")
        return {name: _member(loaded, name) for name in loaded.files}


def _member(archive: Any, name: str) -> Any:
    """An array of an archive; pickled objects are never loaded, and do not hide the others."""
    try:
        return archive[name]
    except ValueError as error:
        if "allow_pickle" in str(error):
            return "pickled objects, which are never loaded"
        raise


def _load_mat(path: str) -> dict[str, Any]:
    from scipy.io import loadmat

    # sparse matrices become full ones here, whatever they are; scipy 1.18 wants to be told which, 1.12 knows one kind
    kind = {"spmatrix": False} if "spmatrix" in inspect.signature(loadmat).parameters else {}
    found: dict[str, Any] = {}
    for name, value in loadmat(path, **kind).items():
        if not name.startswith("__"):
            _unfold(name, value, found)
    return found


def _unfold(name: str, value: Any, found: dict[str, Any]) -> None:
    """Arrays in the fields of a struct, as "EEG.data"; sparse matrices as full ones."""
    fields = getattr(getattr(value, "dtype", None), "names", None)
    if fields and value.size == 1:
        for field in fields:
            _unfold(f"{name}.{field}", value.flat[0][field], found)
    elif fields:
        found[name] = f"struct of {value.size} entries"
    elif hasattr(value, "toarray"):
        found[name] = value.toarray()
    else:
        found[name] = value if isinstance(value, np.ndarray) else type(value).__name__


def _load_hdf5(path: str) -> dict[str, Any]:
    """Arrays of a MATLAB file of version 7.3, whose dimensions HDF5 holds in reverse."""
    try:
        import h5py
    except ImportError as error:
        raise HoiError(
            f"cannot read {path!r}: a MATLAB file of version 7.3, which needs h5py: pip install 'hoi[io]'; or save it "
            "in MATLAB with save(..., '-v7')"
        ) from error
    found: dict[str, Any] = {}

    def take(name: str, item: Any) -> None:
        name = name.replace("/", ".")
        if name.startswith("#"):
            return
        if isinstance(item, h5py.Group):
            if "MATLAB_sparse" in item.attrs:
                found[name] = _full(item)
            return
        kind = item.attrs.get("MATLAB_class", b"")
        if f"{name.rpartition('.')[0]}" in found:
            return  # a part of a sparse matrix
        if kind in (b"char", b"cell", b"struct") or "MATLAB_empty" in item.attrs:
            found[name] = kind.decode() or "empty"
        else:
            found[name] = item[()].T

    with h5py.File(path, "r") as file:
        file.visititems(take)
    return found


def _full(group: Any) -> np.ndarray:
    """A sparse matrix of MATLAB: columns compressed."""
    from scipy.sparse import csc_array

    starts = group["jc"][()]
    shape = (int(group.attrs["MATLAB_sparse"]), len(starts) - 1)
    if "data" not in group:
        return np.zeros(shape)
    return csc_array((group["data"][()], group["ir"][()], starts), shape=shape).toarray()


def _as_samples(array: Any, name: str) -> np.ndarray:
    """A 2-D table, or a 3-D stack of them, of real numbers."""
    if not isinstance(array, np.ndarray):
        raise HoiError(f"cannot use {name!r}: it is no array of numbers ({array})")
    if array.dtype.kind not in "biuf":
        raise HoiError(f"cannot use {name!r}: its values are of type {array.dtype}, not real numbers")
    if array.ndim not in (2, 3):
        raise HoiError(
            f"cannot use {name!r}: its shape is {array.shape}; it must be (samples, variables), or "
            "(data sets, samples, variables)"
        )
    return array


def _refuse_channels_in_rows(array: np.ndarray, name: str, found: dict[str, Any], options: Options) -> None:
    """Error where EEGLAB says that the rows are channels: samples are rows here."""
    owner, _, field = name.rpartition(".")
    number = None
    with contextlib.suppress(TypeError, ValueError):
        number = int(np.squeeze(found.get(f"{owner}.nbchan", -1)))
    if field == "data" and array.shape[0] == number and not options.transpose and array.ndim == 2:
        raise HoiError(
            f"{name!r} has shape {array.shape} and {owner}.nbchan is {number}, so its rows are channels and its "
            "columns samples: say --transpose"
        )


def _brief(error: Exception) -> str:
    """What a decoder says, in one short line."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 160 else f"{text[:157]}..."


def _contents(found: dict[str, Any]) -> str:
    """Names and shapes of the arrays of a file."""
    shapes = {name: value.shape if isinstance(value, np.ndarray) else f"({value})" for name, value in found.items()}
    parts = [f"{name} {shape}" for name, shape in shapes.items()]
    return ", ".join(parts[:20]) + (f" and {len(parts) - 20} more" if len(parts) > 20 else "") or "nothing"
