"""The estimators by name, and what else may be given as one."""

from __future__ import annotations

import importlib
from typing import Any

from hoi._errors import HoiError
from hoi._inputs.checks import check_choice
from hoi._systems.entropies import Entropies
from hoi._systems.protocol import Estimator

__all__ = ["ESTIMATORS", "resolve"]

# name -> "module:class", loaded when first used
ESTIMATORS = {
    "gaussian_copula": "hoi._systems.gaussian:GaussianCopula",
    "gaussian": "hoi._systems.gaussian:Gaussian",
    "discrete": "hoi._systems.discrete:Discrete",
    "binned": "hoi._systems.discrete:Binned",
    "knn": "hoi._systems.neighbours:KNN",
    "kernel": "hoi._systems.kernel:Kernel",
    "shrinkage": "hoi._systems.shrinkage:Shrinkage",
}


def resolve(estimator: Any) -> Estimator:
    """An estimator from its name, from itself, or from a function or object that gives entropies of columns."""
    if isinstance(estimator, Estimator):
        return estimator
    if isinstance(estimator, str):
        module, name = ESTIMATORS[check_choice(estimator, ESTIMATORS, "estimator")].split(":")
        return getattr(importlib.import_module(module), name)()
    if isinstance(estimator, type):
        raise HoiError(f"estimator={estimator.__name__} is a class: give an object of it, {estimator.__name__}().")
    if callable(getattr(estimator, "entropy", None)) or callable(estimator):
        return Entropies(estimator)
    raise HoiError(
        f"estimator={estimator!r} ({type(estimator).__name__}): use one of {', '.join(map(repr, ESTIMATORS))}, an "
        "object of hoi.estimators, or a function entropy(columns) that gives nats for an array (n_samples, n_columns)."
    )
