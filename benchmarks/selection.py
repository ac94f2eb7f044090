"""The selector beside others: accuracy of classifiers on selected features, by cross-validation, and a random set.

    python -m benchmarks.selection [--folds 5]

Four data sets of scikit-learn, one of its generators (XOR of two features among noise), and a regression. Features are
selected within each fold, three of them, with nothing seen of the test samples. Writes `selection.md` beside itself.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import datasets
from sklearn.base import BaseEstimator
from sklearn.feature_selection import RFE, SelectKBest, mutual_info_classif, mutual_info_regression
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import hoi

N_FEATURES = 3
N_RANDOM = 20


def xor() -> tuple[np.ndarray, np.ndarray]:
    """Two classes by the signs of two features together, and eight features of noise."""
    X = np.random.default_rng(0).standard_normal((600, 10))
    return X, (X[:, 3] * X[:, 7] > 0).astype(int)


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Pixels that are not 0 in most images, which ranks can describe."""
    X, y = datasets.load_digits(return_X_y=True)
    return X[:, (X > 0).mean(axis=0) > 0.75], y


CASES: dict[str, tuple[Callable[[], Any], bool]] = {
    "breast cancer": (lambda: datasets.load_breast_cancer(return_X_y=True), True),
    "wine": (lambda: datasets.load_wine(return_X_y=True), True),
    "iris": (lambda: datasets.load_iris(return_X_y=True), True),
    "digits (common pixels)": (digits, True),
    "diabetes": (lambda: datasets.load_diabetes(return_X_y=True), False),
    "XOR": (xor, True),
}


class RandomFeatures(BaseEstimator):
    """Some features, whatever the target."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def fit(self, X: np.ndarray, y: Any = None) -> RandomFeatures:
        """Draw them."""
        self.chosen_ = np.random.default_rng(self.seed).permutation(X.shape[1])[:N_FEATURES]
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Keep them."""
        return X[:, self.chosen_]


def selectors(classes: bool) -> dict[str, list[Any]]:
    """Each way to select, or several draws of one."""
    information = mutual_info_classif if classes else mutual_info_regression
    linear = LogisticRegression(max_iter=2000) if classes else LinearRegression()
    return {
        "synergy": [hoi.OInformationSelector(N_FEATURES)],
        "redundancy": [hoi.OInformationSelector(N_FEATURES, by="redundancy")],
        "mutual information": [SelectKBest(lambda X, y: information(X, y, random_state=0), k=N_FEATURES)],
        "RFE": [RFE(linear, n_features_to_select=N_FEATURES)],
        "random": [RandomFeatures(seed) for seed in range(N_RANDOM)],
    }


def scores(case: str, folds: int) -> dict[str, tuple[float, float]]:
    """(linear model, nearest neighbours): mean accuracy, or R² of a regression, on samples that were not seen."""
    load, classes = CASES[case]
    X, y = load()
    split = (StratifiedKFold if classes else KFold)(folds, shuffle=True, random_state=0)
    models = (
        (LogisticRegression(max_iter=2000), KNeighborsClassifier(15)) if classes
        else (LinearRegression(), KNeighborsRegressor(15))
    )  # fmt: skip
    found = {}
    for name, steps in selectors(classes).items():
        means = [
            np.mean([cross_val_score(make_pipeline(StandardScaler(), step, model), X, y, cv=split) for step in steps])
            for model in models
        ]
        found[name] = (float(means[0]), float(means[1]))
        print(f"{case}, {name}: {means[0]:.3f} {means[1]:.3f}", flush=True)
    return found


def main() -> None:
    """Every case, as a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=5)
    folds = parser.parse_args().folds
    warnings.simplefilter("ignore", hoi.HoiWarning)
    names = list(selectors(True))
    about = (
        f"`python -m benchmarks.selection`: {N_FEATURES} features, {folds} folds; accuracy (R² for diabetes) of a "
        f"linear model / of 15 nearest neighbours. Random: mean over {N_RANDOM} sets."
    )
    lines = [
        "# Selection of features",
        "",
        about,
        "",
        f"| data | {' | '.join(names)} |",
        f"|---|{'---|' * len(names)}",
    ]
    for case in CASES:
        found = scores(case, folds)
        lines.append(f"| {case} | " + " | ".join(f"{a:.2f} / {b:.2f}" for a, b in found.values()) + " |")
    (Path(__file__).parent / "selection.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
