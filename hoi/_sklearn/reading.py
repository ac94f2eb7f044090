"""Data and targets that scikit-learn would misread, read by the reader of all functions first."""

from __future__ import annotations

from typing import Any

import numpy as np

from hoi._errors import HoiError
from hoi._inputs.containers import read
from hoi._inputs.labelled import is_labelled
from hoi._inputs.recordings import is_recording
from hoi._inputs.table import Table
from hoi._inputs.tensors import is_tensor
from hoi._inputs.words import listing

__all__ = ["features", "target"]


def features(X: Any) -> Any:
    """X as scikit-learn can check it, with the same values: a mask is no longer lost, a recording has its channels."""
    rows = X if isinstance(X, (list, tuple)) else [X]
    if any(isinstance(row, np.ma.MaskedArray) or is_tensor(row) for row in rows) or (
        isinstance(X, Table) or is_recording(X) or is_labelled(X)
    ):
        return _plain(X, "X")
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


def target(y: Any) -> Any:
    """A target as numbers; of two classes of any name it does not matter which is the larger."""
    if isinstance(y, np.ma.MaskedArray) or is_tensor(y) or is_labelled(y):
        return np.asarray(_plain(y, "y"))
    ordered = getattr(getattr(y, "dtype", None), "ordered", None) or getattr(getattr(y, "cat", None), "ordered", False)
    if ordered and hasattr(y, "cat"):
        return y.cat.codes.to_numpy()
    values = np.asarray(y)
    if values.ndim != 1 or values.dtype.kind not in "OUST" or not all(isinstance(v, (str, bytes)) for v in values):
        return y
    labels = sorted(set(values.tolist()))
    if len(labels) > 2:
        raise HoiError(
            f"y holds {len(labels)} labels ({listing(labels)}), which have no order, and the Gaussian copula ranks "
            f"them. Give one class against the rest, y == {labels[0]!r}, or numbers in their order if they have one."
        )
    return (values == labels[-1]).astype(np.float64)
