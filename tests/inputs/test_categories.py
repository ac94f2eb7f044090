"""Columns of labels in every container, beside columns of numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from messages import message, says

from hoi._inputs.categories import read_categories

NUMBERS = np.arange(24.0).reshape(12, 2) ** 2
LABELS = np.array(["b", "a", "c"])[np.arange(12) % 3]
FRAME = pd.DataFrame({"x": NUMBERS[:, 0], "kind": LABELS, "y": NUMBERS[:, 1]})
OBJECTS = np.column_stack([NUMBERS[:, 0].astype(object), LABELS, NUMBERS[:, 1].astype(object)])


def containers():
    yield "frame", FRAME
    yield "categories", FRAME.astype({"kind": "category"})
    yield "objects", OBJECTS
    yield "lists", OBJECTS.tolist()
    polars = pytest.importorskip("polars")
    yield "polars", polars.DataFrame(FRAME.to_dict("list"))
    pyarrow = pytest.importorskip("pyarrow")
    yield "pyarrow", pyarrow.table(FRAME.to_dict("list"))


def test_labels_are_numbered_as_they_come_in_every_container():
    for name, data in containers():
        chosen = 1 if name in ("objects", "lists") else ["kind"]
        table, categories = read_categories(data, chosen)
        assert categories.labels == {1: ("b", "a", "c")}, name
        np.testing.assert_array_equal(table.values[:, 1], np.arange(12) % 3, err_msg=name)
        np.testing.assert_array_equal(table.values[:, [0, 2]], NUMBERS, err_msg=name)


@pytest.mark.parametrize("labels", [np.array([7, 5, 6]), np.array([0.5, -1.0, 0.0])])
def test_numbers_and_booleans_are_labels_too(labels):
    data = np.column_stack([NUMBERS, labels[np.arange(12) % 3]])
    table, categories = read_categories(np.stack([data, data[::-1]]), 2)
    assert categories.labels[2] == tuple(f"{v:g}" for v in labels)
    np.testing.assert_array_equal(table.values[1, :, 2], (np.arange(12) % 3)[::-1])
    assert read_categories(pd.DataFrame({"a": NUMBERS[:, 0], "b": np.arange(12) % 2 == 0}), "b")[1].labels == {
        1: ("True", "False")
    }


def test_tables_of_several_datasets_share_their_labels():
    table, categories = read_categories([FRAME, FRAME.iloc[::-1]], "kind")
    assert table.values.shape == (2, 12, 3) and categories.labels == {1: ("b", "a", "c")}
    np.testing.assert_array_equal(table.values[1, :, 1], (np.arange(12) % 3)[::-1])
    several, categories = read_categories({"one": FRAME.iloc[3:], "two": FRAME.iloc[1:]}, "kind")
    assert several.datasets == ("one", "two") and categories.labels == {1: ("b", "a", "c")}
    np.testing.assert_array_equal(several.tables[1].values[:, 1], (np.arange(1, 12)) % 3)
    says(message(read_categories, [FRAME, FRAME[["x", "kind"]]], "kind"), "tables of different shapes")


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT])
def test_missing_labels(missing):
    labels = np.array([*LABELS[:-1], missing], dtype=object)
    table, categories = read_categories(FRAME.assign(kind=pd.Series(labels, dtype=object)), "kind")
    assert np.isnan(table.values[-1, 1]) and categories.labels == {1: ("b", "a", "c")}


def test_messages():
    text = message(read_categories, FRAME, ["x", "kind"])
    says(text, "column 'x' of X has 12 different values in 12 samples", "join rare")
    says(message(read_categories, FRAME, "z"), "discrete has the name 'z', which is not a column")
    says(message(read_categories, FRAME.assign(kind=[[1]] * 12), "kind"), "column 'kind' holds no labels", "text")
    says(message(read_categories, FRAME, "x"), "without real numbers: 'kind'")
