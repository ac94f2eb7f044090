"""Section 7, figures 6 and 7: synergistic sets of neurons trained on their own, and the controls the paper lacks.

The sets are those of the union estimator with ordinal ties, the published one. A set is compared with random sets of
its own size by its rank among them, seed by seed, on both sides: a set that is worse than random contradicts the claim
that it is better.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from hoi_grokking.claims._asking import ALPHA, HIGH, LOW
from hoi_grokking.claims.condition import above, below, between, within
from hoi_grokking.claims.criteria import beaten
from hoi_grokking.claims.evidence import Evidence
from hoi_grokking.claims.rule import Claim, Numbers
from hoi_grokking.statistics.exact import rank_test

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CLAIMS"]

TABLE = {LOW: "figure_6", HIGH: "figure_6", ALPHA: "figure_7"}
FIGURE = {LOW: "Fig. 6 left", HIGH: "Fig. 6 right", ALPHA: "Fig. 7"}

# Difference of final test accuracy that counts as similar, and as not that large.
_SIMILAR, _LARGE = 0.05, 0.25

# Factor within which two times count as similar.
_FACTOR = 1.5

ESTIMATOR = "union, ordinal ties"


def _by_seed(number: Callable[[pd.DataFrame], float], label: str, evidence: Evidence) -> dict[str, list[float]]:
    table = evidence.table(TABLE[label])
    table = table[table.configuration == label]
    return {ESTIMATOR: [number(rows) for _, rows in table.groupby("seed")]}


def _row(rows: pd.DataFrame, kind: str) -> pd.Series | None:
    chosen = rows[rows.kind == kind]
    return None if chosen.empty else chosen.iloc[0]


def _step(row: pd.Series, level: int) -> float:
    """Step of a test accuracy, infinite for never (an empty cell)."""
    value = float(row[f"test {level}%"])
    return math.inf if math.isnan(value) else value


def _end_difference(one: str, other: str, rows: pd.DataFrame) -> float:
    first, second = _row(rows, one), _row(rows, other)
    if first is None or second is None:
        return math.nan
    return float(first["final test accuracy"] - second["final test accuracy"])


def _time_ratio(rows: pd.DataFrame) -> float:
    """Step of 98 % of the synergistic set over that of the full network; NaN if the full one does not get there."""
    full = _step(_row(rows, "full"), 98)
    return _step(_row(rows, "synergistic"), 98) / full if math.isfinite(full) else math.nan


def _climb_ratio(rows: pd.DataFrame) -> float:
    """Steps from 50 % to 90 % of the synergistic set over those of the full network."""
    one, full = _row(rows, "synergistic"), _row(rows, "full")
    if not math.isfinite(_step(full, 90)):
        return math.nan
    taken = _step(one, 90) - _step(one, 50) if math.isfinite(_step(one, 50)) else math.inf
    return taken / max(_step(full, 90) - _step(full, 50), 1)


def _against_random(kind: str, control: str, label: str, evidence: Evidence) -> dict[str, Numbers]:
    """Part of the random sets that a set beats in each seed, and the test of its ranks."""
    table = evidence.table(TABLE[label])
    values, groups = [], []
    for _, rows in table[table.configuration == label].groupby("seed"):
        networks = _pairs(rows, kind)
        if not len(networks):
            values.append(math.nan)
            continue
        all_of_size = [*networks, *_pairs(rows, control)]
        parts = [beaten(own, all_of_size[:i] + all_of_size[i + 1 :]) for i, own in enumerate(all_of_size)]
        values.append(parts[0])
        if len(parts) > 1:
            groups.append(parts)
    pvalue, side = rank_test(groups)
    return {ESTIMATOR: Numbers(values, test=(pvalue, side))}


def _pairs(rows: pd.DataFrame, kind: str) -> list[tuple[float, float]]:
    """Step of 90 % test accuracy and final test accuracy of the networks of a kind."""
    chosen = rows[rows.kind == kind]
    return list(chosen[["test 90%", "final test accuracy"]].itertuples(index=False, name=None))


def _reversed(measure: Callable[[Evidence], dict[str, Numbers]], evidence: Evidence) -> dict[str, Numbers]:
    """For a claim that the numbers are low: what is above speaks against it."""
    return {
        name: numbers._replace(test=(numbers.test[0], -numbers.test[1])) if numbers.test else numbers
        for name, numbers in measure(evidence).items()
    }


def _size(rows: pd.DataFrame) -> float:
    """Part of the neurons that the synergistic set leaves to its inverse."""
    sizes = rows.groupby("kind")["neurons"].first()
    return float(1 - sizes["synergistic"] / sizes["full"])


def _for_each(label: str) -> list[Claim]:
    key, where = label.replace(" ", "-"), f"Sec. 7, {FIGURE[label]}"
    order = "earlier to 0.9 test accuracy or, if neither gets there, higher at the end"
    return [
        Claim(
            f"sub-exists-{key}", where, f"{label.capitalize()}: the synergistic set leaves neurons for an inverse.",
            "Part of the neurons outside the set", partial(_by_seed, _size, label), above(0), control=True,
        ),
        Claim(
            f"sub-inverse-{key}", where,
            f"{label.capitalize()}: the synergistic sub-network generalises better than its inverse.",
            "Final test accuracy of the synergistic sub-network minus that of its inverse",
            partial(_by_seed, partial(_end_difference, "synergistic", "inverse"), label), above(0),
        ),
        Claim(
            f"sub-random-{key}", where,
            f"{label.capitalize()}: it is better than random sets of the same size, too.",
            f"Part of the random sets that it beats ({order})",
            partial(_against_random, "synergistic", "random", label), above(0.5), control=True,
        ),
        Claim(
            f"sub-inverse-random-{key}", where,
            f"{label.capitalize()}: the inverse is worse than random sets of its own size, too.",
            f"Part of the random sets of its size that the inverse beats ({order})",
            partial(_reversed, partial(_against_random, "inverse", "random inverse", label)), below(0.5),
            control=True,
        ),
    ]  # fmt: skip


def _contrast(label: str) -> Claim:
    return Claim(
        f"sub-contrast-{label.replace(' ', '-')}", f"Sec. 7, {FIGURE[label]}",
        f"{label.capitalize()}: the contrast between the synergistic sub-network and its inverse is not that large.",
        "Final test accuracy of the synergistic sub-network minus that of its inverse",
        partial(_by_seed, partial(_end_difference, "synergistic", "inverse"), label), within(_LARGE),
    )  # fmt: skip


CLAIMS = (
    Claim(
        "sub-similar", "Sec. 7, Fig. 6 left", "Weight decay 0.1: the synergistic sub-network performs like the full "
        "network.",
        "Final test accuracy of the synergistic sub-network minus that of the full network",
        partial(_by_seed, partial(_end_difference, "synergistic", "full"), LOW), within(_SIMILAR),
    ),
    Claim(
        "sub-less-sudden", "Sec. 7, Fig. 6 left", "Weight decay 0.1: its test accuracy rises less suddenly.",
        "Steps from 0.5 to 0.9 test accuracy divided by those of the full network",
        partial(_by_seed, _climb_ratio, LOW), above(1),
    ),
    *_for_each(LOW),
    Claim(
        "sub-faster", "Sec. 7, Fig. 6 right", "Weight decay 2: the synergistic sub-network groks in fewer epochs than "
        "the full network.",
        "Step of 0.98 test accuracy divided by that of the full network",
        partial(_by_seed, _time_ratio, HIGH), below(1),
    ),
    Claim(
        "sub-sharper", "Sec. 7, Fig. 6 right", "Weight decay 2: its test accuracy rises more sharply.",
        "Steps from 0.5 to 0.9 test accuracy divided by those of the full network",
        partial(_by_seed, _climb_ratio, HIGH), below(1),
    ),
    *_for_each(HIGH),
    _contrast(HIGH),
    Claim(
        "sub-alpha-time", "Sec. 7, Fig. 7", "Alpha 8: the synergistic sub-network groks in a similar time as the full "
        "network.",
        "Step of 0.98 test accuracy divided by that of the full network",
        partial(_by_seed, _time_ratio, ALPHA), between(1 / _FACTOR, _FACTOR),
    ),
    *_for_each(ALPHA),
    _contrast(ALPHA),
)  # fmt: skip
