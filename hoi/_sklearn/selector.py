"""Selection of features by their synergy or redundancy about a target, as a step of a scikit-learn pipeline."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from hoi import _api
from hoi._errors import HoiError, SingularWarning, warn
from hoi._inputs import checks
from hoi._inputs.words import listing
from hoi._maths.terms import SINGULAR
from hoi._sklearn import reading
from hoi._sklearn.transformer import GaussianCopulaTransformer
from hoi._systems.gaussian import GaussianSystem

__all__ = ["OInformationSelector"]


class OInformationSelector(SelectorMixin, BaseEstimator):
    """Select the features that are, together, the most synergistic or the most redundant about the target.

    All sets of `n_features_to_select` features are compared by the gradient of the O-information,
    ``oinfo(features and y) - oinfo(features)``: what the target adds to the balance of redundancy and synergy.
    It is negative when the features tell of `y` what none of them tells alone, positive when they tell the
    same, and 0 for a target that has nothing to do with them. O-information is estimated by the Gaussian
    copula, so monotone maps of features and target change nothing.

    Parameters
    ----------
    n_features_to_select : int, default 2
        Size of the set, at least 2. Every set of that size is evaluated: their number grows as n choose k.
    by : {"synergy", "redundancy"}, default "synergy"
        Whether the gradient is to be the lowest or the highest.

    Attributes
    ----------
    support_ : ndarray of bool, shape (n_features,)
        The selected features.
    gradient_ : float
        Gradient of their O-information, in nats.
    n_features_in_ : int
        Number of columns seen by `fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns, where `fit` saw names that are all text.

    See Also
    --------
    hoi.search : Sets of variables, without a target.
    hoi.mutual_information : What all features together tell of a target.

    Notes
    -----
    The target is a number of continuous or ordered values, or one of two classes of any name; of more classes give
    one against the rest (``y == label``). Equal values share their mean rank, and the copula describes columns with
    many of them only roughly. Sets whose covariance is numerically singular are left out, with a warning.

    References
    ----------
    Scagliarini, Nuzzi, Antonacci, Faes, Rosas, Marinazzo and Stramaglia (2023), Gradients of O-information:
    low-order descriptors of high-order dependencies, Physical Review Research 5, 013025.

    Examples
    --------
    >>> import numpy as np, hoi
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((500, 6))
    >>> y = X[:, 1] - X[:, 4] + 0.1 * rng.standard_normal(500)
    >>> X[:, 2] = X[:, 1] + 0.1 * rng.standard_normal(500)
    >>> hoi.OInformationSelector().fit(X, y).get_support(indices=True)
    array([1, 4])
    >>> hoi.OInformationSelector(by="redundancy").fit(X, y).get_support(indices=True)
    array([1, 2])
    """

    def __init__(self, n_features_to_select: int = 2, *, by: str = "synergy") -> None:
        self.n_features_to_select = n_features_to_select
        self.by = by

    def fit(self, X: Any, y: Any) -> OInformationSelector:
        """Evaluate all sets of features and keep the best.

        Parameters
        ----------
        X : array_like, shape (n_samples, n_features)
            Finite real numbers; more samples than features to select, and one more.
        y : array_like, shape (n_samples,)
            The target: finite real numbers, or labels of two classes.

        Returns
        -------
        OInformationSelector
            The selector itself.

        Raises
        ------
        HoiError
            For a column or a target of one value only, a number of features to select that is not 2 or more and
            at most the number of features, a feature that `y` determines, text labels of more than two classes,
            masked values, and when every set is numerically singular.
        ValueError
            If scikit-learn does not accept X and y as finite numbers.

        Warns
        -----
        SingularWarning
            If sets were left out, with the features that repeat each other.
        """
        checks.check_choice(self.by, ("synergy", "redundancy"), "by")
        k = checks.check_positive_int(self.n_features_to_select, "n_features_to_select")
        X, y = reading.features(X), reading.target(y)
        table, target = validate_data(self, X, y, dtype=np.float64, y_numeric=True, ensure_min_samples=3)
        n_samples, n_features = table.shape
        if not 2 <= k <= n_features:
            raise HoiError(
                f"n_features_to_select={k} with n_features = {n_features}: synergy and redundancy are about 2 "
                f"features or more, and no more than X has. Choose from 2 to {n_features}."
            )
        if (target == target[0]).all():
            raise HoiError(f"y has the same value in all {n_samples} samples: there is nothing to tell of it.")
        checks.check_samples(n_samples, k + 1, f"a set of {k} features with y")
        scores = [GaussianCopulaTransformer().fit_transform(part) for part in (X, target[:, None])]
        C = np.cov(np.column_stack(scores), rowvar=False)
        self.gradient_, members = self._best(C, n_samples, k)
        self.support_ = np.zeros(n_features, dtype=bool)
        self.support_[list(members)] = True
        return self

    def _best(self, C: np.ndarray, n_samples: int, k: int) -> tuple[float, tuple[int, ...]]:
        """The extreme gradient and the features that have it; the target is the last variable of C."""
        own = getattr(self, "feature_names_in_", range(len(C) - 1))
        system = GaussianSystem.from_covariance(C, n_samples, names=[*map(str, own), "the target"])
        which = "lowest" if self.by == "synergy" else "highest"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SingularWarning)
            found = _api.search(
                system, k, measure="gradient", target=len(C) - 1, which=which, n_best=1, progress=False
            )
        if not len(found):
            raise HoiError(
                f"every set of {k} of the {len(C) - 1} features is numerically singular with y: the features "
                "determine each other or y. Leave out duplicated or dependent columns."
            )
        if skipped := found.settings["skipped"]:
            warn(
                f"{skipped:,} of {skipped + found.settings['evaluated']:,} sets of {k} features were left out: they "
                f"are numerically singular, {_reason(C, system.names)}.",
                SingularWarning,
            )
        return float(found.gradient[0]), found.members[0]

    def _get_support_mask(self) -> np.ndarray:
        check_is_fitted(self)
        return self.support_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


def _reason(C: np.ndarray, names: tuple[str, ...]) -> str:
    """Why sets of these columns can be singular: those that have the same ranks, where some do."""
    scale = np.sqrt(np.diagonal(C))
    first, second = np.nonzero(np.triu(np.abs(C / scale / scale[:, None]) > 1 - SINGULAR, 1))
    if not len(first):
        return "since some of their features are determined by others"
    pairs = [f"{names[i]!r} and {names[j]!r}" for i, j in zip(first.tolist(), second.tolist())]
    return f"since {listing(pairs, 3)} have the same ranks, or opposite ones"
