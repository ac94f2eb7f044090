"""Families of Gaussian systems, each of one piece, with the formulas of their measures."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hoi._inputs.options import check_seed
from hoi.simulate._known import KnownGaussian, about_effect, about_target, count, each, known, number, numbered

__all__ = [
    "common_cause",
    "common_effect",
    "equicorrelated",
    "independent",
    "markov_chain",
    "random_covariance",
]


def independent(n_variables: int, *, variance: float | Sequence[float] = 1.0) -> KnownGaussian:
    """Variables that share nothing: TC = DTC = O = S = 0.

    Parameters
    ----------
    n_variables : int
        At least 1.
    variance : float or sequence of float
        Positive; one for all, or one for each variable.

    Returns
    -------
    KnownGaussian

    Raises
    ------
    HoiError
        If a parameter is out of its range.

    Examples
    --------
    >>> import hoi
    >>> hoi.simulate.independent(3).oinfo
    0.0
    """
    n = count(n_variables, "n_variables", 1)
    variances = each(variance, n, "variance", lambda v: v > 0, "positive")
    return known("independent", np.diag(variances), numbered("x", n), 0.0, 0.0)


def equicorrelated(n_variables: int, rho: float) -> KnownGaussian:
    """Unit variances, and the same correlation between all the pairs.

    The correlation matrix (1 - rho) I + rho 11' has the eigenvalue 1 + (n-1) rho once and 1 - rho n-1 times,
    and by the Sherman-Morrison identity the diagonal of its inverse is
    (1 + (n-2) rho) / ((1 - rho)(1 + (n-1) rho)). Hence

        TC  = -[(n-1) log(1-rho) + log(1 + (n-1) rho)] / 2
        DTC = [n log(1 + (n-2) rho) - log(1-rho) - (n-1) log(1 + (n-1) rho)] / 2

    It is redundant for rho > 0 and synergistic for rho < 0. Every subset of k variables is equicorrelated
    too.

    Parameters
    ----------
    n_variables : int
        At least 2.
    rho : float
        Strictly between -1/(n_variables - 1) and 1.

    Returns
    -------
    KnownGaussian

    Raises
    ------
    HoiError
        If a parameter is out of its range.

    Examples
    --------
    >>> import hoi
    >>> round(hoi.simulate.equicorrelated(3, 0.5).oinfo, 4)
    0.0849
    >>> round(hoi.simulate.equicorrelated(3, -0.4).oinfo, 4)
    -0.2067
    """
    n = count(n_variables, "n_variables", 2)
    rho = number(
        rho, "rho", lambda r: -1 / (n - 1) < r < 1, f"between -1/(n_variables - 1) = {-1 / (n - 1):.6g} and 1"
    )
    correlation = np.full((n, n), rho)
    np.fill_diagonal(correlation, 1.0)
    apart, together = math.log1p(-rho), math.log1p((n - 1) * rho)
    tc = -((n - 1) * apart + together) / 2
    dtc = (n * math.log1p((n - 2) * rho) - apart - (n - 1) * together) / 2
    return known("equicorrelated", correlation, numbered("x", n), tc, dtc)


def markov_chain(n_variables: int, rho: float | Sequence[float]) -> KnownGaussian:
    """Unit variances, each variable depending on the one before: x0 -> x1 -> x2 ...

    x_(i+1) = rho_i x_i + sqrt(1 - rho_i^2) noise, so Corr(x_i, x_j) is the product of the rho between i and
    j. By the chain rule TC is the sum of the information of each link. The inverse is tridiagonal, with
    diagonal (1 - rho_(i-1)^2 rho_i^2) / ((1 - rho_(i-1)^2)(1 - rho_i^2)) inside and 1 / (1 - rho^2) at the
    ends. Hence

        TC  = -sum_i log(1 - rho_i^2) / 2
        O   = -sum_i log(1 - rho_(i-1)^2 rho_i^2) / 2      (the information between neighbours but one)
        DTC = TC - O

    so a chain is redundant whatever the signs.

    Parameters
    ----------
    n_variables : int
        At least 2.
    rho : float or sequence of float
        Strictly between -1 and 1; one for all the links, or n_variables - 1 of them.

    Returns
    -------
    KnownGaussian

    Raises
    ------
    HoiError
        If a parameter is out of its range.

    Examples
    --------
    >>> import hoi
    >>> chain = hoi.simulate.markov_chain(3, [0.5, 0.8])
    >>> float(chain.covariance[0, 2])
    0.4
    >>> round(chain.oinfo, 6)
    0.087177
    """
    n = count(n_variables, "n_variables", 2)
    links = each(rho, n - 1, "rho", lambda r: -1 < r < 1, "between -1 and 1")
    correlation = np.eye(n)
    for i in range(n - 1):
        # the row of products from i onwards: rho_i, rho_i rho_(i+1), ...
        correlation[i, i + 1 :] = correlation[i + 1 :, i] = np.cumprod(links[i:])
    tc = -float(np.sum(np.log1p(-(links**2)))) / 2
    oinfo = -float(np.sum(np.log1p(-((links[:-1] * links[1:]) ** 2)))) / 2
    return known("markov_chain", correlation, numbered("x", n), tc, tc - oinfo)


def common_cause(
    n_effects: int, loading: float | Sequence[float], *, observed: bool = False
) -> KnownGaussian:
    """Effects that share one cause: redundancy.

    effect_i = a_i cause + sqrt(1 - a_i^2) noise_i, all of unit variance. With d_i = 1 - a_i^2 and
    s = sum_i a_i^2 / d_i, the covariance of the effects is diag(d) + aa', the one-factor model; by the matrix
    determinant lemma its determinant is (1 + s) prod d_i, and by the Sherman-Morrison identity its inverse
    has the diagonal [1 - (a_i^2 / d_i) / (1 + s)] / d_i. Hence, with the cause hidden,

        TC  = -[sum_i log d_i + log(1 + s)] / 2
        DTC = [log(1 + s) + sum_i log(1 - (a_i^2 / d_i) / (1 + s))] / 2

    With the cause observed, as the last variable, the effects are independent given it, and

        TC  = -sum_i log(d_i) / 2                       (the information of each effect about the cause)
        DTC = log(1 + s) / 2                            (the information of all the effects about the cause)

    and the effects S tell of the cause Y, with s_i = a_i^2 / d_i,

        I(S; Y) = log(1 + s) / 2,   I(i; Y) = log(1 + s_i) / 2,
        I(i; Y | the others) = log((1 + s) / (1 + s - s_i)) / 2

    from which `about` has RSI <= 0, the gradient of O >= 0, and the minima of both.

    Parameters
    ----------
    n_effects : int
        At least 2.
    loading : float or sequence of float
        Strictly between -1 and 1; one for all the effects, or one for each.
    observed : bool
        Whether the cause is itself a variable of the system.

    Returns
    -------
    KnownGaussian

    Raises
    ------
    HoiError
        If a parameter is out of its range.

    Examples
    --------
    >>> import hoi
    >>> hidden = hoi.simulate.common_cause(4, 0.7)
    >>> seen = hoi.simulate.common_cause(4, 0.7, observed=True)
    >>> seen.names
    ('effect0', 'effect1', 'effect2', 'effect3', 'cause')
    >>> round(hidden.oinfo, 6), round(seen.oinfo, 6)
    (0.211369, 0.557908)
    """
    n = count(n_effects, "n_effects", 2)
    a = each(loading, n, "loading", lambda v: -1 < v < 1, "between -1 and 1")
    correlation = np.outer(a, a)
    names = numbered("effect", n)
    own = 1 - a**2
    signal = a**2 / own
    total, noise = float(np.log1p(signal.sum())), float(np.log(own).sum())
    about = None
    if observed:
        about = about_target(n, total / 2, -np.log(own) / 2, (total - np.log1p(signal.sum() - signal)) / 2)
        correlation = np.block([[correlation, a[:, None]], [a[None, :], np.ones((1, 1))]])
        names = (*names, "cause")
        tc, dtc = -noise / 2, total / 2
    else:
        tc = -(noise + total) / 2
        dtc = (total + float(np.sum(np.log1p(-signal / (1 + signal.sum()))))) / 2
    np.fill_diagonal(correlation, 1.0)
    return known("common_cause", correlation, names, tc, dtc, about=about)


def common_effect(
    n_causes: int, weight: float | Sequence[float] = 1.0, *, noise: float = 1.0
) -> KnownGaussian:
    """Independent causes and the sum they drive: synergy.

    effect = sum_i w_i cause_i + noise, with causes of unit variance and noise of standard deviation sigma;
    the effect is the last variable. The joint determinant is sigma^2, and the inverse has the diagonal 1 +
    w_i^2 / sigma^2 at the causes and 1 / sigma^2 at the effect. Hence

        TC  = log(1 + sum_i w_i^2 / sigma^2) / 2        (the information of all the causes about the effect)
        DTC = sum_i log(1 + w_i^2 / sigma^2) / 2        (that of each cause, given the others)

    and the causes S tell of the effect Y

        I(S; Y) = TC,   I(i; Y) = -log(1 - w_i^2 / (sum_j w_j^2 + sigma^2)) / 2,
        I(i; Y | the others) = log(1 + w_i^2 / sigma^2) / 2

    from which `about` has RSI >= 0, the gradient of O, which is O itself, and the minima of both. O <= 0: as sigma
    falls it goes to minus infinity: n causes, none of which is known from the effect alone, and each known from
    the effect and the others.

    Parameters
    ----------
    n_causes : int
        At least 2.
    weight : float or sequence of float
        One for all the causes, or one for each.
    noise : float
        Standard deviation sigma, positive.

    Returns
    -------
    KnownGaussian

    Raises
    ------
    HoiError
        If a parameter is out of its range.

    Examples
    --------
    >>> import hoi
    >>> round(hoi.simulate.common_effect(2).oinfo, 4)
    -0.1438
    >>> round(hoi.simulate.common_effect(2, noise=0.1).oinfo, 4)
    -1.9635
    """
    n = count(n_causes, "n_causes", 2)
    w = each(weight, n, "weight", lambda v: True, "finite")
    sigma = number(noise, "noise", lambda s: s > 0, "positive")
    covariance = np.eye(n + 1)
    covariance[:n, n] = covariance[n, :n] = w
    covariance[n, n] = w @ w + sigma**2
    about, _ = about_effect(w, sigma)
    names = (*numbered("cause", n), "effect")
    dtc = float(np.log1p((w / sigma) ** 2).sum()) / 2
    return known("common_effect", covariance, names, about.information, dtc, about=about)


def random_covariance(
    n_variables: int, *, degrees_of_freedom: int | None = None, seed: int | np.random.Generator | None = None
) -> KnownGaussian:
    """A covariance drawn at random, from a Wishart distribution divided by its degrees of freedom.

    Its expectation is the identity; the fewer the degrees of freedom, the stronger the dependences. No
    closed form is known for its measures, which are None.

    Parameters
    ----------
    n_variables : int
        At least 1.
    degrees_of_freedom : int, optional
        At least n_variables; twice that by default.
    seed : int, Generator or None
        The same int gives the same covariance.

    Returns
    -------
    KnownGaussian

    Raises
    ------
    HoiError
        If a parameter is out of its range.

    Examples
    --------
    >>> import hoi
    >>> system = hoi.simulate.random_covariance(5, seed=0)
    >>> system.covariance.shape, system.tc
    ((5, 5), None)
    """
    n = count(n_variables, "n_variables", 1)
    freedom = 2 * n if degrees_of_freedom is None else count(degrees_of_freedom, "degrees_of_freedom", n)
    factor = np.random.default_rng(check_seed(seed)).standard_normal((n, freedom))
    return known("random_covariance", factor @ factor.T / freedom, numbered("x", n), None, None)
