"""Section 6 and figure 5: synergy across configurations, and whether an early peak of it predicts grokking."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from hoi_grokking.claims._asking import ALPHA, HIGH, LOW, by_estimator, positive
from hoi_grokking.claims.criteria import EARLY, early_peak, highest, later_peak, ratio
from hoi_grokking.claims.evidence import Evidence, Network, NotMeasured
from hoi_grokking.claims.rule import Claim, Numbers
from hoi_grokking.prediction import auc, auc_interval
from hoi_grokking.study import PROBES

__all__ = ["CLAIMS"]

WINDOW = f"steps {EARLY[0]} to {EARLY[1]}"


def _margin(*networks: Network) -> float:
    """Early synergy of the lower of the first two networks, above that of the third."""
    return min(early_peak(networks[0]), early_peak(networks[1])) - early_peak(networks[2])


def _margin_over_training(*networks: Network) -> float:
    return min(highest(networks[0]), highest(networks[1])) - highest(networks[2])


def _recovery(network: Network, reference: Network) -> float:
    return ratio(later_peak(network), highest(reference))


def _below_half(value: float) -> bool:
    return value < 0.5


def _above_chance(value: float) -> bool:
    return value > 0.5


def _auc(scores: np.ndarray, grokked: np.ndarray) -> Numbers:
    """Decided by the lower end of the interval; NaN where all networks end alike."""
    value = auc(scores, grokked)
    low, high = auc_interval(scores, grokked) if value == value else (math.nan, math.nan)
    return Numbers([low], (value, low, high))


def _separation(number, evidence: Evidence) -> dict[str, Numbers]:
    found = {}
    for name in PROBES:
        networks = [network for label in evidence.progress[name] for network in evidence.networks(name, label)]
        scores = np.array([number(network) for network in networks])
        found[name] = _auc(scores, np.array([math.isfinite(network.grokked) for network in networks]))
    return found


def _predicted(evidence: Evidence, synergy: bool) -> dict[str, Numbers]:
    """From the table of the experiment, whose scores of synergy are named after the estimators."""
    table = evidence.table("early_prediction")
    found = {}
    for score, value, low, high in table[["score", "AUC", "low", "high"]].itertuples(index=False):
        name = score.removeprefix("synergy, ")
        if (name in PROBES) == synergy:
            found[name] = Numbers([low if value == value else math.nan], (value, low, high))
    return found


def _recovery_in_table(label: str, evidence: Evidence) -> dict[str, list[float]]:
    """As `_recovery`, of a configuration that the figures do not have."""
    table = evidence.table("other_configurations_values")
    late = table[(table.configuration == label) & (table.step > EARLY[1])]
    tops = late.groupby(["estimator", "seed"])["synergy (nats)"].max()
    found = {}
    for name in tops.index.unique("estimator"):
        references = evidence.networks(name, ALPHA)
        if len(tops[name]) != len(references):
            raise NotMeasured("tables/other_configurations_values.csv is of other seeds: run other_configurations")
        found[name] = [ratio(top, highest(reference)) for top, reference in zip(tops[name], references, strict=True)]
    return found


def _lower(label: str, key: str) -> list[Claim]:
    return [
        Claim(
            f"lower-early-{key}", "Sec. 6, Fig. 5 left",
            f"With {label}, which does not grok, early synergy is lower than with 0.1 and 2, which do.",
            f"Highest synergy of {WINDOW}: the lower of those with weight decay 0.1 and 2 minus that with {label}, "
            "same seed, in nats: above 0.", by_estimator(_margin, LOW, HIGH, label), positive,
        ),
        Claim(
            f"lower-ever-{key}", "Sec. 6, Fig. 5 left",
            f"With {label}, which does not grok, synergy stays below that with 0.1 and 2 over all of training.",
            f"Highest synergy from step {EARLY[0]} on: the lower of those with weight decay 0.1 and 2 minus that with "
            f"{label}, same seed, in nats: above 0.", by_estimator(_margin_over_training, LOW, HIGH, label), positive,
        ),
    ]  # fmt: skip


def _drops(label: str, key: str) -> Claim:
    return Claim(
        f"drops-{key}", "Sec. 6, Fig. 5 right", f"With {label}, synergy drops early and never recovers.",
        f"Highest synergy after step {EARLY[1]} divided by the highest with alpha 8, same seed (step {EARLY[0]} on): "
        "below 0.5.", by_estimator(_recovery, label, ALPHA), _below_half,
    )  # fmt: skip


CLAIMS = (
    *_lower("weight decay 10", "10"),
    *_lower("weight decay 50", "50"),
    _drops("alpha 1", "alpha1"),
    _drops("alpha 50", "alpha50"),
    Claim(
        "drops-alpha5", "Sec. 6, text", "With alpha 5, the high value of the text, synergy drops early and never "
        "recovers.",
        f"Highest synergy after step {EARLY[1]} divided by the highest with alpha 8, same seed (step {EARLY[0]} on): "
        "below 0.5.", partial(_recovery_in_table, "alpha 5"), _below_half,
    ),
    Claim(
        "separates-configurations", "Sec. 6, Fig. 5", "Early synergy is higher in the networks that grok than in those "
        "that do not: the configurations of figure 5.",
        f"Area under the ROC curve of the highest synergy of {WINDOW}, over all networks of the seven configurations "
        "(grokked: test accuracy of 0.98): lower end of the interval above 0.5.",
        partial(_separation, early_peak), _above_chance,
    ),
    Claim(
        "predicts", "Sec. 6", "An early peak of synergy predicts grokking: a sweep of weight decays and learning "
        "rates.",
        f"Area under the ROC curve of the highest synergy of {WINDOW}, over networks at a small modulus: lower end of "
        "the interval above 0.5.", partial(_predicted, synergy=True), _above_chance,
    ),
    Claim(
        "others-predict", "Sec. 6", "Simpler numbers of the same early steps predict grokking in that sweep.",
        "Area under the ROC curve of each: lower end of the interval above 0.5. Here each number takes the place of an "
        "estimator.", partial(_predicted, synergy=False), _above_chance, control=True,
    ),
)  # fmt: skip
