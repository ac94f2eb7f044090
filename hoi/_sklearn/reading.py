"""Data and targets that scikit-learn would misread, read by the reader of all functions first."""

from __future__ import annotations

from typing import Any

import numpy as np

from hoi._errors import HoiError
from hoi._inputs.categories import number_labels
from hoi._inputs.containers import read
from hoi._inputs.labelled import is_labelled
from hoi._inputs.recordings import is_recording
from hoi._inputs.table import Table
from hoi._inputs.tensors import is_tensor

__all__ = ["features", "target"]

# Different whole numbers in a target up to which they are classes, and no counts or amounts.
_MOST_CLASSES = 20


def features(X: Any) -> Any:
    """X as scikit-learn can check it, with the same values: a mask is no longer lost, a recording has its channels."""
    rows = X if isinstance(X, (list, tuple)) else [X]
    if any(isinstance(row, np.ma.MaskedArray) or is_tensor(row) for row in rows) or (
        isinstance(X, Table) or is_recording(X) or is_labelled(X)
    ):
        return _plain(X, "X")
    if any(isinstance(value, complex) for row in rows if isinstance(row, (list, tuple)) for value in row):
        return np.asarray(X, dtype=np.complex128)  # of which scikit-learn says what is wrong, and of a list it does not
    values = X if isinstance(X, np.ndarray) else X.to_numpy() if hasattr(X, "iloc") else np.empty(0)
    if values.dtype.kind in "iu" and values.size and max(abs(int(values.min())), int(values.max())) > 2**53:
        raise HoiError(
            "X has integers beyond 2**53, which float64 cannot hold apart: scikit-learn computes in float64. Subtract "
            "a constant from such a column first, or use hoi.copula_transform, which takes ranks as they are."
        )
    return X


def _plain(X: Any, what: str) -> Any:
    table = read(X, what)
    if table.gap == "masked" and np.isnan(table.values).any():
        raise HoiError(
            f"{what} has {int(np.isnan(table.values).sum())} masked values: every value is needed. Leave out "
            "those samples, or fill the gaps by sklearn.impute."
        )
    if table.names is None:
        return table.values
    import pandas as pd

    return pd.DataFrame(table.values, columns=list(table.names))


def target(y: Any, kind: str) -> tuple[Any, tuple[str, ...] | None]:
    """A target as numbers, and the names of its classes if it has some: then the numbers say which class it is.

    Parameters
    ----------
    y : array_like, shape (n_samples,)
    kind : {"auto", "classes", "numbers"}
        "auto" takes as classes what is no number (text, booleans, unordered categories), two different values, and
        whole numbers of which at most 20 are different that occur 4 times or more on average.
    """
    if isinstance(y, np.ma.MaskedArray) or is_tensor(y) or is_labelled(y):
        y = np.asarray(_plain(y, "y"))
    dtype = getattr(y, "dtype", None)
    ordered = getattr(dtype, "ordered", None) or getattr(getattr(y, "cat", None), "ordered", False)
    if ordered and kind != "classes":
        codes = y.cat.codes if hasattr(y, "cat") else y.codes
        return np.where(np.asarray(codes) < 0, np.nan, codes), None  # of what is missing pandas has the code -1
    values = np.asarray(y)
    if values.ndim != 1 or kind == "numbers" or not len(values):
        return y, None
    if values.dtype.kind in "iuf" and not (kind == "classes" or _are_labels(values)):
        return y, None
    if values.dtype.kind not in "iufbOUST":
        return y, None
    (states,), labels = number_labels([values.astype(object)], "y")
    return states, labels


def _are_labels(values: np.ndarray) -> bool:
    """Whether numbers are classes, in all likelihood."""
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        return False
    different = np.unique(values)
    whole = bool((different == np.round(different)).all())
    return len(different) == 2 or (whole and len(different) <= _MOST_CLASSES and 4 * len(different) <= len(values))
