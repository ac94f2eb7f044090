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


@pytest.fixture
def classes(rng):
    """Three classes: they turn the correlation of features 1 and 4, and shift 2 and 5, which are copies of a kind."""
    y = np.arange(360) % 3
    X = rng.standard_normal((360, 6))
    X[:, 4] = np.array([0.9, 0.0, -0.9])[y] * X[:, 1] + 0.4 * X[:, 4]
    X[:, 2] += 2 * (y == 1)
    X[:, 5] = X[:, 2] + 0.5 * X[:, 5]
    return X, y


def test_classes_are_categories_whatever_they_are_called(classes):
    X, y = classes
    found = OInformationSelector().fit(X, y)
    assert found.target_ == "classes" and found.get_support(indices=True).tolist() == [1, 4]
    assert OInformationSelector(by="redundancy").fit(X, y).get_support(indices=True).tolist() == [2, 5]
    sets = list(combinations(range(6), 2))
    values = hoi.gradient(np.column_stack([X, y]), sets, target=6, discrete=6)
    wanted = dict(zip(sets, values.tolist(), strict=True))
    assert found.gradient_ == pytest.approx(wanted[1, 4], abs=1e-12) and min(wanted, key=wanted.get) == (1, 4)
    names = [["a", "b", "c"], ["b", "c", "a"], ["10", "9", "x"], [7, 3, 5], [2, 0, 1], [1.0, -1.0, 0.0]]
    for own in names:
        labels = np.array(own)[y]
        for given in (labels, labels.tolist(), pd.Series(labels), pd.Series(labels).astype("category")):
            again = OInformationSelector().fit(X, given)
            assert again.gradient_ == found.gradient_ and again.support_.tolist() == found.support_.tolist()


def test_what_is_a_class_and_what_a_number(classes):
    X, y = classes
    numbers = OInformationSelector(target="numbers").fit(X, y)
    assert numbers.target_ == "numbers" and numbers.gradient_ != OInformationSelector().fit(X, y).gradient_
    assert OInformationSelector().fit(X, y + 0.5).target_ == "numbers"
    assert OInformationSelector().fit(X, np.arange(360) // 17).target_ == "numbers"  # 22 whole numbers
    assert OInformationSelector(target="classes").fit(X, y + 0.5).target_ == "classes"
    ordered = pd.Series(pd.Categorical(y, ordered=True))
    assert OInformationSelector().fit(X, ordered).gradient_ == pytest.approx(numbers.gradient_, abs=1e-12)


def test_features_of_one_value_in_a_class_are_left_out(classes):
    X, y = classes
    spikes = pd.DataFrame(X, columns=list("abcdef")).assign(g=np.where(y == 2, 0.0, np.exp(X[:, 0])))
    with pytest.warns(hoi.SingularWarning, match=r"1 of 7 features were left out: .* 'g' \(class 'two'\)"):
        found = OInformationSelector().fit(spikes, np.array(["zero", "one", "two"])[y])
    assert found.get_feature_names_out().tolist() == ["b", "e"]


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
    says(message(fit(target="labels").fit, X, y), "target='labels': use one of 'auto', 'classes', 'numbers'")
    few = np.where(np.arange(400) < 2, "rare", "often")
    says(message(fit().fit, X, few), "where 'the target' is 'rare' (2 samples)", "in each class")
    says(message(fit(2).fit, np.column_stack([X, few == "rare"]), few), "y determines column '7'", "Leave it out")


@pytest.mark.parametrize(
    ("estimator", "target"),
    [("discrete", "classes"), (hoi.estimators.Binned(2), "numbers"), ("knn", "classes"), ("knn", "numbers"),
     ("shrinkage", "numbers"), (lambda columns: len(np.unique(columns > 0, axis=0)) / 10, "classes"),
     (hoi.estimators.GaussianCopula("random", seed=1), "classes")],
)  # fmt: skip
def test_the_best_of_all_sets_under_any_estimator(estimator, target, rng):
    X = rng.standard_normal((120, 4))
    y = np.where(X[:, 0] * X[:, 2] * (rng.random(120) - 0.05) > 0, 1.0, 0.0)
    if estimator == "discrete":
        X = np.sign(X)
    if target == "numbers":
        y = y + 0.1 * rng.standard_normal(120)
    found = OInformationSelector(2, estimator=estimator).fit(X, y)
    labels = {"discrete": 4} if target == "classes" else {}
    pairs = list(combinations(range(4), 2))
    values = hoi.gradient(np.column_stack([X, y]), pairs, target=4, estimator=estimator, **labels)
    assert found.target_ == target
    assert found.gradient_ == pytest.approx(values.min(), abs=1e-10)
    assert tuple(found.get_support(indices=True)) == pairs[int(values.argmin())]


def test_an_exclusive_or_is_seen_by_counts(rng):
    X = rng.integers(0, 2, (300, 6))
    y = X[:, 1] ^ X[:, 4]
    assert OInformationSelector(estimator="discrete").fit(X, y).get_support(indices=True).tolist() == [1, 4]
    says(message(OInformationSelector(estimator="kernel").fit, X, y), "kernel", "takes numbers only")
    says(message(OInformationSelector(estimator="nearest").fit, X, y), "estimator='nearest': use one of")
