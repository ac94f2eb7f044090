"""The search of the mean over datasets: exact, as the permutation test has it, with how many datasets agree."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from messages import message, says

import hoi

rng = np.random.default_rng(31)
MIX = rng.standard_normal((7, 7))
STACK = rng.standard_normal((5, 80, 7)) @ MIX + rng.standard_normal((5, 80, 7))
LISTED = [table[: 40 + 10 * d] for d, table in enumerate(STACK)]
SETS = [s for k in (3, 4) for s in itertools.combinations(range(7), k)]
VALUES = {"oinfo": hoi.oinfo, "tc": hoi.total_correlation, "dtc": hoi.dual_total_correlation}


@pytest.mark.parametrize("data", [STACK, LISTED], ids=["stack", "list"])
@pytest.mark.parametrize("measure", VALUES)
def test_the_best_by_the_mean(data, measure, backend):
    each = VALUES[measure](data, SETS)
    mean = each.mean(axis=0)
    found = hoi.search(data, (3, 4), across="mean", measure=measure, n_best=3, backend=backend)
    order = np.argsort(mean)
    assert found.members == [SETS[i] for i in [*order[:3], *order[::-1][:3]]]
    places = [SETS.index(s) for s in found.members]
    np.testing.assert_allclose(getattr(found, measure), mean[places], rtol=0, atol=1e-12)
    share = (np.sign(each[:, places]) == np.sign(mean[places])).mean(axis=0)
    np.testing.assert_allclose(found.agreement, share)
    assert found.dataset is None
    assert (found.settings["across"], found.settings["n_datasets"]) == ("mean", 5)
    assert found.settings["evaluated"] == len(SETS)


def test_it_is_the_statistic_of_the_permutation_test():
    tested = hoi.permutation_test(STACK, 3, n_best=4, n_resamples=39, seed=0)
    found = hoi.search(STACK, 3, across="mean", n_best=4)
    assert found.members == tested.members
    np.testing.assert_allclose(found.oinfo, tested.oinfo, rtol=0, atol=1e-12)
    assert tested.settings["across"] == found.settings["across"]


ROLES = [{"target": 6, "measure": "gradient"}, {"given": [1]}, {"groups": [[0, 1], [2], [3]]}]


@pytest.mark.parametrize("options", ROLES)
def test_roles(options):
    found = hoi.search(LISTED, 3, across="mean", n_best=1, which="lowest", **options)
    call = hoi.gradient if "target" in options else hoi.oinfo
    options = {key: value for key, value in options.items() if key != "measure"}
    mean = call(LISTED, found.members, **options).mean(axis=0)
    np.testing.assert_allclose(getattr(found, found.lead), mean, rtol=0, atol=1e-12)


def test_tabu_search_of_all_variables():
    """Where there is nothing to exchange."""
    found = hoi.search(LISTED, 7, across="mean", method="tabu", n_restarts=2, n_best=1, which="lowest")
    np.testing.assert_allclose(found.oinfo, hoi.oinfo(LISTED).mean(), rtol=0, atol=1e-12)


def test_a_file_keeps_it(tmp_path):
    found = hoi.search(STACK, 3, across="mean", n_best=2)
    again = hoi.Multiplets.load(found.save(tmp_path / "group.parquet"))
    np.testing.assert_array_equal(again.agreement, found.agreement)
    assert "35 sets evaluated" in repr(found) and "agreement" in repr(found)
    assert "mean over 5 data sets" in found.methods() and "all 35 sets" in found.methods()


def test_a_set_that_is_singular_in_one_dataset_has_no_mean():
    data = STACK.copy()
    data[2, :, 1] = data[2, :, 0]
    with pytest.warns(hoi.SingularWarning, match="5 of 35"):
        found = hoi.search(data, 3, across="mean", n_best=40)
    assert not any({0, 1} <= set(s) for s in found.members)


def test_messages():
    says(message(hoi.search, STACK[0], 3, across="mean"), "across='mean'", "one table", "several datasets")
    says(message(hoi.search, STACK, 3, across="median"), "across='median': use one of 'each', 'mean'")
