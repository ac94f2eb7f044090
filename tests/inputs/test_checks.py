"""The rules that data, covariances and settings keep, and the message of every error in them."""

from __future__ import annotations

import subprocess
import sys
import timeit

import numpy as np
import pandas as pd
import pytest
from messages import message, says

from hoi._inputs import checks

TABLE = np.array([[1, 2, 0], [0, 5, 1], [1, 3, 1], [0, 4, 0]])
NAMES = ("left", "right", "mid")


# --- bad data


@pytest.mark.parametrize(
    ("X", "parts"),
    [
        ([], ["X has shape (0,)", "empty", "at least 3 samples"]),
        (np.empty((0, 4)), ["X has shape (0, 4)", "empty"]),
        (np.empty((5, 0)), ["X has shape (5, 0)", "empty"]),
        (np.empty((2, 0, 5)), ["X has shape (2, 0, 5)", "empty"]),
        (np.arange(5), ["X has shape (5,)", "(n_samples, n_variables)", "X.reshape(-1, 1)"]),
        (
            np.ones((2, 3, 4, 5)),
            ["X has shape (2, 3, 4, 5)", "(n_datasets, n_samples, n_variables)", "X.reshape(-1, 4, 5)"],
        ),
        (np.ones((2, 9)), ["X has shape (2, 9)", "2 samples of 9 variables", "at least 3 samples", "X.T"]),
        (np.ones((1, 9)), ["1 sample of 9 variables"]),
        (TABLE * 1j, ["dtype complex128 and shape (4, 3)", "real numbers are needed", "X.real"]),
        (TABLE.astype(object), ["dtype object and shape (4, 3)", "numbers are needed", "X.astype(float)"]),
        (TABLE.astype(str), ["dtype <U21", "text", "X.astype(float)"]),
        (TABLE.astype(bytes), ["bytes"]),
        (TABLE.astype("M8[s]"), ["datetime64", "dates"]),
        (TABLE.astype("m8[s]"), ["timedelta64", "durations"]),
        (np.zeros((4, 3), dtype=[("a", float)]), ["records"]),
        ([["1", 2], [3, 4], [5, 6]], ["text"]),
        ([[1, None], [2, 3], [3, 4]], ["dtype object"]),
        ([[1, 2], [3], [4, 5, 6]], ["ragged list of 3 rows", "of 1, 2, 3 values", "same number of values"]),
        ([[1, 2], 3], ["ragged list of 2 rows"]),
        ([np.arange(3), np.arange(4)], ["ragged list of 2 rows", "of 3, 4 values"]),
        (
            [TABLE, TABLE[:3]],
            ["list of 2 tables of different lengths (4, 3 samples)", "Call once for each dataset", "pool=True"],
        ),
        (
            [TABLE, TABLE[:, :2]],
            ["list of 2 tables of different shapes (4, 2), (4, 3)", "the same variables"],
        ),
        (None, ["X is a NoneType", "table"]),
        (7, ["X is a single number", "(n_samples, n_variables)", "Give a table"]),
        ("data.csv", ["X is 'data.csv'", "name of a file", "Read the file first"]),
        ({"a": [1, 2], "b": [3, 4]}, ["X is a dict with keys a, b", "pandas.DataFrame(X)"]),
        ({1, 2}, ["X is a set", "list of rows"]),
        (iter(TABLE.tolist()), ["X is a list_iterator", "list of rows"]),
        (
            np.ma.masked_equal(TABLE, 5),
            ["X has shape (4, 3) and 1 masked value, in column '1'", "must be finite", 'missing="drop"'],
        ),
    ],
    ids=lambda value: (
        value[0][:30] if isinstance(value, list) and value and isinstance(value[0], str) else ""
    ),
)
def test_message_for_bad_data(X, parts):
    says(message(checks.check_data, X), *parts)


def test_message_for_sparse_matrix():
    sparse = pytest.importorskip("scipy.sparse")
    says(message(checks.check_data, sparse.csr_matrix(TABLE)), "sparse matrix of shape (4, 3)", "X.toarray()")


def test_message_for_path(tmp_path):
    says(message(checks.check_data, tmp_path / "data.csv"), "name of a file")


def test_message_names_another_argument():
    says(message(checks.check_data, [1.0, 2.0], what="Y"), "Y has shape (2,)", "Y.reshape(-1, 1)")


def test_message_for_nan_and_infinity():
    table = TABLE.astype(float)
    table[1:3, 1] = np.nan
    says(
        message(checks.check_data, table),
        "X has shape (4, 3) and 2 NaN values, in column '1': every value must be",
    )
    table[0, 2] = -np.inf
    frame = pd.DataFrame(table, columns=NAMES)
    says(
        message(checks.check_data, frame),
        "2 NaN and 1 infinite values, in columns 'right', 'mid'",
        'Use missing="drop" to leave out samples with a gap',
    )
    table[:] = np.inf
    says(message(checks.check_data, table), "12 infinite values")
    says(message(checks.check_data, np.stack([TABLE, table])), "shape (2, 4, 3) and 12 infinite")


def test_infinities_of_both_signs_are_found():
    table = TABLE.astype(float)
    table[0, 0], table[1, 0] = np.inf, -np.inf
    says(message(checks.check_data, table), "2 infinite values, in column '0'")


def test_long_doubles_beyond_float64_are_infinite():
    table = TABLE.astype(np.longdouble)
    table[0, 0] = np.finfo(np.longdouble).max
    if np.finfo(np.longdouble).max == np.finfo(np.float64).max:
        pytest.skip("longdouble is float64 here")
    says(message(checks.check_data, table), "1 infinite value, in column '0'")


def test_message_for_nullable_columns_with_gaps():
    frame = pd.DataFrame({"a": pd.array([1, None, 3], dtype="Int64"), "b": [0.1, 0.2, 0.4]})
    says(message(checks.check_data, frame), "1 NaN value, in column 'a'")


def test_message_for_many_bad_columns_is_short():
    frame = pd.DataFrame(np.full((3, 40), np.nan)).add_prefix("v")
    text = message(checks.check_data, frame)
    says(text, "120 NaN", "'v0', 'v1', 'v2', 'v3', 'v4' and 35 more")
    assert len(text) < 300


def test_message_for_columns_that_are_not_numbers():
    frame = pd.DataFrame(
        {"a": [1, 2, 3], "who": ["x", "y", "z"], "when": pd.to_datetime(["2020", "2021", "2022"])}
    )
    says(
        message(checks.check_data, frame),
        "shape (3, 3) and 2 columns without real numbers",
        "'who'",
        "'when'",
        "drop",
    )
    frame = pd.DataFrame({"a": [1, 2, 3], "kind": pd.Categorical(["x", "y", "x"])})
    says(message(checks.check_data, frame), "1 column without real numbers: 'kind' (category)", "in `discrete`")
    says(message(checks.check_data, pd.DataFrame({"z": [1j, 2, 3]})), "'z' (complex128)")


def test_message_for_a_constant_column():
    frame = pd.DataFrame(TABLE, columns=NAMES).assign(flat=3.0, also=0)
    text = message(checks.check_data, frame)
    says(text, "X has the same value in all 4 samples in columns 'flat', 'also'", "Leave such columns out")
    stack = np.stack([TABLE, TABLE])
    stack[1, :, 2] = 1
    says(message(checks.check_data, stack), "all 4 samples of dataset 1 in column '2'")


@pytest.mark.parametrize("stack", [(), (2,)])
def test_message_for_a_covariance_in_place_of_samples(stack):
    C = np.broadcast_to(np.eye(4) + 0.2, (*stack, 4, 4))
    says(
        message(checks.check_data, C),
        f"X has shape {C.shape} and is symmetric, so it looks like a covariance or correlation and not like samples",
        "Use hoi.GaussianSystem.from_covariance(X, n_samples=...)",
    )
    almost = C.copy()
    almost[..., 0, 1] += 1e-3
    assert checks.check_data(almost).values.shape[1:] == (4, 4)


def test_equal_ends_are_no_constant():
    assert checks.check_data([[1, 0], [2, 1], [1, 2]]).values.shape == (1, 3, 2)


def test_message_for_duplicate_names():
    frame = pd.DataFrame(TABLE, columns=["a", "b", "a"])
    says(message(checks.check_data, frame), "X has 3 columns", "called 'a'", "Rename")
    says(message(checks.check_data, pd.DataFrame(TABLE, columns=[1, "1", 2])), "called '1'")


def test_message_for_tables_with_different_columns():
    frame = pd.DataFrame(TABLE, columns=NAMES)
    says(
        message(checks.check_data, [frame, frame[["right", "left", "mid"]]]),
        "list of 2 tables whose columns differ",
    )


def test_message_for_one_series():
    says(message(checks.check_data, pd.Series([1.0, 2.0, 3.0])), "X has shape (3,)", "reshape(-1, 1)")


def test_small_tables_are_cheap_to_check():
    X = np.random.default_rng(0).normal(size=(1000, 10))
    best = min(timeit.repeat(lambda: checks.check_data(X), number=20, repeat=10)) / 20
    assert best < 2e-4


def test_checks_need_numpy_only():
    heavy = ["pandas", "torch", "xarray", "polars", "numba", "sklearn", "scipy"]
    code = f"import sys, hoi._inputs.checks; sys.exit(', '.join(m for m in {heavy} if m in sys.modules) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# --- covariance


def test_covariance_of_every_kind():
    C = [[2.0, 0.5], [0.5, 1.0]]
    values, names, stacked = checks.check_covariance(C)
    assert (values.shape, names, stacked) == ((1, 2, 2), ("0", "1"), False)
    _, names, _ = checks.check_covariance(pd.DataFrame(C, columns=["a", "b"]), n_samples=np.int64(10))
    assert names == ("a", "b")
    _, names, stacked = checks.check_covariance(np.stack([C, C]), names=["x", "y"])
    assert (names, stacked) == (("x", "y"), True)
    values, _, _ = checks.check_covariance(np.array(C, dtype=np.float32))
    assert values.dtype == np.float64


def test_covariance_is_made_exactly_symmetric_and_copied():
    C = np.array([[2.0, 0.5 + 1e-10], [0.5, 1.0]])
    values, _, _ = checks.check_covariance(C)
    assert values[0, 0, 1] == values[0, 1, 0]
    values[:] = 0
    assert C[0, 0] == 2.0


def test_covariance_may_be_singular_and_of_any_scale():
    x = np.random.default_rng(1).normal(size=(50, 3)) * [1e-9, 1.0, 1e9]
    x = np.column_stack([x, x[:, 0] * 3])
    assert checks.check_covariance(np.cov(x.T))[0].shape == (1, 4, 4)
    assert checks.check_covariance(np.ones((3, 3)))[0].shape == (1, 3, 3)


@pytest.mark.parametrize(
    ("C", "settings", "parts"),
    [
        (np.ones((3, 4)), {}, ["C has shape (3, 4)", "square", "from_data"]),
        (np.ones(3), {}, ["C has shape (3,)", "square"]),
        (np.empty((0, 0)), {}, ["C has shape (0, 0)", "empty"]),
        (np.eye(2) * 1j, {}, ["complex128"]),
        (np.diag([1.0, np.nan]), {}, ["1 NaN value, in column '1'"]),
        (np.diag([1.0, 0.0]), {}, ["no positive variance", "smallest 0", "column '1'"]),
        (np.diag([1.0, -2.0]), {"names": ["a", "b"]}, ["smallest -2", "column 'b'"]),
        (
            [[1, 0.5], [0.4, 1]],
            {"names": ["a", "b"]},
            ["not symmetric", "(a, b) is 0.5", "(b, a) is 0.4", "(C + C.T) / 2"],
        ),
        (
            [[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]],
            {},
            ["indefinite", "smallest eigenvalue", "-0.8", "LedoitWolf"],
        ),
        (np.eye(2), {"names": ["a"]}, ["names has 1 entries", "shape (2, 2)", "give 2 names"]),
        (np.eye(2), {"names": "ab"}, ["names has 1 entries"]),
        (np.eye(2), {"names": ["a", "a"]}, ["called 'a'"]),
        (np.eye(2), {"n_samples": 2}, ["n_samples=2", "at least 3", "None"]),
        (np.eye(2), {"n_samples": 10.0}, ["n_samples=10.0 (float)", "positive integer"]),
    ],
)
def test_message_for_bad_covariance(C, settings, parts):
    says(message(checks.check_covariance, C, **settings), *parts)


def test_one_bad_covariance_of_a_stack_is_found():
    bad = np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]])
    says(message(checks.check_covariance, np.stack([np.eye(3), bad])), "indefinite", "-0.8")


# --- settings


def test_choices():
    assert checks.check_choice("bits", ("nats", "bits"), "units") == "bits"
    says(
        message(checks.check_choice, "bit", ("nats", "bits"), "units"),
        "units='bit': use one of 'nats', 'bits'.",
        "Did you mean 'bits'?",
    )
    says(
        message(checks.check_choice, "OINFO", ["tc", "oinfo"], "measure"), "measure='OINFO'", "mean 'oinfo'?"
    )
    assert message(checks.check_choice, 3, ["tc"], "measure") == "measure=3: use one of 'tc'."


def test_samples():
    checks.check_samples(6, 5, "multiplets[0]")
    says(
        message(checks.check_samples, 5, 5, "multiplets[0]"),
        "multiplets[0] has 5 columns and there are 5 samples",
        "more samples than columns",
        "Take smaller sets, or more samples; samples are the rows",
    )


def test_true_and_false():
    assert checks.check_bool(np.True_, "per_order") is True
    says(message(checks.check_bool, "no", "bias_correction"), "bias_correction='no' (str): True or False is needed")
    says(message(checks.check_bool, 1, "per_order"), "per_order=1 (int)")


def test_positive_integers():
    assert checks.check_positive_int(np.int32(4), "n_best") == 4
    says(message(checks.check_positive_int, 0, "n_best"), "n_best=0", "at least 1")
    says(message(checks.check_positive_int, -3, "threads"), "threads=-3")
    says(message(checks.check_positive_int, 2.0, "threads"), "threads=2.0 (float)", "positive integer")
    says(message(checks.check_positive_int, True, "n_best"), "n_best=True (bool)")
