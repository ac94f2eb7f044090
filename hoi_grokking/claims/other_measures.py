"""Sections 1 and 2: does synergy move before the other progress measures do? On the three configurations that grok."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from hoi_grokking.claims._asking import ALPHA, HIGH, LOW
from hoi_grokking.claims.condition import above
from hoi_grokking.claims.criteria import half_way
from hoi_grokking.claims.evidence import Evidence, Network, NotMeasured
from hoi_grokking.claims.rule import Claim
from hoi_grokking.comparison import COMPARISONS
from hoi_grokking.study import PROBES

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CLAIMS", "MEASURES"]

MEASURES = {
    "weight_norm": "the L2 norm of the weights",
    "pairwise_information": "mean pairwise mutual information",
    "inverse_participation": "the frequencies of the neurons (inverse participation ratio)",
}


def _later(measure: str, evidence: Evidence) -> dict[str, list[float]]:
    """Half-way step of a measure over that of synergy: of each seed, the median over its networks that grok."""
    table = evidence.table("comparison")
    _check_networks(table, evidence)
    table = table[(table.measure == COMPARISONS[measure]) & (table.step > 0)]
    if table.empty:
        raise NotMeasured(f"tables/comparison.csv does not have the {COMPARISONS[measure]}: run comparison")
    found: dict[str, list[list[float]]] = {name: [] for name in PROBES}
    for label in (LOW, HIGH, ALPHA):
        lines = [rows.sort_values("step") for _, rows in table[table.configuration == label].groupby("seed")]
        for name, ratios in found.items():
            networks = evidence.networks(name, label)
            ratios.append([_ratio(network, line) for network, line in zip(networks, lines, strict=True)])
    return {name: [_middle(seed) for seed in zip(*ratios, strict=True)] for name, ratios in found.items()}


def _check_networks(table: pd.DataFrame, evidence: Evidence) -> None:
    """The table has to be of the same networks, which the accuracies tell, to the six digits that it has."""
    own = table[(table.measure == "test accuracy") & (table.step > 0)]
    for label in (LOW, HIGH, ALPHA):
        lines = [rows.sort_values("step").value for _, rows in own[own.configuration == label].groupby("seed")]
        networks = evidence.networks(next(iter(PROBES)), label)
        if len(lines) != len(networks) or not all(
            len(line) == len(network.step) and np.allclose(line, network.test_accuracy, rtol=0, atol=1e-5)
            for line, network in zip(lines, networks, strict=True)
        ):
            raise NotMeasured("tables/comparison.csv is of other networks: run comparison")


def _ratio(network: Network, line: pd.DataFrame) -> float:
    if not math.isfinite(network.grokked):
        return math.nan
    late = network.step >= 2
    own = half_way(network.step[late], network.synergy[late], network.grokked)
    step = line.step.to_numpy()
    other = half_way(step[step >= 2], line.value.to_numpy()[step >= 2], network.grokked)
    return float(np.divide(other, own))


def _middle(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return float(np.median(known)) if known else math.nan


CLAIMS = tuple(
    Claim(
        f"first-{measure.replace('_', '-')}", "Sec. 1, 2", f"Synergy moves before {text}.",
        "Step at which that measure is half its range (until 0.98 test accuracy) away from its first value, divided by "
        "the same step of the synergy: of each seed, the median over the networks of weight decay 0.1 and 2 and of "
        "alpha 8 that grok",
        partial(_later, measure), above(1), control=True,
    )
    for measure, text in MEASURES.items()
)  # fmt: skip
