"""All that is wrong with a table is said at once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from messages import message, says

import hoi

BAD = pd.DataFrame(
    {"text": ["x"] * 9, "gap": [np.nan, *range(8)], "one": [3.0] * 9, "inf": [np.inf, *range(8)], "ok": range(9)}
)


def polars(frame):
    return pytest.importorskip("polars").from_pandas(frame)


@pytest.mark.parametrize("make", [pd.DataFrame, polars], ids=["pandas", "polars"])
@pytest.mark.parametrize("call", [hoi.oinfo, lambda X: hoi.search(X, 3), hoi.entropy, lambda X: hoi.local(X)])
def test_text_gaps_infinite_and_constant(make, call):
    text = message(call, make(BAD))
    says(text, "for 3 reasons:", "- X has shape (9, 5) and 1 column without real numbers: 'text'",
         "- X has shape (9, 5) and 1", "1 infinite value", "columns 'gap', 'inf'",
         "- X has the same value in all 9 samples in column 'one'")


def test_without_text():
    numbers = BAD.drop(columns="text")
    for data, names in ((numbers, "'gap', 'inf'"), (numbers.to_numpy(), "'0', '2'")):
        found = f"1 NaN and 1 infinite values, in columns {names}"
        says(message(hoi.oinfo, data), "for 2 reasons:", found, "- X has the same")


def test_one_problem_is_one_sentence():
    text = message(hoi.oinfo, BAD[["ok", "gap"]])
    assert text.startswith("X has shape (9, 2) and 1 NaN value, in column 'gap'") and "\n" not in text
    # of a column with gaps and one value, both are said
    both = pd.DataFrame({"a": [1.0, np.nan, 1, 1], "b": [1, 2, 3, 5]})
    says(message(hoi.oinfo, both), "1 NaN value, in column 'a'", "the same value in all 4 samples in column 'a'")
    # a column without any value is a gap and no constant
    says(message(hoi.oinfo, both.assign(a=np.nan)), "4 NaN values, in column 'a'")


def test_labels_that_are_missing_are_gaps():
    frame = pd.DataFrame({"a": ["x", "y", None, "x"] * 10, "b": [1, 1, 2, 2] * 10, "c": ["u", "v", "v", "u"] * 10})
    frame["a"] = frame["a"].astype(object)
    whole = frame.dropna()
    options = {"estimator": "discrete"}
    says(message(hoi.entropy, frame, **options), "10 NaN values, in column 'a'", 'missing="drop"')
    sets = [("a",), ("a", "c"), ("b", "c")]
    with pytest.warns(hoi.InputWarning, match="10 of 40 samples"):
        values = hoi.entropy(frame, sets, missing="drop", **options)
    np.testing.assert_array_equal(values, hoi.entropy(whole, sets, **options))
    # no gap in this column; with Miller and Madow's term
    np.testing.assert_allclose(hoi.entropy(frame, [("c",)], missing="drop", **options), np.log(2) + 1 / 80)
    for data in ([frame, frame.iloc[:28]], {"one": frame, "two": frame.iloc[:28]}):
        with pytest.warns(hoi.InputWarning, match="17 of 68 samples of 2 datasets"):
            values = hoi.entropy(data, sets, missing="drop", **options)
        np.testing.assert_array_equal(values[1], hoi.entropy(whole.iloc[:21], sets, **options))
    makers = [lambda f: f.astype("string"), lambda f: f.astype("category"), polars, lambda f: f.to_numpy(dtype=object)]
    for make in makers:
        with pytest.warns(hoi.InputWarning):
            assert hoi.entropy(make(frame), [(0, 2)], missing="drop", **options) == values[0, 1]
