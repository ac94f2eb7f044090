"""Claims in whole worlds: the evidence there would be if the paper were right, and if it were wrong."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping

import numpy as np
import pytest

pytest.importorskip("torch", reason="the case study trains with PyTorch")

import pandas as pd

from hoi_grokking.claims import CLAIMS, SECTIONS, check, to_table
from hoi_grokking.claims.evidence import Evidence, Progress
from hoi_grokking.claims.rule import CONTRADICTED, SUPPORTED, UNMEASURED, Result
from hoi_grokking.comparison import COMPARISONS
from hoi_grokking.study import PROBES

NAN = math.nan


def broken_line(step: np.ndarray, *knots: tuple[float, float]) -> np.ndarray:
    """Straight between (step, value) knots, flat outside."""
    return np.interp(step, *zip(*knots, strict=True))


SEEDS = 5
CHECKPOINTS = np.unique(np.geomspace(1, 4000, 90).round().astype(int))
RECORDS = np.union1d(np.arange(0, 4001, 5), CHECKPOINTS)
LOW, HIGH, ALPHA = "weight decay 0.1", "weight decay 2", "alpha 8"
GROKKING = (LOW, HIGH, ALPHA)
OTHERS = ("weight decay 10", "weight decay 50", "alpha 1", "alpha 50")

# knots over steps: synergy, redundancy, neurons, test loss
CURVES = {
    LOW: (
        [(20, 0.1), (60, 1), (240, 0.4), (1500, 1.2), (4000, 0.3)],
        [(1, 5), (8, 10), (20, 9), (60, 4), (240, 3), (1500, 4.5), (4000, 8)],
        [(20, 20), (60, 100), (240, 50), (1500, 140), (4000, 60)],
        [(1, 4.6), (60, 12), (100, 6), (140, 9), (200, 6), (2500, 0.1), (4000, 0.01)],
    ),
    HIGH: (
        [(30, 0.1), (115, 1.5), (400, 0.3)],
        [(1, 5), (9, 12), (30, 10), (115, 3), (400, 6)],
        [(30, 20), (115, 150), (400, 60)],
        [(1, 4.6), (60, 8), (420, 0.1), (600, 0.01)],
    ),
    ALPHA: (
        [(40, 0.1), (115, 1.4), (400, 0.3)],
        [(1, 5), (9, 12), (20, 2), (115, 1.5), (500, 5)],
        [(40, 20), (115, 120), (400, 60)],
        [(1, 4.6), (60, 8), (420, 0.1), (600, 0.01)],
    ),
    **dict.fromkeys(OTHERS, ([(1, 0.6), (10, 0.05)], [(1, 5), (9, 12)], [(1, 30)], [(1, 4.6), (60, 20)])),
}
# train accuracy 0.99, test accuracy 0.1, 0.9 and 0.98
TIMES = {LOW: (22, 900, 2400, 2600), HIGH: (32, 180, 300, 420), ALPHA: (75, 250, 400, 480)}


def on_log_axis(step: np.ndarray, knots: list[tuple[float, float]]) -> np.ndarray:
    return broken_line(np.log(np.maximum(step, 1)), *((math.log(at), value) for at, value in knots))


def accuracies(times: tuple[float, ...] | None, seed: int) -> dict[str, np.ndarray]:
    if times is None:
        return {"train_accuracy": np.full(len(RECORDS), 0.5), "test_accuracy": np.full(len(RECORDS), 0.05)}
    late = 1 + 0.02 * seed
    fit, *test = (late * time for time in times)
    return {
        "train_accuracy": np.interp(RECORDS, [0, fit], [0, 0.99]),
        "test_accuracy": np.interp(RECORDS, [0, *test, 1.02 * test[-1]], [0, 0.1, 0.9, 0.98, 1]),
    }


def subnetworks(label: str, ends: Mapping[str, tuple[float, float, float, float]]) -> pd.DataFrame:
    """Steps of 50, 90 and 98 % test accuracy and its end, by kind; three random sets per seed."""
    rows = [
        {
            "configuration": label, "seed": seed, "kind": kind, "neurons": neurons, "test 50%": half, "test 90%": most,
            "test 98%": grokked, "final test accuracy": end,
        }
        for seed in range(SEEDS)
        for kind, neurons, n in [("full", 250, 1), ("synergistic", 160, 1), ("random", 160, 3), ("inverse", 90, 1),
                                 ("random inverse", 90, 3)]
        for half, most, grokked, end in [ends[kind]] * n
    ]  # fmt: skip
    return pd.DataFrame(rows)


def compared(at: Mapping[str, float]) -> pd.DataFrame:
    """Comparison measures that rise at a step."""
    step = np.concatenate([[0], CHECKPOINTS])
    return pd.concat(
        pd.DataFrame({"configuration": label, "seed": seed, "measure": text, "step": step, "value": step >= late})
        for label, late in at.items()
        for seed in range(SEEDS)
        for text in COMPARISONS.values()
    )


def others(general: float, synergy: float) -> dict[str, pd.DataFrame]:
    """Configurations that only the text names: when they generalise, and their synergy after step 120."""
    rows = [
        {"configuration": label, "seed": seed, "estimator": name, "train 99%": 22 + seed, "test 90%": at, "step": 500,
         "synergy (nats)": synergy}
        for label, at in [("weight decay 0.01", general), ("alpha 5", NAN if math.isfinite(general) else 300)]
        for seed in range(SEEDS)
        for name in ("pooled", "grouped")
    ]  # fmt: skip
    return dict.fromkeys(["other_configurations", "other_configurations_values"], pd.DataFrame(rows))


def predicted(value: float) -> pd.DataFrame:
    scores = [*(f"synergy, {name}" for name in PROBES), "train loss", "L2 norm"]
    alone = {"concordance": value, "low": value - 0.1, "high": value + 0.1, "p": 0.001}
    beyond = dict.fromkeys(("log hazard ratio beyond", "low beyond", "high beyond"), value - 0.5)
    return pd.DataFrame({"score": scores, **alone, **beyond, "p beyond": 0.001})


def world(
    curves: Mapping[str, tuple], times: Mapping[str, tuple[float, ...]], tables: Mapping[str, pd.DataFrame]
) -> Evidence:
    """The evidence of five seeds that differ a little; every estimator sees the same."""
    histories, progress = {}, {}
    for label, (synergy, redundancy, size, loss) in curves.items():
        rows = [accuracies(times.get(label), seed) for seed in range(SEEDS)]
        histories[label] = {name: np.array([row[name] for row in rows]) for name in rows[0]}
        histories[label]["test_loss"] = np.tile(on_log_axis(RECORDS, loss), (SEEDS, 1))
        larger = 1 + 0.02 * np.arange(SEEDS)[:, None]
        lines = (on_log_axis(CHECKPOINTS, knots) * larger for knots in (synergy, redundancy, size))
        progress[label] = Progress(*lines)
    own = {**tables, "comparison": pd.concat([tables["comparison"], measured_accuracy(histories)])}
    return Evidence(RECORDS, histories, CHECKPOINTS, dict.fromkeys(PROBES, progress), own)


def measured_accuracy(histories: Mapping[str, Mapping[str, np.ndarray]]) -> pd.DataFrame:
    """Rows of the comparison that tell its networks: test accuracy at the checkpoints, to six digits."""
    at = np.searchsorted(RECORDS, CHECKPOINTS)
    return pd.concat(
        pd.DataFrame(
            {"configuration": label, "seed": seed, "measure": "test accuracy", "step": CHECKPOINTS, "value": line[at]}
        ).round(6)
        for label in GROKKING
        for seed, line in enumerate(histories[label]["test_accuracy"])
    )


RIGHT_ENDS = {
    LOW: {
        "full": (1700, 2300, 2500, 0.999), "synergistic": (1500, 2400, 2600, 0.99), "inverse": (3000, NAN, NAN, 0.8),
        "random": (2000, 3000, NAN, 0.95), "random inverse": (2500, 3500, NAN, 0.92),
    },
    HIGH: {
        "full": (175, 290, 405, 1), "synergistic": (200, 240, 300, 1), "inverse": (355, NAN, NAN, 0.83),
        "random": (240, 470, 820, 0.99), "random inverse": (355, 900, NAN, 0.93),
    },
    ALPHA: {
        "full": (300, 400, 450, 1), "synergistic": (310, 410, 480, 1), "inverse": (355, NAN, NAN, 0.83),
        "random": (340, 470, 820, 0.99), "random inverse": (355, 900, NAN, 0.93),
    },
}  # fmt: skip


def tables(
    ends: Mapping[str, Mapping], rises: Mapping[str, float], low: float, *other: float
) -> dict[str, pd.DataFrame]:
    return others(*other) | {
        "figure_6": pd.concat([subnetworks(label, ends[label]) for label in (LOW, HIGH)]),
        "figure_7": subnetworks(ALPHA, ends[ALPHA]),
        "comparison": compared(rises),
        "early_prediction": predicted(low),
    }


RIGHT_TABLES = tables(RIGHT_ENDS, {LOW: 2000, HIGH: 300, ALPHA: 350}, 0.8, 2000, 0.2)


@pytest.fixture(scope="module")
def right() -> Evidence:
    """As the paper says, and its controls come out in its favour."""
    return world(CURVES, TIMES, RIGHT_TABLES)


def changed(place: int, *labels: str, knots: list[tuple[float, float]] | None = None) -> dict[str, tuple]:
    """The curves with one of each label's replaced, or turned upside down."""
    found = dict(CURVES)
    for label in labels:
        lines = list(CURVES[label])
        top = max(value for _, value in lines[place])
        lines[place] = knots or [(at, top + 0.1 - value) for at, value in lines[place]]
        found[label] = tuple(lines)
    return found


@pytest.fixture(scope="module")
def wrong() -> list[Evidence]:
    """Worlds that differ from the right one in one thing each: a curve, the times of grokking, the tables."""
    fast = {LOW: (22, 40, 100, 150), HIGH: (32, 200, 1500, 2500), ALPHA: (20, 200, 1500, 2500)}
    ends = {
        "full": (100, 200, 210, 0.7), "synergistic": (150, 160, 950, 0.4), "inverse": (120, 150, 190, 0.9),
        "random": (110, 150, 200, 1), "random inverse": (300, NAN, NAN, 0.3),
    }  # fmt: skip
    far = ends | {"inverse": (NAN, NAN, NAN, 0.1), "synergistic": (100, 900, NAN, 1)}
    whole = dict(RIGHT_TABLES)
    for name in ("figure_6", "figure_7"):
        whole[name] = whole[name].assign(neurons=250)
    rising = [(1, 0.1), (4000, 3)]
    bumps = [(1, 0.1), (20, 2), (60, 0.1), (150, 2.5), (300, 0.1), (4000, 0.1)]
    return [
        world(changed(0, *GROKKING), TIMES, RIGHT_TABLES),
        world(changed(0, *GROKKING, knots=rising), TIMES, RIGHT_TABLES),
        world(changed(0, *GROKKING, knots=bumps), TIMES, RIGHT_TABLES),
        world(changed(0, *OTHERS, knots=[(1, 3)]), TIMES, RIGHT_TABLES),
        world(changed(1, *GROKKING), TIMES, RIGHT_TABLES),
        world(changed(2, *GROKKING), TIMES, RIGHT_TABLES),
        world(changed(3, *GROKKING, knots=[(1, 9), (4000, 0)]), TIMES, RIGHT_TABLES),
        world(CURVES, fast | dict.fromkeys(OTHERS, (20, 30, 40, 50)), RIGHT_TABLES),
        world(CURVES, {LOW: TIMES[LOW]}, RIGHT_TABLES),
        world(CURVES, {}, RIGHT_TABLES),
        world(CURVES, TIMES, tables(dict.fromkeys(GROKKING, ends), dict.fromkeys(GROKKING, 3), 0.3, NAN, 1)),
        world(CURVES, TIMES, tables(dict.fromkeys(GROKKING, far), dict.fromkeys(GROKKING, 3), 0.3, NAN, 1)),
        world(CURVES, TIMES, whole),
    ]


def test_the_keys_differ() -> None:
    keys = [claim.key for claim in CLAIMS]
    assert len(set(keys)) == len(keys)
    assert sum(map(len, SECTIONS.values())) == len(CLAIMS)


@pytest.fixture(scope="module")
def verdicts_where_right(right: Evidence) -> dict[str, Result]:
    return {result.claim.key: result for result in check(right)}


@pytest.fixture(scope="module")
def verdicts_where_wrong(wrong: list[Evidence]) -> dict[str, set[str]]:
    return {
        results[0].claim.key: {result.verdict for result in results}
        for results in zip(*(check(one) for one in wrong), strict=True)
    }


@pytest.mark.parametrize("key", [claim.key for claim in CLAIMS])
def test_a_claim_is_supported_where_the_paper_is_right(key: str, verdicts_where_right: dict[str, Result]) -> None:
    result = verdicts_where_right[key]
    assert result.verdict == SUPPORTED, result.findings
    for finding in result.findings.values():
        assert finding.low <= finding.value <= finding.high


@pytest.mark.parametrize("key", [claim.key for claim in CLAIMS])
def test_a_claim_is_contradicted_in_a_world_where_it_is_wrong(
    key: str, verdicts_where_wrong: dict[str, set[str]]
) -> None:
    assert CONTRADICTED in verdicts_where_wrong[key]


def test_a_comparison_of_other_networks_is_not_taken(right: Evidence) -> None:
    table = right.tables["comparison"]
    changed = (table.measure == "test accuracy") & (table.seed == 2) & (table.step == CHECKPOINTS[60])
    moved = table.assign(value=table.value.astype(float).where(~changed, 0.123))
    for other in (moved, table[table.seed != 4]):
        evidence = dataclasses.replace(right, tables={**right.tables, "comparison": other})
        results = {result.claim.key: result for result in check(evidence)}
        assert results["first-weight-norm"].verdict == UNMEASURED
        assert "is of other networks: run comparison" in results["first-weight-norm"].reason
        assert results["peak-weight-decay-2"].verdict == SUPPORTED


def test_the_table_has_a_row_for_each_estimator(right: Evidence) -> None:
    table = to_table(check(right))
    rows = table[table.claim == "peak-weight-decay-2"]
    assert list(rows.estimator) == list(PROBES)
    assert set(rows.verdict) == {SUPPORTED}
    assert rows.p.eq(1 / 16).all()
    assert rows["values"].str.split().map(len).eq(SEEDS).all()
