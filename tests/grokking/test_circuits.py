"""Sets of neurons: exact distributions, what is beyond pairs, tuning, what of the logits counts, and a null that keeps
the tuning.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

import hoi
from hoi_grokking.circuits import (
    beyond_pairs,
    common_frequency,
    dominant_frequencies,
    n_of_common_frequency,
    on_off,
    over_classes,
    pairwise_model,
    shifted,
)

RNG = np.random.default_rng(0)


def entropy(joint: np.ndarray) -> float:
    held = joint[joint > 1e-15]
    return float(-(held * np.log(held)).sum())


def test_the_pairwise_model_has_the_pairs_and_the_highest_entropy() -> None:
    parity = 1 - 2 * (np.indices((2, 2, 2)).sum(0) % 2)
    for _ in range(20):
        joint = RNG.dirichlet(np.full(8, 0.7)).reshape(2, 2, 2)
        model = pairwise_model(joint)
        for axis in range(3):
            np.testing.assert_allclose(model.sum(axis), joint.sum(axis), rtol=0, atol=1e-12)
        bounds = (-joint[parity > 0].min(), joint[parity < 0].min())
        best = minimize_scalar(lambda x, p=joint: -entropy(p + x * parity), bounds=bounds, method="bounded")
        assert entropy(model) >= -best.fun - 1e-9


def test_independent_and_chained_variables_have_nothing_beyond_pairs() -> None:
    states = np.indices((2, 2, 2)).reshape(3, 8).T
    assert beyond_pairs(states, [(0, 1, 2)])[0] == pytest.approx((0, 0, 0), abs=1e-12)
    # a chain: each flips the one before with probability 1/4; a maximum of entropy with its pairs
    chain = np.array([(a, a ^ b, a ^ b ^ c) for a in (0, 1) for b in (0, 0, 0, 1) for c in (0, 0, 0, 1)])
    found = beyond_pairs(chain, [(0, 1, 2)])[0]
    assert found.beyond == pytest.approx(0, abs=1e-9)
    assert found.oinfo == pytest.approx(found.pairwise, abs=1e-9)
    assert found.oinfo > 0.02


def test_the_o_information_is_that_of_hoi() -> None:
    patterns = (RNG.standard_normal((500, 6)) + RNG.standard_normal((500, 1)) > 0).astype(np.int8)
    members = [(0, 1, 2), (3, 4, 5), (0, 2, 5)]
    expected = hoi.oinfo(patterns, members, estimator=hoi.estimators.Discrete(correction=None))
    np.testing.assert_allclose([one.oinfo for one in beyond_pairs(patterns, members)], expected, rtol=0, atol=1e-12)


def test_shifting_keeps_each_neuron_and_breaks_what_they_share() -> None:
    tokens = 23
    a, b = np.indices((tokens, tokens)).reshape(2, -1)
    patterns = on_off(np.stack([np.cos(2 * np.pi * 3 * (a + b) / tokens)] * 12, axis=1))
    moved = shifted(patterns, tokens, seed=0)
    np.testing.assert_array_equal(moved.sum(0), patterns.sum(0))
    power = [np.abs(np.fft.fft2(one.reshape(tokens, tokens, 12), axes=(0, 1))) for one in (patterns, moved)]
    np.testing.assert_allclose(power[1], power[0], rtol=0, atol=1e-8)
    assert (moved != patterns).any(axis=0).sum() > 8
    np.testing.assert_array_equal(shifted(patterns, tokens, seed=0), moved)


def test_neurons_of_one_frequency() -> None:
    tokens = 23
    waves = np.cos(2 * np.pi * np.outer(np.arange(tokens), [3, 3, 5, 3]) / tokens + np.arange(4))
    tuned = dominant_frequencies(np.concatenate([waves, 0.1 * waves[:, ::-1]]), tokens)
    assert tuned.tolist() == [3, 3, 5, 3]
    assert common_frequency([(0, 1, 3), (0, 1, 2)], tuned).tolist() == [True, False]


@pytest.mark.parametrize("order", [2, 3, 4])
def test_how_many_sets_have_one_frequency(order: int) -> None:
    tuned = RNG.integers(1, 6, 14)
    members = list(itertools.combinations(range(14), order))
    whole = [len(set(tuned[list(chosen)])) == 1 for chosen in members]
    assert common_frequency(members, tuned).tolist() == whole
    assert n_of_common_frequency(tuned, order) == sum(whole) > 0
    smaller = [itertools.combinations(chosen, order - 1) for chosen in members]
    but_one = [any(len(set(tuned[list(rest)])) == 1 for rest in each) for each in smaller]
    assert common_frequency(members, tuned, but=1).tolist() == but_one


def test_waves_over_the_classes_are_what_a_softmax_sees_of_the_logits() -> None:
    logits = RNG.standard_normal((40, 11))
    found = over_classes(logits)
    assert found.shape == (40, 10)
    np.testing.assert_allclose(over_classes(logits + RNG.standard_normal((40, 1))), found, rtol=0, atol=1e-12)
    # nothing else is lost: distances between centred logits are those between the waves, but for a factor
    centred = logits - logits.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(2 * np.square(found).sum(1), 11 * np.square(centred).sum(1), rtol=1e-12)
    wave = over_classes(3 * np.cos(2 * np.pi * 4 * np.arange(11) / 11 - 0.3)[None])[0]
    expected = np.zeros(10)
    expected[[3, 8]] = 3 * 11 / 2 * np.cos(0.3), -3 * 11 / 2 * np.sin(0.3)
    np.testing.assert_allclose(wave, expected, rtol=0, atol=1e-12)
