"""Continuous columns and columns of labels in one table, for the tests of both."""

from __future__ import annotations

import numpy as np

# The columns of labels
LABELLED = (4, 5)


def table(seed: int, n: int = 240) -> np.ndarray:
    """Four continuous columns; column 4 has three labels, which shift, spread and couple them, column 5 has two."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 6))
    X[:, 4], X[:, 5] = rng.integers(0, 3, n), rng.integers(0, 2, n)
    X[:, 0] += X[:, 4]
    X[:, 1] *= 1 + X[:, 4]
    X[:, 3] += np.where(X[:, 4] == 1, -1, 1) * X[:, 2] + X[:, 5]
    return X
