"""Comparisons: t and p by hand, groups and conditions without a difference, and what is refused."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import binom, ttest_1samp, ttest_ind

import hoi


def subjects(rng, n, n_samples=60, n_variables=5, synergy=0.0):
    X = rng.standard_normal((n, n_samples, n_variables))
    X[:, :, -1] += synergy * (X[:, :, 1] + X[:, :, 2])
    return X


SETS = list(itertools.combinations(range(5), 3))


def test_statistics_are_students(rng):
    A, B = subjects(rng, 6, synergy=0.3), subjects(rng, 8)
    values = [np.array([hoi.oinfo(X, SETS) for X in group]) for group in (A, B)]
    found = hoi.compare(A, B, 3, n_resamples=99, n_best=10, seed=0)
    expected = ttest_ind(*values).statistic
    for members, statistic, difference in zip(found.members, found.statistic, found.oinfo, strict=True):
        s = SETS.index(members)
        assert statistic == pytest.approx(expected[s])
        assert difference == pytest.approx(values[0][:, s].mean() - values[1][:, s].mean())
    paired = hoi.compare(A, B[:6], 3, paired=True, n_resamples=99, n_best=10, seed=0)
    D = values[0] - values[1][:6]
    expected = ttest_1samp(D, 0).statistic
    for members, statistic in zip(paired.members, paired.statistic, strict=True):
        assert statistic == pytest.approx(expected[SETS.index(members)])


def test_p_is_the_share_of_all_arrangements(rng):
    """Four subjects in each group have 70 arrangements: many random ones come up as often as they should."""
    A, B = subjects(rng, 4), subjects(rng, 4)
    values = np.array([hoi.oinfo(X, SETS) for X in np.concatenate([A, B])])

    def largest(first):
        rest = [i for i in range(8) if i not in first]
        return np.abs(ttest_ind(values[list(first)], values[rest]).statistic).max()

    every = np.array([largest(first) for first in itertools.combinations(range(8), 4)])
    exact = np.mean(every >= largest(range(4)) - 1e-9)
    found = hoi.compare(A, B, 3, n_resamples=4999, n_best=10, seed=0).pvalue.min()
    assert found == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 4999) + 2e-4)


def test_a_list_of_tables_of_different_lengths(rng):
    A = [X[: 60 + 5 * i] for i, X in enumerate(subjects(rng, 5, 100, synergy=0.8))]
    found = hoi.compare(A, list(subjects(rng, 5)), (3, 4), n_best=1, n_resamples=999, seed=0)
    assert found.members[0] == (1, 2, 4) and found.extreme[0] == "lowest"
    assert found.pvalue[0] <= 0.05 and found.oinfo[0] < 0


@pytest.mark.parametrize("paired", [False, True])
def test_error_rate_of_groups(rng, paired):
    wrong = sum(
        hoi.compare(subjects(rng, 6), subjects(rng, 6), 3, paired=paired, n_resamples=99, seed=d).pvalue.min() <= 0.05
        for d in range(80)
    )
    assert wrong <= binom.ppf(0.999, 80, 0.05)


@pytest.mark.parametrize("phi", [0.0, 0.7, 0.9])
def test_error_rate_of_conditions(rng, phi):
    """One recording cut in two has no difference. Blocks of samples, longer than their memory, are dealt out."""
    wrong = 0
    for d in range(60):
        X = lfilter([1], [1, -phi], rng.standard_normal((900, 6)), axis=0)[100:]
        X[:, 3] += X[:, 0] + X[:, 1]
        wrong += hoi.compare(X[:400], X[400:], 3, n_resamples=99, seed=d).pvalue.min() <= 0.05
    assert wrong <= binom.ppf(0.999, 60, 0.07)


def test_a_difference_of_conditions_is_found(rng):
    A, B = subjects(rng, 2, 600)
    A[:, 4] += A[:, 1] + A[:, 2]
    found = hoi.compare(A, B, 3, n_best=1, n_resamples=199, seed=0)
    assert found.members[0] == (1, 2, 4) and found.pvalue[0] == 0.005
    assert found.settings["comparison"] == "conditions" and found.settings["block_length"] == 1
    np.testing.assert_allclose(found.oinfo, hoi.oinfo(A, found.members) - hoi.oinfo(B, found.members))


def test_errors_and_warnings(rng):
    A, B = subjects(rng, 3), subjects(rng, 4)
    cases = [
        ((A, B), {"paired": True}, "paired=True, and A has 3 datasets and B 4: pairs need as many in both."),
        ((A[:1], B), {}, "A has 1 datasets and B 4: at least 2 are needed in each."),
        ((A[0], B), {}, "one of A and B is a single table and the other holds several"),
        ((A[0], B[0]), {"paired": True}, "paired=True, and A and B are one table each"),
        ((A, B[:, :, :4]), {}, "dataset 3 (those of A are first) has 4 columns"),
        ((A[0], B[0]), {"estimator": lambda columns: 0.0}, "is not: cut each condition into segments"),
        ((hoi.GaussianSystem.from_data(A), B), {}, "A is a GaussianSystem, and what is compared are samples"),
        ((A, B), {"measure": "gradient"}, "measure='gradient': use one of"),
    ]
    for given, options, message in cases:
        with pytest.raises(hoi.HoiError) as error:
            hoi.compare(*given, 3, n_resamples=9, **options)
        assert message in str(error.value)
    slow = np.cumsum(rng.standard_normal((2, 60, 4)), axis=1)
    with pytest.raises(hoi.HoiError, match=r"a condition has 60 samples, of which .* leaves too few blocks"):
        hoi.compare(slow[0], slow[1], 3, n_resamples=9)
    A[:, :, 0] = A[:, :, 1]
    with pytest.raises(hoi.HoiError, match=r"some sets of dataset 0 \(those of A are first\) are numerically singular"):
        hoi.compare(A, B, 3, n_resamples=9)
    with pytest.warns(hoi.HoiWarning, match=r"3 and 3 datasets have so few arrangements .* below 0.1"):
        hoi.compare(B[:3], subjects(rng, 3), 3, n_resamples=99)
