"""Sections 1 and 2: does synergy move before the other progress measures do? On the three configurations that grok."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from hoi_grokking.claims._asking import ALPHA, HIGH, LOW
from hoi_grokking.claims.criteria import half_way
from hoi_grokking.claims.evidence import Evidence, NotMeasured
from hoi_grokking.claims.rule import Claim
from hoi_grokking.comparison import COMPARISONS
from hoi_grokking.study import PROBES

__all__ = ["CLAIMS"]

SHORT = {
    "weight_norm": "the L2 norm of the weights",
    "pairwise_information": "mean pairwise mutual information",
    "fourier_concentration": "the Fourier concentration of the embeddings",
}


def _later(measure: str, evidence: Evidence) -> dict[str, list[float]]:
    """Half-way step of a measure over that of synergy, for every network that groks."""
    table = evidence.table("comparison")
    table = table[(table.measure == COMPARISONS[measure]) & (table.step > 0)]
    found: dict[str, list[float]] = {name: [] for name in PROBES}
    for label in (LOW, HIGH, ALPHA):
        lines = [rows.sort_values("step") for _, rows in table[table.configuration == label].groupby("seed")]
        for name, ratios in found.items():
            if len(lines) != len(evidence.networks(name, label)):
                raise NotMeasured("tables/comparison.csv is of other seeds: run comparison")
            for network, line in zip(evidence.networks(name, label), lines, strict=True):
                if math.isfinite(network.grokked):
                    late = network.step >= 2
                    own = half_way(network.step[late], network.synergy[late], network.grokked)
                    step = line.step.to_numpy()
                    other = half_way(step[step >= 2], line.value.to_numpy()[step >= 2], network.grokked)
                    ratios.append(float(np.divide(other, own)))
                else:
                    ratios.append(math.nan)
    return found


CLAIMS = tuple(
    Claim(
        f"first-{measure.replace('_', '-')}", "Sec. 1, 2", f"Synergy moves before {SHORT[measure]}.",
        "Step at which that measure is half its range (until 0.98 test accuracy) away from its first value, divided by "
        "the same step of the synergy: above 1. Networks of weight decay 0.1 and 2 and of alpha 8 that grok.",
        partial(_later, measure), lambda value: value > 1, control=True,
    )
    for measure in COMPARISONS
)  # fmt: skip
