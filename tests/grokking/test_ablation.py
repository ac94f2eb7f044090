"""Removal of neurons: what is left, controls that are alike, and a test that finds what hurts more and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="the case study trains with PyTorch")
pytest.importorskip("matplotlib", reason="the case study draws figures")

from hoi_grokking.ablation import accuracy_without, alike, beside_controls, leading_neurons, strata
from hoi_grokking.experiments.ablation import CONTROLS, compared

RNG = np.random.default_rng(0)


def test_the_leading_neurons_come_in_the_order_of_the_sets() -> None:
    assert leading_neurons([(3, 1), (1, 2), (5, 0)], 4).tolist() == [3, 1, 2, 5]
    assert leading_neurons([(3, 1)], 4).tolist() == [3, 1], "no more are there"


def test_the_accuracy_without_neurons_is_that_of_the_network_without_them() -> None:
    hidden, out = np.maximum(RNG.standard_normal((200, 12)), 0), RNG.standard_normal((5, 12))
    targets = (hidden @ out.T).argmax(1)
    sets = [[], [0], [3, 5, 11], list(range(12))]
    expected = []
    for chosen in sets:
        kept = np.setdiff1d(np.arange(12), chosen)
        expected.append((np.argmax(hidden[:, kept] @ out[:, kept].T, axis=1) == targets).mean())
    assert accuracy_without(hidden, out, targets, sets) == pytest.approx(expected, abs=0.006), "ties of rounding"
    assert expected[0] == 1
    assert expected[2] < 1


def test_neurons_of_a_stratum_are_alike() -> None:
    first, second = RNG.standard_normal((2, 100))
    found = strata([first, second], 5)
    assert np.bincount(found).tolist() == [4] * 25
    coarse = found // 5
    for place in range(4):
        assert first[coarse == place].max() < first[coarse == place + 1].min()
    for place in np.flatnonzero(np.arange(25) % 5 != 4):
        assert second[found == place].max() < second[found == place + 1].min()


def test_like_sets_have_as_many_neurons_of_each_stratum() -> None:
    stratum = np.repeat([0, 1, 2], 10)
    drawn = alike([0, 1, 2, 10, 11, 29], stratum, 50, seed=1)
    assert len(drawn) == 50
    for one in drawn:
        assert len(set(one.tolist())) == 6
        assert np.bincount(stratum[one], minlength=3).tolist() == [3, 2, 1]
    assert len({tuple(sorted(one)) for one in drawn}) > 40


def rows_of(left: float, spread: float, *, shift: float = 0.0) -> list[dict[str, object]]:
    """Five networks that are left with `left`, and controls around it and `shift`."""
    rows = []
    for seed in range(5):
        row: dict[str, object] = {
            "configuration": "a", "step": 10, "removed": "set", "seed": seed, "test accuracy": 0.9, "without them": left
        }  # fmt: skip
        for control in CONTROLS:
            row |= {
                control: left + shift + spread * RNG.standard_normal(199), f"without {control}": left + shift,
                f"shared with {control}": 0.2,
            }  # fmt: skip
        rows.append(row)
    return rows


def test_a_set_that_hurts_more_or_less_than_its_controls_is_found() -> None:
    worse, better = compared(rows_of(0.3, 0.01, shift=0.05)), compared(rows_of(0.3, 0.01, shift=-0.05))
    assert (worse.p < 1e-6).all()
    assert worse.decided.all()
    assert (worse.hurts > 0).all()
    assert (better.hurts < 0).all()
    nothing = compared(rows_of(0.3, 0.01))
    assert not nothing.decided.any()


def test_there_is_no_test_against_the_same_neurons() -> None:
    rows = rows_of(0.3, 0.01, shift=0.05)
    for row in rows:
        row["shared with alike"] = 1.0
    found = compared(rows).set_index("control")
    assert np.isnan(found.p[CONTROLS["alike"]])
    assert not found.decided[CONTROLS["alike"]]
    assert found.decided[CONTROLS["random"]]


def test_what_is_left_beside_controls() -> None:
    # each neuron speaks for one class; without it that class is lost, but for class 0, which ties go to
    drawn = {"random": [[1, 3], [0, 3], [1, 2, 3], [3, 2, 1]]}
    found = beside_controls(np.eye(4), np.eye(4), np.arange(4), [1, 2], drawn)
    assert found["without them"] == 0.5
    assert found["random"].tolist() == [0.5, 0.75, 0.25, 0.25]
    assert found["without random"] == 0.4375 and found["random that hurt more"] == 0.5
    assert found["shared with random"] == pytest.approx((0.5 + 0 + 2 / 3 + 2 / 3) / 4)
