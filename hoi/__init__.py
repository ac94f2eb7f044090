"""hoi: higher-order interactions in data, by Gaussian-copula information theory.

Exact O-information, total correlation, dual total correlation and S-information of sets of variables, and
the exhaustive search for the most synergistic and the most redundant sets.
"""

from __future__ import annotations

import importlib

__version__ = "0.1.0"

# public name -> module that holds it; a module is imported when its first name is used. Type checkers and editors read
# __init__.pyi, which a test holds to this table.
_HOME = {
    **dict.fromkeys(
        ["entropy", "total_correlation", "dual_total_correlation", "oinfo", "sinfo", "mutual_information",
         "measures", "search", "scan", "plan", "SearchPlan", "copula_transform", "as_table", "backends"], "hoi._api"),
    **dict.fromkeys(["information", "rsi", "gradient", "redundancy_mmi", "synergy_mmi", "local", "lagged",
                     "transfer_entropy", "drivers", "phiid", "coinformation", "tse_complexity", "oinfo_rate",
                     "oinfo_spectrum", "delta", "pairwise"], "hoi._api"),
    **dict.fromkeys(["Table", "Recordings"], "hoi._inputs.table"),
    **dict.fromkeys(
        ["permutation_test", "confidence_interval", "split_half", "compare", "effective_sample_size"], "hoi._api"),
    "GaussianSystem": "hoi._systems.gaussian",
    "DiscreteSystem": "hoi._systems.discrete",
    "GaussianCopulaTransformer": "hoi._sklearn.transformer",
    "Multiplets": "hoi._results.multiplets",
    "OInformationSelector": "hoi._sklearn.selector",
    **dict.fromkeys(
        ["HoiError", "BackendUnavailableError", "HoiWarning", "CheckpointWarning", "DeterminedWarning",
         "IllConditionedWarning", "InputWarning", "LongSearchWarning", "SingularWarning", "SparseWarning",
         "TiesWarning"], "hoi._errors"),
}
_MODULES = ("datasets", "estimators", "plot", "simulate", "torch")

__all__ = sorted([*_HOME, *_MODULES, "__version__"])


def __getattr__(name: str) -> object:
    if name in _HOME:
        value = getattr(importlib.import_module(_HOME[name]), name)
    elif name in _MODULES:
        value = importlib.import_module(f"hoi.{name}")
    else:
        raise AttributeError(f"module 'hoi' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
