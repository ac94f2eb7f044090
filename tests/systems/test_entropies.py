"""A function that gives entropies is an estimator: it serves every measure, search and scan on every backend."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import hoi
import reference
from hoi._systems.combined import CombinedProblem


def counted(columns: np.ndarray) -> float:
    """Entropy of the states that occur, by their frequencies."""
    _, counts = np.unique(columns, axis=0, return_counts=True)
    p = counts / counts.sum()
    return float(-(p * np.log(p)).sum())


class Gaussian:
    """An object with a method `entropy`, and a name."""

    name = "my gaussian"

    def entropy(self, columns: np.ndarray) -> float:
        C = np.atleast_2d(np.cov(columns, rowvar=False))
        return 0.5 * (len(C) * np.log(2 * np.pi * np.e) + np.linalg.slogdet(C)[1])


@pytest.fixture(scope="module")
def coins() -> np.ndarray:
    """Every state of four coins equally often: c is a xor b, d is a coin of its own."""
    a, b, d = np.array(list(np.ndindex(2, 2, 2))).T
    return np.column_stack([a, b, a ^ b, d])


def test_the_exclusive_or_is_found(backend: str, coins: np.ndarray) -> None:
    found = hoi.search(coins, 3, estimator=counted, n_best=1, backend=backend, units="bits")
    assert found.members[0] == (0, 1, 2)
    np.testing.assert_allclose([found.oinfo[0], found.tc[0], found.dtc[0]], [-1, 1, 2], atol=1e-12)
    assert found.settings["walk"] == ["blocks"]
    assert found.settings["estimator"] == "counted"


def test_one_coin_given_the_other_two(coins: np.ndarray) -> None:
    """I(a; b) is 0 and I(a; b | a xor b) one bit."""
    options = {"estimator": counted, "units": "bits"}
    assert abs(hoi.total_correlation(coins, [(0, 1)], **options)[0]) < 1e-12
    np.testing.assert_allclose(hoi.total_correlation(coins, [(0, 1)], given=2, **options), [1.0], atol=1e-12)
    np.testing.assert_allclose(hoi.entropy(coins, [(0, 1), (0,)], given=[2], **options), [1.0, 1.0], atol=1e-12)
    x, y, z = coins[:, :1], coins[:, 1:2], coins[:, 2]
    np.testing.assert_allclose(hoi.mutual_information(x, y, conditional_on=z, **options), 1.0, atol=1e-12)


def test_an_object_agrees_with_the_estimator_of_the_library(recording: np.ndarray) -> None:
    stack = np.stack([recording[:150, :5], recording[150:, :5]])
    groups = [[0, 1], [2], [3, 4]]
    for options in ({}, {"groups": groups}, {"given": [4, 0]} | {"groups": [[1], [2], [3]]}):
        ours = hoi.measures(stack, estimator="gaussian", bias_correction=False, **options)
        own = hoi.measures(stack, estimator=Gaussian(), **options)
        np.testing.assert_allclose(own.oinfo, ours.oinfo, atol=1e-10)
        np.testing.assert_allclose(own.dtc, ours.dtc, atol=1e-10)
    assert own.settings["estimator"] == "my gaussian"


def test_a_scan_gives_every_measure_by_its_definition(coins: np.ndarray) -> None:
    def h(columns: tuple[int, ...]) -> float:
        return counted(coins[:, list(columns)]) if columns else 0.0

    (block,) = hoi.scan(coins, 3, estimator=counted)
    for members, *values in zip(block.members, block.tc, block.dtc, block.oinfo, block.sinfo, strict=True):
        parts = [(i,) for i in members]
        wanted = [reference.REFERENCE[name](h, parts) for name in ("tc", "dtc", "oinfo", "sinfo")]
        np.testing.assert_allclose(values, wanted, atol=1e-12)


def test_an_infinite_entropy_is_a_set_without_value(coins: np.ndarray) -> None:
    def infinite(columns: np.ndarray) -> float:
        return -np.inf if columns.shape[1] == 3 and columns[:, 2].tolist() == coins[:, 2].tolist() else 1.0

    with pytest.warns(hoi.SingularWarning):
        assert hoi.search(coins, 3, estimator=infinite).settings["skipped"] == 1
    for estimator in (infinite, lambda columns: np.nan):
        with pytest.raises(hoi.HoiError, match=r"\(0, 1, 2\) has no value: its entropy.* take singular="):
            hoi.oinfo(coins, [(0, 1, 2)], estimator=estimator)


@pytest.mark.parametrize(
    ("estimator", "said"),
    [
        ("bogus", "estimator='bogus': use one of 'gaussian_copula', 'gaussian'"),
        ("gausian", "Did you mean 'gaussian'?"),
        (3, r"estimator=3 \(int\): use one of .* or a function entropy\(columns\)"),
        (hoi.estimators.GaussianCopula, r"is a class: give an object of it, GaussianCopula\(\)"),
        (lambda columns: "much", r"gave 'much' \(str\) for the columns \(.*\): one number is needed"),
    ],
)
def test_what_is_no_estimator_is_refused(coins: np.ndarray, estimator: object, said: str) -> None:
    with pytest.raises(hoi.HoiError, match=said):
        hoi.oinfo(coins, [(0, 1, 3)], estimator=estimator)


def test_options_are_checked_with_a_system_too() -> None:
    system = hoi.GaussianSystem.from_covariance(np.eye(3) + 0.2)
    with pytest.raises(hoi.HoiError, match="estimator='bogus'"):
        hoi.oinfo(system, estimator="bogus")
    with pytest.raises(hoi.HoiError, match="does not make a covariance"):
        hoi.GaussianSystem.from_data(np.random.default_rng(0).normal(size=(20, 3)), estimator=counted)


def test_a_problem_travels_without_what_it_has_found(coins: np.ndarray) -> None:
    problem = hoi._systems.registry.resolve(counted).fit(coins).problem()
    one = problem.reference(np.array([[0, 1, 2]]), np.array([0]))
    other = pickle.loads(pickle.dumps(problem))
    assert problem._known and not other._known
    np.testing.assert_array_equal(other.reference(np.array([[0, 1, 2]]), np.array([0])).J, one.J)


def test_a_difference_of_problems_is_an_information(recording: np.ndarray) -> None:
    """h(S) = H(S) - H(S | Y): its J / 2 is I(S; Y), for Gaussian problems and for entropies of one's own."""
    members, dataset = np.array([[0, 1, 2], [1, 2, 3]]), np.zeros(2, dtype=np.intp)
    X, y = recording[:, :4], recording[:, 4]
    wanted = [
        hoi.mutual_information(X[:, S], y, estimator="gaussian", bias_correction=False) for S in members.tolist()
    ]
    table = np.column_stack([X, y])
    for system in (
        hoi.GaussianSystem.from_data(table, estimator="gaussian"),
        hoi._systems.registry.resolve(Gaussian()).fit(table),
    ):
        groups = [(0,), (1,), (2,), (3,)]
        parts = [
            (1.0, system.problem(groups, bias_correction=False)),
            (-1.0, system.problem(groups, (4,), bias_correction=False)),
        ]
        terms = CombinedProblem(parts).reference(members, dataset)
        np.testing.assert_allclose(terms.J / 2, wanted, atol=1e-10)
