"""Columns of labels (text, categories, booleans) as numbers of their states, for estimators that count."""

from __future__ import annotations

import numpy as np

from hoi._errors import HoiError
from hoi._typing import ArrayLike

__all__ = ["numbered"]


def numbered(X: ArrayLike, what: str = "X") -> ArrayLike:
    """The data with labels that are no numbers replaced by 0, 1, ... in their sorted order; numbers stay as they are.

    Parameters
    ----------
    X : array_like
        A frame of pandas or polars, an array or nested lists, with some columns of text, categories or booleans.
    what : str
        Name of the argument, for errors.

    Returns
    -------
    array_like
        X itself where nothing is a label.

    Raises
    ------
    HoiError
        If a label is missing.

    Examples
    --------
    >>> from hoi._inputs.labels import numbered
    >>> numbered([["a", 1], ["b", 0], ["a", 1]]).tolist()
    [[0, 1], [1, 0], [0, 1]]
    """
    if hasattr(X, "to_pandas") and not hasattr(X, "values"):
        X = X.to_pandas()
    if hasattr(X, "columns") and hasattr(X, "assign"):
        labels = [c for c in X.columns if X[c].dtype.kind not in "iufb" or str(X[c].dtype) == "category"]
        return X.assign(**{c: _codes(X[c].to_numpy(dtype=object), f"{what}, column {c!r}") for c in labels})
    if isinstance(X, (list, tuple)) and X and isinstance(X[0], (list, tuple)):
        table = np.array(X, dtype=object)
        if table.ndim != 2 or not any(isinstance(value, str) for value in table.flat):
            return X
    elif isinstance(X, np.ndarray) and X.dtype.kind in "OUS" and X.ndim == 2:
        table = X.astype(object)
    else:
        return X
    return np.column_stack([_codes(column, f"{what}, column {i}") for i, column in enumerate(table.T)])


def _codes(column: np.ndarray, where: str) -> np.ndarray:
    """Numbers of the states of one column; numbers among the labels count as labels too."""
    if any(value is None or value != value for value in column):
        raise HoiError(f"{where} lacks labels in some samples: fill them with a label of their own, or leave them out.")
    _, codes = np.unique([str(value) for value in column], return_inverse=True)
    return codes.astype(np.int64)
