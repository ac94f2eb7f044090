"""The Gaussian copula as a step of a scikit-learn pipeline."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtri
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from hoi._errors import HoiError
from hoi._inputs.words import columns
from hoi._sklearn.reading import features
from hoi._typing import FloatArray

__all__ = ["GaussianCopulaTransformer"]


class GaussianCopulaTransformer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Map each column to standard normal scores by the ranks of the samples it was fitted to.

    The samples of `fit` get the scores of `hoi.copula_transform`, equal values at their mean rank. Other
    values are interpolated linearly between the scores of their two neighbours among those samples, and
    values outside of their range get the lowest or the highest score. `inverse_transform` is the inverse of
    that map.

    Attributes
    ----------
    values_ : list of n_features ndarrays
        Distinct values of each column, ascending.
    scores_ : list of n_features ndarrays
        Their normal scores, ``ndtri(mean rank / (n_samples + 1))``.
    n_samples_fit_ : int
        Number of samples seen by `fit`.
    n_features_in_ : int
        Number of columns seen by `fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns, where `fit` saw names that are all text.

    See Also
    --------
    hoi.copula_transform : The same map of one table, for every kind of data and rule for ties.
    sklearn.preprocessing.QuantileTransformer : A map by a fixed number of quantiles, which rounds ranks.

    References
    ----------
    Ince, Giordano, Kayser, Rousselet, Gross and Schyns (2017), A statistical framework for neuroimaging data
    analysis based on mutual information estimated via a Gaussian copula, Human Brain Mapping 38, 1541-1573.

    Examples
    --------
    >>> import numpy as np, hoi
    >>> X = np.array([[1.0, 5.0], [100.0, 5.0], [10.0, 2.0]])
    >>> copula = hoi.GaussianCopulaTransformer().fit(X)
    >>> copula.transform(X).round(3)
    array([[-0.674,  0.319],
           [ 0.674,  0.319],
           [ 0.   , -0.674]])
    >>> copula.transform([[55.0, 9.0]]).round(3)
    array([[0.337, 0.319]])
    >>> copula.inverse_transform([[0.0, 0.0]]).round(3)
    array([[10.   ,  4.037]])
    """

    def fit(self, X: Any, y: Any = None) -> GaussianCopulaTransformer:
        """Learn the scores of the values of each column.

        Parameters
        ----------
        X : array_like, shape (n_samples, n_features)
            At least 3 samples of finite real numbers.
        y : None
            Not used; present for pipelines.

        Returns
        -------
        GaussianCopulaTransformer
            The transformer itself.

        Raises
        ------
        HoiError
            If a column has the same value in all samples.
        ValueError
            If scikit-learn does not accept X as a finite numeric table.
        """
        table = _validated(self, X, reset=True)
        self.n_samples_fit_ = len(table)
        self.values_ = []
        self.scores_ = []
        for column in table.T:
            values, counts = np.unique(column, return_counts=True)
            mean_ranks = np.cumsum(counts) - (counts - 1) / 2
            self.values_.append(values)
            self.scores_.append(ndtri(mean_ranks / (len(table) + 1)))
        constant = [j for j, values in enumerate(self.values_) if values.size == 1]
        if constant:
            names = getattr(self, "feature_names_in_", [str(j) for j in range(table.shape[1])])
            raise HoiError(
                f"X has the same value in all {len(table)} samples in {columns(names, constant)}: a constant "
                "has no ranks. Leave such columns out, for example by sklearn.feature_selection."
                "VarianceThreshold()."
            )
        return self

    def transform(self, X: Any) -> FloatArray:
        """Normal scores of the values of X.

        Parameters
        ----------
        X : array_like, shape (n_samples, n_features)
            Finite real numbers; any number of samples.

        Returns
        -------
        ndarray, shape (n_samples, n_features)
            Scores, within the range of those of the samples of `fit`.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        ValueError
            If X has other columns than the table given to `fit`, or values that are not finite.
        """
        check_is_fitted(self)
        table = _validated(self, X, reset=False)
        pairs = zip(table.T, self.values_, self.scores_, strict=True)
        return np.column_stack([_interpolate(x, values, scores) for x, values, scores in pairs])

    def inverse_transform(self, X: Any) -> FloatArray:
        """Values, in the units of the columns given to `fit`, that have the scores X.

        Parameters
        ----------
        X : array_like, shape (n_samples, n_features)
            Normal scores, for example drawn from a Gaussian model of the scores.

        Returns
        -------
        ndarray, shape (n_samples, n_features)
            Values, within the range of the samples of `fit`.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        HoiError
            If X has another number of columns than the table given to `fit`.
        ValueError
            If X has values that are not finite.
        """
        check_is_fitted(self)
        # scores are often a plain array where the data had names, so names are not compared here
        table = check_array(X, dtype=np.float64)
        if table.shape[1] != self.n_features_in_:
            raise HoiError(
                f"X has {table.shape[1]} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input. Give the scores of all columns."
            )
        pairs = zip(table.T, self.scores_, self.values_, strict=True)
        return np.column_stack([_interpolate(z, scores, values) for z, scores, values in pairs])


def _validated(transformer: Any, X: Any, *, reset: bool) -> FloatArray:
    """X as scikit-learn accepts it, float64; column names and number are stored or compared."""
    with np.errstate(over="ignore", invalid="ignore"):  # the sum by which huge but finite values are cleared
        return validate_data(
            transformer, features(X), dtype=np.float64, reset=reset, ensure_min_samples=3 if reset else 1
        )


def _interpolate(x: FloatArray, knots: FloatArray, heights: FloatArray) -> FloatArray:
    """Piecewise linear map: exact at the knots, constant outside, safe for all finite numbers."""
    j = np.clip(np.searchsorted(knots, x, side="right") - 1, 0, knots.size - 2)
    low, high = knots[j], knots[j + 1]
    with np.errstate(over="ignore", invalid="ignore"):
        # a gap beyond the float range gives 0 or NaN; the middle is as good as any place within it
        share = np.nan_to_num(np.clip((x - low) / (high - low), 0.0, 1.0), nan=0.5)
    return heights[j] * (1.0 - share) + heights[j + 1] * share
