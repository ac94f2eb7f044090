"""Several datasets in one list or dict: their names, and one table of them all or, where lengths differ, recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hoi._errors import HoiError
from hoi._inputs.recordings import is_recording
from hoi._inputs.table import Recordings, Table
from hoi._inputs.tensors import is_tensor
from hoi._inputs.words import listing

__all__ = [
    "apart", "are_datasets", "is_frame", "joined", "labels_of", "names_of", "names_of_datasets", "refuse_lengths",
]  # fmt: skip


def is_frame(X: Any) -> bool:
    """DataFrame of pandas, polars or the like: it has columns and turns into numpy."""
    return hasattr(X, "columns") and hasattr(X, "to_numpy")


def are_datasets(X: Sequence[Any] | Mapping[Any, Any]) -> bool:
    """Whether a list or dict holds datasets, rather than rows or columns."""
    first = next(iter(X.values() if isinstance(X, Mapping) else X), None)
    if getattr(first, "ndim", 0) >= 2 or is_frame(first) or isinstance(first, Table) or is_recording(first):
        return True
    if hasattr(first, "column_names"):
        return True
    rows = first if isinstance(first, (list, tuple)) else ()
    return any(isinstance(row, (list, tuple)) or getattr(row, "ndim", 0) >= 1 or is_tensor(row) for row in rows)


def names_of_datasets(X: Sequence[Any] | Mapping[Any, Any]) -> tuple[str, ...] | None:
    """Names of datasets: keys of a dict, names that all the recordings of a list have, or None."""
    if isinstance(X, Mapping):
        labels = tuple(map(str, X))
        if len(set(labels)) < len(labels):
            raise HoiError(f"X has keys that read alike as text ({listing(labels)}): give each dataset its own name.")
        return labels
    names = [_own_name(part) for part in X]
    return tuple(names) if all(names) and len(set(names)) == len(names) else None


def _own_name(X: Any) -> str:
    """What a frame (``attrs["name"]``), a DataArray or a recording (its subject, or its file) is called; "" if it is
    not."""
    if is_recording(X):
        info = getattr(X, "info", None) or {}
        subject = (info.get("subject_info") or {}).get("his_id")
        files = [name for name in getattr(X, "filenames", ()) or () if name is not None]
        return str(subject or (Path(files[0]).stem if files else ""))
    attrs = getattr(X, "attrs", None)
    return str((attrs.get("name") if isinstance(attrs, Mapping) else None) or getattr(X, "name", None) or "")


def joined(tables: Sequence[Table], datasets: tuple[str, ...] | None, what: str) -> Table | Recordings:
    """Tables as a stack, or as `Recordings` if their lengths differ.

    Raises
    ------
    HoiError
        If their columns differ, or one of them is no table.
    """
    shapes = [table.values.shape for table in tables]
    if any(len(shape) != 2 for shape in shapes) and len(set(shapes)) > 1:
        raise HoiError(
            f"{what} holds {len(tables)} datasets of the shapes {listing(sorted(set(shapes)))}: tables (samples, "
            "variables) are needed, one for each dataset."
        )
    if len({shape[-1] for shape in shapes}) > 1:
        raise HoiError(
            f"{what} is a list of {len(tables)} tables of different shapes {listing(sorted(set(shapes)))}: datasets "
            "given together need the same variables. Call once for each, or leave out what is not in all of them."
        )
    names = tables[0].names
    if any(table.names != names for table in tables):
        raise HoiError(
            f"{what} is a list of {len(tables)} tables whose columns differ: give the same columns in the "
            "same order, for example [table[names] for table in tables]."
        )
    if len(set(shapes)) > 1:
        return Recordings(tuple(tables), datasets)
    left_out = listing(sorted({table.left_out for table in tables if table.left_out}), 2)
    gap = "masked" if any(table.gap == "masked" for table in tables) else "NaN"
    return Table(np.stack([table.values for table in tables]), names, left_out, gap, datasets)


def apart(data: Table | Recordings) -> tuple[Table, ...]:
    """The datasets of a stack or of recordings; a single table is one, whatever its shape."""
    if isinstance(data, Recordings):
        return data.tables
    if data.values.ndim != 3:
        return (data,)
    return tuple(replace(data, values=values, datasets=None) for values in data.values)


def names_of(data: Table | Recordings) -> tuple[str, ...]:
    """Names of the variables; their numbers where they have none."""
    table = apart(data)[0]
    return table.names or tuple(map(str, range(table.values.shape[-1] if table.values.ndim else 0)))


def labels_of(recordings: Recordings) -> tuple[str, ...]:
    """What recordings are called in messages: their names, or their numbers."""
    return recordings.datasets or tuple(map(str, range(len(recordings.tables))))


def refuse_lengths(recordings: Recordings, what: str) -> HoiError:
    """The error for recordings of different lengths where all datasets need one."""
    lengths = listing([len(table.values) for table in recordings.tables])
    return HoiError(
        f"{what} is a list of {len(recordings.tables)} tables of different lengths ({lengths} samples), and all "
        "datasets need the same samples here. Call once for each dataset instead, or estimate one system of all: "
        f"hoi.GaussianSystem.from_data({what}, pool=True)."
    )
