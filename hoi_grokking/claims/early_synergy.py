"""Section 6 and figure 5: synergy across configurations, and whether an early peak of it predicts grokking."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from hoi_grokking.claims._asking import ALPHA, HIGH, LOW, by_estimator
from hoi_grokking.claims.condition import above, below
from hoi_grokking.claims.criteria import EARLY, early_peak, highest, later_peak, ratio
from hoi_grokking.claims.evidence import Evidence, Network, NotMeasured
from hoi_grokking.claims.rule import Claim, Numbers
from hoi_grokking.statistics.exact import block_test
from hoi_grokking.statistics.prediction import auc
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


def _separation(number: Callable[[Network], float], evidence: Evidence) -> dict[str, Numbers]:
    """Area under the ROC curve over all networks, tested over the configurations, and how far it goes down and up if
    one configuration is left out.
    """
    found = {}
    for name, labels in evidence.progress.items():
        if not labels:
            raise NotMeasured("no network was trained")
        rows = [evidence.networks(name, label) for label in labels]
        scores = np.array([[number(network) for network in row] for row in rows])
        grokked = np.array([[math.isfinite(network.grokked) for network in row] for row in rows])
        value = auc(scores.ravel(), grokked.ravel())
        without = [auc(np.delete(scores, i, 0).ravel(), np.delete(grokked, i, 0).ravel()) for i in range(len(rows))]
        known = [one for one in without if one == one] or [math.nan]
        test = block_test(partial(auc, scores.ravel()), grokked.tolist(), 0.5)
        found[name] = Numbers([value], (value, min(known), max(known)), test)
    return found


def _predicted(columns: Sequence[str], chance: float, synergy: bool, evidence: Evidence) -> dict[str, Numbers]:
    """From the table of the experiment, whose scores of synergy are named after the estimators."""
    table = evidence.table("early_prediction")
    found = {}
    for score, value, low, high, pvalue in table[["score", *columns]].itertuples(index=False):
        name = score.removeprefix("synergy, ")
        if (name in PROBES) == synergy:
            found[name] = Numbers([value], (value, low, high), (pvalue, value - chance))
    return found


_ALONE = partial(_predicted, ("concordance", "low", "high", "p"), 0.5)
_BEYOND = partial(_predicted, ("log hazard ratio beyond", "low beyond", "high beyond", "p beyond"), 0.0)


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
            "same seed, in nats", by_estimator(_margin, LOW, HIGH, label), above(0),
        ),
        Claim(
            f"lower-ever-{key}", "Sec. 6, Fig. 5 left",
            f"With {label}, which does not grok, synergy stays below that with 0.1 and 2 over all of training.",
            f"Highest synergy from step {EARLY[0]} on: the lower of those with weight decay 0.1 and 2 minus that with "
            f"{label}, same seed, in nats", by_estimator(_margin_over_training, LOW, HIGH, label), above(0),
        ),
    ]  # fmt: skip


def _drops(label: str, key: str) -> Claim:
    return Claim(
        f"drops-{key}", "Sec. 6, Fig. 5 right", f"With {label}, synergy drops early and never recovers.",
        f"Highest synergy after step {EARLY[1]} divided by the highest with alpha 8, same seed (step {EARLY[0]} on)",
        by_estimator(_recovery, label, ALPHA), below(0.5),
    )  # fmt: skip


CLAIMS = (
    *_lower("weight decay 10", "10"),
    *_lower("weight decay 50", "50"),
    _drops("alpha 1", "alpha1"),
    _drops("alpha 50", "alpha50"),
    Claim(
        "drops-alpha5", "Sec. 6, text", "With alpha 5, the high value of the text, synergy drops early and never "
        "recovers.",
        f"Highest synergy after step {EARLY[1]} divided by the highest with alpha 8, same seed (step {EARLY[0]} on)",
        partial(_recovery_in_table, "alpha 5"), below(0.5),
    ),
    Claim(
        "separates-configurations", "Sec. 6, Fig. 5", "Early synergy is higher in the networks that grok than in those "
        "that do not: the configurations of figure 5.",
        f"Area under the ROC curve of the highest synergy of {WINDOW}, over all networks of the seven configurations "
        "(grokked: test accuracy of 0.98), with its range if one configuration is left out. The configurations are the "
        "units of the test: of their 35 orders at most one is as good, so that p is 2/35 at best",
        partial(_separation, early_peak), above(0.5),
    ),
    Claim(
        "predicts", "Sec. 6", "An early peak of synergy predicts grokking: networks of the same hyperparameters, at "
        "the boundary of those that grok.",
        f"Concordance of the highest synergy of {WINDOW} with the time to grok, within three pairs of weight decay and "
        "learning rate at a small modulus", partial(_ALONE, True), above(0.5),
    ),
    Claim(
        "predicts-beyond", "Sec. 6", "It predicts more than loss, accuracy, norm and pairwise information of the same "
        "steps do.",
        f"Log hazard ratio of the highest synergy of {WINDOW} beside these, for one standard deviation",
        partial(_BEYOND, True), above(0), control=True,
    ),
    Claim(
        "others-predict", "Sec. 6", "Simpler numbers of the same early steps predict grokking in those networks: a "
        "higher number, earlier grokking.",
        "Concordance of each with the time to grok, where each number takes the place of an estimator",
        partial(_ALONE, False), above(0.5), control=True,
    ),
)  # fmt: skip
