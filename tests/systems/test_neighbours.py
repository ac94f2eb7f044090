"""Nearest neighbours: the compiled kernel is the reference, known values, and what no correlation shows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hoi
from hoi._backends import registry
from hoi._backends.protocol import EVERYTHING, Ranking, Unit
from hoi.estimators import KNN


def mixed(seed: int, tied: bool, samples: int = 90) -> np.ndarray:
    """Six columns, the last of which depends on the first; with ties in four of them if asked."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((samples, 6))
    X[:, 5] += X[:, 0]
    if tied:
        X[:, 2:] = np.round(X[:, 2:])
    return X


@given(st.integers(0, 10**6), st.booleans(), st.integers(2, 4), st.sampled_from([1, 2, 4, 5, 66]),
       st.sampled_from([0, 3]),
       st.sampled_from(["normal", "rank", None]),
       st.sampled_from([{}, {"given": (1,)}, {"given": (1, 4)}, {"groups": [(0, 1), (2,), (3, 5), (4,)]}]))  # fmt: skip
def test_the_kernel_is_the_reference(seed, tied, order, k, window, scale, roles) -> None:
    problem = KNN(k, scale, window).fit(mixed(seed, tied)).problem(**roles)
    evaluator = registry.load("numba").open(problem, Ranking(1, -2, -1))
    n = problem.n_variables
    found = list(evaluator.walk(Unit(0, order, 0, math.comb(n - 2, order - 2)), lambda **_: EVERYTHING))
    members = np.concatenate([part.members for part in found])
    assert len(members) == math.comb(n, order)
    wanted = problem.reference(members, np.zeros(len(members), dtype=np.intp))
    for name in ("D", "J", "L"):
        values = np.concatenate([getattr(part, name) for part in found])
        np.testing.assert_allclose(values, getattr(wanted, name), rtol=0, atol=0, err_msg=name)


def test_terms_by_counting_neighbours_one_by_one() -> None:
    """The formula of the paper, sample by sample, without trees."""
    from scipy.special import digamma

    X = mixed(3, tied=False, samples=40)[:, [0, 2, 5]]
    k, n = 3, len(X)
    distance = np.abs(X[:, None] - X[None])
    far = np.sort(distance.max(axis=2), axis=1)[:, k]
    sums = digamma(k) + 2 * digamma(n)
    for i in range(3):
        sums = sums - digamma((distance[:, :, i] < far[:, None]).sum(axis=1))
    value = hoi.total_correlation(X, estimator=KNN(k, scale=None))
    assert value == pytest.approx(np.mean(sums), abs=1e-12)


def test_given_sets_scans_and_searches_have_the_same_bits_on_every_backend() -> None:
    X = mixed(2, tied=True, samples=200)
    options = {"estimator": "knn"}
    blocks = {name: list(hoi.scan(X, (2, 3), backend=name, **options)) for name in ("numpy", "numba")}
    for ours, plain in zip(blocks["numba"], blocks["numpy"], strict=True):
        assert ours.members == plain.members
        np.testing.assert_array_equal(ours.oinfo, plain.oinfo)
    found = hoi.search(X, 3, n_best=20, which="lowest", backend="numba", **options)
    listed = {name: hoi.measures(X, found.members, backend=name, **options) for name in ("numpy", "numba")}
    for some in listed.values():
        np.testing.assert_array_equal(found.dtc, some.dtc)
        np.testing.assert_array_equal(found.tc, some.tc)
    single = [hoi.information(X, [(0,)], target=5, backend=name, **options) for name in ("numpy", "numba")]
    np.testing.assert_array_equal(*single)


def test_a_search_is_the_best_of_all_sets(backend: str) -> None:
    X = mixed(1, tied=True)
    stack = np.stack([X, X[::-1] + np.arange(6)])
    for options in ({}, {"given": 2}, {"measure": "tc"}):
        found = hoi.search(stack, (2, 3), estimator="knn", n_best=4, backend=backend, **options)
        wanted = hoi.search(stack, (2, 3), estimator="knn", n_best=4, backend="numpy", **options)
        assert found.members == wanted.members
        np.testing.assert_array_equal(found.oinfo, wanted.oinfo)
    settings = found.settings
    assert (settings["estimator"], settings["k"], settings["scale"]) == ("knn", 4, "normal")
    assert settings["bias_correction"] is False, "there is none"


def test_what_no_correlation_shows_is_seen() -> None:
    """The exclusive or of signs: -log 2 = -0.693 nats, of which 1000 samples show -0.5; independent columns show 0."""
    rng = np.random.default_rng(0)
    a, b, c, d = rng.standard_normal((4, 1000))
    X = np.column_stack([a, b, np.abs(c) * np.sign(a * b), d])
    assert abs(hoi.oinfo(X, [(0, 1, 2)])[0]) < 0.01
    signs, apart = hoi.oinfo(X, [(0, 1, 2), (0, 1, 3)], estimator="knn")
    assert -0.7 < signs < -0.45
    assert abs(apart) < 0.06
    assert hoi.search(X, 3, estimator="knn", n_best=1, which="lowest").members == [(0, 1, 2)]


def test_a_gaussian_pair() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], 2000).T
    assert hoi.mutual_information(x, y, estimator="knn") == pytest.approx(-0.5 * math.log(1 - 0.64), abs=0.06)
    assert hoi.mutual_information(x, y, conditional_on=rng.standard_normal(2000), estimator="knn") > 0.3


def test_identities_and_invariance() -> None:
    X = mixed(5, tied=False, samples=200)
    found = hoi.measures(X, [(0, 1, 5), (2, 3), (0, 1, 2, 3)], estimator="knn")
    np.testing.assert_allclose(found.oinfo, found.tc - found.dtc, atol=1e-12)
    assert found.oinfo[1] == pytest.approx(0, abs=1e-12), "of pairs"
    bent = np.column_stack([np.exp(X[:, 0]), X[:, 1] ** 3, -X[:, 2], *X[:, 3:].T])
    np.testing.assert_allclose(hoi.oinfo(bent, [(0, 1, 5)], estimator="knn"), found.oinfo[:1], atol=1e-12)
    swapped = hoi.oinfo(X, [(5, 0, 1)], estimator="knn")
    np.testing.assert_allclose(swapped, found.oinfo[:1], atol=1e-12)


@given(st.integers(0, 10**6), st.booleans(), st.integers(2, 3), st.sampled_from([0, 3]),
       st.sampled_from([(), (1,)]), st.sampled_from([(0,), (2, 4)]), st.booleans())  # fmt: skip
def test_the_kernel_is_the_reference_about_a_target(seed, tied, order, window, fixed, target, grouped) -> None:
    system = KNN(3, window=window).fit(np.column_stack([mixed(seed, tied), mixed(seed + 1, tied)]))
    variables = [(c, c + 6) if grouped else (c,) for c in range(6) if c not in (*fixed, *target)]
    problem = system.information(variables, fixed, target)
    evaluator = registry.load("numba").open(problem, Ranking(0, 1, 1))
    unit = Unit(0, order, 0, math.comb(len(variables) - 2, order - 2))
    (found,) = evaluator.walk(unit, lambda **_: EVERYTHING)
    wanted = problem.reference(found.members, np.zeros(len(found.members), dtype=np.intp))
    for name in ("D", "J", "L"):
        np.testing.assert_allclose(getattr(found, name), getattr(wanted, name), rtol=0, atol=0, err_msg=name)


def test_information_is_that_of_the_closed_form() -> None:
    """Of two variables: 0 about one of their own, and log(1 + .36 + .36 over noise) / 2 about their sum with noise."""
    rng = np.random.default_rng(4)
    x, y, noise, apart = rng.standard_normal((4, 10, 500))
    stack = np.stack([x, y, 0.6 * x + 0.6 * y + np.sqrt(1 - 0.72) * noise, apart], axis=2)
    about = hoi.information(stack, [(0, 1)], target=2, estimator="knn")
    assert about.mean() == pytest.approx(-0.5 * math.log(1 - 0.72), abs=0.05)
    assert hoi.information(stack, [(0, 1)], target=3, estimator="knn").mean() == pytest.approx(0, abs=0.03)
    assert hoi.gradient(stack, [(0, 1)], target=3, estimator="knn").mean() == pytest.approx(0, abs=0.03)
    assert hoi.rsi(stack, [(0, 1)], target=3, estimator="knn").mean() == pytest.approx(0, abs=0.03)
    single = hoi.information(stack, [(0,)], target=2, estimator="knn").mean()
    assert single == pytest.approx(-0.5 * math.log(1 - 0.36), abs=0.05)


def test_about_a_target() -> None:
    rng = np.random.default_rng(0)
    a, b, c = rng.standard_normal((3, 600))
    X = np.column_stack([a, b, np.abs(c) * np.sign(a * b)])
    whole = hoi.information(X, [(0, 1)], target=2, estimator="knn")[0]
    assert 0.3 < whole < 0.75, "log 2 in truth"
    assert 0.3 < hoi.rsi(X, [(0, 1)], target=2, estimator="knn")[0] < 0.75
    found = hoi.search(X, 2, target=2, measure="rsi", estimator="knn", n_best=1, which="highest", backend="numba")
    assert found.settings["walk"] == ["neighbours"] and found.rsi[0] > 0.3


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: KNN(0), "k=0: a positive integer"),
        (lambda: KNN(scale="normall"), "scale='normall': use one of 'normal', 'rank'"),
        (lambda: KNN(window=-1), "window=-1: a number of samples"),
        (lambda: hoi.oinfo(mixed(0, False, 12), estimator=KNN(4, window=4)), "12 samples, k=4 and window=4"),
        (lambda: hoi.entropy(mixed(0, False), estimator="knn"), "no entropy of their own"),
        (lambda: hoi.confidence_interval(mixed(0, False), estimator="knn", method="bootstrap"), "its own neighbour"),
    ],
)
def test_errors(make, said: str) -> None:
    with pytest.raises(hoi.HoiError, match=said):
        make()
