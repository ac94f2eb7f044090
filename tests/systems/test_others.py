"""Shrinkage and kernel densities."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import gaussian_kde
from sklearn.covariance import LedoitWolf, oas

import hoi
from hoi._maths.copula import normal_scores
from hoi.estimators import Kernel, Shrinkage


def effect(seed: int, samples: int) -> np.ndarray:
    """Three causes and their sum with a little noise: strong synergy."""
    X = np.random.default_rng(seed).standard_normal((samples, 4))
    X[:, 3] = X[:, :3].sum(axis=1) + 0.3 * X[:, 3]
    return X


@pytest.mark.parametrize("method", ["ledoit_wolf", "oas"])
def test_shrinkage_is_that_of_scikit_learn(method: str) -> None:
    X = effect(0, 30)
    scores = normal_scores(X, "average", None)[0]
    C = LedoitWolf().fit(scores).covariance_ if method == "ledoit_wolf" else oas(scores)[0]
    wanted = hoi.oinfo(hoi.GaussianSystem.from_covariance(C), [(0, 1, 3)])
    np.testing.assert_allclose(hoi.oinfo(X, [(0, 1, 3)], estimator=Shrinkage(method)), wanted, atol=1e-12)


def test_shrinkage_takes_fewer_samples_than_variables_and_hides_synergy(backend: str) -> None:
    wide = np.random.default_rng(0).standard_normal((15, 20))
    with pytest.warns(hoi.InputWarning, match="20 variables and 15 samples: rows are samples"):
        found = hoi.search(wide, (3, 20), estimator="shrinkage", n_best=2, backend=backend, which="lowest")
    assert len(found) == 2 and found.settings["bias_correction"] is False


def test_the_synergy_that_shrinkage_hides_is_that_of_its_docstring() -> None:
    """Means of 60 draws: true, by the copula and by Ledoit-Wolf."""
    assert hoi.simulate.common_effect(3, noise=0.3).oinfo == pytest.approx(-1.97, abs=0.005)
    for samples, copula, shrunk in ((50, -1.23, -0.15), (200, -1.65, -0.69), (1000, -1.89, -1.44)):
        draws = np.stack([effect(seed, samples) for seed in range(60)])
        assert hoi.oinfo(draws).mean() == pytest.approx(copula, abs=0.005)
        assert hoi.oinfo(draws, estimator="shrinkage").mean() == pytest.approx(shrunk, abs=0.005)


def test_the_kernel_is_that_of_scipy_without_the_sample_itself() -> None:
    X = effect(1, 40)[:, :2]
    whole = gaussian_kde(X.T)
    own = 1 / np.sqrt(np.linalg.det(2 * np.pi * whole.covariance))
    others = (40 * whole(X.T) - own) / 39
    assert hoi.entropy(X, [(0, 1)], estimator="kernel")[0] == pytest.approx(-np.log(others).mean(), abs=1e-10)
    assert hoi.entropy(np.random.default_rng(0).standard_normal((1000, 1)), estimator="kernel") == pytest.approx(
        0.5 * np.log(2 * np.pi * np.e), abs=0.05
    )


def test_a_sample_far_from_all_others_keeps_a_density() -> None:
    """Its own kernel outweighs the others by more than there are digits: their sum must not be a difference."""
    X = np.random.default_rng(3).standard_normal((600, 1))
    far = np.vstack([X, [[6.0]]])
    assert abs(hoi.entropy(far, estimator="kernel") - hoi.entropy(X, estimator="kernel")) < 0.2


@pytest.mark.parametrize(("factor", "shift"), [(1e200, 0.0), (1e-250, 0.0), (1.0, 1e9)])
def test_units_are_nothing_to_a_dependence_and_a_constant_to_an_entropy(factor, shift) -> None:
    X = effect(2, 60)[:, [0, 1, 3]]
    moved = factor * X + shift
    got = [hoi.oinfo(moved, estimator="kernel"), *hoi.entropy(moved, [(0, 1)], estimator="kernel")]
    wanted = [hoi.oinfo(X, estimator="kernel"), hoi.entropy(X, [(0, 1)], estimator="kernel")[0] + 2 * np.log(factor)]
    np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-6 if shift else 1e-9)


def test_the_kernel_sees_a_parabola_and_skips_copies() -> None:
    x, noise, other = np.random.default_rng(2).standard_normal((3, 300))
    X = np.column_stack([x, x**2 + 0.3 * noise, other])
    together, apart = hoi.total_correlation(X, [(0, 1), (0, 2)], estimator="kernel")
    assert together > 0.3 and abs(apart) < 0.1
    with pytest.warns(hoi.SingularWarning):
        found = hoi.search(np.column_stack([X, x]), 2, measure="tc", estimator="kernel", n_best=9)
    assert found.settings["skipped"] == 1


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Shrinkage("lasso"), "method='lasso': use one of 'ledoit_wolf', 'oas'"),
        (lambda: Kernel("scot"), "bandwidth='scot': use one of 'scott', 'silverman'. Did you mean 'scott'"),
        (lambda: Kernel(0.0), "bandwidth=0.0: a positive factor"),
        (lambda: Kernel(True), "bandwidth=True: a positive factor"),
        (lambda: Kernel(np.inf), "bandwidth=inf: a positive factor"),
    ],
)
def test_errors(make, said: str) -> None:
    with pytest.raises(hoi.HoiError, match=said):
        make()
