"""Sets that are singular, or nearly, in a search: skipped, counted and warned of once, or kept."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest
from walks import assert_same

import hoi
import reference

MEASURES = sorted(reference.REFERENCE)


def exact(covariance: np.ndarray) -> hoi.GaussianSystem:
    return hoi.GaussianSystem.from_covariance(covariance)


def with_singular_sets() -> tuple[np.ndarray, set[tuple[int, ...]]]:
    """Nine variables; 4 is a copy of 1, and 7 the sum of 2 and 5; and the smallest singular sets."""
    mix = np.zeros((9, 7))
    mix[[0, 1, 2, 3, 5, 6, 8], range(7)] = 1
    mix[4], mix[7] = mix[1], mix[2] + mix[5]
    base = hoi.simulate.random_covariance(7, seed=9).covariance
    return mix @ base @ mix.T, {(1, 4), (2, 5, 7)}


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("orders", [(2, 2), (3, 3), (2, 4)])
def test_singular_sets_are_skipped_counted_and_warned_about_once(
    backend: str, orders: tuple[int, int], measure: str
) -> None:
    covariance, singular = with_singular_sets()
    if orders == (2, 2) and measure == "oinfo":
        orders = (4, 4)  # of pairs it is 0
    every = [s for k in range(orders[0], orders[1] + 1) for s in itertools.combinations(range(9), k)]
    good = [s for s in every if not any(set(bad) <= set(s) for bad in singular)]
    h = reference.entropies(covariance)
    rows = [(reference.REFERENCE[measure](h, reference.singles(s)), s) for s in good]
    with pytest.warns(hoi.SingularWarning) as caught:
        result = hoi.search(exact(covariance), orders, measure=measure, n_best=12, backend=backend)
    assert len(caught) == 1
    assert f"{len(every) - len(good):,}" in str(caught[0].message)
    assert result.members == [members for _, _, members in reference.best(rows, "both", 12)], backend
    assert result.settings["skipped"] == len(every) - len(good)
    assert result.settings["evaluated"] == len(good)


def test_nothing_is_warned_about_in_a_regular_system() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        hoi.search(exact(hoi.simulate.random_covariance(12, seed=11).covariance), 3)


def test_a_search_in_which_every_set_is_singular(backend: str) -> None:
    covariance = np.ones((4, 4)) + np.diag([0, 0, 0, 1.0])
    with pytest.warns(hoi.SingularWarning):
        result = hoi.search(exact(covariance), 3, backend=backend)
    assert len(result) == 0
    assert (result.settings["evaluated"], result.settings["skipped"]) == (0, 4)


@pytest.mark.filterwarnings("ignore::hoi.IllConditionedWarning")
@pytest.mark.parametrize("n_best", [5, 70])
@pytest.mark.parametrize("distance", [1e-4, 1e-7, 2e-9])
def test_nearly_singular_sets_are_kept(backend: str, distance: float, n_best: int) -> None:
    """A near copy, of a conditional variance above the limit: each set has a value, on every backend."""
    covariance = hoi.simulate.random_covariance(8, seed=6).covariance
    covariance = covariance / np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    covariance[7] = covariance[2] * (1 - distance)
    covariance[:, 7] = covariance[7]
    covariance[7, 7] = 1.0
    result = hoi.search(exact(covariance), 4, n_best=n_best, backend=backend)
    assert result.settings["skipped"] == 0
    assert np.isfinite(result.oinfo).all()
    assert_same(result, hoi.search(exact(covariance), 4, n_best=n_best, backend="numpy"))
    h = reference.entropies(covariance)
    expected = [reference.REFERENCE["oinfo"](h, reference.singles(s)) for s in result.members]
    np.testing.assert_allclose(result.oinfo, expected, rtol=0, atol=1e-13 / distance, err_msg=backend)
