"""The series on which published tools were run once; their values are in `published.json`."""

from __future__ import annotations

import numpy as np


def series() -> np.ndarray:
    """120 steps of five coupled series, (n_samples, 5), without ties; the last one is driven by two others."""
    rng = np.random.default_rng(2026)
    X = rng.standard_normal((120, 5))
    for t in range(1, 120):
        X[t, 0] += 0.6 * X[t - 1, 0]
        X[t, 1] += 0.4 * X[t - 1, 0]
        X[t, 2] += 0.5 * X[t - 1, 1] + 0.3 * X[t - 1, 3]
        X[t, 4] += 0.7 * X[t, 0] - 0.5 * X[t, 3]
    return X
