"""Tables from npy, npz, mat and parquet files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hoi._errors import HoiError

if TYPE_CHECKING:
    import pandas

__all__ = ["read_arrays", "read_parquet"]


def read_parquet(path: str) -> pandas.DataFrame:
    """The table of a parquet file; a saved index is not a column."""
    import pandas as pd

    try:
        return pd.read_parquet(path)
    except ImportError as error:
        message = "pyarrow is needed to read parquet and is not installed: pip install 'hoi[io]'"
        raise HoiError(message) from error
    except ValueError as error:
        raise HoiError(f"cannot read {path!r}: not a parquet file ({error})") from error


def read_arrays(path: str, suffix: str, variable: str | None) -> np.ndarray:
    """The array of an npy file; of an npz or mat file the one named, or the only table of numbers."""
    try:
        found = _load(path, suffix)
    except NotImplementedError as error:
        raise HoiError(
            f"cannot read {path!r}: a MATLAB file of version 7.3; save it in MATLAB with save(..., '-v7')"
        ) from error
    except (ValueError, TypeError) as error:
        raise HoiError(f"cannot read {path!r}: not a {suffix} file of numbers ({error})") from error
    if suffix == ".npy":
        return _as_samples(found[""], path)
    if variable is not None:
        if variable not in found:
            raise HoiError(f"--variable: {path!r} has no array {variable!r}; it holds {_contents(found)}")
        return _as_samples(found[variable], f"{path}: {variable}")
    tables = [
        name for name, a in found.items() if a.dtype.kind in "biuf" and a.ndim in (2, 3) and min(a.shape) > 1
    ]
    if len(tables) != 1:
        what = "several arrays" if tables else "no table of numbers"
        raise HoiError(f"{path!r} holds {what}: {_contents(found)}; name one with --variable")
    return _as_samples(found[tables[0]], path)


def _load(path: str, suffix: str) -> dict[str, Any]:
    """All arrays of a file by name."""
    if suffix == ".mat":
        from scipy.io import loadmat

        return {name: value for name, value in loadmat(path).items() if not name.startswith("__")}
    loaded = np.load(path, allow_pickle=False)
    if suffix == ".npy":
        return {"": loaded}
    with loaded:
        return {name: loaded[name] for name in loaded.files}


def _as_samples(array: np.ndarray, name: str) -> np.ndarray:
    """A 2-D table, or a 3-D stack of them, of real numbers."""
    if array.dtype.kind not in "biuf":
        raise HoiError(f"cannot use {name!r}: its values are of type {array.dtype}, not real numbers")
    if array.ndim not in (2, 3):
        raise HoiError(
            f"cannot use {name!r}: its shape is {array.shape}; it must be (samples, variables), or "
            "(data sets, samples, variables)"
        )
    return array


def _contents(found: dict[str, Any]) -> str:
    """Names and shapes of the arrays of a file."""
    return ", ".join(f"{name} {getattr(value, 'shape', '')}" for name, value in found.items()) or "nothing"
