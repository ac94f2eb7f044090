"""Missing values: an error, or samples left out, which is said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from messages import message, says

import hoi

rng = np.random.default_rng(4)
X = rng.standard_normal((60, 4))
GAPS = X.copy()
GAPS[3, 0] = GAPS[7, 1] = GAPS[7, 2] = np.nan
WHOLE = X[~np.isnan(GAPS).any(axis=1)]
FRAME = pd.DataFrame(GAPS, columns=list("abcd"))


def dropped(call):
    """The result of a call that warns once of samples that were left out, at the line of the caller."""
    with pytest.warns(hoi.InputWarning, match="2 of 60 samples have a gap") as caught:
        result = call()
    assert len(caught) == 1
    assert caught[0].filename == __file__
    return result


@pytest.mark.parametrize("data", [GAPS, FRAME, FRAME.astype("Float64"), np.ma.masked_invalid(GAPS), GAPS.tolist()])
def test_samples_with_gaps_are_dropped(data):
    assert dropped(lambda: hoi.oinfo(data, missing="drop")) == hoi.oinfo(WHOLE)


def test_every_function_drops():
    found = dropped(lambda: hoi.search(FRAME, 3, n_best=1, missing="drop"))
    assert (found.settings["n_samples"], found.settings["dropped_rows"], found.names) == (58, 2, tuple("abcd"))
    np.testing.assert_array_equal(found.oinfo, hoi.search(WHOLE, 3, n_best=1).oinfo)
    assert hoi.search(WHOLE, 3, n_best=1).settings["dropped_rows"] == 0
    assert dropped(lambda: hoi.entropy(FRAME, missing="drop")) == hoi.entropy(WHOLE)
    assert dropped(lambda: hoi.information(FRAME, target="d", missing="drop")) == hoi.information(WHOLE, target=3)
    assert dropped(lambda: hoi.GaussianSystem.from_data(FRAME, missing="drop")).n_samples == 58
    assert dropped(lambda: list(hoi.scan(FRAME, 4, missing="drop")))[0].oinfo[0] == hoi.oinfo(WHOLE)


def test_mutual_information_drops_the_sample_of_all_parts():
    value = dropped(lambda: hoi.mutual_information(FRAME["a"], FRAME[["b", "c"]], missing="drop"))
    assert value == hoi.mutual_information(WHOLE[:, 0], WHOLE[:, 1:3])


def test_nothing_to_drop_is_silent():
    assert hoi.oinfo(X, missing="drop") == hoi.oinfo(X)
    assert hoi.oinfo(np.stack([X, X]), missing="drop").tolist() == [hoi.oinfo(X)] * 2


def test_each_dataset_loses_its_own_samples():
    other = X.copy()
    other[:20, 3] = np.nan
    stack = np.stack([GAPS, other])
    parts = [hoi.oinfo(WHOLE), hoi.oinfo(X[20:])]
    for data in (stack, list(stack), {"one": FRAME, "two": pd.DataFrame(other, columns=list("abcd"))}):
        with pytest.warns(hoi.InputWarning, match="22 of 120 samples of 2 datasets have a gap") as caught:
            found = hoi.search(data, 4, n_best=1, which="lowest", missing="drop")
        assert (len(caught), found.oinfo.tolist()) == (1, parts)
        assert (found.settings["n_samples"], found.settings["dropped_rows"]) == ([58, 40], 22)
    equal = np.stack([GAPS, np.roll(GAPS, 3, axis=0)])
    with pytest.warns(hoi.InputWarning, match="4 of 120 samples"):
        assert hoi.oinfo(equal, missing="drop")[0] == parts[0]
    other[2:, 0] = np.nan
    says(message(hoi.oinfo, [GAPS, other], missing="drop"), "dataset '1'", "0 rows without a gap", "0 (")


def test_gaps_in_columns_that_are_not_used_cost_nothing():
    """As the columns by themselves: 'a' has a gap in sample 3, 'b' and 'c' in sample 7, 'e' in all but ten."""
    wide = FRAME.assign(e=np.where(np.arange(60) < 10, X[:, 0], np.nan), f=X[:, 3] + X[:, 1])
    ad = wide[["a", "d", "f"]].dropna()
    sets = [("d", "a", "f"), ("f", "d")]
    calls = {
        "values": (lambda data, s, **o: hoi.oinfo(data, s, **o), {}),
        "measures": (lambda data, s, **o: hoi.measures(data, s, **o).dtc, {}),
        "entropies": (lambda data, s, **o: hoi.entropy(data, s, **o), {}),
        "subsets": (lambda data, s, **o: hoi.coinformation(data, s, **o), {}),
        "generator": (lambda data, s, **o: hoi.oinfo(data, (t for t in s), **o), {}),
        "list": (lambda data, s, **o: hoi.oinfo([data, data], s, **o)[1], {}),
    }
    for name, (call, options) in calls.items():
        with pytest.warns(hoi.InputWarning, match="1 of |2 of 120"):
            values = call(wide, sets, missing="drop", **options)
        np.testing.assert_array_equal(values, call(ad, sets, **options), err_msg=name)
    by_number = [tuple(wide.columns.get_loc(c) for c in s) for s in sets]
    with pytest.warns(hoi.InputWarning, match="1 of 60"):
        np.testing.assert_array_equal(hoi.oinfo(wide, by_number, missing="drop"), hoi.oinfo(ad, sets))
    assert hoi.oinfo(wide, [("d", "f")], missing="drop") == 0  # nothing to leave out


def test_what_is_given_and_the_target_count_as_used():
    total = X[:, 3] + X[:, 1] + np.cos(np.arange(60.0) ** 2)
    wide = FRAME.assign(e=np.where(np.arange(60) < 10, X[:, 0], np.nan), f=total)
    options = {"given": "b", "missing": "drop"}
    used = wide[["a", "b", "d", "f"]].dropna()
    with pytest.warns(hoi.InputWarning, match="2 of 60"):
        value = hoi.oinfo(wide, [("d", "a", "f")], **options)
    assert value == hoi.oinfo(used, [("a", "d", "f")], given="b")
    with pytest.warns(hoi.InputWarning, match="2 of 60"):
        value = hoi.information(wide, [("d", "a")], target="f", **options)
    assert value == hoi.information(used, [("a", "d")], target="f", given="b")
    groups = {"one": ["a", "d"], "two": ["f"], "rest": ["e", "b"]}
    with pytest.warns(hoi.InputWarning, match="1 of 60"):
        found = hoi.measures(wide, [("two", "one")], groups=groups, missing="drop")
    short = wide[["a", "d", "f"]].dropna()
    assert found.tc[0] == hoi.total_correlation(short, groups=[["a", "d"], ["f"]])
    assert (found.names, found.members) == (("one", "two", "rest"), [(1, 0)])
    with pytest.warns(hoi.InputWarning, match="1 of 60"):
        found = hoi.search(wide, 2, measure="tc", groups={"one": ["a", "d"], "two": ["f"]}, n_best=1, missing="drop")
    assert found.tc[0] == hoi.total_correlation(short, groups=[["a", "d"], ["f"]])
    says(message(hoi.oinfo, wide, [("a", "x")], missing="drop"), "the name 'x', which is not a column")


def test_messages():
    says(message(hoi.oinfo, FRAME), "3 NaN values, in columns 'a', 'b', 'c'", 'Use missing="drop"')
    says(message(hoi.oinfo, X, missing="pairwise"), "missing='pairwise': use one of 'raise', 'drop'")
    empty = FRAME.assign(e=np.nan)
    says(message(hoi.oinfo, empty, missing="drop"), "0 rows without a gap", "e (100.0%)", "leave such columns out")


@pytest.mark.filterwarnings("ignore::hoi.InputWarning")
def test_infinite_values_are_no_gaps():
    table = GAPS.copy()
    table[0, 0] = np.inf
    says(message(hoi.oinfo, table, missing="drop"), "1 infinite value")


ROLES = [
    ({}, [(0, 1), (1, 2)]), ({"given": 2}, [(0, 1)]), ({"target": 2, "measure": "information"}, [(0, 1)]),
    ({"groups": [[0, 2], [1]]}, None), ({"groups": {"l": [0, 2], "r": [1]}}, [("l", "r")]),
]  # fmt: skip


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize(("roles", "sets"), ROLES)
@pytest.mark.parametrize("estimator", ["gaussian_copula", "gaussian", "knn", "binned"])
@pytest.mark.filterwarnings("ignore::hoi.HoiWarning")
def test_gaps_of_columns_without_a_part_cost_no_sample_where_samples_are_asked_for(roles, sets, estimator, several):
    """Local values and intervals are of the samples that the value is of; a value stays where its sample is."""
    rng = np.random.default_rng(2)
    X = rng.standard_normal((60, 6)) + rng.standard_normal((60, 1))
    X[[4, 30], 1] = np.nan
    X[10:25, 3], X[7, 5] = np.nan, np.nan
    X = X[:, [5, 3, 1, 0, 2, 4]]  # the columns with a part come between those without
    place = {0: 3, 1: 2, 2: 4}
    moved = {
        name: value if name == "measure" else place[value] if isinstance(value, int)
        else {k: [place[c] for c in v] for k, v in value.items()} if isinstance(value, dict)
        else [[place[c] for c in v] for v in value]
        for name, value in roles.items()
    }  # fmt: skip
    own = sets if sets is None or "groups" in roles else [tuple(place[c] for c in S) for S in sets]
    data, options = [X, X[:50]] if several else X, {"estimator": estimator, "missing": "drop"}
    measure = moved.get("measure", "tc")
    function = hoi.information if measure == "information" else hoi.total_correlation
    value = np.asarray(function(data, own, **options, **{k: v for k, v in moved.items() if k != "measure"}))
    local = hoi.local(data, own, **{"measure": measure, **moved}, **options)
    for part, n, mean in zip(*((local, (60, 50), value) if several else ([local], (60,), [value])), strict=True):
        assert len(part) == n and np.flatnonzero(np.isnan(part.reshape(n, -1)[:, 0])).tolist() == [4, 30]
        np.testing.assert_allclose(np.nanmean(part, axis=0), mean, rtol=0, atol=1e-12)
    if estimator == "knn":
        return
    method = {} if "gaussian" in estimator else {"method": "bootstrap", "n_resamples": 9, "seed": 0}
    found = hoi.confidence_interval(data, own, **{"measure": measure, **moved}, **options, **method)
    np.testing.assert_allclose(getattr(found, measure), value.ravel(), rtol=0, atol=1e-12)
    assert found.settings["dropped_rows"] == (4 if several else 2)
    whole = [np.delete(table, [4, 30], axis=0)[:, [2, 3, 4]] for table in (data if several else [data])]
    if "groups" in roles:
        return
    back = {3: 1, 2: 0, 4: 2}
    plain = {name: back[value] if isinstance(value, int) else value for name, value in moved.items()}
    expected = hoi.confidence_interval(
        whole if several else whole[0], [tuple(back[c] for c in S) for S in own], **{"measure": measure, **plain},
        estimator=estimator, **method,
    )  # fmt: skip
    np.testing.assert_allclose(found.high, expected.high, rtol=0, atol=1e-12)


@pytest.mark.filterwarnings("ignore::hoi.HoiWarning")
@pytest.mark.parametrize("null", ["shift", "member"])
def test_gaps_of_columns_in_no_group_cost_no_sample_of_a_test(null):
    X = np.random.default_rng(3).standard_normal((60, 5))
    X[[4, 30], 4], X[10:25, 0] = np.nan, np.nan
    options = {"n_resamples": 29, "seed": 0, "null": null, "measure": "tc"}
    found = hoi.permutation_test(X, 2, groups=[[1, 4], [2], [3]], missing="drop", **options)
    plain = np.delete(X, [4, 30], axis=0)[:, 1:]
    expected = hoi.permutation_test(plain, 2, groups=[[0, 3], [1], [2]], **options)
    np.testing.assert_array_equal(found.tc, expected.tc)
    np.testing.assert_array_equal(found.pvalue, expected.pvalue)
    assert found.settings["dropped_rows"] == 2 and found.settings["n_samples"] == 58
