"""Tables of any library turned into numpy arrays and column names; no rule about their values yet."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from hoi._errors import HoiError, HoiWarning

__all__ = ["columns", "listing", "read_array", "require_unique", "warn_of_gradient"]

_REAL = "biuf"
_KINDS = {"O": "Python objects", "U": "text", "S": "bytes", "M": "dates", "m": "durations", "V": "records",
          "T": "text"}


def listing(items: Sequence[object], limit: int = 5) -> str:
    """The first few items in words: "a, b, c and 4 more"."""
    shown = ", ".join(str(item) for item in items[:limit])
    return shown if len(items) <= limit else f"{shown} and {len(items) - limit} more"


def columns(names: Sequence[str], which: Iterable[int]) -> str:
    """Columns by name: "column 'a'", or "columns 'a', 'b'"."""
    labels = [repr(names[i]) for i in which]
    return f"column{'s' * (len(labels) > 1)} {listing(labels)}"


def require_unique(names: Sequence[str], what: str) -> None:
    """Error that names the columns whose name occurs more than once."""
    if len(set(names)) == len(names):
        return
    twice = [repr(name) for name, count in Counter(names).items() if count > 1]
    raise HoiError(
        f"{what} has {len(names)} columns, and more than one of them is called {listing(twice)}. Rename "
        "them, so that every variable has a name of its own."
    )


def read_array(X: Any, what: str) -> tuple[np.ndarray, list[str] | None]:
    """Any accepted container as a real numpy array of any rank, with its column names where it has them."""
    if isinstance(X, np.ndarray):
        return _real(_unmasked(X, what), what), None
    if hasattr(X, "collect_schema") and hasattr(X, "collect"):
        raise HoiError(f"{what} is a {type(X).__name__}, whose values are not there yet: use X.collect().")
    if _is_arrow(X):
        X = X.to_pandas()
    if _is_frame(X):
        return _read_frame(X, what)
    if _is_channels(X):
        return _read_channels(X, what)
    if hasattr(X, "data_vars"):
        raise HoiError(
            f"{what} is an xarray Dataset of {len(X.data_vars)} variables: a DataArray is needed. "
            'Use X.to_dataarray("variable").transpose("sample", "variable"), with your own sample dimension.'
        )
    if hasattr(X, "dims") and hasattr(X, "coords"):
        return _real(np.asarray(X.values), what), _coordinate_names(X)
    if hasattr(X, "detach") and hasattr(X, "cpu"):
        return _real(_read_tensor(X, what), what), None
    if hasattr(X, "toarray") and hasattr(X, "nnz"):
        raise HoiError(f"{what} is a sparse matrix of shape {X.shape}: use X.toarray().")
    if isinstance(X, (str, bytes)) or hasattr(X, "__fspath__"):
        raise HoiError(
            f"{what} is {X!r}, which looks like the name of a file: a table of numbers is needed. "
            "Read the file first, for example by pandas.read_csv or numpy.load."
        )
    if isinstance(X, dict):
        raise HoiError(f"{what} is a dict with keys {listing(list(X))}: use pandas.DataFrame(X).")
    if isinstance(X, (set, frozenset, Iterator)):
        raise HoiError(f"{what} is a {type(X).__name__}: a 2-D array or a list of rows is needed.")
    if isinstance(X, (list, tuple)):
        return _read_list(X, what)
    return _real(np.asarray(X), what), None


def _real(values: np.ndarray, what: str) -> np.ndarray:
    """The array itself where its numbers are real, an error where they are anything else."""
    kind = values.dtype.kind
    if kind in _REAL:
        return values
    given = f"{what} has dtype {values.dtype} and shape {values.shape}"
    if kind == "c":
        raise HoiError(
            f"{given}: real numbers are needed. Use X.real, abs(X) or numpy.angle(X), or give the real and "
            "the imaginary part as two columns (a group)."
        )
    if values.ndim == 0:
        raise HoiError(f"{what} is a {type(values.item()).__name__}: a table (samples, variables) is needed.")
    raise HoiError(
        f"{given} ({_KINDS.get(kind, 'not numbers')}): numbers are needed. Use X.astype(float) if they are "
        "numbers in disguise, otherwise leave those columns out or code them as numbers."
    )


def _unmasked(X: np.ndarray, what: str) -> np.ndarray:
    """A masked array without masked entries as a plain one."""
    if isinstance(X, np.ma.MaskedArray):
        count = int(np.ma.count_masked(X))
        if count:
            raise HoiError(
                f"{what} is a masked array of shape {X.shape} with {count} masked values: every value is "
                "needed. Leave out those samples or variables, or fill the gaps by X.filled(...)."
            )
    return np.asarray(X)


def _is_frame(X: Any) -> bool:
    """DataFrame of pandas, polars or the like: it has columns and turns into numpy."""
    return hasattr(X, "columns") and hasattr(X, "to_numpy")


def _is_arrow(X: Any) -> bool:
    """Table of pyarrow."""
    return hasattr(X, "column_names") and hasattr(X, "to_pandas")


def _is_channels(X: Any) -> bool:
    """Recording of MNE, or of what is built like it."""
    return hasattr(X, "get_data") and hasattr(X, "ch_names")


def _read_frame(X: Any, what: str) -> tuple[np.ndarray, list[str]]:
    """Values and column names of a DataFrame; columns that are not numbers are named in the error."""
    labels = list(X.columns)
    names = [str(label) for label in labels]
    require_unique(names, what)
    values = X.to_numpy()
    if values.dtype.kind in _REAL:
        return values, names
    # one column after the other: mixed and nullable dtypes meet only as objects in the whole table
    parts = [_read_column(X[label]) for label in labels]
    bad = [f"{name!r} ({getattr(X[label], 'dtype', 'unknown')})"
           for name, label, column in zip(names, labels, parts) if column is None]
    if bad:
        raise HoiError(
            f"{what} has shape {X.shape} and {len(bad)} column{'s' * (len(bad) > 1)} without real numbers: "
            f"{listing(bad)}. Leave them out, for example by X.drop(columns=[...]), make them the index, or "
            "code them as numbers."
        )
    return np.column_stack([column for column in parts if column is not None]), names


def _read_column(column: Any) -> np.ndarray | None:
    """One column as float64 with NaN where a value is missing; None where it is no column of real numbers."""
    values = column.to_numpy()
    if values.dtype.kind in _REAL:
        return values.astype(np.float64)
    # nullable pandas columns with gaps arrive as objects but know that they hold numbers
    if getattr(column.dtype, "kind", "O") in _REAL:
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    if values.dtype.kind == "O" and "Boolean" in str(column.dtype):
        return np.array([np.nan if v is None else float(v) for v in values])
    return None


def _read_channels(X: Any, what: str) -> tuple[np.ndarray, list[str]]:
    """Raw, Evoked or Epochs of MNE as (samples, channels) or (epochs, samples, channels)."""
    values = np.asarray(X.get_data())
    names = [str(name) for name in X.ch_names]
    shape = (len(names), len(getattr(X, "times", ())))
    if values.ndim not in (2, 3) or values.shape[-2:] != shape or hasattr(X, "freqs"):
        raise HoiError(
            f"{what} is a {type(X).__name__} with data of shape {values.shape}: of MNE, a Raw, an Evoked "
            "(channels, times) or Epochs (epochs, channels, times) are needed. Give an array (samples, variables)."
        )
    require_unique(names, what)
    return _real(values, what).swapaxes(-1, -2), names


def _coordinate_names(X: Any) -> list[str] | None:
    """Names of the last dimension of an xarray DataArray, where it has a coordinate."""
    if not X.dims or X.dims[-1] not in X.coords:
        return None
    return [str(label) for label in X.coords[X.dims[-1]].values.tolist()]


def _read_tensor(X: Any, what: str) -> np.ndarray:
    """A torch tensor of any device as numpy; half precisions that numpy lacks go through float64."""
    if getattr(X, "is_sparse", False):
        raise HoiError(f"{what} is a sparse tensor of shape {tuple(X.shape)}: use X.to_dense().")
    warn_of_gradient(X, what)
    tensor = X.detach().cpu()
    if getattr(tensor, "is_floating_point", bool)():
        tensor = tensor.double()
    elif getattr(tensor, "is_complex", bool)():
        tensor = tensor.resolve_conj()
    return np.asarray(tensor.numpy())


def warn_of_gradient(X: Any, what: str) -> None:
    """Say that the result will not carry on the gradient of a tensor, and what does."""
    if getattr(X, "requires_grad", False):
        warnings.warn(
            f"{what} is a tensor that requires a gradient, and the result will be numbers without one. For gradients "
            f"use hoi.torch.oinfo({what}, ...) or its like; where none is wanted, give {what}.detach().",
            HoiWarning,
            stacklevel=2,
        )


def _read_list(X: Sequence[Any], what: str) -> tuple[np.ndarray, list[str] | None]:
    """Nested lists of numbers, or a list of tables (one for each dataset) with the same columns."""
    if X and (getattr(X[0], "ndim", 0) >= 2 or _is_frame(X[0]) or _is_arrow(X[0]) or _is_channels(X[0])):
        return _read_datasets(X, what)
    try:
        values = np.asarray(X)
    except ValueError:
        rows = sorted({len(row) for row in X if hasattr(row, "__len__")})
        lengths = f", of {listing(rows)} values" if len(rows) > 1 else ""
        raise HoiError(
            f"{what} is a ragged list of {len(X)} rows{lengths}: every row (sample) needs the same number of "
            "values (variables). Fill or leave out the short ones."
        ) from None
    return _real(values, what), None


def _read_datasets(X: Sequence[Any], what: str) -> tuple[np.ndarray, list[str] | None]:
    """A list of equal tables as one stack (dataset, sample, variable)."""
    parts = [read_array(part, f"{what}[{i}]") for i, part in enumerate(X)]
    shapes = sorted({values.shape for values, _ in parts})
    if len(shapes) > 1:
        raise HoiError(
            f"{what} is a list of {len(parts)} tables of different shapes {listing(shapes)}: datasets given "
            "together need the same samples and variables. Call once for each dataset instead."
        )
    names = parts[0][1]
    if any(other != names for _, other in parts):
        raise HoiError(
            f"{what} is a list of {len(parts)} tables whose columns differ: give the same columns in the "
            "same order, for example [table[names] for table in tables]."
        )
    return np.stack([values for values, _ in parts]), names
