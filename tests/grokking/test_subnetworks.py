"""Section 7: which set is retrained, and what stands beside it."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="the case study trains with PyTorch")

import hoi
from hoi_grokking.config import Sweep, Variant
from hoi_grokking.measures.stored import Series
from hoi_grokking.subnetworks import chosen_set, generalising, subnetwork_sweep

STEP = np.array([1, 2, 5, 8, 20, 60, 150, 400, 900])
ACCURACY = np.array([0.3, 0.01, 0.01, 0.01, 0.02, 0.05, 0.2, 0.99, 1.0])


def test_the_window_is_that_of_generalising() -> None:
    assert generalising(STEP[1:], ACCURACY[1:]) == (150, 400)
    assert generalising(STEP, ACCURACY) == (10, 400), "an untrained network that is right by chance"
    assert generalising(STEP[1:-2], ACCURACY[1:-2]) == (150, 150), "to the end"
    assert generalising(STEP[1:6], ACCURACY[1:6]) is None


def test_the_set_of_a_network_that_is_hardly_trained_is_not_taken() -> None:
    """The lowest O-information of all is at step 8, as in the networks of the paper."""
    lowest = np.array([[0, 0, -1, -5, -0.5, -1, -2, -1, -3.0]])
    neurons = [[(i,) for i in range(9)]]
    empty = np.zeros_like(lowest)
    series = Series(STEP, lowest, empty, empty, empty, neurons)
    assert chosen_set(series, 0, generalising(STEP[1:], ACCURACY[1:])) == (150, (6,))
    assert chosen_set(series, 0, (20, 900)) == (900, (8,)), "both ends belong to it"
    with pytest.raises(hoi.HoiError, match=r"No checkpoint was measured in the window of steps \(901, 950\)"):
        chosen_set(series, 0, (901, 950))


def test_random_sets_have_the_sizes_of_the_set_and_of_its_inverse() -> None:
    sweep = Sweep((Variant("full", weight_decay=2.0),), seeds=(0, 7), width=20)
    made = subnetwork_sweep(sweep, sweep.variants[0], 7, range(13), 4)
    sizes = {variant.label: len(variant.kept or ()) for variant in made.variants}
    assert made.seeds == (7,)
    assert sizes["synergistic"] == 13
    assert sizes["inverse"] == 7
    assert [size for label, size in sizes.items() if label.startswith("random ")] == [13] * 4 + [7] * 4
    assert len({variant.kept for variant in made.variants}) == len(made.variants), "all differ"
