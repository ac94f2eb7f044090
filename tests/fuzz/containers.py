"""Containers x types x shapes x faults, through the public functions: the reference value, or a HoiError."""

from __future__ import annotations

import decimal
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtri
from scipy.stats import rankdata

import hoi

__all__ = ["CONTAINERS", "FAULTS", "TYPES", "Drawn", "case", "check", "drawn", "excused", "whole"]

TYPES = ["f8", "f4", "f2", "g", ">f8", "i8", "u8", "i4", "u1", "i1", "?", "wide", "wide unsigned", "object", "str",
         "c16", "decimal"]
FAULTS = ["none"] * 6 + ["nan", "inf", "mask", "constant", "duplicate", "few", "empty", "scale", "transposed", "nested",
                         "ragged"]
CONTAINERS = ["numpy", "fortran", "list", "rows", "masked", "strided", "table", "pandas", "mixed", "xarray", "turned",
              "torch", "polars", "arrow", "tables", "Dataset"]


def exact(rng: np.random.Generator, n: int, m: int, dtype: str) -> Any:
    """A table of a type; wide integers lie beyond what float64 holds apart."""
    numbers = rng.integers(0, 100 if dtype in ("u1", "i1") else 1000, (n, m))
    if dtype == "wide":
        return numbers + rng.choice([2**60, -(2**62)])
    if dtype == "wide unsigned":
        return numbers.astype(np.uint64) + np.uint64(2**63)
    if dtype == "decimal":
        return np.array([[decimal.Decimal(int(v)) for v in row] for row in numbers], dtype=object)
    if dtype in ("object", "str"):
        return numbers.astype(dtype)
    if dtype == "?":
        return numbers > 400
    if "f" in dtype or dtype in ("g", "c16"):
        return (rng.standard_normal((n, m)) * 10).astype(dtype)
    return numbers.astype(dtype)


class Drawn(NamedTuple):
    """What a case is of; a container that cannot hold such a table is no case."""

    n: int
    m: int
    dtype: str
    fault: str
    missing: str
    container: str

    def __str__(self) -> str:
        return f"{self.dtype} {self.fault} {self.container} missing={self.missing} {(self.n, self.m)}"


def drawn(rng: np.random.Generator) -> Drawn:
    """A case at random."""
    return Drawn(
        int(rng.integers(4, 30)), int(rng.integers(2, 5)), str(rng.choice(TYPES)), str(rng.choice(FAULTS)),
        str(rng.choice(["raise", "raise", "drop"])), str(rng.choice(CONTAINERS)),
    )


def makers_of(X: Any) -> dict[str, Callable[[], Any]]:
    """The containers that can hold the table."""
    names = [f"v{j}" for j in range(X.shape[1])] if X.ndim == 2 else []
    makers: dict[str, Callable[[], Any]] = {
        "numpy": lambda: X, "fortran": lambda: np.asfortranarray(X), "list": lambda: X.tolist(),
        "rows": lambda: list(X),
        "masked": lambda: np.ma.array(X), "strided": lambda: np.repeat(X, 2, axis=0)[::2],
        "table": lambda: hoi.as_table(X),
    }
    if X.ndim == 2 and X.dtype.kind != "c":
        makers |= {
            "pandas": lambda: pd.DataFrame(X, columns=names),
            "mixed": lambda: pd.DataFrame({name: pd.Series(X[:, j]) for j, name in enumerate(names)}).convert_dtypes(),
            "xarray": lambda: _xarray(X, names), "turned": lambda: _xarray(X, names).T, "torch": lambda: _torch(X),
            "Dataset": lambda: _xarray(X, names).to_dataset("channel"),
            "polars": lambda: _polars(X, names), "arrow": lambda: _arrow(X, names),
        }
    elif X.ndim == 3:
        makers["tables"] = lambda: list(X)
    if isinstance(X, np.ma.MaskedArray):  # these would drop the mask before hoi sees it
        for name in ("fortran", "torch", "xarray", "turned", "pandas", "mixed", "Dataset"):
            makers.pop(name, None)
    return makers


def _xarray(X: Any, names: list[str]) -> Any:
    import xarray

    return xarray.DataArray(X, dims=("time", "channel"), coords={"channel": names})


def _torch(X: Any) -> Any:
    import torch

    native = np.ascontiguousarray(X.astype(X.dtype.newbyteorder("=")))
    return torch.from_numpy(native)


def _polars(X: Any, names: list[str]) -> Any:
    import polars

    return polars.DataFrame({name: X[:, j].tolist() for j, name in enumerate(names)})


def _arrow(X: Any, names: list[str]) -> Any:
    import pyarrow

    return pyarrow.table({name: X[:, j].tolist() for j, name in enumerate(names)})


def reference(X: np.ndarray, estimator: str) -> float | None:
    """O-information of all columns without bias correction, by scipy; None where there is none."""
    n, m = X.shape
    if m == 2 or n <= m:
        return 0.0 if m == 2 and n > 2 else None
    if estimator == "gaussian_copula":
        Z = ndtri(np.column_stack([rankdata(column) for column in X.T]) / (n + 1))
    else:  # in Python integers or long double, so that nothing is lost
        Z = X.astype(object) - X[0].astype(object) if X.dtype.kind in "iu" else X.astype(np.longdouble)
        Z = Z.astype(np.longdouble)
        Z = Z / np.abs(Z).max(axis=0)
        Z = (Z - Z.mean(axis=0)).astype(np.float64)
    with np.errstate(all="ignore"):
        R = np.corrcoef(Z.T)
    if not np.isfinite(R).all() or np.linalg.eigvalsh(R).min() < 1e-6:
        return None
    minors = [np.linalg.slogdet(np.delete(np.delete(R, i, 0), i, 1))[1] for i in range(m)]
    return float((m - 2) * np.linalg.slogdet(R)[1] / 2 - sum(minors) / 2)


def faulty(rng: np.random.Generator, X: Any, fault: str) -> Any:
    """The table with a fault in it."""
    n, m = X.shape
    place = rng.integers(n), rng.integers(m)
    if fault in ("nan", "inf") and X.dtype.kind in "fc":
        X = X.copy()
        X[place] = np.nan if fault == "nan" else -np.inf
    elif fault == "mask":
        X = np.ma.array(X, mask=False)
        X[place] = np.ma.masked
    elif fault == "constant":
        X = X.copy()
        X[:, place[1]] = X[0, place[1]]
    elif fault == "duplicate" and m > 1:
        X = X.copy()
        X[:, place[1]] = X[:, place[1] - 1]
    elif fault == "few":
        X = X[: rng.integers(1, 4)]
    elif fault == "empty":
        X = X[:0]
    elif fault == "scale" and X.dtype == np.float64:
        X = X * 10.0 ** rng.integers(-300, 300, m)
    return X


def given_and_sound(rng: np.random.Generator, what: Drawn) -> tuple[Any, Any] | None:
    """The table in its container, and as an array with its fault; None where the container cannot hold it."""
    X = faulty(rng, exact(rng, what.n, what.m, what.dtype), what.fault)
    sound = X
    if what.fault == "nested":
        X = np.stack([X, X])
    makers = makers_of(X) if not isinstance(X, np.ma.MaskedArray) or rng.random() < 0.5 else {"rows": lambda: list(X)}
    try:
        given = makers[what.container]()
    except Exception:  # the container itself refuses such values
        return None
    if what.fault == "transposed":
        if what.container in ("pandas", "mixed"):
            return None
        turned = hasattr(given, "T") and what.container not in ("xarray", "turned")
        given, sound = getattr(given, "T", given), sound.T if turned else sound
    if what.fault == "ragged" and isinstance(given, list):
        given[0] = given[0][:-1]
    return given, sound


def case(rng: np.random.Generator) -> str | None:
    """One table, in one container, with one fault or none, through hoi.oinfo."""
    estimator, backend = str(rng.choice(["gaussian_copula", "gaussian"])), str(rng.choice(["auto", "auto", "torch"]))
    return check(rng, drawn(rng), estimator, backend)


def check(rng: np.random.Generator, what: Drawn, estimator: str, backend: str) -> str | None:
    """The value of the reference, or a HoiError where there is a reason for one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _check(rng, what, estimator, backend)


def _check(rng: np.random.Generator, what: Drawn, estimator: str, backend: str) -> str | None:
    made = given_and_sound(rng, what)
    if made is None:
        return "asked"
    given, sound = made
    where = f"{what} {estimator} {backend}"
    try:
        value = hoi.oinfo(given, estimator=estimator, bias_correction=False, missing=what.missing, backend=backend)
    except hoi.HoiError as error:
        if what.fault == "none" and sound.dtype.kind in "fiub" and not excused(str(error)):
            return f"{where}: sound data are refused: {error}"
        return "asked"
    except Exception as error:
        return f"{where}: {type(error).__name__}: {error}"
    values = whole(sound, what.missing)
    if values is None:
        return f"{where}: {value} where nothing can be said"
    expected = reference(values, estimator)
    near = expected is None or np.allclose(value, expected, rtol=0, atol=1e-6)
    if not near:
        return f"{where}: {value}, and {expected} is right"
    return None


def excused(text: str) -> bool:
    """Errors that small random tables earn."""
    reasons = ("same value in all", "singular", "more samples", "at least 3", "symmetric", "reads", "cannot hold",
               "xarray Dataset")
    return any(reason in text for reason in reasons)


def whole(X: Any, missing: str) -> np.ndarray | None:
    """The samples that count; None where a value is missing or infinite and must be refused."""
    mask = np.ma.getmaskarray(X)
    values = np.asarray(np.ma.getdata(X))
    if values.dtype.kind == "O" and all(isinstance(v, int) for v in values.ravel()):
        values = values.astype(np.int64)  # in a list they are numbers
    if values.dtype.kind not in "fiub":
        return None
    values = values.astype(values.dtype.newbyteorder("="))
    gap = mask | (np.isnan(values) if values.dtype.kind == "f" else False)
    if missing == "drop":
        keep = ~gap.any(axis=1)
        values, gap = values[keep], gap[keep]
    return None if gap.any() or (values.dtype.kind == "f" and np.isinf(values).any()) else values
