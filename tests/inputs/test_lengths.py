"""Recordings of different lengths in one list: each is estimated by itself, with the bias of its own samples."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from messages import message, says

import hoi
import reference

rng = np.random.default_rng(14)
MIX = rng.standard_normal((5, 5))
TABLES = [rng.standard_normal((n, 5)) @ MIX for n in (40, 25, 200)]
SETS = [(0, 1, 2), (1, 3), (0, 2, 3, 4)]
ESTIMATORS = {
    "copula": "gaussian_copula", "gaussian": "gaussian", "binned": "binned", "shrinkage": "shrinkage",
    "knn": hoi.estimators.KNN(3), "own": lambda columns: float(np.log(np.ptp(columns, axis=0)).sum()),
}  # fmt: skip


def each(call, *args, **options):
    return np.stack([np.asarray(call(table, *args, **options)) for table in TABLES])


@pytest.mark.parametrize("estimator", ESTIMATORS.values(), ids=ESTIMATORS)
@pytest.mark.filterwarnings("ignore::hoi.SparseWarning")
def test_values_are_those_of_each_recording(estimator):
    options = {"estimator": estimator}
    np.testing.assert_array_equal(hoi.oinfo(TABLES, SETS, **options), each(hoi.oinfo, SETS, **options))
    np.testing.assert_array_equal(hoi.oinfo(TABLES, **options), each(hoi.oinfo, **options))
    options |= {"target": 4}
    values = hoi.gradient(TABLES, SETS[:2], **options)
    np.testing.assert_array_equal(values, each(hoi.gradient, SETS[:2], **options))


def test_the_bias_is_that_of_each():
    values = hoi.total_correlation(TABLES, SETS, estimator="gaussian")
    for row, table in zip(values, TABLES, strict=True):
        h = reference.entropies(np.cov(table.T), len(table))
        np.testing.assert_allclose(row, [reference.total_correlation(h, reference.singles(s)) for s in SETS], rtol=1e-9)


@pytest.mark.parametrize(
    "options", [{}, {"given": 4}, {"target": 2, "measure": "rsi"}, {"groups": [[0, 1], [2], [3, 4]]}]
)
def test_search_and_scan_are_those_of_each(backend, options):
    of_scan = {key: value for key, value in options.items() if key != "measure"}
    found = hoi.search(TABLES, (2, 3), n_best=4, backend=backend, **options)
    blocks = list(hoi.scan(TABLES, 3, backend=backend, **of_scan))
    for d, table in enumerate(TABLES):
        alone = hoi.search(table, (2, 3), n_best=4, backend=backend, **options)
        part = found[found.dataset == d]
        np.testing.assert_array_equal(part.indices, alone.indices)
        for name in alone.columns:
            np.testing.assert_array_equal(getattr(part, name), getattr(alone, name))
        rows = [block for block in blocks if block.dataset[0] == d]
        lone = list(hoi.scan(table, 3, backend=backend, **of_scan))
        assert [s for block in rows for s in block.members] == [s for block in lone for s in block.members]
    assert found.settings["n_samples"] == [40, 25, 200]
    assert found.settings["evaluated"] == 3 * alone.settings["evaluated"]


def test_other_functions():
    np.testing.assert_array_equal(hoi.entropy(TABLES, SETS), each(hoi.entropy, SETS))
    np.testing.assert_allclose(hoi.coinformation(TABLES, SETS), each(hoi.coinformation, SETS), rtol=0, atol=1e-12)
    np.testing.assert_allclose(hoi.tse_complexity(TABLES), each(hoi.tse_complexity), rtol=0, atol=1e-12)
    found = hoi.measures(TABLES, SETS)
    np.testing.assert_array_equal(found.dtc.reshape(3, 3), each(hoi.dual_total_correlation, SETS))
    assert hoi.plan(TABLES, 3).n_sets == 3 * 10
    system = hoi.GaussianSystem.from_data(TABLES)
    assert repr(system) == "SeveralSystem(3 datasets, 5 variables, 25 to 200 samples, gaussian_copula)"
    np.testing.assert_array_equal(hoi.oinfo(system, SETS), hoi.oinfo(TABLES, SETS))
    assert "25 to 200 samples" in repr(found)


@pytest.mark.parametrize("as_rows", [lambda table: table.tolist(), list, lambda table: list(map(tuple, table))])
def test_tables_may_be_lists_of_rows(as_rows):
    expected = hoi.oinfo(TABLES, SETS)
    tables = [as_rows(table) for table in TABLES]
    for given in (tables, tuple(tables), dict(zip("abc", tables, strict=True)), [TABLES[0], *tables[1:]]):
        np.testing.assert_array_equal(hoi.oinfo(given, SETS), expected)
    equal = [as_rows(table[:25]) for table in TABLES]
    np.testing.assert_array_equal(hoi.oinfo(equal, SETS), hoi.oinfo([table[:25] for table in TABLES], SETS))
    holed = TABLES[0].tolist()
    holed[3][1] = np.ma.masked
    with pytest.warns(UserWarning, match="masked element to nan"):
        says(message(hoi.oinfo, holed), "shape (40, 5) and 1 NaN value, in column '1'")


def test_mutual_information():
    x, y = [table[:, :2] for table in TABLES], [table[:, 2:4] for table in TABLES]
    z = [table[:, 4:] for table in TABLES]
    np.testing.assert_array_equal(
        hoi.mutual_information(x, y, conditional_on=z),
        [hoi.mutual_information(*one[:2], conditional_on=one[2]) for one in zip(x, y, z, strict=True)],
    )
    says(message(hoi.mutual_information, x, y[::-1]), "Row i of each is the same sample")
    says(message(hoi.mutual_information, x, y[:2]), "X (3, 25, 40, 200), Y (2, 25, 40)", "cut them to the same rows")


def test_a_search_goes_on_from_its_file_and_on_executors(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    plain = hoi.search(TABLES, (3, 4), n_best=3)
    with ThreadPoolExecutor(2) as pool:
        found = hoi.search(TABLES, (3, 4), n_best=3, executor=pool, checkpoint=tmp_path / "c")
    np.testing.assert_array_equal(found.oinfo, plain.oinfo)
    other = [TABLES[0], TABLES[1], TABLES[2][:-1]]
    says(message(hoi.search, other, (3, 4), n_best=3, checkpoint=tmp_path / "c"), "holds another search")


def test_one_warning_and_an_error_name_the_recording():
    rounded = [table.round() for table in TABLES]
    with pytest.warns(hoi.TiesWarning, match=r"dataset '0'.*in 2 more of 3 datasets") as caught:
        hoi.oinfo(rounded)
    assert len(caught) == 1
    bad = {"one": TABLES[0], "two": TABLES[1].copy()}
    bad["two"][3, 2] = np.nan
    says(message(hoi.oinfo, bad), "dataset 'two'", "1 NaN value, in column '2'")
    short = [TABLES[0], TABLES[1][:4]]
    says(message(hoi.oinfo, short), "dataset 1, the shortest", "5 columns and there are 4 samples")
    frames = [pd.DataFrame(TABLES[0], columns=list("abcde")), pd.DataFrame(TABLES[1], columns=list("abcdf"))]
    says(message(hoi.oinfo, frames), "columns differ")
    says(message(hoi.oinfo, {"a": TABLES[0], "b": list(TABLES)}), "X['b'] holds several tables itself")


def test_equal_lengths_are_a_stack():
    equal = [table[:25] for table in TABLES]
    assert hoi.search(equal, 3).settings["n_samples"] == 25
    np.testing.assert_array_equal(hoi.oinfo(equal, SETS), hoi.oinfo(np.stack(equal), SETS))


def test_every_length_has_its_own_correction():
    """Corrected values of independent columns have mean 0, whatever the lengths."""
    draws = np.random.default_rng(1)
    values = [
        hoi.total_correlation([draws.standard_normal((n, 3)) for n in (8, 50)], estimator="gaussian")
        for _ in range(300)
    ]
    error = np.std(values, axis=0) / np.sqrt(len(values))
    assert (np.abs(np.mean(values, axis=0)) < 4 * error).all()


def test_tables_made_by_hand_are_checked():
    table = hoi.Table(TABLES[0])
    says(message(hoi.Table, TABLES[0].tolist()), "a list, and an array of float64 is needed", "hoi.as_table(values")
    says(message(hoi.Table, TABLES[0].astype(int)), "an array of float64 is needed")
    says(message(hoi.Table, TABLES[0], ("a", "b")), "names has 2 entries", "have shape (40, 5)")
    says(message(hoi.Table, np.stack([TABLES[0]] * 2), datasets=("a",)), "datasets has 1 entries", "shape (2, 40, 5)")
    for tables in ((), (TABLES[0], TABLES[1]), (table, hoi.Table(np.stack([TABLES[0]] * 2)))):
        says(message(hoi.Recordings, tables), "made of tables (samples, variables)", "hoi.as_table(...) of each")
    for other in (hoi.Table(TABLES[1][:, :4]), hoi.Table(TABLES[1], tuple("abcde"))):
        says(message(hoi.Recordings, (table, other)), "different columns", "the same ones in the same order")
    says(message(hoi.Recordings, (table, hoi.Table(TABLES[1])), ("a",)), "datasets has 1 entries", "2 tables")
