"""The numbers that decide the claims of the paper, on curves drawn by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("torch", reason="the case study trains with PyTorch")

from hoi_grokking.claims import criteria
from hoi_grokking.claims.criteria import beaten, half_way, highest, ratio, share
from hoi_grokking.claims.evidence import History, Network, first_step
from hoi_grokking.phases import PHASES

NAN, NEVER = math.nan, math.inf


def broken_line(step: np.ndarray, *knots: tuple[float, float]) -> np.ndarray:
    """Straight between (step, value) knots, flat outside."""
    return np.interp(step, *zip(*knots, strict=True))


STEP = np.arange(1, 61)
ACCURACY = broken_line(STEP, (35, 0), (45, 1))
FIVE = Network(
    STEP,
    synergy=broken_line(STEP, (10, 0), (20, 1), (30, 0.2), (40, 1.5), (50, 0.2)),
    redundancy=broken_line(STEP, (1, 4), (6, 6), (10, 5), (20, 2), (30, 1), (40, 3), (60, 5)),
    size=broken_line(STEP, (10, 10), (20, 100), (30, 40), (40, 150)),
    test_loss=broken_line(STEP, (1, 4), (18, 8), (22, 6), (25, 7), (28, 6), (45, 0.1), (50, 0.01)),
    test_accuracy=ACCURACY,
    fitted=12,
    grokked=45,
)
FLAT = Network(
    STEP, *np.zeros((3, 60)), test_loss=np.full(60, 3.0), test_accuracy=np.zeros(60), fitted=NEVER, grokked=NEVER
)
# the same shape over five times the steps, which reach beyond the early ones, with generalisation at 110
SLOW = Network(
    STEP * 5, FIVE.synergy, FIVE.redundancy, FIVE.size, FIVE.test_loss, FIVE.test_accuracy, fitted=60, grokked=110
)
# redundancy is half-way down from step 9 on, synergy half-way up from 15 on, and nothing changes after step 40
DIRECT = Network(
    STEP,
    synergy=broken_line(STEP, (10, 0), (20, 1), (30, 0.5)),
    redundancy=broken_line(STEP, (4, 9), (13, 1), (25, 1), (35, 5)),
    size=np.full(60, 30.0),
    test_loss=broken_line(STEP, (1, 4), (30, 4), (40, 0.01)),
    test_accuracy=ACCURACY,
    fitted=12,
    grokked=45,
)
GROKS = History(STEP, broken_line(STEP, (0, 0), (10, 1)), ACCURACY)
FITS = History(STEP, broken_line(STEP, (0, 0), (10, 1)), np.zeros(60))

CUT = 2 / 3  # part of the change of slope by which smoothing cuts a corner
CASES: dict[str, list[tuple[float, float, float]]] = {  # computed, expected, tolerance
    "ratio": [
        (ratio(3, 2), 1.5, 0), (ratio(3, 0), NAN, 0), (ratio(3, -1), NAN, 0), (ratio(3, NEVER), NAN, 0),
        (ratio(NEVER, 2), NEVER, 0), (ratio(NAN, 2), NAN, 0),
    ],
    "delay": [(criteria.delay(GROKS), 4.5, 0), (criteria.delay(FITS), NEVER, 0)],
    "climb": [
        (criteria.climb(GROKS), 44 - 36, 0), (criteria.climb(GROKS, log=True), math.log10(44 / 36), 1e-12),
        (criteria.climb(FITS), NAN, 0),
    ],
    "share": [(share(FIVE.size).min(), 0, 0), (share(FIVE.size).max(), 1, 0), (share(FLAT.size).max(), NAN, 0)],
    "early_level": [(criteria.early_level(FIVE), 0, 0.02), (criteria.early_level(FLAT), NAN, 0)],
    "redundancy_peaks_early": [
        (criteria.redundancy_peaks_early(FIVE), 6 / 12, 0), (criteria.redundancy_peaks_early(FLAT), NAN, 0),
    ],
    "first_peak": [
        (criteria.first_peak(FIVE), 19, 0), (criteria.first_peak(DIRECT), 19, 0),
        (criteria.first_peak(FLAT) is None, 1, 0),
    ],
    "lead": [(criteria.lead(FIVE), 45 / 20, 0), (criteria.lead(FLAT), NAN, 0)],
    "highest_lead": [(criteria.highest_lead(FIVE), 45 / 40, 0), (criteria.highest_lead(FLAT), NAN, 0)],
    "change": [
        (criteria.change(FIVE, "emergence", "redundancy"), (2 - 5) / 5, 0.06),
        (criteria.change(FIVE, "divergence", "size"), (CUT * 17 + 40 - 100 + CUT * 15) / 140, 0.02),
        (criteria.change(FIVE, "delayed emergence", "synergy"), 1 - (0.2 + CUT * 0.21) / (1.5 - CUT * 0.26), 0.01),
        (criteria.change(FIVE, "decoupling", "test_accuracy"), 1 - 0.5, 0.02),
        (criteria.change(DIRECT, "divergence", "size"), NAN, 0),
    ],
    "after_highest": [
        (criteria.after_highest(FIVE, "synergy"), (0.2 - 1.5) / 1.5, 0.03),
        (criteria.after_highest(FIVE, "redundancy"), (5 - 3) / 5, 0.06),
    ],
    "count_phases": [
        (criteria.count_phases(FIVE), 5, 0), (criteria.count_phases(FIVE, "divergence", "decoupling"), 2, 0),
        (criteria.count_phases(FLAT), 1, 0), (criteria.count_phases(DIRECT, "divergence"), 0, 0),
    ],
    "order_of_phases": [
        (criteria.order_of_phases(FIVE, *PHASES), 1, 0), (criteria.order_of_phases(FIVE, *PHASES[:4]), 0, 0),
        (criteria.order_of_phases(DIRECT, "feature learning", "emergence", "decoupling"), 1, 0),
    ],
    "loss_peak_at_synergy": [
        (criteria.loss_peak_at_synergy(FIVE), 18 / 20, 0), (criteria.loss_peak_at_synergy(FLAT), NAN, 0),
    ],
    "loss_rises_within": [
        (criteria.loss_rises_within(FIVE, "divergence"), 1, 0), (criteria.loss_rises_within(FIVE, "decoupling"), 0, 0),
        (criteria.loss_rises_within(DIRECT, "divergence"), NAN, 0),
    ],
    "settles": [
        (criteria.settles(DIRECT), 0, 0.01), (criteria.settles(FIVE), (5 - 3.7) / 5, 0.06),
        (criteria.settles(FLAT), NAN, 0),
    ],
    "redundancy_drops_first": [
        (criteria.redundancy_drops_first(DIRECT), 15 / 9, 0), (criteria.redundancy_drops_first(FLAT), NAN, 0),
    ],
    "highest": [
        (highest(FIVE), 1.5, 0), (highest(FIVE, 10, 22), 1, 0), (highest(FIVE, 1, 10), 0, 0),
        (highest(FIVE, 61), NAN, 0),
    ],
    "early_peak": [(criteria.early_peak(SLOW), 1, 0), (criteria.early_peak(FIVE), 1.5, 0)],
    "before_grokking": [(criteria.before_grokking(SLOW), 1, 0), (criteria.before_grokking(FIVE), 1.5, 0)],
    "later_peak": [(criteria.later_peak(SLOW), 1.5, 0), (criteria.later_peak(FIVE), NAN, 0)],
    "half_way": [
        (half_way(STEP, broken_line(STEP, (20, 3), (41, -5))), 31, 0),
        (half_way(STEP, broken_line(STEP, (20, 3), (41, -5)), until=31), 26, 0),
        (half_way(STEP, np.ones(60)), NAN, 0), (half_way([1, 2], [0, 1]), NAN, 0),
    ],
    "beaten": [
        (beaten((100, 0.99), [(200, 0.99), (50, 0.99), (100, 0.98), (NEVER, 0.2)]), (1 + 0 + 0.5 + 1) / 4, 0),
        (beaten((NAN, 0.5), [(NEVER, 0.4), (NAN, 0.6), (900, 0.95)]), 1 / 3, 1e-12), (beaten((100, 0.99), []), NAN, 0),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_number_on_curves_drawn_by_hand(name: str) -> None:
    for computed, expected, tolerance in CASES[name]:
        assert computed == pytest.approx(expected, rel=0, abs=tolerance, nan_ok=True)


def test_every_number_has_a_case() -> None:
    assert set(CASES) == {name for name in criteria.__all__ if callable(getattr(criteria, name))}


def test_first_step() -> None:
    assert first_step(STEP, ACCURACY, 0.5) == 40
    assert first_step(STEP, ACCURACY, 2) == NEVER


def test_a_phase_is_its_checkpoints_with_both_ends() -> None:
    within = FIVE.phase("divergence")
    assert (FIVE.step[within][0], FIVE.step[within][-1]) == (20, 30)
    assert FLAT.phase("divergence") is None
