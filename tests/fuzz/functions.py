"""Every public function that takes data: from any container what it gives for a plain array, or a HoiError."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import hoi

from .containers import Drawn, drawn, excused, given_and_sound, whole

__all__ = ["FUNCTIONS", "case", "check"]

PAIR = [(0, 1)]
CHANCE = {"n_resamples": 9, "seed": 0}


def _selected(X: Any) -> Any:
    rows = len(X.values if isinstance(X, hoi.Table) else X)
    return hoi.OInformationSelector(1).fit(X, np.arange(rows) % 2).get_support()


# name -> what is asked of the data, with the option `missing` where the function has it
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "oinfo": hoi.oinfo,
    "total_correlation": hoi.total_correlation,
    "dual_total_correlation": hoi.dual_total_correlation,
    "sinfo": hoi.sinfo,
    "entropy": hoi.entropy,
    "sets": lambda X, **o: hoi.oinfo(X, PAIR, **o),
    "nan": lambda X, **o: hoi.total_correlation(X, PAIR, singular="nan", **o),
    "measures": lambda X, **o: hoi.measures(X, PAIR, **o),
    "discrete": lambda X, **o: hoi.total_correlation(X, estimator="binned", **o),
    "knn": lambda X, **o: hoi.total_correlation(X, estimator="knn", **o),
    "groups": lambda X, **o: hoi.total_correlation(X, groups={"a": [0], "b": [1]}, **o),
    "given": lambda X, **o: hoi.total_correlation(X, given=1, **o),
    "scan": lambda X, **o: hoi.scan(X, 2, **o),
    "search": lambda X, **o: hoi.search(X, 2, n_best=2, measure="tc", **o),
    "plan": lambda X, **o: hoi.plan(X, 2, **o),
    "information": lambda X, **o: hoi.information(X, target=0, **o),
    "rsi": lambda X, **o: hoi.rsi(X, target=0, **o),
    "gradient": lambda X, **o: hoi.gradient(X, target=0, **o),
    "redundancy_mmi": lambda X, **o: hoi.redundancy_mmi(X, target=0, **o),
    "synergy_mmi": lambda X, **o: hoi.synergy_mmi(X, target=0, **o),
    "delta": lambda X, **o: hoi.delta(X, k=3, **o),
    "pairwise": hoi.pairwise,
    "coinformation": hoi.coinformation,
    "tse_complexity": hoi.tse_complexity,
    "local": hoi.local,
    "phiid": lambda X, **o: hoi.phiid(X, PAIR, **o).to_numpy(),
    "transfer_entropy": hoi.transfer_entropy,
    "drivers": lambda X, **o: hoi.drivers(X, 2, **o),
    "oinfo_rate": hoi.oinfo_rate,
    "oinfo_spectrum": lambda X: hoi.oinfo_spectrum(X)[1],
    "lagged": lambda X: hoi.lagged(X),
    "mutual_information": lambda X, **o: hoi.mutual_information(X, X, **o),
    "conditional": lambda X, **o: hoi.mutual_information(X, X, conditional_on=X, singular="nan", **o),
    "permutation_test": lambda X, **o: hoi.permutation_test(X, 2, null="permute", measure="tc", **CHANCE, **o),
    "member": lambda X, **o: hoi.permutation_test(X, 2, null="member", measure="tc", **CHANCE, **o),
    "about": lambda X, **o: hoi.permutation_test(X, 1, null="member", measure="information", target=0, **CHANCE, **o),
    "bootstrap": lambda X, **o: hoi.confidence_interval(X, PAIR, measure="tc", method="bootstrap", **CHANCE, **o),
    "names": lambda X, **o: hoi.search(X, 2, n_best=2, measure="tc", names=["a", "b", "c"], **o),
    "confidence_interval": lambda X, **o: hoi.confidence_interval(X, measure="tc", **o),
    "split_half": lambda X, **o: hoi.split_half(X, 2, measure="tc", **o),
    "compare": lambda X, **o: hoi.compare(X, X, 2, measure="tc", **CHANCE, **o),
    "effective_sample_size": hoi.effective_sample_size,
    "copula_transform": hoi.copula_transform,
    "as_table": lambda X: hoi.as_table(X),
    "system": lambda X, **o: hoi.GaussianSystem.from_data(X, **o).covariance,
    "transformer": lambda X: hoi.GaussianCopulaTransformer().fit_transform(X),
    "selector": _selected,
}
WITHOUT_MISSING = {"oinfo_rate", "oinfo_spectrum", "lagged", "effective_sample_size", "copula_transform", "as_table",
                   "transformer", "selector"}
# scikit-learn's rules are errors of its own, and it takes objects for numbers
OF_SCIKIT_LEARN = {"transformer": (ValueError, TypeError), "selector": ValueError}
KEEPS_GAPS = {"as_table", "lagged"}


def case(rng: np.random.Generator) -> str | None:
    """One table, in one container, with one fault or none, through one function."""
    return check(rng, drawn(rng), str(rng.choice(list(FUNCTIONS))))


def check(rng: np.random.Generator, what: Drawn, name: str) -> str | None:
    """What the function gives for the plain array, or a HoiError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _check(rng, what, name)


def _check(rng: np.random.Generator, what: Drawn, name: str) -> str | None:
    what = what._replace(missing="raise") if name in WITHOUT_MISSING else what
    made = given_and_sound(rng, what)
    if made is None:
        return "asked"
    given, sound = made
    where = f"{name} {what}"
    options = {} if name in WITHOUT_MISSING else {"missing": what.missing}
    try:
        value = numbers(FUNCTIONS[name](given, **options))
    except OF_SCIKIT_LEARN.get(name, hoi.HoiError) as error:
        plain = None if sound.dtype.kind not in "fiub" or what.fault != "none" else outcome(name, sound, options)
        if isinstance(plain, np.ndarray) and not excused(str(error)):
            return f"{where}: sound data are refused: {error}"
        return "asked"
    except Exception as error:
        return f"{where}: {type(error).__name__}: {error}"
    values = whole(sound, what.missing)
    if values is None:
        skipped = name in KEEPS_GAPS or what.missing == "drop" or (name in OF_SCIKIT_LEARN and sound.dtype.kind in "OU")
        return None if skipped else f"{where}: {value} where nothing can be said"
    if what.missing == "drop" and len(values) < len(sound):
        return None  # which samples go depends on the columns that are used: tests/inputs/test_missing.py
    data = np.stack([values, values]) if what.fault == "nested" else values
    expected = outcome(name, data, options)
    if name in OF_SCIKIT_LEARN and isinstance(expected, str) and "cannot hold apart" in expected:
        return None  # an array goes to scikit-learn's own checks, a Table does not
    if not isinstance(expected, np.ndarray):
        return f"{where}: {value}, where a plain array gives {expected}"
    if not value.size and not expected.size:
        return None
    if value.shape != expected.shape or not np.allclose(value, expected, rtol=1e-6, atol=1e-6, equal_nan=True):
        return f"{where}: {value}, where a plain array gives {expected}"
    return None


def outcome(name: str, X: np.ndarray, options: dict[str, Any]) -> np.ndarray | str:
    """What the function gives for an array: numbers, or the text of an error."""
    try:
        return numbers(FUNCTIONS[name](X, **options))
    except OF_SCIKIT_LEARN.get(name, hoi.HoiError) as error:
        return str(error)


def numbers(found: Any) -> np.ndarray:
    """All numbers in what a function gives."""
    if isinstance(found, hoi.Multiplets):
        return np.concatenate([np.asarray(getattr(found, name)) for name in found.columns] or [np.zeros(0)])
    if isinstance(found, Iterator):
        return np.concatenate([numbers(block) for block in found] or [np.zeros(0)])
    if isinstance(found, hoi.SearchPlan):
        return np.array([found.n_sets])
    if isinstance(found, hoi.Table):
        return found.values
    if isinstance(found, dict):
        return np.concatenate([numbers(part) for part in found.values()])
    return np.asarray(found, dtype=np.float64)
