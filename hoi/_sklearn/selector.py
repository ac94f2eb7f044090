"""Selection of features by their synergy or redundancy about a target, as a step of a scikit-learn pipeline."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from hoi import _api
from hoi._errors import HoiError, HoiWarning, SingularWarning, TiesWarning, warn
from hoi._inputs import checks
from hoi._inputs.categories import Categories
from hoi._inputs.table import Table
from hoi._inputs.words import columns, listing
from hoi._maths.terms import SINGULAR
from hoi._sklearn import reading
from hoi._sklearn.transformer import GaussianCopulaTransformer
from hoi._systems.gaussian import Gaussian, GaussianCopula
from hoi._systems.mixed import WithCategories
from hoi._systems.protocol import Estimator, System
from hoi._systems.registry import resolve

__all__ = ["OInformationSelector"]


class OInformationSelector(SelectorMixin, BaseEstimator):
    """Select the features that are, together, the most synergistic or the most redundant about the target.

    All sets of `n_features_to_select` features are compared by the gradient of the O-information,
    ``oinfo(features and y) - oinfo(features)``: what the target adds to the balance of redundancy and synergy.
    It is negative when the features tell of `y` what none of them tells alone, positive when they tell the
    same, and 0 for a target that has nothing to do with them. O-information is estimated by the Gaussian
    copula by default, to which monotone maps of features and target change nothing.

    Parameters
    ----------
    n_features_to_select : int, default 2
        Size of the set, at least 2. Every set of that size is evaluated: their number grows as n choose k.
    by : {"synergy", "redundancy"}, default "synergy"
        Whether the gradient is to be the lowest or the highest.
    target : {"auto", "classes", "numbers"}, default "auto"
        What `y` is. Classes are categories, whatever they are called: text, booleans, unordered categories, two
        different values, and whole numbers of which at most 20 are different that occur 4 times or more on average.
        Anything else is numbers, which have an order.
    estimator : str or object, default "gaussian_copula"
        As in :func:`hoi.search`. The Gaussian copula does not see what no pair of columns shows, such as an exclusive
        or: ``"discrete"``, ``"binned"`` and ``"knn"`` do, and take longer.

    Attributes
    ----------
    support_ : ndarray of bool, shape (n_features,)
        The selected features.
    gradient_ : float
        Gradient of their O-information, in nats.
    target_ : {"classes", "numbers"}
        What `y` was.
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
    Given classes, the entropy of features is the mean over classes of Gaussian entropies (see ``discrete`` in
    :func:`hoi.information`): classes that differ in the spread of features, or in how these go together, are seen, and
    each needs more samples than a set has features. Where classes lie far apart values are too large; sets are ranked
    by them. Equal values share their mean rank, and the copula describes columns with many of them only roughly.
    Features that have one value only in some class, and sets whose covariance is numerically singular, are left out,
    with a warning.

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

    def __init__(
        self, n_features_to_select: int = 2, *, by: str = "synergy", target: str = "auto",
        estimator: str | Estimator = "gaussian_copula",
    ) -> None:
        self.n_features_to_select = n_features_to_select
        self.by = by
        self.target = target
        self.estimator = estimator

    def fit(self, X: Any, y: Any) -> OInformationSelector:
        """Evaluate all sets of features and keep the best.

        Parameters
        ----------
        X : array_like, shape (n_samples, n_features)
            Finite real numbers; more samples than features to select, and one more.
        y : array_like, shape (n_samples,)
            The target: finite real numbers, or labels of classes.

        Returns
        -------
        OInformationSelector
            The selector itself.

        Raises
        ------
        HoiError
            For a column or a target of one value only, a number of features to select that is not 2 or more and
            at most the number of features, a feature that `y` determines, a class of too few samples, masked values,
            and when every set is numerically singular.
        ValueError
            If scikit-learn does not accept X and y as finite numbers.

        Warns
        -----
        SingularWarning
            If features or sets were left out: which, and why.
        """
        checks.check_choice(self.by, ("synergy", "redundancy"), "by")
        kind = checks.check_choice(self.target, ("auto", "classes", "numbers"), "target")
        k = checks.check_positive_int(self.n_features_to_select, "n_features_to_select")
        X = reading.features(X)
        y, classes = reading.target(y, kind)
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
        resolved = resolve(self.estimator)
        scores = GaussianCopulaTransformer().fit_transform(X)
        names = tuple(map(str, getattr(self, "feature_names_in_", range(n_features))))
        kept = np.arange(n_features)
        if classes is not None and isinstance(resolved, (Gaussian, GaussianCopula)):
            kept = _varying(scores, target, classes, names)
        if len(kept) < k:
            raise HoiError(f"n_features_to_select={k}, and {len(kept)} features are left. Choose fewer.")
        if classes is not None:
            resolved = WithCategories(resolved, Categories({len(kept): classes}))
        every = *(names[j] for j in kept), "the target"
        system = resolved.fit(Table(np.column_stack([table[:, kept], target]), every))
        self.target_ = "numbers" if classes is None else "classes"
        self.gradient_, members = self._best(system, np.cov(scores[:, kept], rowvar=False), k)
        self.support_ = np.zeros(n_features, dtype=bool)
        self.support_[kept[list(members)]] = True
        return self

    def _best(self, system: System, C: np.ndarray, k: int) -> tuple[float, tuple[int, ...]]:
        """The extreme gradient and the features that have it, of covariance C; the target is the last variable."""
        n_features = system.n_variables - 1
        which = "lowest" if self.by == "synergy" else "highest"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SingularWarning)
            warnings.simplefilter("ignore", TiesWarning)
            warnings.filterwarnings("ignore", "the information of", HoiWarning)  # sets are ranked here
            found = _api.search(
                system, k, measure="gradient", target=n_features, which=which, n_best=1, progress=False
            )
        if not len(found):
            raise HoiError(
                f"every set of {k} of the {n_features} features is numerically singular with y: the features "
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


def _varying(
    scores: np.ndarray, target: np.ndarray, classes: tuple[str, ...], names: tuple[str, ...]
) -> np.ndarray:
    """Features with several values in every class; the others are warned of, or an error if the class tells all of
    one."""
    constant = np.array([np.ptp(scores[target == c], axis=0) == 0 for c in range(len(classes))])
    if (told := constant.all(axis=0)).any():
        raise HoiError(
            f"y determines {columns(names, np.flatnonzero(told))}: all samples of a class have one value there, and "
            "nothing is left of it given y. Leave it out of X."
        )
    if (some := constant.any(axis=0)).any():
        first = [f"{names[j]!r} (class {classes[int(constant[:, j].argmax())]!r})" for j in np.flatnonzero(some)]
        warn(
            f"{some.sum()} of {len(names)} features were left out: in some class they have one value only, and so no "
            f"entropy there: {listing(first)}.",
            SingularWarning,
        )
    return np.flatnonzero(~some)


def _reason(C: np.ndarray, names: tuple[str, ...]) -> str:
    """Why sets of these columns can be singular: those that have the same ranks, where some do."""
    scale = np.sqrt(np.diagonal(C))
    first, second = np.nonzero(np.triu(np.abs(C / scale / scale[:, None]) > 1 - SINGULAR, 1))
    if not len(first):
        return "since some of their features are determined by others"
    pairs = [f"{names[i]!r} and {names[j]!r}" for i, j in zip(first.tolist(), second.tolist())]
    return f"since {listing(pairs, 3)} have the same ranks, or opposite ones"
