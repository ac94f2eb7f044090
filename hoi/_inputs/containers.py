"""Containers of any library read as a table of float64 with names; no rule about the values yet."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from hoi._errors import HoiError, InputWarning, warn
from hoi._inputs.datasets import are_datasets, is_frame, joined, names_of_datasets, refuse_lengths
from hoi._inputs.labelled import is_labelled, read_labelled
from hoi._inputs.numbers import as_float
from hoi._inputs.recordings import is_recording, read_recording
from hoi._inputs.soundness import DROP, constants, gaps, refuse
from hoi._inputs.table import Recordings, Table
from hoi._inputs.tensors import is_tensor, read_tensor
from hoi._inputs.words import listing, require_unique
from hoi._typing import FloatArray

__all__ = ["named", "read", "read_all", "read_datasets"]

_REAL = "biuf"
_KINDS = {"O": "Python objects", "U": "text", "S": "bytes", "M": "dates", "m": "durations", "V": "records",
          "T": "text"}


def read(X: Any, what: str, *, ranks: bool = False, everything: bool = False, oriented: bool = True) -> Table:
    """Any accepted container as a table, or as a stack of them: every function reads its data here.

    Parameters
    ----------
    X : array_like
        What :func:`hoi.oinfo` takes; also fewer or more dimensions, which are refused later.
    what : str
        Name of the argument in messages.
    ranks : bool
        Whether only the order of the values of a column will count: see `as_float`.
    everything : bool
        Keep bad channels, other kinds of channels and bad segments of a recording.
    oriented : bool
        Whether the names of dimensions of a DataArray have to say which are samples and which variables.

    Returns
    -------
    Table
        Missing and masked values are NaN.

    Raises
    ------
    HoiError
        If X cannot be read as real numbers, whatever the library that holds it raised; if it holds datasets of
        different lengths.

    Warns
    -----
    InputWarning
        If something of a recording was left out.
    """
    table = _safely(X, what, ranks, everything, oriented)
    if isinstance(table, Recordings):
        raise refuse_lengths(table, what)
    return table


def read_datasets(X: Any, what: str = "X", *, ranks: bool = False) -> Any:
    """Datasets in one list, dict or DataArray read, as a `Table` or, of different lengths, as `Recordings`; any other
    X as it is."""
    several = isinstance(X, (list, tuple, dict)) and are_datasets(X)
    return _safely(X, what, ranks, False, True) if several or (is_labelled(X) and getattr(X, "ndim", 0) == 3) else X


def read_all(
    X: Any, what: str = "X", *, ranks: bool = False, everything: bool = False
) -> Table | Recordings:
    """Data of any kind: a table, a stack of them, or recordings of different lengths."""
    return _safely(X, what, ranks, everything, True)


def named(X: Any, names: Sequence[str] | None, what: str = "X", *, ranks: bool = False) -> Any:
    """The data with these names for their variables; as they are without names.

    Raises
    ------
    HoiError
        If there are more or fewer names than variables, or a name occurs twice.
    """
    if names is None:
        return X
    if isinstance(names, (str, Iterator)) or not hasattr(names, "__iter__"):
        raise HoiError(f"names={names!r}: a list of names is needed, one for each variable.")
    labels = tuple(map(str, names))
    data = read_all(X, what, ranks=ranks)
    shape = data.tables[0].values.shape if isinstance(data, Recordings) else data.values.shape
    if len(shape) not in (2, 3) or shape[-1] != len(labels):
        raise HoiError(f"names has {len(labels)} entries and {what} has shape {shape}: give a name for each variable.")
    require_unique(labels, "names")
    if isinstance(data, Recordings):
        return replace(data, tables=tuple(replace(table, names=labels) for table in data.tables))
    return replace(data, names=labels)


def _safely(X: Any, what: str, ranks: bool, everything: bool, oriented: bool) -> Table | Recordings:
    """What is read, with errors and warnings of one kind."""
    try:
        table = _read(X, what, ranks, everything, oriented)
    except (HoiError, MemoryError):
        raise
    except Exception as error:
        raise HoiError(
            f"{what} is a {type(X).__name__} and cannot be read as numbers ({type(error).__name__}: {error}). Give a "
            "numpy array or a DataFrame (samples, variables)."
        ) from error
    parts = table.tables if isinstance(table, Recordings) else (table,)
    left_out = listing(sorted({part.left_out for part in parts if part.left_out}), 2)
    if left_out and not isinstance(X, (Table, Recordings)):
        warn(
            f"{what} is a recording, and {left_out} left out, as MNE does. Use hoi.as_table({what}, "
            "everything=True) to keep all, or pick what to keep.",
            InputWarning,
        )
    return table


def _read(X: Any, what: str, ranks: bool, everything: bool, oriented: bool) -> Table | Recordings:
    if isinstance(X, (Table, Recordings)):
        return X
    if isinstance(X, np.ndarray):
        return Table(_from_numpy(X, what, ranks), gap="masked" if isinstance(X, np.ma.MaskedArray) else "NaN")
    if hasattr(X, "collect_schema") and hasattr(X, "collect"):
        raise HoiError(f"{what} is a {type(X).__name__}, whose values are not there yet: use X.collect().")
    if hasattr(X, "column_names") and hasattr(X, "to_pandas"):  # a table of pyarrow
        require_unique([str(name) for name in X.column_names], what)
        return _from_columns([X.column(name) for name in X.column_names], X.column_names, X.shape, what, ranks)
    if is_frame(X):
        return _from_frame(X, what, ranks)
    if is_recording(X):
        values, names, left_out = read_recording(X, what, everything)
        return Table(_from_numpy(values, what, ranks), names, left_out)
    if hasattr(X, "data_vars"):
        raise HoiError(
            f"{what} is an xarray Dataset of {len(X.data_vars)} variables: a DataArray is needed. "
            'Use X.to_dataarray("variable").transpose("sample", "variable"), with your own sample dimension.'
        )
    if is_labelled(X):
        values, labels, datasets = read_labelled(X, what, oriented)
        return Table(_from_numpy(values, what, ranks), labels, datasets=datasets)
    if is_tensor(X):
        return Table(_from_numpy(read_tensor(X, what), what, ranks))
    if hasattr(X, "nnz") or type(X).__module__.startswith(("scipy.sparse", "sparse")):
        raise HoiError(f"{what} is a sparse matrix of shape {X.shape}: its zeros count as values. Use X.toarray().")
    if isinstance(X, (str, bytes)) or hasattr(X, "__fspath__"):
        raise HoiError(
            f"{what} is {X!r}, which looks like the name of a file: a table of numbers is needed. "
            "Read the file first, for example by pandas.read_csv or numpy.load."
        )
    if isinstance(X, dict):
        if not are_datasets(X):
            raise HoiError(
                f"{what} is a dict with keys {listing(list(X))}: use pandas.DataFrame(X) if it holds columns; a dict "
                "of datasets holds a table (samples, variables) for each."
            )
        return _from_datasets(X, what, ranks, everything)
    if isinstance(X, (set, frozenset, Iterator)):
        raise HoiError(f"{what} is a {type(X).__name__}: a 2-D array or a list of rows is needed.")
    if isinstance(X, (list, tuple)):
        return _from_list(X, what, ranks, everything)
    if hasattr(X, "to_numpy"):  # one column: a Series of pandas or polars, an array of pyarrow
        name = getattr(X, "name", None)
        column = _column(X, ranks)
        if column is not None:
            return Table(column, None if name is None else (str(name),))
    return Table(_from_numpy(np.asarray(X), what, ranks))


def _from_numpy(values: np.ndarray, what: str, ranks: bool) -> FloatArray:
    """An array as float64 with NaN where it is masked; an error where its numbers are not real."""
    kind = values.dtype.kind
    if kind in _REAL:
        if not isinstance(values, np.ma.MaskedArray):
            return as_float(np.asarray(values), ranks=ranks)
        mask = np.ma.getmaskarray(values)
        numbers = np.asarray(values.data)
        if mask.any() and not mask.all():
            numbers = np.where(mask, numbers[~mask][0], numbers)  # what is under a mask is nobody's value
        out = as_float(numbers, ranks=ranks)
        return np.where(mask, np.nan, out) if mask.any() else out
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
        "numbers in disguise; otherwise leave those columns out, or name them in `discrete` if they are labels."
    )


def _from_frame(X: Any, what: str, ranks: bool) -> Table:
    """A DataFrame; one whose columns are of one numpy type is read at once."""
    labels = list(X.columns)
    require_unique([str(label) for label in labels], what)
    kinds = {str(dtype) for dtype in getattr(X, "dtypes", ())}
    if len(kinds) == 1 and kinds <= {"float64", "float32", "float16", "int8", "int16", "int32", "int64", "bool"}:
        return Table(as_float(X.to_numpy(), ranks=ranks), tuple(map(str, labels)))
    return _from_columns([X[label] for label in labels], labels, X.shape, what, ranks)


def _from_columns(found: Sequence[Any], labels: Sequence[Any], shape: Any, what: str, ranks: bool) -> Table:
    """Columns one after the other, each in its own type; those that are not numbers are named in the error."""
    names = tuple(map(str, labels))
    parts = [_column(column, ranks) for column in found]
    bad = [
        f"{name!r} ({getattr(column, 'dtype', getattr(column, 'type', 'unknown'))})"
        for name, column, part in zip(names, found, parts)
        if part is None
    ]
    if bad:
        text = (
            f"{what} has shape {tuple(shape)} and {len(bad)} column{'s' * (len(bad) > 1)} without real numbers: "
            f"{listing(bad)}. Leave them out, for example by X.drop(columns=[...]), make them the index, or "
            "name them in `discrete` if they are labels."
        )
        rest = [name for name, part in zip(names, parts) if part is not None]
        if not rest or not shape[0]:
            raise HoiError(text)
        values = np.column_stack([part for part in parts if part is not None])
        refuse(what, [text, *gaps(values, rest, what, way=DROP, shape=shape),
                      *constants(values[None], rest, what, stacked=False)])
    if not parts:
        return Table(np.empty(tuple(shape)), names)
    return Table(np.ascontiguousarray(np.column_stack([part for part in parts if part is not None])), names)


def _column(column: Any, ranks: bool) -> FloatArray | None:
    """One column as float64 with NaN where a value is missing; None where it is no column of real numbers."""
    dtype = getattr(column, "dtype", getattr(column, "type", None))
    values = _as_numpy(column)
    if values.dtype.kind in _REAL and not _lost_integers(values, dtype):
        return as_float(values, ranks=ranks)
    gaps = _gaps(column, values)
    if gaps.all() or not (gaps.any() or values.dtype.kind == "O"):
        return None
    # a type of numbers that numpy has no gaps for: the values that are there, in their own type
    if values.dtype.kind == "f":
        drop = next(name for name in ("dropna", "drop_nulls", "drop_null") if hasattr(column, name))
        present = _as_numpy(getattr(column, drop)())
    else:
        present = values[~gaps]
    if present.dtype.kind == "O" and _are_numbers(present, dtype):
        present = np.array(present.tolist())
    if present.dtype.kind not in _REAL:
        return None
    out = np.full(len(values), np.nan)
    out[~gaps] = as_float(present, ranks=ranks)
    return out


def _as_numpy(column: Any) -> np.ndarray:
    """The values of a column; an array of pyarrow outside of a table copies only if told to."""
    told = type(column).__module__.startswith("pyarrow") and not hasattr(column, "chunks")
    return np.asarray(column.to_numpy(zero_copy_only=False) if told else column.to_numpy())


def _lost_integers(values: np.ndarray, dtype: Any) -> bool:
    """Whether integers with gaps came as floats, which cannot hold the large ones."""
    return values.dtype.kind == "f" and "int" in str(dtype).lower() and bool((np.abs(values) >= 2**53).any())


def _gaps(column: Any, values: np.ndarray) -> np.ndarray:
    """Where a column has no value."""
    if hasattr(column, "isna"):  # pandas
        return np.asarray(column.isna())
    if values.dtype.kind == "f":  # integers of polars or pyarrow
        return np.isnan(values)
    return np.array([value is None for value in values])


def _are_numbers(values: np.ndarray, dtype: Any) -> bool:
    """Whether objects are numbers of Python under a type of numbers; text and dates are not."""
    kind = str(dtype).lower()
    return kind not in ("object", "str", "category") and all(
        isinstance(v, (bool, int, float)) and not isinstance(v, (decimal.Decimal, datetime.date)) for v in values
    )


def _from_list(X: Sequence[Any], what: str, ranks: bool, everything: bool) -> Table | Recordings:
    """Nested lists of numbers, or a list of tables (one for each dataset) with the same columns."""
    if are_datasets(X):
        return _from_datasets(X, what, ranks, everything)
    if any(isinstance(row, np.ma.MaskedArray) for row in X):
        return Table(_from_numpy(np.ma.stack([np.ma.asarray(row) for row in X]), what, ranks), gap="masked")
    if any(is_tensor(row) for row in X):
        X = [read_tensor(row, f"{what}[{i}]") if is_tensor(row) else row for i, row in enumerate(X)]
    try:
        values = np.asarray(X)
    except ValueError:
        rows = sorted({len(row) for row in X if hasattr(row, "__len__")})
        lengths = f", of {listing(rows)} values" if len(rows) > 1 else ""
        raise HoiError(
            f"{what} is a ragged list of {len(X)} rows{lengths}: every row (sample) needs the same number of "
            "values (variables). Fill or leave out the short ones."
        ) from None
    return Table(_from_numpy(values, what, ranks))


def _from_datasets(
    X: Sequence[Any] | Mapping[Any, Any], what: str, ranks: bool, everything: bool
) -> Table | Recordings:
    """A list or dict of tables, one for each dataset."""
    entries = X.items() if isinstance(X, Mapping) else enumerate(X)
    parts = [(f"{what}[{key!r}]", _read(part, f"{what}[{key!r}]", ranks, everything, True)) for key, part in entries]
    tables = [part for _, part in parts if isinstance(part, Table)]
    if len(tables) < len(parts):
        where = next(name for name, part in parts if isinstance(part, Recordings))
        raise HoiError(f"{where} holds several tables itself: give one list or dict of tables, one for each dataset.")
    return joined(tables, names_of_datasets(X), what)
