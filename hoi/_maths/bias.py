"""Bias of the entropy of Gaussian variables estimated from few samples."""

from __future__ import annotations

import numpy as np
from scipy.special import digamma, polygamma

from hoi._errors import HoiError
from hoi._typing import FloatArray

__all__ = ["chance_deviation", "dependence_bias", "entropy_bias", "variance_bias"]


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


def dependence_bias(k: np.ndarray, n_samples: FloatArray) -> FloatArray:
    r"""What the bias of the entropy of k Gaussian variables is beyond that of each of them alone, ``b_k - k b_1``.

    .. math:: -\tfrac12 \sum_{i=2}^{k} \Big[ \psi\big(\tfrac{N - i}{2}\big) - \psi\big(\tfrac{N - 1}{2}\big) \Big]

    Parameters
    ----------
    k : array of int
        Numbers of variables; 0 and 1 have none.
    n_samples : array of float, shape of `k`
        The samples N that they are worth, any number above `k`.

    Returns
    -------
    ndarray, shape of `k`
        In nats, for every set with its own number of samples.

    Examples
    --------
    >>> import numpy as np
    >>> from hoi._maths.bias import dependence_bias, entropy_bias
    >>> found = dependence_bias(np.array([3]), np.array([100.0]))[0]
    >>> bool(np.isclose(found, entropy_bias(3, 100) - 3 * entropy_bias(1, 100)))
    True
    """
    k, n_samples = np.broadcast_arrays(k, n_samples)
    found = np.zeros(k.shape)
    alone = digamma((n_samples - 1.0) / 2.0)
    for i in range(2, int(k.max(initial=0)) + 1):
        wide = k >= i
        found[wide] -= 0.5 * (digamma((n_samples[wide] - i) / 2.0) - alone[wide])
    return found


def variance_bias(n_samples: FloatArray) -> FloatArray:
    """The bias of the entropy of one Gaussian variable, ``b_1``, for any numbers of samples above 1.

    Parameters
    ----------
    n_samples : array of float

    Examples
    --------
    >>> from hoi._maths.bias import entropy_bias, variance_bias
    >>> bool(abs(variance_bias(100.0) - entropy_bias(1, 100)) < 1e-12)
    True
    """
    freedom = np.asarray(n_samples) - 1.0
    return np.asarray(-0.5 * (np.log(2.0) - np.log(freedom) + digamma(freedom / 2.0)))


def chance_deviation(k: int, n_samples: int) -> float:
    r"""Standard deviation of the estimated total correlation of k independent Gaussian variables.

    The determinant of their sample correlation is a product of independent Beta variables:

    .. math:: \operatorname{Var} TC = \tfrac14 \sum_{i=2}^{k} \Big[ \psi_1\big(\tfrac{n - i}{2}\big) -
              \psi_1\big(\tfrac{n - 1}{2}\big) \Big]

    Parameters
    ----------
    k : int
        Variables.
    n_samples : int
        More than k.

    Returns
    -------
    float
        In nats.

    References
    ----------
    Anderson (2003), An Introduction to Multivariate Statistical Analysis, section 9.3.

    Examples
    --------
    >>> from hoi._maths.bias import chance_deviation
    >>> round(chance_deviation(5, 12), 3), round(chance_deviation(5, 1000), 4)
    (0.268, 0.0022)
    """
    i = np.arange(2, k + 1)
    return float(0.5 * np.sqrt((polygamma(1, (n_samples - i) / 2) - polygamma(1, (n_samples - 1) / 2)).sum()))
