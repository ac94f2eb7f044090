"""Categorical columns among others, as the parameter `discrete` names them: labels of any kind become numbered states.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from hoi._errors import HoiError
from hoi._inputs.containers import read
from hoi._inputs.datasets import apart, are_datasets, is_frame, joined, names_of_datasets
from hoi._inputs.roles import check_columns
from hoi._inputs.table import Recordings, Table
from hoi._inputs.words import require_unique
from hoi._typing import FloatArray

__all__ = ["Categories", "number_labels", "read_categories"]

# Samples of each label, on average, from which a column can be a categorical one.
_SAMPLES_PER_LABEL = 4


class Categories(NamedTuple):
    """Categorical columns of a table: the labels of each, whose positions are the states in the table."""

    labels: dict[int, tuple[str, ...]]

    @property
    def columns(self) -> tuple[int, ...]:
        """Which columns they are."""
        return tuple(self.labels)


def read_categories(
    X: Any, discrete: Any, *, ranks: bool = False, what: str = "X"
) -> tuple[Table | Recordings, Categories]:
    """Data with some columns of labels as a table, in which these hold 0, 1, ... in the order of first appearance.

    That order makes a result independent of what the labels are called, down to the last bit. A missing label is NaN.

    Parameters
    ----------
    X : array_like
        What :func:`hoi.oinfo` takes, and besides text, booleans, categories and objects in the columns named.
    discrete : int, str, or sequence of them, or ...
        The columns, by index or name; ``...`` for all of them.
    ranks : bool
        As in :func:`hoi._inputs.containers.read`, for the other columns.
    what : str
        Name of the argument in messages.

    Returns
    -------
    Table or Recordings
    Categories

    Raises
    ------
    HoiError
        If a column does not exist, or has so many different values that it holds no categories; as `read`.

    Examples
    --------
    >>> from hoi._inputs.categories import read_categories
    >>> table, categories = read_categories([["b", 0.5], ["a", 1.5], ["b", 2.0], ["a", 0.1]] * 2, 0)
    >>> table.values[:2].tolist(), categories.labels
    ([[0.0, 0.5], [1.0, 1.5]], {0: ('b', 'a')})
    """
    if isinstance(X, Recordings) or (isinstance(X, (list, tuple, dict)) and are_datasets(X)):
        own = X.tables if isinstance(X, Recordings) else list(X.values() if isinstance(X, dict) else X)
        datasets = X.datasets if isinstance(X, Recordings) else names_of_datasets(X)
        parts = [_split(table, discrete, ranks, f"{what}[{i}]") for i, table in enumerate(own)]
        data = joined([table for table, _ in parts], datasets, what)
        tables = apart(data)
    else:
        table, found = _split(X, discrete, ranks, what)
        parts, data, tables = [(table, found)], table, (table,)
    names = tables[0].names or tuple(map(str, range(tables[0].values.shape[-1])))
    known: dict[int, tuple[str, ...]] = {}
    for column in parts[0][1]:
        where = f"{what}, column {names[column]!r}"
        states, known[column] = number_labels([labels[column] for _, labels in parts], where)
        for part, numbers in zip(tables, states, strict=True):
            part.values[..., column] = numbers
        samples = sum(numbers.size for numbers in states)
        if len(known[column]) * _SAMPLES_PER_LABEL > samples:
            raise HoiError(
                f"discrete: column {names[column]!r} of {what} has {len(known[column]):,} different values in "
                f"{samples:,} samples, fewer than {_SAMPLES_PER_LABEL} of each: it is not categorical. Leave it out of "
                "`discrete`, or join rare labels."
            )
    return data, Categories(known)


def _has_names(X: Any) -> bool:
    """Whether it is a frame of pandas or polars, or a table of pyarrow: columns of different types, by name."""
    return hasattr(X, "column_names") or is_frame(X)


def _split(X: Any, discrete: Any, ranks: bool, what: str) -> tuple[Table, dict[int, np.ndarray]]:
    """All columns as a table, with room in place of the labels; and the labels of the columns named."""
    if _has_names(X):
        return _split_frame(X, discrete, ranks, what)
    array = _as_objects(X)
    if array is None:
        table = read(X, what, ranks=ranks)
        if table.values.ndim < 2:
            return table, {}
        names = table.names or tuple(map(str, range(table.values.shape[-1])))
        return replace(table, values=table.values.copy()), {
            c: table.values[..., c].copy() for c in _chosen(discrete, names)
        }
    n = array.shape[1]
    chosen = _chosen(discrete, [str(j) for j in range(n)])
    rest = [j for j in range(n) if j not in chosen]
    values = np.zeros(array.shape)
    if rest:
        values[:, rest] = read(array[:, rest].tolist(), what, ranks=ranks).values
    return Table(values), {c: array[:, c] for c in chosen}


def _split_frame(X: Any, discrete: Any, ranks: bool, what: str) -> tuple[Table, dict[int, np.ndarray]]:
    arrow = hasattr(X, "column_names")
    own = list(X.column_names if arrow else X.columns)
    names = tuple(map(str, own))
    require_unique(names, what)
    chosen = _chosen(discrete, names)
    rest = [j for j in range(len(own)) if j not in chosen]
    values = np.zeros((len(X), len(own)))
    if rest:
        others = [own[j] for j in rest]
        values[:, rest] = read(X.select(others) if arrow else X[others], what, ranks=ranks).values
    labels = {}
    for c in chosen:
        column = X.column(own[c]) if arrow else X[own[c]]
        listed = column.tolist() if hasattr(column, "tolist") else column.to_pylist() if arrow else column.to_list()
        labels[c] = np.empty(len(listed), dtype=object)
        labels[c][:] = listed
    return Table(values, names), labels


def _chosen(discrete: Any, names: Sequence[str]) -> tuple[int, ...]:
    return tuple(range(len(names))) if discrete is ... else check_columns(discrete, names, "discrete")


def _as_objects(X: Any) -> np.ndarray | None:
    """A table of objects, where X is an array or nested lists with values that are no numbers."""
    if isinstance(X, np.ndarray):
        return X.astype(object) if X.ndim == 2 and X.dtype.kind in "OUST" else None
    if not (isinstance(X, (list, tuple)) and X and isinstance(X[0], (list, tuple))):
        return None
    flat = [value for row in X for value in row] if all(isinstance(row, (list, tuple)) for row in X) else []
    if not any(value is None or isinstance(value, (str, bytes)) for value in flat):
        return None
    if len({len(row) for row in X}) > 1:
        return None
    array = np.empty((len(X), len(X[0])), dtype=object)
    array[:] = [list(row) for row in X]
    return array


def number_labels(labels: list[np.ndarray], where: str) -> tuple[list[FloatArray], tuple[str, ...]]:
    """States of the labels of each dataset in the order of first appearance, NaN where one is missing; and the labels
    in words."""
    if all(own.dtype.kind != "O" for own in labels):
        flat = np.concatenate([own.ravel() for own in labels])
        present = ~np.isnan(flat)
        values, first, codes = np.unique(flat[present], return_index=True, return_inverse=True)
        order = np.argsort(first)
        place = np.empty(len(order))
        place[order] = np.arange(len(order))
        states = np.full(flat.shape, np.nan)
        states[present] = place[codes]
        words = [f"{value:g}" for value in values[order]]
    else:
        known: dict[Any, int] = {}
        listed = [value for own in labels for value in own.ravel().tolist()]
        try:
            states = np.array([np.nan if _is_missing(v) else known.setdefault(v, len(known)) for v in listed], float)
        except TypeError as error:
            raise HoiError(f"{where} holds no labels ({error}): give text, numbers, booleans or categories.") from error
        words = [label.decode() if isinstance(label, bytes) else str(label) for label in known]
    ends = np.cumsum([own.size for own in labels])[:-1]
    return [part.reshape(own.shape) for part, own in zip(np.split(states, ends), labels, strict=True)], tuple(words)


def _is_missing(value: Any) -> bool:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float) and value != value
