"""Columns of labels (text, categories, booleans) as numbers of their states, for estimators that count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hoi._inputs.datasets import are_datasets
from hoi._typing import ArrayLike

__all__ = ["numbered"]


def numbered(X: ArrayLike) -> ArrayLike:
    """The data with labels that are no numbers replaced by 0, 1, ... in their sorted order; numbers stay as they are.

    A label that is missing becomes NaN. Each dataset of a list or dict has labels of its own.

    Parameters
    ----------
    X : array_like
        A frame of pandas or polars, an array or nested lists, with some columns of text, categories or booleans.

    Returns
    -------
    array_like
        X itself where nothing is a label.

    Examples
    --------
    >>> from hoi._inputs.labels import numbered
    >>> numbered([["a", 1], ["b", 0], ["a", 1]]).tolist()
    [[0, 1], [1, 0], [0, 1]]
    """
    if isinstance(X, Mapping) and are_datasets(X):
        return {key: numbered(part) for key, part in X.items()}
    if isinstance(X, (list, tuple)) and are_datasets(X):
        return [numbered(part) for part in X]
    if hasattr(X, "to_pandas") and not hasattr(X, "values"):
        X = X.to_pandas()
    if hasattr(X, "columns") and hasattr(X, "iloc"):
        kinds = [(j, X.iloc[:, j].dtype) for j in range(X.shape[1])]
        labels = [j for j, dtype in kinds if dtype.kind not in "iufb" or str(dtype) == "category"]
        if not labels:
            return X
        columns = {j: _codes(X.iloc[:, j].to_numpy(dtype=object)) if j in labels else X.iloc[:, j] for j, _ in kinds}
        return type(X)(columns, index=X.index).set_axis(X.columns, axis=1)
    if isinstance(X, (list, tuple)) and X and isinstance(X[0], (list, tuple)):
        table = np.array(X, dtype=object)
        if table.ndim != 2 or not any(isinstance(value, str) for value in table.flat):
            return X
    elif isinstance(X, np.ndarray) and X.dtype.kind in "OUS" and X.ndim == 2:
        table = X.astype(object)
    else:
        return X
    return np.column_stack([_codes(column) for column in table.T])


def _codes(column: np.ndarray) -> np.ndarray:
    """Numbers of the states of one column; numbers among the labels count as labels too."""
    missing = np.array([_is_missing(value) for value in column])
    codes = np.full(len(column), np.nan)
    codes[~missing] = np.unique([str(value) for value in column[~missing]], return_inverse=True)[1]
    return codes if missing.any() else codes.astype(np.int64)


def _is_missing(value: Any) -> bool:
    """None, NaN, or what a frame has in its place (NA, NaT), which equals nothing."""
    return value is None or type(value).__name__ in ("NAType", "NaTType") or bool(value != value)
