"""Numbers that float64 cannot hold keep their order; covariances in the place of samples are refused."""

from __future__ import annotations

import decimal

import numpy as np
import pandas as pd
import pytest
from messages import message, says

import hoi

rng = np.random.default_rng(5)
# nanoseconds within a microsecond, and what they measure
STEPS = np.sort(rng.choice(1000, 200, replace=False)).astype(np.int64)
SMALL = np.column_stack([STEPS, (STEPS + rng.integers(0, 300, 200)), rng.integers(0, 1000, 200)])
BIG = SMALL + 1_700_000_000_000_000_000


@pytest.mark.filterwarnings("ignore::hoi.TiesWarning")
@pytest.mark.parametrize("estimator", ["gaussian_copula", "gaussian"])
@pytest.mark.parametrize(
    "X",
    [
        BIG, BIG.astype(np.uint64) + np.uint64(2**62), -BIG, pd.DataFrame(BIG, columns=list("abc")),
        pd.DataFrame(BIG, columns=list("abc")).astype("Int64"),
        pd.DataFrame({"a": BIG[:, 0], "b": SMALL[:, 1] * 1.0, "c": BIG[:, 2]}),
        SMALL + np.longdouble(2) ** 60,
    ],
)
def test_integers_beyond_two_to_the_53(X, estimator):
    expected = hoi.oinfo(SMALL, estimator=estimator)
    assert hoi.oinfo(X, estimator=estimator) == pytest.approx(expected, abs=1e-12)
    assert np.asarray(hoi.mutual_information(BIG[:, 0], BIG[:, 1], estimator=estimator)) == pytest.approx(
        hoi.mutual_information(SMALL[:, 0], SMALL[:, 1], estimator=estimator), abs=1e-12
    )


def test_the_whole_range_of_64_bits():
    column = np.array([-(2**63), 2**63 - 1, 0, 1, 2**63 - 2, 5])
    other = np.array([3.0, 1.0, 2.0, 6.0, 5.0, 4.0])
    ranks = np.argsort(np.argsort(column)).astype(float)
    assert hoi.mutual_information(column, other) == hoi.mutual_information(ranks, other)


def test_many_ties_are_not_invented():
    with np.errstate(all="raise"):
        hoi.oinfo(np.column_stack([rng.permutation(200) + 2**60, rng.permutation(200)]))  # warnings are errors here


def test_decimals_are_refused():
    X = [[decimal.Decimal(i * j % 7) for j in range(2)] for i in range(5)]
    says(message(hoi.oinfo, X), "dtype object", "numbers are needed")
    says(message(hoi.oinfo, pd.DataFrame(X)), "without real numbers", "object")


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n", [3, 8, 40])
def test_correlations_are_no_samples(n, dtype):
    tables = np.random.default_rng(n).standard_normal((200, n)).astype(dtype)
    for matrix in (np.corrcoef(tables.T), np.cov(tables.T), np.linalg.inv(np.cov(tables.T))):
        says(message(hoi.oinfo, matrix), "symmetric", "from_covariance(X, n_samples=...)")
    says(message(hoi.search, pd.DataFrame(tables).corr(), 2), "symmetric")


def test_square_samples_with_a_large_offset_are_samples():
    X = 1e9 + np.random.default_rng(0).standard_normal((6, 6))
    assert np.isfinite(hoi.oinfo(X, [(0, 1, 2)])).all()
