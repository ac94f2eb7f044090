"""One singular data set among many: an error, or NaN where it is."""

from __future__ import annotations

import numpy as np
import pytest
from messages import message, says

import hoi

X = np.random.default_rng(6).standard_normal((3, 40, 4))
X[1, :, 2] = np.exp(X[1, :, 0])
SETS = [(0, 1, 3), (0, 1, 2), (0, 1, 2, 3)]
BAD = np.array([[False] * 3, [False, True, True], [False] * 3])


@pytest.mark.parametrize("call", [hoi.oinfo, hoi.total_correlation, hoi.dual_total_correlation, hoi.sinfo])
def test_the_other_datasets_keep_their_values(call):
    values = call(X, SETS, singular="nan")
    assert np.isnan(values).tolist() == BAD.tolist()
    for d in (0, 2):
        np.testing.assert_array_equal(values[d], call(X[d], SETS))
    says(message(call, X, SETS), "(0, 1, 2)", "of dataset 1", "numerically singular", 'singular="nan"')


def test_other_functions():
    found = hoi.measures(X, SETS, singular="nan")
    assert np.isnan(found.oinfo).reshape(3, 3).tolist() == BAD.tolist()
    assert np.isnan(hoi.entropy(X, SETS, estimator="gaussian_copula", singular="nan")).tolist() == BAD.tolist()
    value = hoi.mutual_information(X[:, :, :1], X[:, :, 2:3], singular="nan")
    assert np.isnan(value).tolist() == [False, True, False]
    assert np.isnan(hoi.oinfo(X[1], singular="nan"))


def test_message():
    says(message(hoi.oinfo, X, singular="skip"), "singular='skip': use one of 'raise', 'nan'")
