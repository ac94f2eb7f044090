"""The feature selector: the conventions of scikit-learn, and the set that a slow definition finds."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from messages import message, says
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

import hoi
from hoi import OInformationSelector


@parametrize_with_checks([OInformationSelector(), OInformationSelector(by="redundancy")])
def test_conventions_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.fixture
def table(rng):
    """Seven features: 0 and 1 make up the target, 3 and 4 repeat it, the others have nothing to do with it."""
    X = rng.standard_normal((400, 7))
    y = X[:, 0] - X[:, 1] + 0.2 * rng.standard_normal(400)
    X[:, 3:5] += 2 * y[:, None]
    X[:, 6] += X[:, 5]
    return X, y


def gradients(X, y, k):
    """The gradient of every set, one after the other."""
    return {
        s: hoi.oinfo(np.column_stack([X[:, s], y])) - hoi.oinfo(X[:, s])
        for s in combinations(range(X.shape[1]), k)
    }


@pytest.mark.parametrize("k", [2, 3, 6, 7])
@pytest.mark.parametrize(("by", "best"), [("synergy", min), ("redundancy", max)])
def test_the_best_of_all_sets(table, k, by, best):
    X, y = table
    found = OInformationSelector(k, by=by).fit(X, y)
    all_of_them = gradients(X, y, k)
    wanted = best(all_of_them, key=all_of_them.get)
    assert tuple(found.get_support(indices=True)) == wanted
    assert found.gradient_ == pytest.approx(all_of_them[wanted], abs=1e-10)


def test_synergy_and_redundancy_of_a_planted_target(table):
    X, y = table
    assert OInformationSelector().fit(X, y).get_support(indices=True).tolist() == [0, 1]
    assert OInformationSelector(by="redundancy").fit(X, y).get_support(indices=True).tolist() == [3, 4]


def test_features_that_are_alike_but_have_nothing_to_do_with_the_target_do_not_count(table, rng):
    X, y = table
    X = np.column_stack([X, X[:, 2] + 0.01 * rng.standard_normal(400)])  # the strongest redundancy of all
    assert OInformationSelector(by="redundancy").fit(X, y).get_support(indices=True).tolist() == [3, 4]


def test_a_copy_of_the_target_is_named(table):
    X, y = table
    X[:, 2] = y
    frame = pd.DataFrame(X, columns=list("abcdefg"))
    text = message(OInformationSelector().fit, frame, y)
    says(text, "c: determined by the columns given (the target)", "Leave them out")


def test_monotone_maps_change_nothing(table):
    X, y = table
    plain, mapped = OInformationSelector(3).fit(X, y), OInformationSelector(3).fit(np.exp(X), y**3)
    assert plain.support_.tolist() == mapped.support_.tolist()
    assert plain.gradient_ == pytest.approx(mapped.gradient_, abs=1e-12)


def test_names_in_and_out(table):
    X, y = table
    frame = pd.DataFrame(X, columns=list("abcdefg"))
    selector = OInformationSelector().set_output(transform="pandas")
    assert list(selector.fit_transform(frame, pd.Series(y))) == ["a", "b"]
    assert selector.get_feature_names_out().tolist() == ["a", "b"]


def test_in_a_pipeline_a_grid_and_a_column_transformer(table):
    X, y = table
    frame = pd.DataFrame(X, columns=list("abcdefg"))
    model = make_pipeline(OInformationSelector(), LinearRegression())
    grid = GridSearchCV(model, {"oinformationselector__by": ["synergy", "redundancy"]}, cv=3).fit(frame, y)
    assert grid.best_params_ == {"oinformationselector__by": "synergy"}
    columns = ColumnTransformer([("chosen", OInformationSelector(), list("abcd"))], remainder="drop")
    assert columns.fit(frame, y).get_feature_names_out().tolist() == ["chosen__a", "chosen__b"]


def test_duplicated_features_are_passed_over(table):
    X, y = table
    X = np.column_stack([X[:, 0], X[:, 0], X[:, 1:]])
    with pytest.warns(hoi.SingularWarning, match="'0' and '1' have the same ranks"):
        found = OInformationSelector().fit(X, y)
    assert found.get_support(indices=True).tolist() == [0, 2]


def test_messages(table):
    X, y = table
    fit = OInformationSelector
    says(message(fit(1).fit, X, y), "n_features_to_select=1 with n_features = 7", "Choose from 2 to 7")
    says(message(fit(8).fit, X, y), "n_features_to_select=8 with n_features = 7")
    says(message(fit(2.5).fit, X, y), "n_features_to_select=2.5 (float): a positive integer is needed")
    says(message(fit(by="both").fit, X, y), "by='both': use one of 'synergy', 'redundancy'")
    says(message(fit().fit, X, np.ones(400)), "y has the same value in all 400 samples")
    frame = pd.DataFrame(X, columns=list("abcdefg")).assign(c=1.0)
    says(message(fit().fit, frame, y), "same value in all 400 samples in column 'c'")
    says(message(fit().fit, X[:, [0, 0]], y), "every set of 2 of the 2 features is numerically singular")
    says(message(fit(3).fit, X[:4], y[:4]), "4 columns and there are 4 samples")
    says(message(fit().fit, X, ["a", "b", "c", "a"] * 100), "y holds 3 labels (a, b, c)", "y == 'a'")
