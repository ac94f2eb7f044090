"""The public functions: check the input, plan the work, run it, wrap the result."""

from __future__ import annotations

from hoi._api.about_target import gradient, information, redundancy_mmi, rsi, synergy_mmi
from hoi._api.comparison import compare
from hoi._api.entropies import entropy, mutual_information
from hoi._api.family import delta
from hoi._api.interval import confidence_interval, effective_sample_size, split_half
from hoi._api.lagging import drivers, lagged, transfer_entropy
from hoi._api.pairs import pairwise
from hoi._api.permutation import permutation_test
from hoi._api.phi import phiid
from hoi._api.planning import SearchPlan, plan
from hoi._api.pointwise import local
from hoi._api.rates import oinfo_rate, oinfo_spectrum
from hoi._api.sets import scan, search
from hoi._api.subsets import coinformation, tse_complexity
from hoi._api.tools import as_table, backends, copula_transform
from hoi._api.values import (
    dual_total_correlation,
    measures,
    oinfo,
    sinfo,
    total_correlation,
)

__all__ = [
    "SearchPlan",
    "as_table",
    "backends",
    "coinformation",
    "compare",
    "confidence_interval",
    "copula_transform",
    "delta",
    "drivers",
    "dual_total_correlation",
    "effective_sample_size",
    "entropy",
    "gradient",
    "information",
    "lagged",
    "local",
    "measures",
    "mutual_information",
    "oinfo",
    "oinfo_rate",
    "oinfo_spectrum",
    "pairwise",
    "permutation_test",
    "phiid",
    "plan",
    "redundancy_mmi",
    "rsi",
    "scan",
    "search",
    "sinfo",
    "split_half",
    "synergy_mmi",
    "total_correlation",
    "transfer_entropy",
    "tse_complexity",
]
