"""The claims of the paper: the rule that decides them, and whole worlds in which they are right or wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pytest

pytest.importorskip("torch", reason="the case study trains with PyTorch")

import pandas as pd

from hoi_grokking.claims import CLAIMS, SECTIONS, check, to_table
from hoi_grokking.claims.condition import (
    Condition,
    above,
    at_least,
    at_most,
    below,
    between,
    exists,
    finite_from,
    never,
    within,
)
from hoi_grokking.claims.evidence import Evidence, NotMeasured, Progress
from hoi_grokking.claims.rule import (
    CONTRADICTED,
    DEPENDS,
    LEVEL,
    SUPPORTED,
    UNDECIDED,
    UNMEASURED,
    Claim,
    Numbers,
    Result,
    decide,
    evaluate,
    judge,
    largest_decided,
)
from hoi_grokking.comparison import COMPARISONS
from hoi_grokking.study import PROBES

NAN, NEVER = math.nan, math.inf


def broken_line(step: np.ndarray, *knots: tuple[float, float]) -> np.ndarray:
    """Straight between (step, value) knots, flat outside."""
    return np.interp(step, *zip(*knots, strict=True))


# --- the rule


def claim(values: object) -> Claim:
    return Claim("key", "Fig. 0", "A sentence.", "A number", lambda evidence: {"": values}, above(0))


def verdicts_of(*values: object) -> list[str]:
    """Of claims that stand together."""
    return [result.verdict for result in judge([evaluate(claim(one), None) for one in values])]


@pytest.mark.parametrize(
    ("values", "agree", "known", "pvalue", "side"),
    [
        ([1, 1, 1, 1, 1], 5, 5, 1 / 16, 1),
        ([-1, -1, -1, -1, -1], 0, 5, 1 / 16, -1),
        ([1, 1, 1, 1, -1], 4, 5, 12 / 32, 1),
        ([1, 1, 1, NAN, NAN], 3, 3, 1 / 4, 1),
        ([1, 1, NAN, NAN, NAN], 2, 2, NAN, 0),
        ([1, -1], 1, 2, 1, 0),
        ([], 0, 0, NAN, 0),
    ],
)
def test_the_sign_test_of_the_seeds(values: list[float], agree: int, known: int, pvalue: float, side: int) -> None:
    found = evaluate(claim(values), None).findings[""]
    assert (found.agree, found.known, np.sign(found.side)) == (agree, known, side)
    assert found.pvalue == pytest.approx(pvalue, nan_ok=True)


def test_three_outcomes_and_what_the_other_tests_do_to_them() -> None:
    five = [1] * 5
    assert verdicts_of(five) == [UNDECIDED], "five seeds alone: p is 1/16"
    many = verdicts_of(*[five] * 40, [-1] * 5, [1, 1, 1, 1, -1], [1, -1, 1, -1, NAN])
    assert many == [SUPPORTED] * 40 + [CONTRADICTED, UNDECIDED, UNDECIDED]
    coins = [[1, 1, 1, -1, -1]] * 300
    assert verdicts_of(*[five] * 40, *coins) == [UNDECIDED] * 340, "as many as chance would give"


def test_a_test_of_its_own_takes_the_place_of_the_sign_test() -> None:
    numbers = Numbers([0.4], (0.6, 0.4, 0.8), (0.001, -1))
    found = judge([evaluate(claim(numbers), None)])[0].findings[""]
    assert (found.value, found.low, found.high, found.verdict) == (0.6, 0.4, 0.8, CONTRADICTED)


def test_the_median_and_the_range_are_shown() -> None:
    assert evaluate(claim([5, 1, NAN, 2, NEVER, 3]), None).findings[""][:6] == (3, 1, NEVER, 5, 5, 6)
    assert evaluate(claim([4, 1]), None).findings[""].value == 2.5
    assert evaluate(claim([NEVER, NEVER]), None).findings[""].value == NEVER


@pytest.mark.parametrize(
    ("verdicts", "together"),
    [
        ([SUPPORTED, SUPPORTED, UNDECIDED], SUPPORTED),
        ([SUPPORTED, UNDECIDED, UNDECIDED], UNDECIDED),
        ([CONTRADICTED], CONTRADICTED),
        ([CONTRADICTED, SUPPORTED, SUPPORTED], DEPENDS),
        ([UNDECIDED, UNDECIDED], UNDECIDED),
        ([], UNDECIDED),
    ],
)
def test_the_verdict_over_the_estimators(verdicts: list[str], together: str) -> None:
    assert decide(verdicts) == together


def test_the_smallest_p_values_are_decided_together() -> None:
    assert largest_decided([]) < 0
    assert largest_decided([NAN, 0.2, 0.9]) < 0
    assert largest_decided([0.01, NAN]) == 0.01
    assert largest_decided([0.04, 0.6, 0.7, 0.8]) < 0, "one of four, and nothing to be found in the others"
    assert largest_decided([0.01, 0.02, 0.03, 0.04]) == 0.04
    assert largest_decided([0.01] * 99 + [0.3]) == 0.01, "the others do not help what says nothing"


@pytest.mark.parametrize("shared", [0.0, 0.8])
def test_the_error_rate_is_the_stated_one(shared: float) -> None:
    """Worlds of 60 claims by six estimators on five seeds, of which a third hold, and the rest are coins; estimators of
    the same claim see the same network, more or less."""
    rng = np.random.default_rng(0)
    wrong = []
    for _ in range(200):
        true = np.repeat(np.arange(60) < 20, 6)
        common = np.repeat(rng.standard_normal((60, 5)), 6, axis=0)
        noise = np.sqrt(shared) * common + np.sqrt(1 - shared) * rng.standard_normal((360, 5))
        agree = (noise + 3.0 * true[:, None] > 0).sum(1)
        pvalue = np.array([1 / 16, 3 / 8, 1, 1, 3 / 8, 1 / 16])[agree]
        decided = pvalue <= largest_decided(pvalue)
        mistaken = decided & (~true | (agree < 3))
        wrong.append(mistaken.sum() / max(decided.sum(), 1))
    # 5 % is stated; the estimate of a part that is wrong so seldom has a standard error below 1 %
    assert np.mean(wrong) <= LEVEL + 0.01


@pytest.mark.parametrize(
    ("condition", "text", "inside", "outside"),
    [
        (above(1), "above 1", [1.01, NEVER], [1, 0]),
        (at_least(0.15), "at least 0.15", [0.15], [0.14]),
        (below(0.5), "below 0.5", [0.49, -NEVER], [0.5]),
        (at_most(-0.15), "at most -0.15", [-0.15], [-0.14]),
        (between(0.5, 2), "between 0.5 and 2", [0.5, 2], [0.49, 2.01]),
        (within(0.25), "within 0.25 of 0", [0.25, -0.25], [0.26, -0.97]),
        (finite_from(10), "at least 10, and finite", [10], [9, NEVER]),
        (exists(), "there is one", [0, -5], [NEVER]),
        (never(), "there is none", [NEVER], [5]),
    ],
)
def test_a_condition_says_what_it_tests(
    condition: Condition, text: str, inside: list[float], outside: list[float]
) -> None:
    assert str(condition) == text
    assert [condition(value) for value in (*inside, *outside, NAN)] == [True] * len(inside) + [False] * (
        len(outside) + 1
    )


def test_the_contrast_of_a_set_and_its_inverse_is_large_on_both_sides() -> None:
    """An inverse that is far better than the set is as large a contrast as one that is far worse."""
    chosen = {claim.key: claim for claim in CLAIMS}["sub-contrast-alpha-8"]
    assert not chosen.condition(-0.97)
    assert chosen.criterion.endswith("that of its inverse: within 0.25 of 0.")


def test_every_criterion_ends_with_its_condition() -> None:
    for one in CLAIMS:
        assert isinstance(one.condition, Condition)
        assert one.criterion == f"{one.number}: {one.condition}."
        assert not any(word in one.number for word in (": above", ": below", ": at ")), one.key


def test_what_was_not_measured_is_open_and_says_why() -> None:
    empty = Evidence(np.arange(3), {}, np.arange(1, 3), {name: {} for name in PROBES}, {})
    results = check(empty)
    assert {result.verdict for result in results} == {UNMEASURED}
    reasons = {result.claim.key: result.reason for result in results}
    assert reasons["accuracy-2-groks"] == "no network with weight decay 2 was trained"
    assert reasons["sub-faster"] == "tables/figure_6.csv is missing: run figure_6"
    with pytest.raises(NotMeasured, match="run comparison"):
        empty.table("comparison")
    table = to_table(results)
    assert list(table.claim.unique()) == [claim.key for claim in CLAIMS]
    assert table.value.isna().all()


# --- worlds: the evidence there would be if the paper were right, and if it were wrong

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
    return Evidence(RECORDS, histories, CHECKPOINTS, dict.fromkeys(PROBES, progress), tables)


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


def test_the_table_has_a_row_for_each_estimator(right: Evidence) -> None:
    table = to_table(check(right))
    rows = table[table.claim == "peak-weight-decay-2"]
    assert list(rows.estimator) == list(PROBES)
    assert set(rows.verdict) == {SUPPORTED}
    assert rows.p.eq(1 / 16).all()
    assert rows["values"].str.split().map(len).eq(SEEDS).all()
