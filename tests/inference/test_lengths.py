"""Recordings of different lengths: surrogates, intervals and comparisons of each within itself, by its own samples."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from messages import message, says

import hoi
from hoi._inputs.table import Recordings, Table
from hoi._maths.copula import normal_scores
from hoi._maths.surrogates import moved
from tests import reference

rng = np.random.default_rng(3)
MIX = rng.standard_normal((5, 5))
TABLES = [rng.standard_normal((n, 5)) @ MIX for n in (40, 25, 110)]
EQUAL = [rng.standard_normal((50, 5)) @ MIX for _ in range(3)]
SETS = [(0, 1, 2), (1, 3), (0, 2, 3, 4)]
ROLES = [{}, {"given": 4}, {"target": 3, "measure": "rsi"}, {"groups": [[0, 1], [2], [3, 4]]}]


def assert_same(found, alone):
    assert found.members == alone.members
    for name in alone.columns:
        np.testing.assert_array_equal(getattr(found, name), getattr(alone, name))


@pytest.mark.parametrize("options", [
    *ROLES, {"estimator": "gaussian"}, {"bias_correction": "effective"},
    {"estimator": hoi.estimators.GaussianCopula("random", seed=1)},
])  # fmt: skip
@pytest.mark.filterwarnings("ignore::hoi.TiesWarning")
def test_intervals_are_those_of_each_recording(options):
    tables = [table.round() for table in TABLES] if "estimator" in options else TABLES
    sets = [(0, 1, 2)] if {"groups", "given", "target"} & set(options) else SETS
    found = hoi.confidence_interval(dict(zip("abc", tables, strict=True)), sets, **options)
    for d, table in enumerate(tables):
        assert_same(found[found.dataset == d], hoi.confidence_interval(table, sets, **options))
    assert found.settings["n_samples"] == [40, 25, 110] and found.dataset_names[0] == "a"


@pytest.mark.parametrize("estimator", ["gaussian_copula", "binned"])
@pytest.mark.filterwarnings("ignore::hoi.SparseWarning")
def test_a_bootstrap_draws_the_blocks_of_one_recording_after_the_other(estimator):
    options = {"method": "bootstrap", "n_resamples": 20, "estimator": estimator}
    found = hoi.confidence_interval(TABLES, SETS, seed=np.random.default_rng(5), **options)
    stream = np.random.default_rng(5)
    for d, table in enumerate(TABLES):
        assert_same(found[found.dataset == d], hoi.confidence_interval(table, SETS, seed=stream, **options))
    assert found.settings["block_length"] == [10, 9, 14]


def test_gaps_of_each():
    gapped = [table.copy() for table in EQUAL]
    gapped[1][[3, 7], 2] = np.nan
    with pytest.warns(hoi.InputWarning, match="2 of 150 samples of 3 datasets"):
        found = hoi.confidence_interval(np.stack(gapped), SETS, missing="drop")
    assert_same(found[found.dataset == 1], hoi.confidence_interval(np.delete(EQUAL[1], [3, 7], axis=0), SETS))
    with pytest.warns(hoi.InputWarning, match="2 of 150 samples of 3 datasets"):
        tested = hoi.permutation_test(np.stack(gapped), 3, missing="drop", n_resamples=39, seed=0)
    lengths = [EQUAL[0], np.delete(EQUAL[1], [3, 7], axis=0), EQUAL[2]]
    assert_same(tested, hoi.permutation_test(lengths, 3, n_resamples=39, seed=0))
    assert tested.settings["dropped_rows"] == 2 and tested.settings["n_samples"] == [50, 48, 50]


@pytest.mark.parametrize("options", [
    *ROLES, {"null": "permute"}, {"null": "phase"}, {"null": "member"}, {"bias_correction": "effective"},
    {"estimator": "binned"}, {"estimator": "gaussian", "per_order": True},
    {"estimator": hoi.estimators.GaussianCopula("random", seed=1)},
])  # fmt: skip
@pytest.mark.filterwarnings("ignore::hoi.HoiWarning")
def test_the_test_is_of_the_mean_whatever_the_lengths(options):
    """Values are those of the search of the mean; of one length, p is that of a stack, to the last bit."""
    order = 2 if "groups" in options else (2, 3) if options.get("measure") else 3
    options = {"measure": "tc", **options}
    found = hoi.permutation_test(TABLES, order, n_resamples=39, seed=2, **options)
    plain = {name: value for name, value in options.items() if name != "null"}
    if options.get("null") != "member":  # whose rows are in another order
        expected = hoi.search(TABLES, order, across="mean", **plain)
        assert found.members == expected.members
        measure = options["measure"]
        np.testing.assert_allclose(getattr(found, measure), getattr(expected, measure), rtol=0, atol=1e-12)
    apart = Recordings(tuple(map(Table, EQUAL)))
    if not isinstance(options.get("estimator"), hoi.estimators.GaussianCopula):  # ties of a stack are drawn in one go
        assert_same(*(hoi.permutation_test(X, order, n_resamples=39, seed=2, **options) for X in (apart, EQUAL)))


@pytest.mark.parametrize("null", ["shift", "permute"])
def test_p_by_hand(null):
    """All sets of all recordings by the slow reference, each moved within itself by one stream of the surrogate."""
    m, sets = 59, list(itertools.combinations(range(5), 3))
    found = hoi.permutation_test(TABLES, 3, n_resamples=m, null=null, n_best=1, bias_correction=False, seed=4)

    def farthest(tables):
        values = np.zeros(len(sets))
        for table in tables:
            h = reference.entropies(np.cov(normal_scores(np.ascontiguousarray(table))[0].T))
            values += [reference.oinfo(h, reference.singles(S)) / len(tables) for S in sets]
        return np.array([-values.min(), values.max()])

    surrogates = []
    for seed in np.random.default_rng(4).integers(2**63, size=m).tolist():
        stream = np.random.default_rng([seed, 0])
        surrogates.append(farthest([moved(X, np.arange(5), null, 1, stream)[0] for X in TABLES]))
    assert found.pvalue.min() == pytest.approx(reference.min_p(np.array(surrogates), farthest(TABLES)))


def test_a_test_goes_on_from_its_file(tmp_path):
    plain = hoi.permutation_test(TABLES, 3, n_resamples=39, seed=0)
    for _ in range(2):
        found = hoi.permutation_test(TABLES, 3, n_resamples=39, seed=0, checkpoint=tmp_path / "c", threads=2)
        assert_same(found, plain)
    other = [TABLES[0], TABLES[1], TABLES[2][:-1]]
    says(message(hoi.permutation_test, other, 3, n_resamples=39, seed=0, checkpoint=tmp_path / "c"), "another search")


@pytest.mark.parametrize("ties", ["average", "ordinal", "random"])
def test_scores_are_those_of_each(ties):
    tables = [table.round() for table in TABLES]
    found = hoi.copula_transform(tables, ties=ties, seed=7)
    for scores, table in zip(found, tables, strict=True):
        np.testing.assert_array_equal(scores, hoi.copula_transform(table, ties=ties, seed=7))


@pytest.mark.filterwarnings("ignore:3 and 3 datasets:hoi.HoiWarning")
def test_other_functions_take_each_by_itself():
    np.testing.assert_array_equal(
        hoi.effective_sample_size(TABLES), [hoi.effective_sample_size(table) for table in TABLES]
    )
    B = [table + 1 for table in TABLES[::-1]]
    found = hoi.compare(dict(zip("abc", TABLES, strict=True)), B, 3, n_resamples=19, seed=0)
    assert_same(found, hoi.compare(TABLES, [table.tolist() for table in B], 3, n_resamples=19, seed=0))
    difference = hoi.oinfo(TABLES, found.members).mean(axis=0) - hoi.oinfo(B, found.members).mean(axis=0)
    np.testing.assert_allclose(found.oinfo, difference, rtol=0, atol=1e-12)


def test_errors_name_the_recording():
    short = {"long": TABLES[0], "short": TABLES[0][:15]}
    says(message(hoi.permutation_test, short, 3), "15 samples of dataset 'short' (the shortest)", 'null="permute"')
    says(message(hoi.confidence_interval, short, SETS), "15 samples of dataset 'short' (the shortest) for an interval")
    says(message(hoi.split_half, TABLES, 3), "X has 3 datasets: the halves are of one")
    bad = [TABLES[0], TABLES[1].copy()]
    bad[1][4, 1] = np.inf
    for call in (hoi.permutation_test, hoi.confidence_interval, hoi.effective_sample_size):
        arguments = [3] if call is hoi.permutation_test else [SETS] if call is hoi.confidence_interval else []
        says(message(call, bad, *arguments), "dataset '1'", "1 infinite value, in column '1'")


@pytest.mark.parametrize("lengths", ["one", "several"])
@pytest.mark.filterwarnings("ignore::hoi.HoiWarning")
def test_ties_that_are_drawn_are_those_of_the_search(lengths):
    """The mean that is tested is that of the systems of the search, and not of systems drawn anew."""
    tables = [table.round() for table in (EQUAL if lengths == "one" else TABLES)]
    estimator = hoi.estimators.GaussianCopula("random", seed=1)
    found = hoi.permutation_test(tables, 3, n_resamples=19, seed=2, estimator=estimator)
    expected = hoi.search(tables, 3, across="mean", estimator=estimator)
    assert found.members == expected.members
    np.testing.assert_allclose(found.oinfo, expected.oinfo, rtol=0, atol=1e-12)
