"""Categorical columns among continuous ones: definitions, closed forms, identities, names of labels, and refusals."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from messages import message, says
from mixtures import LABELLED, table

import hoi
import reference
from hoi._maths.copula import normal_scores
from hoi.estimators import KNN, Binned

TOLERANCE = 1e-10
FUNCTIONS = {
    "information": hoi.information,
    "rsi": hoi.rsi,
    "gradient": hoi.gradient,
    "redundancy_mmi": hoi.redundancy_mmi,
    "synergy_mmi": hoi.synergy_mmi,
}


def scored(X: np.ndarray) -> np.ndarray:
    """With normal scores in place of the continuous columns: ranks over all samples."""
    X = X.copy()
    X[:, :4] = normal_scores(X[:, :4], "average", None)[0]
    return X


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=6)
@given(
    seed=st.integers(0, 10**6), estimator=st.sampled_from(["gaussian", "gaussian_copula"]), bias=st.booleans(),
    roles=st.sampled_from([
        ((4,), ()), ((5,), (4,)), ((4, 5), ()), ((4, 2), ()), ((2,), (5,)), ((4,), (3, 5)), ((4,), (3,)),
    ]),
)  # fmt: skip
def test_definitions_about_a_target(name, seed, estimator, bias, roles) -> None:
    """The target, what is given, or both have labels, alone or beside continuous columns; so have some members."""
    target, fixed = roles
    X = table(seed)
    h = reference.mixed_entropies(X if estimator == "gaussian" else scored(X), LABELLED, bias)
    free = [c for c in range(6) if c not in (*target, *fixed)]
    sets = [S for k in (1, 2, 3) for S in itertools.combinations(free, k)]
    got = FUNCTIONS[name](
        X, sets, target=target, given=fixed or None, discrete=LABELLED, estimator=estimator, bias_correction=bias
    )
    expected = [reference.TARGET[name](h, reference.singles(S), target, fixed) for S in sets]
    np.testing.assert_allclose(got, expected, rtol=0, atol=TOLERANCE)


@settings(max_examples=8)
@given(seed=st.integers(0, 10**6), fixed=st.sampled_from([None, [5], [4, 5], [0, 4]]), bias=st.booleans())
def test_definitions_of_sets_and_groups(seed, fixed, bias) -> None:
    X = table(seed)
    h = reference.mixed_entropies(X, LABELLED, bias)
    options = {"discrete": LABELLED, "given": fixed, "estimator": "gaussian", "bias_correction": bias}
    free = [c for c in range(6) if c not in (fixed or ())]
    sets = [S for k in (2, 3, 4) for S in itertools.combinations(free, min(k, len(free)))]
    found = hoi.measures(X, sets, **options)
    below = reference.conditional(h, fixed or ())
    for measure, definition in reference.REFERENCE.items():
        expected = [definition(below, reference.singles(S)) for S in sets]
        np.testing.assert_allclose(getattr(found, measure), expected, rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(hoi.entropy(X, sets, **options), [below(S) for S in sets], rtol=0, atol=TOLERANCE)
    if fixed is None:
        groups = [(0, 4), (1, 2), (5,), (3,)]
        wanted = reference.oinfo(h, [groups[i] for i in (0, 1, 2)])
        assert hoi.oinfo(X, [(0, 1, 2)], groups=groups, **options)[0] == pytest.approx(wanted, abs=TOLERANCE)


@pytest.mark.parametrize("estimator", ["gaussian_copula", "gaussian", "binned"])
@settings(max_examples=5)
@given(seed=st.integers(0, 10**6))
def test_identities(estimator, seed) -> None:
    """The gradient is O(S, Y) - O(S), O is TC - DTC and 0 for pairs; order, and monotone maps of ranks, are nothing."""
    X = table(seed)
    options = {"discrete": LABELLED, "estimator": estimator}
    sets = [(0, 1), (0, 1, 2), (3, 2, 1, 0)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hoi.SparseWarning)
        gradient = hoi.gradient(X, sets, target=4, **options)
        difference = hoi.oinfo(X, [(*S, 4) for S in sets], **options) - hoi.oinfo(X, sets, **options)
        np.testing.assert_allclose(gradient, difference, rtol=0, atol=TOLERANCE)
        found = hoi.measures(X, [(0, 4), (4, 5), (0, 1, 4), (0, 4, 5)], **options)
        np.testing.assert_allclose(found.oinfo, found.tc - found.dtc, rtol=0, atol=TOLERANCE)
        np.testing.assert_allclose(found.oinfo[:2], 0, atol=TOLERANCE)
        turned = X[:, ::-1]
        again = hoi.gradient(turned, [[5 - i for i in S] for S in sets], target=1, discrete=[0, 1], estimator=estimator)
        np.testing.assert_allclose(again, gradient, rtol=0, atol=TOLERANCE)
        if estimator != "gaussian":
            mapped = np.column_stack([np.exp(X[:, :4]), X[:, 4:]])
            np.testing.assert_array_equal(hoi.gradient(mapped, sets, target=4, **options), gradient)


@pytest.mark.parametrize("estimator", ["gaussian_copula", "gaussian", "binned", "knn", "discrete"])
def test_what_labels_are_called_and_in_which_order_is_nothing(estimator) -> None:
    """To the last bit: three labels as numbers, text, categories, booleans beside, permuted."""
    X = table(3, 120)
    if estimator == "discrete":
        X = np.round(X)
    frame = pd.DataFrame(X, columns=list("abcdyz"))
    warnings.simplefilter("ignore", hoi.SparseWarning)
    value = hoi.information(frame, [("a", "b", "z")], target="y", discrete=["y", "z"], estimator=estimator)
    for names in (["low", "mid", "high"], ["high", "low", "mid"], [0.5, -7.0, 1e9], [2, 0, 1], ["1", "10", "2"]):
        other = frame.assign(y=[names[int(v)] for v in frame["y"]], z=frame["z"] == 1)
        for data in (other, other.assign(y=other["y"].astype("category"))):
            got = hoi.information(data, [("a", "b", "z")], target="y", discrete=["y", "z"], estimator=estimator)
            np.testing.assert_array_equal(got, value)


def test_classes_of_one_mean_and_different_spread() -> None:
    """I = log of the mean variance less the mean log variance, halved: what is estimated of a Gaussian mixture."""
    rng = np.random.default_rng(0)
    y = np.arange(40_000) % 2
    x = rng.standard_normal(40_000) * np.where(y, 3, 1)
    X = np.column_stack([x, x + rng.standard_normal(40_000), y])
    expected = 0.5 * np.log((1 + 9) / 2) - 0.25 * np.log(9)
    got = hoi.information(X, [(0,)], target=2, discrete=2, estimator="gaussian")[0]
    assert got == pytest.approx(expected, abs=0.01)
    assert abs(hoi.information(X, [(0,)], target=2, estimator="gaussian")[0]) < 1e-3  # a number, it says nothing


def test_labels_that_turn_a_correlation_are_pure_synergy_and_what_is_estimated_is_too_high() -> None:
    """The figures of the documentation: 0.31 nats are true, by the densities; covariances give -log(1 - .64) / 2."""
    rng = np.random.default_rng(1)
    y = np.arange(20_000) % 2
    a, b = rng.standard_normal((2, 20_000))
    X = np.column_stack([a, np.where(y, 0.8, -0.8) * a + 0.6 * b, y])
    options = {"target": 2, "discrete": 2}
    assert hoi.information(X, [(0, 1)], **options)[0] == pytest.approx(-0.5 * np.log(1 - 0.64), abs=0.02)
    assert hoi.rsi(X, [(0, 1)], **options)[0] == pytest.approx(-hoi.gradient(X, [(0, 1)], **options)[0])
    assert hoi.rsi(X, [(0, 1)], **options)[0] == pytest.approx(-0.5 * np.log(1 - 0.64), abs=0.02)
    quadratic = np.stack([(X[:, 0] ** 2 - 2 * r * X[:, 0] * X[:, 1] + X[:, 1] ** 2) / 0.36 for r in (-0.8, 0.8)])
    densities = np.exp(-quadratic / 2)  # up to a factor that both share
    true = np.log(densities[y, np.arange(len(y))] / densities.mean(axis=0)).mean()
    assert true == pytest.approx(0.313, abs=0.01)
    assert hoi.information(X[:1500], [(0, 1)], estimator="knn", **options)[0] == pytest.approx(true, abs=0.06)


def test_the_bias_of_labels_that_say_nothing_is_gone() -> None:
    """Five columns, three labels of 200 samples: 0.07 nats without the correction, 0 with it (mean of 60 draws)."""
    rng = np.random.default_rng(2)
    stack = rng.standard_normal((60, 200, 6))
    stack[:, :, 5] = rng.choice(3, (60, 200), p=[0.4, 0.3, 0.3])
    options = {"target": 5, "discrete": 5}
    raw = hoi.information(stack, bias_correction=False, **options)
    corrected = hoi.information(stack, **options)
    assert 0.06 < raw.mean() < 0.09
    assert abs(corrected.mean()) < 0.015
    for d in (0, 59):  # of a stack, each dataset has its own classes
        assert corrected[d] == pytest.approx(hoi.information(stack[d], **options), abs=TOLERANCE)


def test_recordings_of_different_lengths_have_classes_of_their_own() -> None:
    names = ["b", "a", "c"]
    tables = {}
    for n in (90, 70):
        one = pd.DataFrame(table(n, n), columns=list("abcdyz"))
        tables[f"of {n}"] = one.assign(y=[names[int(v)] for v in one["y"]])
    options = {"target": "y", "discrete": ["y", "z"], "given": "z"}
    found = hoi.gradient(tables, [("a", "b", "c")], **options)
    for value, one in zip(found, tables.values(), strict=True):
        np.testing.assert_allclose(value, hoi.gradient(one, [("a", "b", "c")], **options), rtol=0, atol=TOLERANCE)


def test_nearest_neighbours_of_labels_are_those_of_ross() -> None:
    X = table(7, 150)
    expected = reference.ross(normal_scores(X[:, [0, 3]], "average", None)[0], X[:, 4], 4)
    got = hoi.information(X, [(0, 3)], target=4, discrete=4, estimator="knn")[0]
    assert got == pytest.approx(expected, abs=1e-6)  # scores are rounded there
    raw = reference.ross(X[:, [0, 3]], X[:, 4], 3)
    got = hoi.information(X, [(0, 3)], target=4, discrete=4, estimator=KNN(3, None))[0]
    assert got == pytest.approx(raw, abs=1e-10)


def test_known_mixtures_by_nearest_neighbours() -> None:
    """Gao et al. 2017: a label and a uniform around it, log 5 - 0.8 log 2; Poisson counts with zeros added, .2561."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, 5, (8, 600))
    uniform = label + 2 * rng.random((8, 600))
    found = hoi.information(np.stack([uniform, label], axis=2), target=1, discrete=1, estimator="knn")
    assert found.mean() == pytest.approx(np.log(5) - 0.8 * np.log(2), abs=0.03)
    x = rng.exponential(1, (8, 600))
    counts = rng.poisson(x) * (rng.random((8, 600)) >= 0.15)
    both = np.stack([x, counts.astype(float)], axis=2)
    assert hoi.total_correlation(both, estimator="knn").mean() == pytest.approx(0.2561, abs=0.05)


def test_labels_beside_bins_are_counted_as_they_are() -> None:
    X = table(5, 600)
    found = hoi.measures(X, [(0, 4)], discrete=[4], estimator=Binned(3))
    cut = np.digitize(X[:, 0], np.sort(X[:, 0])[[200, 400]])
    whole = hoi.measures(np.column_stack([cut, X[:, 4]]), [(0, 1)], estimator="discrete")
    assert found.tc[0] == pytest.approx(whole.tc[0], abs=TOLERANCE)
    assert found.settings["discrete"] == ["4"]


def test_searches_scans_tests_and_drivers(backend: str) -> None:
    X = pd.DataFrame(table(11, 90), columns=list("abcdyz"))
    X["y"] = np.array(["u", "v", "w"])[X["y"].astype(int)]
    for estimator, target, fixed in itertools.product(["gaussian_copula", "knn"], ["y", None], ["z"]):
        options = {"target": target, "given": fixed, "discrete": ["y", "z"], "estimator": estimator}
        measure = "gradient" if target else "oinfo"
        found = hoi.search(X, (2, 3), measure=measure, n_best=3, backend=backend, **options)
        rows = [(v, S) for block in hoi.scan(X, (2, 3), backend=backend, **options)
                for S, v in zip(block.members, getattr(block, measure).tolist(), strict=True)]  # fmt: skip
        wanted = reference.best(rows, "both", 3)
        assert found.members == [S for _, _, S in wanted]
        np.testing.assert_allclose(getattr(found, measure), [v for _, v, _ in wanted], rtol=0, atol=TOLERANCE)
        assert ", with y and z as categories; " in found.methods() or estimator == "knn"
        assert found.settings["discrete"] == ["y", "z"] and found.settings["estimator"] == estimator


@settings(max_examples=12)
@given(
    seed=st.integers(0, 10**6), measure=st.sampled_from(["gradient", "information", "rsi", "oinfo", "tc", "dtc"]),
    near=st.sampled_from([None, 1e-3, 1e-6, 0]), correct=st.booleans(),
)  # fmt: skip
def test_the_compiled_walk_over_classes_finds_what_the_reference_finds(seed, measure, near, correct) -> None:
    """Also where a set is close to singular, or is so, in one class only."""
    X = np.column_stack([table(seed, 150), np.random.default_rng(seed).standard_normal((150, 3))])
    if near is not None:
        rows = X[:, 4] == 1
        X[rows, 8] = X[rows, 6] - X[rows, 7] + near * X[rows, 8]
    roles = {"target": 4, "given": 5} if measure in ("gradient", "information", "rsi") else {"given": [4, 5]}
    options = {"measure": measure, "discrete": LABELLED, "estimator": "gaussian", "n_best": 4,
               "bias_correction": correct, **roles}  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hoi.HoiWarning)
        found = hoi.search(X, (2, 5), backend="numba", **options)
        wanted = hoi.search(X, (2, 5), backend="numpy", **options)
    assert found.members == wanted.members
    np.testing.assert_array_equal(getattr(found, measure), getattr(wanted, measure))
    for count in ("evaluated", "skipped"):
        assert found.settings[count] == wanted.settings[count]
    assert found.settings["walk"] == ["sums"] and wanted.settings["walk"] == ["blocks"]


def test_a_test_of_labels_and_their_past() -> None:
    X = table(12, 200)
    found = hoi.permutation_test(
        X, 2, measure="rsi", target=4, discrete=LABELLED, n_resamples=39, n_best=1, which="highest", seed=0
    )
    assert found.members == [(2, 3)] and found.pvalue[0] <= 2 / 40
    says(message(hoi.permutation_test, X, 3, discrete=LABELLED, null="phase"), 'null="phase"', "discrete names columns")
    Y = np.random.default_rng(0).standard_normal((400, 3))
    Y[:, 2] = np.random.default_rng(1).integers(0, 3, 400)
    Y[1:, 1] += 3 * (Y[:-1, 2] == 1)
    driven = hoi.transfer_entropy(Y, discrete=2)
    assert driven.loc["2", "1"] > 0.3 and abs(driven.loc["2", "0"]) < 0.03
    assert hoi.drivers(Y, 2, targets=1, discrete=2)["1"].settings["discrete"] == ["2", "2-1"]


def test_columns_are_found_by_the_names_that_are_given() -> None:
    X = table(6).astype(object)
    X[:, 4] = ["u" if v else "w" for v in X[:, 4]]
    found = hoi.measures(X, [("a", "y")], discrete=["y", "z"], names=list("abcdyz"))
    assert found.tc[0] == hoi.total_correlation(X, [(0, 4)], discrete=[4, 5])[0]


def test_missing_labels_are_gaps() -> None:
    frame = pd.DataFrame(table(1), columns=list("abcdyz")).astype({"y": object})
    frame.loc[3, "y"], frame.loc[7, "y"] = None, np.nan
    says(message(hoi.rsi, frame, target="y", discrete="y"), "2 NaN values, in column 'y'")
    with pytest.warns(hoi.InputWarning, match="2 of 240 samples have a gap"):
        got = hoi.rsi(frame, [(0, 1)], target="y", discrete=["y", "z"], missing="drop")
    whole = frame.drop(index=[3, 7]).astype(float)
    # a gap in a column without use costs nothing, and moves the categorical ones
    holed = frame.assign(a=frame["a"].where(frame["b"] > -1, np.nan)).drop(index=[3, 7])
    other = hoi.rsi(holed, [("c", "d")], target="y", discrete=["y", "z"], missing="drop")
    wanted = hoi.rsi(whole, [("c", "d")], target="y", discrete=["y", "z"])
    np.testing.assert_allclose(other, wanted, rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(got, hoi.rsi(whole, [(0, 1)], target="y", discrete=["y", "z"]), rtol=0, atol=TOLERANCE)


def test_a_set_with_too_few_samples_of_a_state_is_a_singular_one() -> None:
    X = table(4, 60)
    X[0, 5], X[1:, 5] = 2, np.arange(59) % 2  # one sample of a third label
    with pytest.warns(hoi.SingularWarning):
        found = hoi.search(X, 2, measure="tc", discrete=LABELLED, n_best=20)
    assert not any(5 in S and S[0] < 4 for S in found.members) and (4, 5) in found.members
    assert np.isnan(hoi.oinfo(X, [(0, 1, 5)], discrete=LABELLED, singular="nan")[0])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"discrete": 0}, "column '0' of X has 240 different values in 240 samples, fewer than 4 of each"),
        ({"discrete": 9}, "discrete has index 9, and the 6 columns have indices 0 to 5"),
        ({"discrete": [4, 4]}, "holds column '4' more than once"),
        ({"discrete": LABELLED, "bias_correction": "effective"}, '"effective" is not for columns of labels'),
        ({"discrete": 4, "estimator": "kernel"}, "takes numbers only, and discrete names column '4'"),
        ({"discrete": 4, "estimator": "shrinkage"}, 'use "gaussian_copula", "gaussian", "knn"'),
    ],
)
def test_refusals(options, said) -> None:
    says(message(hoi.oinfo, table(0), **options), said)


def test_refusals_name_the_class() -> None:
    X = table(0, 60)[:, :5]
    X[:, 4] = np.where(np.arange(60) < 3, 1.0, 0.0)
    few = message(hoi.information, X, [(0, 1, 2)], target=4, discrete=4)
    says(few, "where '4' is '1' (3 samples): the set (0, 1, 2) has 3 continuous columns", "in each class")
    X[:3, 1] = 7
    says(message(hoi.information, X, [(0, 1)], target=4, discrete=4, estimator="gaussian"),
         "where '4' is '1' (3 samples): column '1' has one value only")  # fmt: skip
    X[1:3, 4] = 2
    says(message(hoi.information, X, [(0,)], target=4, discrete=4), "where '4' is '1' (1 samples): a class needs more")
    system = hoi.GaussianSystem.from_data(table(0)[:, :4])
    says(message(hoi.oinfo, system, discrete=3), "X is GaussianSystem(4 variables", "Give the data themselves")
