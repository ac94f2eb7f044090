"""Sets close to singular ones: one verdict and values within the promised bound in all orders of the columns, and on
all backends, against sixty digits of the same float64 matrix."""

from __future__ import annotations

import math
import warnings

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from walks import assert_same, bounded_pivots

import hoi
from hoi._maths.terms import SINGULAR, by_elimination, least_variance
from hoi._measures.registry import MEASURES


def with_factor(factor: np.ndarray) -> np.ndarray:
    C = factor @ factor.T
    scale = np.sqrt(np.diag(C))
    R = C / np.outer(scale, scale)
    R = (R + R.T) / 2
    np.fill_diagonal(R, 1.0)
    return R


def tridiagonal(k: int, variance: float) -> np.ndarray:
    """Conditional variances, one after the other, are all the same."""
    return with_factor(np.diag([1.0, *[variance**0.5] * (k - 1)]) + np.diag([(1 - variance) ** 0.5] * (k - 1), -1))


def kahan(k: int, variance: float) -> np.ndarray:
    """The same, with each member as near to the sum of the earlier ones."""
    rows = [[((1 - variance) / i) ** 0.5] * i + [variance**0.5] + [0.0] * (k - 1 - i) for i in range(1, k)]
    return with_factor(np.array([[1.0] + [0.0] * (k - 1), *rows]))


def hilbert(k: int) -> np.ndarray:
    i = np.arange(k)
    C = 1 / (i[:, None] + i + 1.0)
    R = C / np.sqrt(np.outer(np.diag(C), np.diag(C)))
    np.fill_diagonal(R, 1.0)
    return (R + R.T) / 2


def lags(k: int, width: float) -> np.ndarray:
    """Lags of a signal with a Gaussian autocorrelation."""
    i = np.arange(k)
    return np.exp(-((i[:, None] - i) ** 2) / (2 * width**2))


def exact(R: np.ndarray) -> tuple[float, dict[str, float]]:
    """The least conditional variance and the measures, with sixty digits; 0 and none of an indefinite matrix."""
    with mpmath.workdps(60):
        A = mpmath.matrix(R.tolist())
        if min(mpmath.eigsy(A, eigvals_only=True)) <= 0:
            return 0.0, {}
        P = A**-1
        J, L = mpmath.log(mpmath.det(A)), sum(mpmath.log(P[i, i]) for i in range(len(R)))
        values = {name: float((row.j * J + row.l * L) / 2) for name, row in MEASURES.items()}
        return float(1 / max(P[i, i] for i in range(len(R)))), values


def promised(k: int, h: float) -> float:
    """Nats: docs/developer/engine.md."""
    return k**2 * (k + 1) * (k + 2) * 2.0**-54 / h


REGULAR = {
    "tridiagonal 4": tridiagonal(4, 1e-3), "tridiagonal 5": tridiagonal(5, 1e-2), "tridiagonal 8": tridiagonal(8, 0.1),
    "kahan 8": kahan(8, 1e-2), "kahan 10": kahan(10, 0.1), "hilbert 5": hilbert(5), "hilbert 7": hilbert(7),
    "lags 4": lags(4, 6.0), "lags 5": lags(5, 6.0), "lags 6": lags(6, 2.0),
}  # fmt: skip
SINGULAR_ONES = {
    "tridiagonal 5": tridiagonal(5, 1e-4), "tridiagonal 5 of 1e-3": tridiagonal(5, 1e-3),
    "indefinite tridiagonal 8": tridiagonal(8, 1e-3), "kahan 6": kahan(6, 1e-3), "kahan 8": kahan(8, 1e-3),
    "lags 8": lags(8, 6.0), "hilbert 10": hilbert(10),
}  # fmt: skip


@pytest.mark.parametrize("name", REGULAR)
def test_values_hold_to_the_promise_in_every_order(name: str) -> None:
    R = REGULAR[name]
    k = len(R)
    h, values = exact(R)
    assert h > SINGULAR
    rng = np.random.default_rng(0)
    for _ in range(200):
        order = rng.permutation(k)
        part = R[np.ix_(order, order)]
        D, J, L, singular = by_elimination(part, np.arange(k)[None], np.arange(k + 1))
        assert not singular[0], order
        errors = [abs(row.value(D, J, L)[0] - values[name]) for name, row in MEASURES.items()]
        assert max(errors) <= min(promised(k, h), 1e-14 / h), order
        found = least_variance(part, np.arange(k)[None], np.arange(k + 1))[0]
        assert math.isclose(found, h, rel_tol=1e-4) or (found == 1 and h > 1e-4), order


@pytest.mark.parametrize("name", SINGULAR_ONES)
def test_a_singular_set_is_refused_in_every_order(name: str) -> None:
    R = SINGULAR_ONES[name]
    k = len(R)
    assert exact(R)[0] <= SINGULAR
    rng = np.random.default_rng(0)
    for _ in range(200):
        order = rng.permutation(k)
        assert by_elimination(R[np.ix_(order, order)], np.arange(k)[None], np.arange(k + 1)).singular[0], order


@pytest.mark.parametrize("where", ["values", "search"])
def test_every_backend_refuses_and_accepts_in_every_order(backend: str, where: str) -> None:
    rng = np.random.default_rng(1)
    for R, singular in [(SINGULAR_ONES["tridiagonal 5"], True), (SINGULAR_ONES["lags 8"], True), (lags(5, 6.0), False)]:
        for _ in range(4):
            order = rng.permutation(len(R))
            system = hoi.GaussianSystem.from_covariance(R[np.ix_(order, order)])
            if where == "search":
                options = {"order": len(R), "backend": backend}
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", hoi.SingularWarning)
                    assert hoi.search(system, **options).settings["skipped"] == singular
            elif singular:
                with pytest.raises(hoi.HoiError, match="numerically singular"):
                    hoi.oinfo(system, backend=backend)
            else:
                assert abs(hoi.oinfo(system, backend=backend) - exact(R)[1]["oinfo"]) < 1e-8


@given(st.integers(3, 7), st.integers(0, 2**32 - 1))
def test_one_verdict_and_the_promise_on_random_systems(k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    R = bounded_pivots(rng, k)
    h, values = exact(R)
    verdicts = set()
    for _ in range(10):
        order, signs = rng.permutation(k), rng.choice([-1.0, 1.0], k)
        part = (R * np.outer(signs, signs))[np.ix_(order, order)]
        D, J, L, singular = by_elimination(part, np.arange(k)[None], np.arange(k + 1))
        verdicts.add(bool(singular[0]))
        if not singular[0]:
            errors = [abs(row.value(D, J, L)[0] - values[name]) for name, row in MEASURES.items()]
            assert max(errors) <= promised(k, h)
    assert verdicts == {h <= SINGULAR} or abs(h / SINGULAR - 1) < 1e-2
    assert len(verdicts) == 1


def test_at_the_limit_an_order_of_its_own_decides() -> None:
    """Three members whose least variance is the limit to the last digit: one verdict, for each of many such sets."""
    seen = set()
    for seed in range(300):
        rng = np.random.default_rng(seed)
        a, b = rng.uniform(0.2, 0.8, 2)
        d = 1e-10 * (1 + rng.integers(-3, 4) * 1e-6)
        factor = np.array([[1, 0, 0], [a, 1, 0], [rng.uniform(0.1, 1), b, 0.0]])
        factor[2, 2] = math.sqrt(d) * np.linalg.norm(factor[2])
        R = with_factor(factor)
        verdicts = set()
        for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1], [2, 0, 1], [1, 0, 2]):
            part = R[np.ix_(order, order)]
            verdicts.add(bool(by_elimination(part, np.arange(3)[None], np.arange(4)).singular[0]))
        assert len(verdicts) == 1, seed
        seen |= verdicts
    assert seen == {True, False}


@pytest.mark.parametrize("seed", range(8))
def test_backends_agree_where_the_inverse_is_large(backend: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(7, 11))
    system = hoi.GaussianSystem.from_covariance(bounded_pivots(rng, n))
    for order, measure in [(3, "oinfo"), (n - 2, "tc"), (n - 1, "oinfo"), (n - 1, "dtc")]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", hoi.HoiWarning)
            options = {"order": order, "measure": measure, "n_best": 50}
            wanted = hoi.search(system, backend="numpy", **options)
            assert_same(hoi.search(system, backend=backend, **options), wanted)


def test_groups_are_singular_by_the_same_rule() -> None:
    R = SINGULAR_ONES["tridiagonal 5 of 1e-3"]
    rng = np.random.default_rng(0)
    for _ in range(10):
        order = rng.permutation(5)
        wide = np.eye(7)
        wide[:5, :5] = R[np.ix_(order, order)]
        system = hoi.GaussianSystem.from_covariance(wide)
        with pytest.raises(hoi.HoiError, match="is numerically singular: some of its 5 columns"):
            hoi.oinfo(system, groups=[range(5), [5], [6]])
        with pytest.raises(hoi.HoiError, match=r"the columns given .* are numerically singular"):
            hoi.oinfo(system, given=range(5))


# --- values of few digits are marked


def few_digits(n: int = 4) -> hoi.GaussianSystem:
    """The first three variables keep 1e-9 of the variance of one; a fourth has nothing to do with them."""
    R = np.eye(n)
    R[:3, :3] = tridiagonal(3, 10**-4.5)
    return hoi.GaussianSystem.from_covariance(R, names=list("abcdefgh"[:n]))


def test_values_of_few_digits_are_marked(backend: str) -> None:
    system = few_digits()
    message = r"close to numerically singular: \(a, b, c\)\. Given the others, a variable keeps 1\.0e-09 of its varia"
    with pytest.warns(hoi.IllConditionedWarning, match=message):
        hoi.oinfo(system, [("a", "b", "c"), ("a", "b", "d")], backend=backend)
    with pytest.warns(hoi.IllConditionedWarning, match=r"singular: \(a, b, c\)\. Given") as caught:
        hoi.measures(system, [("a", "b", "c"), ("a", "b", "d"), ("c", "b", "a")], backend=backend)
    assert len(caught) == 1
    with pytest.warns(hoi.IllConditionedWarning, match=r"singular: \(a, b, c\)\. Given"):
        hoi.search(system, 3, n_best=1, backend=backend)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        hoi.oinfo(system, [("a", "b", "d")], backend=backend)
        hoi.search(system, 2, measure="tc", backend=backend)


def test_high_orders_far_from_singular_are_not_marked() -> None:
    """However small their determinants are."""
    R = hoi.simulate.common_cause(60, np.full(60, 0.8)).covariance
    assert np.linalg.slogdet(R)[1] < -20
    hoi.oinfo(hoi.GaussianSystem.from_covariance(R))
