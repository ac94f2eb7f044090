"""Section 4, figures 1, 8 and 9: which networks grok, how late, and how suddenly."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from hoi_grokking.claims._asking import ALPHA, HIGH, LOW, histories
from hoi_grokking.claims.condition import below, exists, finite_from, never
from hoi_grokking.claims.criteria import climb, delay, ratio
from hoi_grokking.claims.evidence import Evidence, History
from hoi_grokking.claims.rule import Claim
from hoi_grokking.study import GROKKED

__all__ = ["CLAIMS"]

# A network groks, rather than learns, if it generalises this many times later than it fits.
_DELAYED = 10


def _end(history: History) -> float:
    return float(history.test.max())


def _gap_ratio(history: History, reference: History) -> float:
    """Steps between fitting and generalising, relative to another network."""
    return ratio(history.grokked - history.fitted, reference.grokked - reference.fitted)


def _climb_ratio(history: History, reference: History) -> float:
    return ratio(climb(history), climb(reference))


def _log_climb_ratio(history: History, reference: History) -> float:
    return ratio(climb(history, log=True), climb(reference, log=True))


def _in_table(number: Callable[[float, float], float], label: str, evidence: Evidence) -> dict[str, list[float]]:
    """A number of the steps of 0.99 train and 0.9 test accuracy, infinite for never, where the figures have none."""
    table = evidence.table("other_configurations")
    rows = table[table.configuration == label].drop_duplicates("seed").sort_values("seed")
    return {"": [number(*times) for times in rows[["train 99%", "test 90%"]].fillna(math.inf).to_numpy(float)]}


def _never(where: str, label: str, key: str) -> Claim:
    return Claim(
        f"accuracy-{key}-none", where, f"With {label} networks do not grok.",
        "Highest test accuracy of the training", histories(_end, label), below(GROKKED),
    )  # fmt: skip


def _compared(where: str, label: str, key: str) -> list[Claim]:
    """What is said of a configuration beside weight decay 0.1: a smaller gap, and a steeper rise."""
    return [
        Claim(
            f"accuracy-{key}-gap", where, f"{label.capitalize()} reduces the generalisation gap of {LOW}.",
            "Steps from 0.99 train accuracy to 0.98 test accuracy, divided by those of the same seed with "
            f"{LOW}", histories(_gap_ratio, label, LOW), below(1),
        ),
        Claim(
            f"accuracy-{key}-sharp", where, f"{label.capitalize()} makes the rise of test accuracy sharper.",
            f"Steps from 0.1 to 0.9 test accuracy, divided by those of the same seed with {LOW}",
            histories(_climb_ratio, label, LOW), below(1),
        ),
        Claim(
            f"accuracy-{key}-sharp-log", where,
            f"{label.capitalize()} makes the rise of test accuracy sharper on a logarithmic axis of steps, too.",
            f"Ratio of the steps of 0.9 and of 0.1 test accuracy, as a logarithm, divided by that with {LOW}",
            histories(_log_climb_ratio, label, LOW), below(1), control=True,
        ),
    ]  # fmt: skip


CLAIMS = (
    Claim(
        "accuracy-0.1-delayed", "Fig. 1 left, Fig. 8", "With weight decay 0.1 networks grok: they generalise long "
        "after they have fitted the training set.",
        f"Step of {GROKKED:g} test accuracy divided by the step of 0.99 train accuracy",
        histories(delay, LOW), finite_from(_DELAYED),
    ),
    Claim(
        "accuracy-0.01-delayed", "Sec. 4, text", "With weight decay 0.01, the low value that the text names, networks "
        "grok.",
        "Step of 0.9 test accuracy divided by the step of 0.99 train accuracy",
        partial(_in_table, lambda fitted, general: ratio(general, fitted), "weight decay 0.01"),
        finite_from(_DELAYED),
    ),
    Claim(
        "accuracy-2-groks", "Fig. 1 left, Fig. 8", "With weight decay 2 networks generalise.",
        f"Step of {GROKKED:g} test accuracy", histories(lambda history: history.grokked, HIGH), exists(),
    ),
    *_compared("Sec. 4, Fig. 1 left", HIGH, "2"),
    _never("Fig. 8, Sec. 6", "weight decay 10", "10"),
    _never("Fig. 8, Sec. 6", "weight decay 50", "50"),
    Claim(
        "accuracy-alpha8-groks", "Fig. 1 right, Fig. 9",
        "With alpha 8, the norm held and no weight decay, networks generalise.",
        f"Step of {GROKKED:g} test accuracy", histories(lambda history: history.grokked, ALPHA), exists(),
    ),
    *_compared("Sec. 4, Fig. 1 right", ALPHA, "alpha8"),
    _never("Fig. 9, Sec. 6", "alpha 1", "alpha1"),
    _never("Fig. 9, Sec. 6", "alpha 50", "alpha50"),
    Claim(
        "accuracy-alpha5-none", "Sec. 6, text", "With alpha 5, the high value of the text, networks do not grok.",
        "Step of 0.9 test accuracy",
        partial(_in_table, lambda fitted, general: general, "alpha 5"), never(),
    ),
)  # fmt: skip
