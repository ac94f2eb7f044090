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


CONSTANT = np.random.default_rng(7).standard_normal((3, 40, 5))
CONSTANT[1, :, 2] = 7.0
PAIR = np.random.default_rng(7).standard_normal((3, 40, 5))
PAIR[2, :, 4] = PAIR[2, :, 3]  # in one dataset column 4 is column 3


def alone(call, data, where, *args, **options):
    """The values of each dataset by itself, NaN where it is said to have none."""
    values = np.stack([np.asarray(call(table, *args, singular="nan", **options)) for table in data])
    assert np.isnan(values).tolist() == where
    return values


CONTAINERS = {"array": np.asarray, "list": list, "lengths": lambda X: [X[0], X[1], X[2][:30]]}


@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)
def test_constant_columns(container, backend):
    data = container(CONSTANT)
    sets, where = [(0, 1, 3), (0, 2, 3)], [[False, False], [False, True], [False, False]]
    options = {"singular": "nan", "backend": backend}
    values = hoi.oinfo(data, sets, **options)
    np.testing.assert_array_equal(values, alone(hoi.oinfo, data, where, sets, backend=backend))
    assert np.isclose(values[1, 0], hoi.oinfo(np.delete(CONSTANT[1], 2, axis=1), [(0, 1, 2)])[0], rtol=0, atol=1e-12)
    given = hoi.oinfo(data, [(0, 1, 3)], given=2, **options)
    assert np.isnan(given).ravel().tolist() == [False, True, False]
    grouped = hoi.total_correlation(data, [(0, 1), (0, 2)], groups=[[0, 1], [2, 3], [4]], **options)
    assert np.isnan(grouped).tolist() == [[False, False], [True, False], [False, False]]


def test_constant_columns_in_other_functions():
    values = hoi.entropy(CONSTANT, [(0,), (2,)], singular="nan")
    assert np.isnan(values).tolist() == [[False] * 2, [False, True], [False] * 2]
    x, y = CONSTANT[:, :, 2:3], CONSTANT[:, :, :1]
    assert np.isnan(hoi.mutual_information(x, y, singular="nan")).tolist() == [False, True, False]
    values = hoi.information(CONSTANT, [(0, 1)], target=2, singular="nan")
    assert np.isnan(values).ravel().tolist() == [False, True, False]
    gap = CONSTANT.copy()
    gap[0, 0, 0] = np.nan
    says(message(hoi.oinfo, gap, singular="nan"), "1 NaN value")
    with pytest.warns(hoi.InputWarning):
        values = hoi.oinfo(gap, [(0, 1, 2)], singular="nan", missing="drop")
    assert np.isnan(values).ravel().tolist() == [False, True, False]
    says(message(hoi.oinfo, CONSTANT), "the same value in all 40 samples of dataset 1 in column '2'")


SECOND = [[False] * 2, [False] * 2, [False, True]]
ROLES = [
    ({"given": [3, 4]}, [(0, 1, 2)], [[False], [False], [True]], "the columns given (3, 4) are numerically singular"),
    ({"given": 3}, [(0, 1, 2), (0, 1, 4)], SECOND, "4: determined by the columns given"),
    ({"groups": [[0], [1], [3, 4]]}, [(0, 1), (0, 2)], SECOND, "group '3+4' is numerically singular"),
    ({"groups": [[0, 2], [1], [4]], "given": 3}, [(0, 1), (0, 2)], SECOND, "4: determined by the columns given"),
]


@pytest.mark.parametrize(("roles", "sets", "where", "text"), ROLES, ids=["given", "determined", "groups", "both"])
def test_singular_groups_and_given_columns(roles, sets, where, text, backend):
    options = {"backend": backend, **roles}
    values = hoi.oinfo(PAIR, sets, singular="nan", **options)
    np.testing.assert_array_equal(values, alone(hoi.oinfo, PAIR, where, sets, **options))
    for d in (0, 1):
        np.testing.assert_array_equal(values[d], hoi.oinfo(PAIR[d], sets, **options))
    says(message(hoi.oinfo, PAIR, sets, **options), text)
    says(message(hoi.search, PAIR, 2, **options), text)


def test_a_target_that_determines():
    values = hoi.information(PAIR, [(0, 1), (0, 4)], target=3, singular="nan")
    assert np.isnan(values).tolist() == [[False] * 2, [False] * 2, [False, True]]
    says(message(hoi.information, PAIR, [(0, 1)], target=3), "4: determined by the columns given (3)")


def test_message():
    says(message(hoi.oinfo, X, singular="skip"), "singular='skip': use one of 'raise', 'nan'")
