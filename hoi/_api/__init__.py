"""The public functions: check the input, plan the work, run it, wrap the result."""

from __future__ import annotations

from hoi._api.information import entropy, mutual_information
from hoi._api.planning import SearchPlan, plan
from hoi._api.sets import scan, search
from hoi._api.tools import backends, copula_transform
from hoi._api.values import (
    dual_total_correlation,
    measures,
    oinfo,
    sinfo,
    total_correlation,
)

__all__ = [
    "SearchPlan",
    "backends",
    "copula_transform",
    "dual_total_correlation",
    "entropy",
    "measures",
    "mutual_information",
    "oinfo",
    "plan",
    "scan",
    "search",
    "sinfo",
    "total_correlation",
]
