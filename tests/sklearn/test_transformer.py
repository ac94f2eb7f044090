"""The scikit-learn transformer: the conventions of scikit-learn, the scores of hoi, and a true inverse."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from messages import message, says
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import hoi
from hoi import GaussianCopulaTransformer


@parametrize_with_checks([GaussianCopulaTransformer()])
def test_conventions_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.fixture
def table(rng):
    """One column without ties, one with few levels, one skewed, one of large numbers."""
    X = rng.standard_normal((150, 4))
    X[:, 1] = rng.integers(0, 5, 150)
    X[:, 2] = np.exp(3 * X[:, 2])
    X[:, 3] *= 1e100
    return X


@pytest.mark.filterwarnings("ignore::hoi.TiesWarning")
def test_training_data_get_the_scores_of_the_function(table):
    copula = GaussianCopulaTransformer()
    np.testing.assert_array_equal(copula.fit_transform(table), hoi.copula_transform(table))
    np.testing.assert_array_equal(copula.transform(table[7:9]), hoi.copula_transform(table)[7:9])


def test_training_data_come_back_exactly(table):
    copula = GaussianCopulaTransformer().fit(table)
    np.testing.assert_array_equal(copula.inverse_transform(copula.transform(table)), table)


def test_new_data_between_and_beyond(table):
    copula = GaussianCopulaTransformer().fit(table)
    low, high = np.sort(table[:, 0])[[20, 21]]
    z_low, z_mid, z_high = copula.transform(np.tile([[low], [(low + high) / 2], [high]], (1, 4)))[:, 0]
    assert z_low < z_high
    assert z_mid == pytest.approx((z_low + z_high) / 2)
    ends = copula.transform([[-1e308] * 4, [1e308] * 4])
    np.testing.assert_array_equal(
        ends, np.array([[z[0] for z in copula.scores_], [z[-1] for z in copula.scores_]])
    )


def test_new_data_keep_their_order_and_come_back(table, rng):
    copula = GaussianCopulaTransformer().fit(table)
    new = np.sort(rng.uniform(table.min(axis=0), table.max(axis=0), (500, 4)), axis=0)
    scores = copula.transform(new)
    assert (np.diff(scores, axis=0) >= 0).all()
    np.testing.assert_allclose(copula.inverse_transform(scores), new, rtol=1e-9, atol=1e-9)


def test_scores_of_a_model_become_data(table, rng):
    copula = GaussianCopulaTransformer().fit(table)
    drawn = copula.inverse_transform(rng.standard_normal((1000, 4)) * 5)
    assert (drawn >= table.min(axis=0)).all()
    assert (drawn <= table.max(axis=0)).all()


def test_neighbours_at_the_ends_of_the_float_range():
    X = np.array([[-1.7e308, 0.0], [1.7e308, 5e-324], [1.75e308, 1e-323]])
    copula = GaussianCopulaTransformer().fit(X)
    scores = copula.transform(X)
    np.testing.assert_allclose(
        scores, np.tile([[-0.6744897501960817], [0], [0.6744897501960817]], (1, 2)), atol=1e-15
    )
    np.testing.assert_array_equal(copula.inverse_transform(scores), X)
    assert np.isfinite(copula.transform([[0.0, 1.0], [-1.79e308, -1.0]])).all()


def test_names(table):
    frame = pd.DataFrame(table, columns=list("abcd"))
    copula = GaussianCopulaTransformer().fit(frame)
    assert list(copula.get_feature_names_out()) == list("abcd")
    out = copula.set_output(transform="pandas").transform(frame)
    assert list(out.columns) == list("abcd")
    np.testing.assert_array_equal(copula.inverse_transform(out), table)
    with pytest.raises(ValueError, match="feature names should match"):
        copula.transform(frame[list("bacd")])


def test_in_a_pipeline_and_pickled(table):
    model = make_pipeline(StandardScaler(), GaussianCopulaTransformer()).fit(table)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.transform(table), model.transform(table))
    plain = GaussianCopulaTransformer().fit_transform(table)
    np.testing.assert_allclose(model.transform(table), plain, rtol=0, atol=1e-12)


def test_messages(table):
    frame = pd.DataFrame(table, columns=list("abcd")).assign(flat=1.0)
    says(
        message(GaussianCopulaTransformer().fit, frame),
        "same value in all 150 samples in column 'flat'",
        "Leave",
    )
    says(message(GaussianCopulaTransformer().fit, np.ones((5, 2))), "in columns '0', '1'")
    with pytest.raises(ValueError, match="minimum of 3 is required"):
        GaussianCopulaTransformer().fit(table[:2])
    with pytest.raises(NotFittedError):
        GaussianCopulaTransformer().transform(table)
    with pytest.raises(ValueError, match="3 features, but GaussianCopulaTransformer is expecting 4"):
        GaussianCopulaTransformer().fit(table).inverse_transform(table[:, :3])


def test_in_a_column_transformer_with_names_out(table):
    frame = pd.DataFrame(table, columns=list("abcd"))
    columns = ColumnTransformer([("copula", GaussianCopulaTransformer(), ["d", "b"])], remainder="passthrough")
    out = columns.set_output(transform="pandas").fit_transform(frame)
    assert list(out) == ["copula__d", "copula__b", "remainder__a", "remainder__c"]
    np.testing.assert_array_equal(out["copula__d"], GaussianCopulaTransformer().fit_transform(table)[:, 3])
    np.testing.assert_array_equal(out["remainder__a"], frame["a"])


def test_polars_in_and_out(table):
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(table, schema=list("abcd"))
    copula = GaussianCopulaTransformer().set_output(transform="polars").fit(frame)
    out = copula.transform(frame)
    assert isinstance(out, polars.DataFrame)
    assert out.columns == list("abcd")
    np.testing.assert_array_equal(out.to_numpy(), GaussianCopulaTransformer().fit_transform(table))
