"""Options of any kind of number, checked before the work."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from messages import message, says

import hoi

X = np.random.default_rng(0).standard_normal((50, 5))
SEEDED = [
    lambda seed: hoi.search(X, 3, method="tabu", n_restarts=1, seed=seed),
    lambda seed: hoi.estimators.GaussianCopula(ties="random", seed=seed),
    lambda seed: hoi.copula_transform(X, ties="random", seed=seed),
    lambda seed: hoi.confidence_interval(X, [(0, 1, 2)], method="bootstrap", n_resamples=20, seed=seed),
    lambda seed: hoi.permutation_test(X, 3, n_resamples=99, seed=seed, progress=False),
]


@pytest.mark.parametrize("call", SEEDED)
@pytest.mark.parametrize(("seed", "part"), [(-1, "a seed is at least 0"), ("a", "(str)"), (1.5, "(float)")])
def test_seeds_that_are_none(call, seed, part):
    says(message(call, seed), f"seed={seed!r}", part)


@pytest.mark.parametrize("seed", [7, np.uint8(7), np.int64(7), np.array(7)])
def test_seeds_of_any_integer_type_are_recorded(seed):
    estimator = hoi.estimators.GaussianCopula(ties="random", seed=seed)
    found = hoi.search(X, 3, n_best=1, estimator=estimator)
    assert found.settings["seed"] == 7
    assert type(found.settings["seed"]) is int


def test_numbers_of_numpy():
    found = hoi.search(X, np.array(3), n_best=np.array(2), per_order=np.True_, threads=np.uint8(1))
    np.testing.assert_array_equal(found.oinfo, hoi.search(X, 3, n_best=2, per_order=True).oinfo)
    np.testing.assert_array_equal(
        hoi.search(X, np.array([3, 4])).oinfo, hoi.search(X, (3, 4)).oinfo
    )
    says(message(hoi.search, X, np.array([3.0, 4.0])), "order=", "an int or an inclusive pair")
    says(message(hoi.search, X, 3, n_best=2**70), "n_best=1180591620717411303424", "at most 2**63 - 1")
    says(message(hoi.GaussianSystem.from_covariance, np.eye(3), n_samples=2**70), "at most 2**63 - 1")


def test_groups_of_one_name():
    frame = pd.DataFrame(X, columns=["a", "b", "a+b", "c", "d"])
    says(message(hoi.search, frame, 2, groups=[["a", "b"], ["a+b"], ["c"]]), "more than one of them is called 'a+b'")
    assert hoi.search(frame, 3, groups=[["a", "b"], ["d"], ["c"]]).settings["groups"] == [["a", "b"], ["d"], ["c"]]


def test_names_survive_in_mutual_information():
    x, y = pd.Series(X[:, 0], name="x"), pd.DataFrame(X[:, :2], columns=["y", "z"])
    says(message(hoi.mutual_information, x, y), "the set (x, y+z)", "numerically singular")
    says(message(hoi.mutual_information, x, y.rename(columns={"y": "x"})), "the set (X:x, Y:x+Y:z)")
    with pytest.warns(hoi.TiesWarning, match=r"x \(9\d%\)") as caught:
        hoi.mutual_information(x.round(), X[:, 1])
    assert caught[0].filename == __file__
