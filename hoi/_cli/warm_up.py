"""Compile the walks of searches once, so that the first search of a later process does not."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

import hoi

__all__ = ["warm_up"]


def warm_up(say: Callable[[str], None], n_variables: int = 14) -> None:
    """A small search by each of the compiled walks of common searches; where kernels are on disk it takes a second.

    Parameters
    ----------
    say : callable
        Is told of each walk and its seconds.
    n_variables : int
        Columns of the table that is searched.
    """
    X = np.random.default_rng(0).standard_normal((200, n_variables))
    groups = [[2 * i, 2 * i + 1] for i in range(n_variables // 2)]
    searches: list[tuple[str, Any, dict[str, Any]]] = [
        *((f"order {order}", order, {}) for order in range(3, 9)),
        ("orders 3 to 7 at once", (3, 7), {}),
        ("most of the columns", n_variables - 3, {}),
        ("recordings of few columns", 3, {"X": np.stack([X[:100, :6], X[100:, :6]])}),
        ("groups of columns", 3, {"groups": groups}),
        ("gradient about a target", 3, {"target": 0, "measure": "gradient"}),
        ("counts of joint states", 3, {"estimator": hoi.estimators.Binned(2)}),
        ("nearest neighbours", 3, {"estimator": "knn"}),
    ]
    for what, order, options in searches:
        began = time.perf_counter()
        hoi.search(**{"X": X, **options}, order=order, backend="numba", n_best=1, progress=False)
        say(f"{what}: {time.perf_counter() - began:.1f} s")
