"""Co-information and neural complexity: definitions, and known values in bits."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import hoi
import reference


def counted(columns: np.ndarray) -> float:
    _, counts = np.unique(columns, axis=0, return_counts=True)
    p = counts / counts.sum()
    return float(-(p * np.log(p)).sum())


bits = np.array(list(itertools.product((0.0, 1.0), repeat=3)))
a, b, c = bits.T
# name: table, co-information, neural complexity
KNOWN = {
    "copy": (np.column_stack([a, a, a]), 1, 1),
    "xor": (np.column_stack([a, b, (a + b) % 2]), -1, 1),
    "parity": (np.column_stack([a, b, c, (a + b + c) % 2]), 1, 1.5),
    "and": (np.column_stack([a, b, a * b]), -0.188722, 0.603759),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_values(name: str) -> None:
    table, coinformation, complexity = KNOWN[name]
    assert hoi.coinformation(table, estimator=counted, units="bits") == pytest.approx(coinformation, abs=1e-6)
    assert hoi.tse_complexity(table, estimator=counted, units="bits") == pytest.approx(complexity, abs=1e-6)


def test_definitions() -> None:
    X = np.random.default_rng(0).standard_normal((40, 6)) @ np.random.default_rng(1).standard_normal((6, 6))
    h = reference.entropies(np.cov(X, rowvar=False), 40)
    conditional = lambda columns: h((*columns, 5)) - h((5,))  # noqa: E731
    sets = [(0, 1), (2, 0, 1), (4, 1, 2, 3), (0, 1, 2, 3, 4)]
    for z, entropy in ((None, h), (5, conditional)):
        got = hoi.coinformation(X, sets, estimator="gaussian", given=z)
        expected = [reference.coinformation(entropy, reference.singles(S)) for S in sets]
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-10)
        got = hoi.tse_complexity(X, estimator="gaussian", given=z)
        n = 6 if z is None else 5
        assert got == pytest.approx(reference.tse_complexity(entropy, reference.singles(range(n))), abs=1e-10)
    assert hoi.coinformation(X, [(0, 1)])[0] == pytest.approx(hoi.mutual_information(X[:, 0], X[:, 1]), abs=1e-10)
    assert hoi.coinformation(X, [(0,)])[0] == 0
    grouped = hoi.tse_complexity(X, groups=[(0, 1), (2,), (3, 4)], estimator="gaussian")
    assert grouped == pytest.approx(reference.tse_complexity(h, [(0, 1), (2,), (3, 4)]), abs=1e-10)


def test_shapes_and_limits() -> None:
    X = np.random.default_rng(0).standard_normal((3, 60, 5))
    assert hoi.tse_complexity(X).shape == (3,)
    assert hoi.coinformation(X, [(0, 1), (1, 2, 3)]).shape == (3, 2)
    assert type(hoi.tse_complexity(X[0])) is float
    assert hoi.tse_complexity(X[0][:, :2], groups=[(0, 1)]) == 0
    wide = hoi.GaussianSystem.from_covariance(np.eye(30))
    with pytest.raises(hoi.HoiError, match="30 variables have 1,073,741,824 subsets, all of which count: at most 25"):
        hoi.tse_complexity(wide)
    with pytest.raises(hoi.HoiError, match="a set has 30 members"):
        hoi.coinformation(wide)
