"""A mask is missing data, in whatever container it comes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from messages import message, says

import hoi

X = np.array([[1.0, 5.0, 2.0], [2.0, 3.0, 9.0], [4.0, 4.0, 1.0], [3.0, 1.0, 5.0], [7.0, 2.0, 4.0], [5.0, 9.0, 3.0]])
MASK = np.zeros(X.shape, bool)
MASK[2, 1] = True
MASKED = np.ma.array(np.where(MASK, 1e9, X), mask=MASK)
# torch is not needed for these
FUNCTIONS = [
    hoi.oinfo, hoi.measures, hoi.entropy, hoi.copula_transform, hoi.GaussianSystem.from_data,
    lambda X: hoi.search(X, 3), lambda X: hoi.scan(X, 2), lambda X: hoi.mutual_information(X, X + 1),
    lambda X: hoi.mutual_information(np.arange(6.0), X),
]


@pytest.mark.parametrize("call", FUNCTIONS)
def test_every_function_refuses_a_masked_value(call):
    says(message(call, MASKED), "shape (6, 3) and 1 masked value, in column", "every value must be finite")


@pytest.mark.parametrize("rows", [list(MASKED), [list(MASKED), list(MASKED + 1)], [MASKED, MASKED]])
def test_lists_of_masked_rows_and_tables_keep_their_mask(rows):
    says(message(hoi.oinfo, rows), "every value must be finite")


@pytest.mark.parametrize("role", ["X", "Y", "conditional_on"])
def test_a_masked_column_in_mutual_information(role):
    x, y, z = np.random.default_rng(0).standard_normal((3, 20))
    parts = {"X": x, "Y": y, "conditional_on": z}
    parts[role] = np.ma.array(parts[role], mask=np.arange(20) == 3)
    text = message(hoi.mutual_information, parts["X"], parts["Y"], conditional_on=parts["conditional_on"])
    says(text, f"{role} has shape (20, 1) and 1 masked value, in column {role!r}")


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "boolean", "int64[pyarrow]", "double[pyarrow]"])
def test_gaps_of_nullable_columns(dtype):
    if "pyarrow" in dtype:
        pytest.importorskip("pyarrow")
    column = pd.array([1, None, 0, 1, 1, 0], dtype=dtype)
    says(message(hoi.oinfo, pd.DataFrame({"a": column, "b": X[:, 0]})), "1 NaN value, in column 'a'")
    says(message(hoi.mutual_information, pd.Series(column, name="a"), X[:, 0]), "1 NaN value, in column 'a'")


def test_an_array_without_masked_entries_is_data():
    assert hoi.oinfo(np.ma.array(X)) == hoi.oinfo(X)
    assert hoi.mutual_information(np.ma.array(X[:, 0]), X[:, 1]) == hoi.mutual_information(X[:, 0], X[:, 1])


def test_everything_masked():
    says(message(hoi.oinfo, np.ma.masked_all((6, 3))), "18 masked values")
