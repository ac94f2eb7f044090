"""The estimators for scikit-learn read data as every function does, and say what they leave out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from messages import message, says

import hoi
from hoi import GaussianCopulaTransformer, OInformationSelector

X = np.random.default_rng(1).standard_normal((80, 4))
Y = X[:, 1] - X[:, 3] + 0.1 * np.random.default_rng(2).standard_normal(80)
MASKED = np.ma.array(X, mask=X > 2)


@pytest.mark.parametrize("data", [MASKED, list(MASKED)])
def test_masked_values_are_refused(data):
    says(message(GaussianCopulaTransformer().fit_transform, data), "masked values: every value is needed")
    says(message(OInformationSelector().fit, data, Y), "masked values")
    says(message(OInformationSelector().fit, X, np.ma.array(Y, mask=Y > 1)), "y has", "masked values")


def test_tensors_and_named_dimensions():
    torch, xarray = pytest.importorskip("torch"), pytest.importorskip("xarray")
    chosen = OInformationSelector().fit(X, Y).get_support(indices=True).tolist()
    assert chosen == [1, 3]
    assert OInformationSelector().fit(torch.tensor(X), torch.tensor(Y)).get_support(indices=True).tolist() == chosen
    array = xarray.DataArray(X.T, dims=("channel", "time"), coords={"channel": list("abcd")})
    assert OInformationSelector().fit(array, Y).get_feature_names_out().tolist() == ["b", "d"]
    expected = GaussianCopulaTransformer().fit_transform(X)
    np.testing.assert_array_equal(GaussianCopulaTransformer().fit_transform(array), expected)
    with pytest.warns(hoi.HoiWarning, match="requires a gradient"):
        np.testing.assert_array_equal(
            GaussianCopulaTransformer().fit_transform(torch.tensor(X, requires_grad=True)), expected
        )


def test_integers_that_float64_cannot_hold():
    wide = (X * 10).astype(np.int64) + 2**60
    says(message(GaussianCopulaTransformer().fit, wide), "integers beyond 2**53", "hoi.copula_transform")
    says(message(OInformationSelector().fit, pd.DataFrame(wide), Y), "integers beyond 2**53")


@pytest.mark.parametrize("names", [(0, 1), (1, 0), ("no", "yes"), ("yes", "no"), (False, True), (7.5, -3.0)])
def test_the_names_of_two_classes_do_not_matter(names):
    labels = np.where(Y > 0, names[1], names[0])
    found = OInformationSelector().fit(X, labels)
    expected = OInformationSelector().fit(X, (Y > 0).astype(float))
    assert found.get_support().tolist() == expected.get_support().tolist()
    assert found.gradient_ == pytest.approx(expected.gradient_, abs=1e-12)


def test_an_order_of_categories_is_one_of_numbers():
    labels = np.array(["low", "mid", "high"])[np.digitize(Y, [-0.5, 0.5])]
    assert OInformationSelector().fit(X, labels).target_ == "classes"
    ordered = pd.Series(pd.Categorical(labels, ["low", "mid", "high"], ordered=True))
    found = OInformationSelector().fit(X, ordered)
    expected = OInformationSelector(target="numbers").fit(X, np.digitize(Y, [-0.5, 0.5]))
    assert found.gradient_ == expected.gradient_


def test_what_was_left_out_is_said():
    frame = pd.DataFrame(np.column_stack([X, np.exp(X[:, 0])]), columns=list("abcde"))
    with pytest.warns(hoi.SingularWarning, match="1 of 10 sets of 2 features were left out") as caught:
        found = OInformationSelector().fit(frame, Y)
    says(str(caught[0].message), "'a' and 'e' have the same ranks")
    assert found.get_feature_names_out().tolist() == ["b", "d"]


def test_a_target_that_determines_a_feature_is_an_error_that_names_both():
    frame = pd.DataFrame(X, columns=list("abcd"))
    says(message(OInformationSelector().fit, frame, np.exp(frame["c"])), "c: determined by", "the target")


@pytest.mark.parametrize("fit", [
    lambda X: hoi.OInformationSelector(1).fit(X, np.arange(len(X)) % 2), hoi.GaussianCopulaTransformer().fit,
])  # fmt: skip
def test_complex_numbers_in_a_list_are_refused_as_in_an_array(fit):
    X = np.random.default_rng(0).standard_normal((26, 3)) * 1j
    for given in (X, X.tolist()):
        with pytest.raises(ValueError, match="Complex data not supported"):
            fit(given)


def test_a_missing_value_of_an_ordered_target_is_no_class_of_its_own():
    """pandas gives it the code -1, which would be the lowest of all."""
    X, y = np.random.default_rng(0).standard_normal((60, 3)), np.tile([0.0, 1.0, 2.0], 20)
    y[7] = np.nan
    with pytest.raises(ValueError, match=r"Input y contains NaN"):
        OInformationSelector().fit(X, pd.Series(pd.Categorical(y, ordered=True)))
