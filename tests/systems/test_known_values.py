"""Known values of all measures, and what holds for every estimator."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hoi
from hoi.estimators import KNN, Binned, Discrete, Kernel

BITS = list(itertools.product((0, 1), repeat=3))
# states, each as likely as the others; then in bits: TC, DTC, O, S, co-information, TSE complexity; and of all but the
# last variable about the last: information, RSI, gradient, redundancy and synergy by minimum mutual information
COINS = {
    "copy": ([(0, 0, 0), (1, 1, 1)], (2, 1, 1, 3, 1, 1), (1, -1, 1, 1, 0)),
    "exclusive or": ([(a, b, a ^ b) for a, b, _ in BITS[::2]], (1, 2, -1, 3, -1, 1), (1, 1, -1, 0, 1)),
    "parity": ([(*s, sum(s) % 2) for s in BITS], (1, 3, -2, 4, 1, 1.5), (1, 1, -2, 0, 1)),
    "and": (
        [(a, b, a & b) for a, b, _ in BITS[::2]], (0.811278, 1, -0.188722, 1.811278, -0.188722, 0.603759),
        (0.811278, 0.188722, -0.188722, 0.311278, 0.5),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", COINS)
@pytest.mark.parametrize("counted", [False, True])
def test_coins(name: str, counted: bool) -> None:
    """By their distribution, and by counting each state equally often."""
    states, of_sets, about_last = COINS[name]
    data = np.array(states * 40) if counted else hoi.DiscreteSystem.from_distribution(dict.fromkeys(states, 1))
    options = {"estimator": Discrete(None), "units": "bits"}
    found = hoi.measures(data, **options)
    values = [found.tc[0], found.dtc[0], found.oinfo[0], found.sinfo[0]]
    values += [hoi.coinformation(data, **options), hoi.tse_complexity(data, **options)]
    assert values == pytest.approx(of_sets, abs=1e-6)
    functions = hoi.information, hoi.rsi, hoi.gradient, hoi.redundancy_mmi, hoi.synergy_mmi
    last = len(states[0]) - 1
    assert [f(data, target=last, **options) for f in functions] == pytest.approx(about_last, abs=1e-6)


def test_nearest_neighbours_of_a_fixed_draw() -> None:
    """k = 4, on the values as they are: agreed on by three published tools."""
    rng = np.random.default_rng(5)
    rng.integers(0, 6, 83)
    Z = rng.standard_normal((400, 4))
    Z[:, 3] += Z[:, 0] + Z[:, 1]
    found = hoi.measures(Z, [(0, 1, 3)], estimator=KNN(4, scale=None))
    assert (found.oinfo[0], found.tc[0]) == pytest.approx((-0.1471044776, 0.5324144235), abs=1e-10)


def own(columns: np.ndarray) -> float:
    """Entropy of columns taken as Gaussian."""
    return 0.5 * float(np.linalg.slogdet(2 * np.pi * np.e * np.atleast_2d(np.cov(columns, rowvar=False)))[1])


ESTIMATORS = {
    "gaussian_copula": "gaussian_copula", "gaussian": "gaussian", "shrinkage": "shrinkage", "own": own,
    "kernel": Kernel(), "knn": KNN(3), "binned": Binned(3), "discrete": "discrete", "chao_shen": Discrete("chao_shen"),
    "shrink": Discrete("shrink"), "plug-in": Discrete(None),
}  # fmt: skip
# whose values are those of ranks, of states, or a difference of entropies about a target
RANKS = {"gaussian_copula", "shrinkage", "knn", "binned"}
STATES = {"discrete", "chao_shen", "shrink", "plug-in"}


def sample(name: str, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((60, 5)) @ (np.eye(5) + 0.5 * rng.standard_normal((5, 5)))
    return np.digitize(X, [-0.7, 0.7]) if name in STATES else X


@pytest.mark.parametrize("name", ESTIMATORS)
@settings(max_examples=4)
@given(seed=st.integers(0, 10**6))
def test_identities_of_every_estimator(name: str, seed: int) -> None:
    warnings.simplefilter("ignore", hoi.HoiWarning)
    estimator, X = ESTIMATORS[name], sample(name, seed)
    sets = [(0, 1), (0, 1, 2), (3, 1, 0, 2)]
    found = hoi.measures(X, sets, estimator=estimator)
    np.testing.assert_allclose(found.oinfo, found.tc - found.dtc, rtol=0, atol=1e-10)
    np.testing.assert_allclose(found.sinfo, found.tc + found.dtc, rtol=0, atol=1e-10)
    assert found.oinfo[0] == pytest.approx(0, abs=1e-10)
    # the order of columns, and of samples
    order = np.random.default_rng(seed).permutation(5)
    place = np.argsort(order).tolist()
    again = hoi.measures(X[::-1, order], [[place[i] for i in S] for S in sets], estimator=estimator)
    np.testing.assert_allclose(again.oinfo, found.oinfo, rtol=0, atol=1e-9)
    # of columns that are given, too; and about a target: for pairs the gradient is minus the RSI
    about = hoi.measures(X, [(0, 1), (0, 1, 2)], target=3, given=4, estimator=estimator)
    assert about.gradient[0] == pytest.approx(-about.rsi[0], abs=1e-10)
    if name != "knn":  # which takes one radius for a set with its target
        difference = hoi.oinfo(X, [(0, 1, 3), (0, 1, 2, 3)], given=4, estimator=estimator) - hoi.oinfo(
            X, [(0, 1), (0, 1, 2)], given=4, estimator=estimator
        )
        np.testing.assert_allclose(about.gradient, difference, rtol=0, atol=1e-9)
    if name in RANKS:
        np.testing.assert_array_equal(hoi.oinfo(np.exp(3 * X) - 7, sets, estimator=estimator), found.oinfo)
    if name in STATES:
        labels = np.array([5, -1, 9])
        relabelled = hoi.oinfo(labels[X], sets, estimator=estimator)
        np.testing.assert_allclose(relabelled, found.oinfo, rtol=0, atol=1e-12)
    # a dataset in a stack is what it is alone, but for bits that sums of different lengths cost
    stack = hoi.oinfo(np.stack([sample(name, seed + 1), X]), sets, estimator=estimator)
    np.testing.assert_allclose(stack[1], found.oinfo, rtol=0, atol=1e-9)


# the bins see less of it
@pytest.mark.parametrize(
    ("name", "bound"), [("gaussian_copula", 0.03), ("gaussian", 0.01), ("own", 0.01), ("knn", 0.1), ("binned", 0.45)]
)
def test_the_bias_of_an_effect_and_of_nothing(name: str, bound: float) -> None:
    """The sum of two independent Gaussian causes with noise, and independent columns: 40 draws of 500 samples."""
    effect = hoi.simulate.common_effect(2, noise=0.5)
    true = hoi.oinfo(hoi.GaussianSystem.from_covariance(effect.covariance))
    draws = np.stack([effect.sample(500, seed=seed) for seed in range(40)])
    assert abs(hoi.oinfo(draws, estimator=ESTIMATORS[name]).mean() - true) < bound
    independent = np.random.default_rng(0).standard_normal((40, 500, 3))
    assert abs(hoi.oinfo(independent, estimator=ESTIMATORS[name]).mean()) < 0.01
