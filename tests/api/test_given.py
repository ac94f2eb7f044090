"""Conditional measures: what `given` takes out, by closed forms, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

import hoi


def test_the_ends_of_a_chain_are_independent_given_its_middle() -> None:
    chain = hoi.simulate.markov_chain(4, 0.7).covariance
    system = hoi.GaussianSystem.from_covariance(chain, names=["a", "b", "c", "d"])
    assert hoi.total_correlation(system, [("a", "c")])[0] > 0.1
    assert hoi.total_correlation(system, [("a", "c"), ("a", "d"), ("a", "c", "d")], given="b")[:2] == pytest.approx(0)
    assert hoi.total_correlation(system, [("a", "b")], given=["c", "d"])[0] > 0.1


def test_effects_are_independent_given_their_cause() -> None:
    known = hoi.simulate.common_cause(5, [0.9, 0.8, 0.7, 0.6, 0.5])
    loadings = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    C = np.eye(6)
    C[:5, :5] = known.covariance
    C[5, :5] = C[:5, 5] = loadings
    system = hoi.GaussianSystem.from_covariance(C)
    found = hoi.search(system, (2, 5), given=5, n_best=99, measure="tc")
    np.testing.assert_allclose([*found.tc, *found.dtc, *found.oinfo], 0, atol=1e-12)
    assert all(5 not in members for members in found.members)


def test_causes_depend_on_each_other_given_their_effect() -> None:
    """X + Y + noise of variance v: I(X; Y | sum) = -log(1 - r^2) / 2 with r = -1 / (1 + v)."""
    v = 0.5
    C = [[1, 0, 1], [0, 1, 1], [1, 1, 2 + v]]
    system = hoi.GaussianSystem.from_covariance(C)
    r = -1 / (1 + v)
    wanted = -0.5 * np.log(1 - r**2)
    assert hoi.total_correlation(system, [(0, 1)], given=2)[0] == pytest.approx(wanted, abs=1e-12)


def test_positions_count_all_columns_and_settings_name_what_is_given() -> None:
    X = np.random.default_rng(0).standard_normal((300, 6))
    X[:, 5] += X[:, 4] + X[:, 1]
    found = hoi.search(X, 2, given=[0, 3], measure="tc", n_best=2)
    assert set(found.members) <= {(i, j) for i in (1, 2, 4, 5) for j in (1, 2, 4, 5)}
    assert found.settings["given"] == ["0", "3"] and found.settings["n_variables"] == 4
    (block,) = hoi.scan(X, 4, given=[0, 3])
    assert block.members == [(1, 2, 4, 5)]
    np.testing.assert_allclose(hoi.oinfo(X, given=[0, 3]), block.oinfo[0], atol=1e-12)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"given": 9}, "given has index 9"),
        ({"given": "a"}, "given has the name 'a', which is not a column"),
        ({"given": [1, 1]}, "holds column '1' more than once"),
        ({"given": []}, "given is empty"),
        ({"given": [0, 1, 2, 3]}, "given holds all 4 columns"),
        ({"given": 2.5}, "given=2.5: a column by index or name"),
        ({"given": 0, "multiplets": [(0, 1)]}, r"the set \(0, 1\) holds '0', which is given"),
        ({"given": 0, "groups": [[0, 1], [2]]}, r"column '0': in groups\[0\] and in given"),
    ],
)
def test_errors(options: dict, said: str) -> None:
    with pytest.raises(hoi.HoiError, match=said):
        hoi.oinfo(np.random.default_rng(0).standard_normal((30, 4)), **options)


def test_what_is_given_and_determines_a_column_is_an_error() -> None:
    X = np.random.default_rng(0).standard_normal((100, 5))
    X[:, 4] = X[:, 0]
    with pytest.raises(hoi.HoiError, match="4: determined by the columns given"):
        hoi.oinfo(X, [(1, 4)], given=0)
    with pytest.raises(hoi.HoiError, match=r"the columns given \(0, 4\) are numerically singular"):
        hoi.oinfo(X, [(1, 2)], given=[0, 4])
    few = np.random.default_rng(1).standard_normal((5, 5))
    with pytest.raises(hoi.HoiError, match="5 columns and there are 5 samples"):
        hoi.oinfo(few, [(1, 2, 4)], given=[0, 3])
