"""Bias of the entropy of Gaussian variables estimated from few samples."""

from __future__ import annotations

import numpy as np
from scipy.special import digamma

from hoi._errors import HoiError
from hoi._typing import FloatArray

__all__ = ["entropy_bias"]


def entropy_bias(k: int | np.ndarray, n_samples: int) -> float | FloatArray:
    r"""Constant to add to the estimated entropy of k Gaussian variables.

    The log-determinant of a sample covariance is too small on average, by a constant that depends on k and
    n_samples only:

    .. math:: b_k = -\tfrac12 \Big[ k (\log 2 - \log(n - 1)) + \sum_{i=1}^{k} \psi\big(\tfrac{n - i}{2}\big)
              \Big]

    and ``H + b_k`` has the true entropy as its mean over samples of size n.

    Parameters
    ----------
    k : int or array of int
        Number of variables (columns), at least 0 and below `n_samples`.
    n_samples : int
        Number of samples of the covariance, which had its mean removed and was divided by ``n_samples - 1``.

    Returns
    -------
    float or ndarray, shape of `k`
        b_k in nats, never negative; ``b_0 = 0``.

    Raises
    ------
    HoiError
        If some k is negative, or `n_samples` is not above the largest k.

    Notes
    -----
    The constant follows from the mean of the logarithm of a Wishart determinant.

    References
    ----------
    Misra, Singh and Demchuk (2005), Estimation of the entropy of a multivariate normal distribution,
    J. Multivariate Analysis 92, 324-342.

    Examples
    --------
    >>> from hoi._maths.bias import entropy_bias
    >>> round(entropy_bias(3, 100), 6)
    0.03064
    >>> entropy_bias(0, 100)
    0.0
    """
    orders = np.asarray(k)
    largest = int(orders.max(initial=0))
    if orders.min(initial=0) < 0:
        raise HoiError(f"k = {int(orders.min())} variables: the bias is defined for 0 or more variables.")
    if n_samples <= largest:
        raise HoiError(
            f"{n_samples} samples for a set of {largest} columns: the bias correction needs more samples "
            "than columns. Take smaller sets or more samples, or give bias_correction=False."
        )
    i = np.arange(1, largest + 1)
    steps = np.log(2.0) - np.log(n_samples - 1.0) + digamma((n_samples - i) / 2.0)
    table = np.concatenate([[0.0], -0.5 * np.cumsum(steps)])
    values = table[orders]
    return float(values) if orders.ndim == 0 else values
