"""Estimators of entropies as objects that own their parameters, such as ``GaussianCopula(ties="random", seed=0)``.

A name such as ``"gaussian_copula"`` stands for the object with its default parameters. Any function
``entropy(columns) -> nats``, or any object with such a method, is an estimator too.
"""

from __future__ import annotations

from hoi._systems.discrete import Binned, Discrete
from hoi._systems.gaussian import Gaussian, GaussianCopula
from hoi._systems.kernel import Kernel
from hoi._systems.neighbours import KNN
from hoi._systems.shrinkage import Shrinkage

__all__ = ["KNN", "Binned", "Discrete", "Gaussian", "GaussianCopula", "Kernel", "Shrinkage"]
