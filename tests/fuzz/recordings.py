"""Recordings of different lengths, each in a container of its own: what each gives alone, or a HoiError."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import hoi

from .containers import TYPES, Drawn, excused, given_and_sound

__all__ = ["FUNCTIONS", "case", "check"]

NAMED = ["pandas", "mixed", "xarray", "turned", "polars", "arrow"]
PLAIN = ["numpy", "fortran", "list", "rows", "masked", "strided", "table", "torch"]
FAULTS = ["none"] * 8 + ["nan", "inf", "mask", "constant", "duplicate", "few", "scale"]
SETS = [(0, 1), (0, 2), (0, 1, 2)]
# name -> what is asked of all recordings, and of each alone, with the option `missing` where the function has it
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "oinfo": lambda X, **o: hoi.oinfo(X, SETS, **o),
    "gaussian": lambda X, **o: hoi.oinfo(X, SETS, estimator="gaussian", **o),
    "knn": lambda X, **o: hoi.total_correlation(X, SETS, estimator="knn", **o),
    "binned": lambda X, **o: hoi.total_correlation(X, SETS, estimator="binned", **o),
    "entropy": lambda X, **o: hoi.entropy(X, SETS, **o),
    "nan": lambda X, **o: hoi.total_correlation(X, SETS, singular="nan", **o),
    "measures": lambda X, **o: hoi.measures(X, SETS, **o),
    "groups": lambda X, **o: hoi.total_correlation(X, [(0, 1)], groups=[[0, 1], [2]], **o),
    "given": lambda X, **o: hoi.total_correlation(X, [(0, 1)], given=2, **o),
    "information": lambda X, **o: hoi.information(X, [(0, 1)], target=2, **o),
    "delta": lambda X, **o: hoi.delta(X, SETS, k=3, **o),
    "coinformation": lambda X, **o: hoi.coinformation(X, SETS, **o),
    "search": lambda X, **o: hoi.search(X, 2, n_best=2, measure="tc", **o),
    "scan": lambda X, **o: hoi.scan(X, 2, **o),
    "local": lambda X, **o: hoi.local(X, SETS, **o),
    "local of neighbours": lambda X, **o: hoi.local(X, SETS, estimator="knn", measure="tc", **o),
    "confidence_interval": lambda X, **o: hoi.confidence_interval(X, SETS, measure="tc", **o),
    "drivers": lambda X, **o: hoi.drivers(X, 2, n_best=1, which="lowest", **o),
    "lagged": lambda X: hoi.lagged(X),
    "as_table": lambda X: hoi.as_table(X),
    "effective_sample_size": hoi.effective_sample_size,
    "copula_transform": hoi.copula_transform,
}
WITHOUT_MISSING = {"lagged", "as_table", "effective_sample_size", "copula_transform"}
MEANS: dict[str, Callable[..., hoi.Multiplets]] = {
    "mean": lambda X, **o: hoi.search(X, 2, n_best=2, measure="tc", across="mean", **o),
    "permutation_test": lambda X, **o: hoi.permutation_test(X, 2, n_best=2, measure="tc", n_resamples=9, seed=0, **o),
    "permuted": lambda X, **o: hoi.permutation_test(
        X, 2, n_best=2, measure="tc", null="permute", n_resamples=9, seed=0, **o),
}  # fmt: skip


def case(rng: np.random.Generator) -> str | None:
    """Two or three tables, one perhaps with a fault, through one function."""
    lengths = rng.choice(np.arange(20, 60), int(rng.integers(2, 4)), replace=False).tolist()
    name = str(rng.choice([*FUNCTIONS, *MEANS]))
    kinds = NAMED if rng.random() < 0.4 else PLAIN
    return check(rng, lengths, str(rng.choice(TYPES)), str(rng.choice(FAULTS)), name, rng.choice(kinds, 3).tolist())


def check(
    rng: np.random.Generator, lengths: list[int], dtype: str, fault: str, name: str, containers: list[str]
) -> str | None:
    """What the function gives for each alone, or a HoiError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _check(rng, lengths, dtype, fault, name, containers)


def _check(
    rng: np.random.Generator, lengths: list[int], dtype: str, fault: str, name: str, containers: list[str]
) -> str | None:
    missing = "raise" if name in WITHOUT_MISSING else str(rng.choice(["raise", "drop"]))
    tables = []
    for d, n in enumerate(lengths):
        one = Drawn(n, 4, dtype, fault if d == 0 else "none", missing, containers[d])
        made = given_and_sound(rng, one)
        if made is None:
            return "asked"
        tables.append(made[0])
    order = rng.permutation(len(tables)).tolist()
    tables = [tables[d] for d in order]
    options = {} if name in WITHOUT_MISSING else {"missing": missing}
    where = f"{name} {dtype} {fault} {missing} {lengths} {containers} {order}"
    given = tables if rng.random() < 0.5 else dict(zip("abc", tables, strict=False))
    try:
        alone = [outcome(name, table, options) for table in tables]
        found = MEANS[name](given, **options) if name in MEANS else FUNCTIONS[name](given, **options)
        found = list(found) if isinstance(found, Iterator) else found
        parts = [part(found, d) for d in range(len(tables))] if name not in MEANS else []
    except hoi.HoiError as error:
        if all(isinstance(one, np.ndarray) for one in alone) and not (
            name in MEANS and (excused(str(error)) or "different shifts" in str(error))
        ):
            return f"{where}: refused: {error}"
        return "asked"
    except Exception as error:
        return f"{where}: {type(error).__name__}: {error}"
    if text := next((one for one in alone if isinstance(one, str)), None):
        return f"{where}: a value, and one of them alone gives: {text}"
    if name in MEANS:
        each = [hoi.total_correlation(table, found.members, **options) for table in tables]
        parts, alone = [found.tc], [np.mean(each, axis=0)]
    for d, (value, expected) in enumerate(zip(parts, alone, strict=True)):
        if value.shape != expected.shape or not np.allclose(value, expected, rtol=1e-9, atol=1e-9, equal_nan=True):
            return f"{where}: dataset {d} {value}, alone {expected}"
    return None


def outcome(name: str, table: Any, options: dict[str, Any]) -> np.ndarray | str:
    """What the function gives for one recording alone: numbers, or the text of an error."""
    try:
        if name in MEANS:
            return hoi.search(table, 2, measure="tc", **options).tc
        return part(FUNCTIONS[name](table, **options), None)
    except hoi.HoiError as error:
        return str(error)


def part(found: Any, d: int | None) -> np.ndarray:
    """The numbers of one dataset in what a function gives; None for the only one."""
    if isinstance(found, dict):
        return np.concatenate([part(one, d) for one in found.values()])
    if isinstance(found, Iterator) or (isinstance(found, list) and isinstance(found[0], hoi.Multiplets)):
        return np.concatenate([part(block, d) for block in found] or [np.zeros(0)])
    if isinstance(found, hoi.Multiplets):
        rows = found if d is None else found[found.dataset == d]
        return np.concatenate([np.asarray(getattr(rows, name)) for name in rows.columns] or [np.zeros(0)])
    if isinstance(found, hoi.Recordings):
        return found.tables[d or 0].values
    if isinstance(found, hoi.Table):
        return found.values if d is None else found.values[d]
    return np.asarray(found if d is None else found[d], dtype=np.float64)
