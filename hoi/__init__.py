"""hoi: higher-order interactions in data, by Gaussian-copula information theory.

Exact O-information, total correlation, dual total correlation and S-information of sets of variables, and
the exhaustive search for the most synergistic and the most redundant sets.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hoi import datasets as datasets
    from hoi import estimators as estimators
    from hoi import plot as plot
    from hoi import simulate as simulate
    from hoi import torch as torch
    from hoi._api import SearchPlan as SearchPlan
    from hoi._api import as_table as as_table
    from hoi._api import backends as backends
    from hoi._api import confidence_interval as confidence_interval
    from hoi._api import copula_transform as copula_transform
    from hoi._api import dual_total_correlation as dual_total_correlation
    from hoi._api import effective_sample_size as effective_sample_size
    from hoi._api import entropy as entropy
    from hoi._api import gradient as gradient
    from hoi._api import information as information
    from hoi._api import measures as measures
    from hoi._api import mutual_information as mutual_information
    from hoi._api import oinfo as oinfo
    from hoi._api import permutation_test as permutation_test
    from hoi._api import plan as plan
    from hoi._api import redundancy_mmi as redundancy_mmi
    from hoi._api import rsi as rsi
    from hoi._api import scan as scan
    from hoi._api import search as search
    from hoi._api import sinfo as sinfo
    from hoi._api import split_half as split_half
    from hoi._api import synergy_mmi as synergy_mmi
    from hoi._api import total_correlation as total_correlation
    from hoi._errors import BackendUnavailableError as BackendUnavailableError
    from hoi._errors import CheckpointWarning as CheckpointWarning
    from hoi._errors import HoiError as HoiError
    from hoi._errors import HoiWarning as HoiWarning
    from hoi._errors import InputWarning as InputWarning
    from hoi._errors import LongSearchWarning as LongSearchWarning
    from hoi._errors import SingularWarning as SingularWarning
    from hoi._errors import TiesWarning as TiesWarning
    from hoi._inputs.table import Table as Table
    from hoi._results.multiplets import Multiplets as Multiplets
    from hoi._sklearn.selector import OInformationSelector as OInformationSelector
    from hoi._sklearn.transformer import GaussianCopulaTransformer as GaussianCopulaTransformer
    from hoi._systems.gaussian import GaussianSystem as GaussianSystem

__version__ = "0.1.0"

# public name -> module that holds it; a module is imported when its first name is used. Type checkers and editors read
# __init__.pyi, which a test holds to this table.
_HOME = {
    **dict.fromkeys(
        ["entropy", "total_correlation", "dual_total_correlation", "oinfo", "sinfo", "mutual_information",
         "measures", "search", "scan", "plan", "SearchPlan", "copula_transform", "as_table", "backends"], "hoi._api"),
    **dict.fromkeys(["information", "rsi", "gradient", "redundancy_mmi", "synergy_mmi"], "hoi._api"),
    "Table": "hoi._inputs.table",
    **dict.fromkeys(
        ["permutation_test", "confidence_interval", "split_half", "effective_sample_size"], "hoi._api"),
    "GaussianSystem": "hoi._systems.gaussian",
    "GaussianCopulaTransformer": "hoi._sklearn.transformer",
    "Multiplets": "hoi._results.multiplets",
    "OInformationSelector": "hoi._sklearn.selector",
    **dict.fromkeys(
        ["HoiError", "BackendUnavailableError", "HoiWarning", "CheckpointWarning", "InputWarning", "LongSearchWarning",
         "SingularWarning", "TiesWarning"], "hoi._errors"),
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
