"""Columns of labels among numbers in what is not a value or a search: samples, intervals, comparisons, two tables."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from messages import message, says
from mixtures import LABELLED, table

import hoi
import reference

TOLERANCE = 1e-10


@pytest.mark.parametrize("roles", [
    {"measure": "oinfo"}, {"measure": "dtc", "given": [4]}, {"measure": "gradient", "target": 4},
    {"measure": "rsi", "target": [2, 5], "given": [4]}, {"measure": "information", "target": 2},
])  # fmt: skip
def test_local_values_are_surprises_of_labels_and_of_numbers_in_their_class(roles) -> None:
    """By densities one by one, with the covariance of the class; their mean is the value, corrected or not."""
    X = table(8, 90)

    def surprises(columns: tuple[int, ...]) -> np.ndarray:
        labels = [tuple(row) for row in X[:, [c for c in columns if c in LABELLED]]]
        numbers = [c for c in columns if c not in LABELLED]
        out = np.empty(len(X))
        for t, label in enumerate(labels):
            rows = [i for i, other in enumerate(labels) if other == label]
            out[t] = -np.log(len(rows) / len(X))
            if numbers:
                own = X[np.ix_(rows, numbers)]
                C, x = np.atleast_2d(np.cov(own.T)), X[t, numbers] - own.mean(axis=0)
                form = x @ np.linalg.inv(C) @ x * len(rows) / (len(rows) - 1)
                out[t] += 0.5 * (len(numbers) * np.log(2 * np.pi) + np.linalg.slogdet(C)[1] + form)
        return out

    target, fixed = (tuple(np.atleast_1d(roles.get(role, [])).tolist()) for role in ("target", "given"))
    free = [c for c in range(6) if c not in (*target, *fixed)]
    measure, sets = roles["measure"], [tuple(free[:2]), tuple(free[:3])]
    options = {**roles, "discrete": LABELLED, "estimator": "gaussian"}
    for S, values in zip(sets, hoi.local(X, sets, bias_correction=False, **options).T, strict=True):
        parts = reference.singles(S)
        if target:
            wanted = reference.TARGET[measure](surprises, parts, target, fixed)
        else:
            wanted = reference.REFERENCE[measure](reference.conditional(surprises, fixed), parts)
        np.testing.assert_allclose(values, wanted, rtol=0, atol=TOLERANCE)
    value = getattr(hoi, {"dtc": "dual_total_correlation"}.get(measure, measure))
    known = {name: roles[name] for name in ("target", "given") if name in roles}
    for estimator in ("gaussian", "gaussian_copula", "knn", "binned"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", hoi.SparseWarning)
            values = hoi.local(X, sets, **{**options, "estimator": estimator})
            wanted = value(X, sets, discrete=LABELLED, estimator=estimator, **known)
        np.testing.assert_allclose(values.mean(axis=0), wanted, rtol=0, atol=TOLERANCE)


def test_a_bootstrap_has_the_width_of_the_local_values() -> None:
    """To first order a value is the mean of its local values, so that these give its standard error."""
    X = table(9, 600)
    options = {"measure": "information", "target": 4, "discrete": 4, "estimator": "gaussian"}
    found = hoi.confidence_interval(X, [(0, 3)], method="bootstrap", n_resamples=150, seed=0, **options)
    error = hoi.local(X, [(0, 3)], **options).std() / np.sqrt(len(X))
    assert found.information[0] == hoi.information(X, [(0, 3)], target=4, discrete=4, estimator="gaussian")[0]
    assert (found.high - found.low)[0] == pytest.approx(2 * 1.96 * error, rel=0.25)


def test_intervals_and_halves_with_labels() -> None:
    X = pd.DataFrame(table(10, 300), columns=list("abcdyz")).astype({"y": int})
    X["y"] = np.array(["u", "v", "w"])[X["y"]]
    options = {"discrete": ["y", "z"], "given": "y"}
    drawn = {"method": "bootstrap", "n_resamples": 20, "seed": 3}
    halves = hoi.split_half(X, 3, n_best=2, **drawn, **options)
    first, second = X.iloc[:150], X.iloc[150:]
    assert halves.members == hoi.search(first, 3, n_best=2, **options).members
    known = hoi.confidence_interval(second, halves.members, **drawn, **options)
    np.testing.assert_allclose(halves.oinfo, known.oinfo, rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(halves.low, known.low, rtol=0, atol=TOLERANCE)
    for call, arguments in ((hoi.confidence_interval, ()), (hoi.split_half, (3,))):
        says(message(call, X, *arguments, **options), 'method="influence" is of Gaussian columns, and discrete names',
             'use method="bootstrap"')  # fmt: skip
    rare = X.assign(y=["u", "u", "u", *["v", "w"] * 148, "v"])
    says(message(hoi.confidence_interval, rare, [("a", "b")], **drawn, **options),
         "drawn anew for the bootstrap cannot: take more samples", "numerically singular")  # fmt: skip


@pytest.mark.parametrize("estimator", ["gaussian_copula", "knn", "binned"])
def test_groups_of_tables_with_labels_are_compared(estimator) -> None:
    names = np.array(["u", "v", "w"])
    A, B = ([pd.DataFrame(table(seed, n), columns=list("abcdyz")) for seed, n in some]
            for some in ([(0, 80), (1, 90), (2, 80)], [(3, 80), (4, 80), (5, 85)]))  # fmt: skip
    A = [one.assign(y=names[one["y"].astype(int)]) for one in A]
    B = [one.assign(y=names[::-1][one["y"].astype(int)]) for one in B]  # other labels first: they are the same ones
    options = {"discrete": ["y", "z"], "estimator": estimator}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hoi.HoiWarning)
        found = hoi.compare(A, B, 3, n_resamples=19, n_best=2, seed=0, **options)
        means = [np.mean([hoi.oinfo(one, found.members, **options) for one in some], axis=0) for some in (A, B)]
        says(message(hoi.compare, A[0], B[0], 3, n_resamples=9, **options), "of Gaussian scores", "segments")
    np.testing.assert_allclose(found.oinfo, means[0] - means[1], rtol=0, atol=TOLERANCE)
    assert found.settings["discrete"] == ["y", "z"]


@pytest.mark.parametrize("estimator", ["gaussian_copula", "gaussian", "knn", "binned", "discrete"])
def test_information_between_numbers_and_labels(estimator) -> None:
    X = table(13, 150)
    if estimator == "discrete":
        X = np.round(X)
    label = np.array(["u", "v", "w"])[X[:, 4].astype(int)]
    options = {"estimator": estimator}
    frame = pd.DataFrame({"kind": label, "side": X[:, 5] > 0})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hoi.SparseWarning)
        wanted = hoi.information(X[:, :5], [(0,)], groups=[(0, 3)], target=4, discrete=4, **options)[0]
        for Y in (label, label.tolist(), label[:, None], pd.Series(label, dtype="category"), frame[["kind"]], X[:, 4]):
            got = hoi.mutual_information(X[:, [0, 3]], Y, discrete="Y", **options)
            assert got == pytest.approx(wanted, abs=TOLERANCE)
        both = hoi.information(X, [(0,)], groups=[(0, 3)], target=[4, 5], discrete=[4, 5], **options)[0]
        assert hoi.mutual_information(X[:, [0, 3]], frame, discrete=["Y"], **options) == pytest.approx(both)
        within = hoi.information(X[:, :5], [(0,)], groups=[(0, 3)], target=1, given=4, discrete=4, **options)[0]
        got = hoi.mutual_information(X[:, [0, 3]], X[:, 1], conditional_on=label, discrete="conditional_on", **options)
        assert got == pytest.approx(within, abs=TOLERANCE)
        halves = hoi.mutual_information([X[:80, [0, 3]], X[80:, [0, 3]]], [frame[:80], frame[80:]], discrete="Y",
                                        **options)  # fmt: skip
        each = [hoi.mutual_information(X[rows][:, [0, 3]], frame[rows], discrete="Y", **options)
                for rows in (slice(80), slice(80, None))]  # fmt: skip
        np.testing.assert_allclose(halves, each, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("discrete", ["kind", ["X", "kind"], 1, "conditional_on"])
def test_information_between_tables_names_them(discrete) -> None:
    x = np.arange(20.0) % 7
    says(message(hoi.mutual_information, x, x, discrete=discrete), "name which of X, Y are categories",
         "give hoi.information one table")  # fmt: skip


@pytest.mark.parametrize("estimator", ["gaussian_copula", "gaussian", "knn"])
def test_sets_of_numbers_that_determine_each_other_are_left_out(estimator) -> None:
    X = table(14, 120)
    X[:, 3] = X[:, 0] - 2 * X[:, 1]
    options = {"discrete": LABELLED, "estimator": estimator, "n_best": 30, "determined": "drop"}
    warnings.simplefilter("ignore", hoi.HoiWarning)
    found = hoi.search(X, 3, **options)
    assert (0, 1, 3) not in found.members and (0, 1, 2) in found.members and (0, 3, 4) in found.members
    about = hoi.search(X, (2, 3), measure="gradient", target=4, given=[5], **options)
    assert (0, 1, 3) not in about.members and (0, 1) in about.members


def test_more_information_than_there_are_labels_is_warned_of() -> None:
    """Two classes eight deviations apart: 1.4 nats and more by one Gaussian for all, log 2 in truth."""
    X = table(15, 400)
    X[:, :2] += 8 * X[:, 5:]
    by = {"estimator": "gaussian"}
    options = {"target": 5, "discrete": LABELLED, **by}
    drawn = {"method": "bootstrap", "n_resamples": 9, "seed": 0}
    calls = {
        "search": lambda: hoi.search(X, 2, measure="information", n_best=2, **options),
        "test": lambda: hoi.permutation_test(
            X[:, [0, 1, 5]], 2, measure="rsi", target=2, discrete=2, n_resamples=19, seed=0, which="lowest", **by),
        "interval": lambda: hoi.confidence_interval(X, [(0, 1)], measure="information", **drawn, **options),
        "local": lambda: hoi.local(X, [(0, 1)], measure="information", **options),
        "value": lambda: hoi.rsi(X, [(0, 1), (2, 3)], **options),
        "lengths": lambda: hoi.synergy_mmi([X, X[:300]], [(0, 1)], **options),
        "two tables": lambda: hoi.mutual_information(X[:, :2], X[:, 5], discrete="Y", **by),
    }  # fmt: skip
    for call in calls.values():
        with pytest.warns(hoi.HoiWarning) as caught:
            call()
        (said,) = (str(w.message) for w in caught)
        says(said, "the information of (", "about the labels of", "nats, and there are 0.69 nats to know of them",
             'for values use estimator="knn"')  # fmt: skip
    with pytest.warns(hoi.HoiWarning):
        found = hoi.search([X, X[:200]], 2, measure="information", across="mean", n_best=1, which="highest", **options)
    says(found.settings["warnings"][0], "about the labels of 5")


@pytest.mark.parametrize("far", [0.0, 4.0])
def test_and_not_where_it_is_less_or_exact(far) -> None:
    X = table(16, 400)
    X[:, 0] += far * X[:, 5]
    X[:, 4] = 2 * X[:, 5]  # labels that tell all of the others
    assert hoi.information(X, [(4,)], target=5, discrete=LABELLED)[0] == pytest.approx(np.log(2), abs=0.01)
    hoi.information(X, [(0, 4), (0, 1)], target=5, discrete=LABELLED, estimator="knn")
    hoi.information(X, [(2,)], target=5, discrete=LABELLED)


@pytest.mark.parametrize(("factor", "shift"), [(1e200, 0.0), (1e-250, 0.0), (1.0, 1e9)])
def test_local_values_do_not_depend_on_units(factor, shift) -> None:
    X = table(17, 60)
    moved = X.copy()
    moved[:, :4] = factor * X[:, :4] + shift
    options = {"discrete": LABELLED, "estimator": "gaussian", "measure": "information", "target": 4}
    found, wanted = (hoi.local(values, [(0, 1, 2)], **options) for values in (moved, X))
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5 if shift else TOLERANCE)
