"""Gaussian processes whose transfer entropies are known in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from hoi._inputs.options import check_seed
from hoi.simulate._known import KnownTarget, about_effect, count, each, number, numbered

__all__ = ["KnownProcess", "driven_process"]


@dataclass(frozen=True, eq=False)
class KnownProcess:
    """A stationary Gaussian process X(t) = A X(t - 1) + noise, and what is known exactly about it.

    Attributes
    ----------
    kind : str
        The function that made it.
    coefficients : ndarray, shape (n_variables, n_variables)
        A, read-only: from the column to the row.
    noise : ndarray, shape (n_variables,)
        Standard deviation of the noise of each variable.
    names : tuple of str
        One name per variable.
    transfer_entropy : ndarray, shape (n_variables, n_variables)
        From the row to the column, in nats, for any number of lags; NaN on the diagonal.
    about : KnownTarget
        What the pasts of all the others tell of the present of the target beyond its own past: the joint transfer
        entropy, and the dynamic O-information as `gradient`.

    Examples
    --------
    >>> import hoi
    >>> process = hoi.simulate.driven_process(2)
    >>> process.names
    ('source0', 'source1', 'target')
    >>> process.sample(100, seed=0).shape
    (100, 3)
    """

    kind: str
    coefficients: np.ndarray = field(repr=False)
    noise: np.ndarray = field(repr=False)
    names: tuple[str, ...] = field(repr=False)
    transfer_entropy: np.ndarray = field(repr=False)
    about: KnownTarget

    @property
    def n_variables(self) -> int:
        """Number of variables."""
        return len(self.names)

    def sample(self, n_samples: int, seed: int | np.random.Generator | None = None) -> np.ndarray:
        """Draw a stretch of time, after a start that it has forgotten.

        Parameters
        ----------
        n_samples : int
            Steps in time.
        seed : int, Generator or None
            The same int gives the same samples; None draws fresh ones.

        Returns
        -------
        ndarray, shape (n_samples, n_variables)
            float64; rows are steps in time.

        Raises
        ------
        HoiError
            If n_samples is no positive integer.

        Examples
        --------
        >>> import hoi
        >>> X = hoi.simulate.driven_process(2, memory=0.9).sample(500, seed=0)
        >>> hoi.drivers(X, targets=2, which="lowest", n_best=1)["2"].members
        [(0, 1)]
        """
        n = count(n_samples, "n_samples", 1)
        strongest = max(float(np.abs(np.linalg.eigvals(self.coefficients)).max()), 1e-3)
        start = int(np.ceil(np.log(1e-12) / np.log(strongest)))
        steps = np.random.default_rng(check_seed(seed)).standard_normal((start + n, self.n_variables)) * self.noise
        for t in range(1, len(steps)):
            steps[t] += self.coefficients @ steps[t - 1]
        return steps[start:]


def driven_process(
    n_sources: int, weight: float | Sequence[float] = 1.0, *, noise: float = 1.0, memory: float = 0.0
) -> KnownProcess:
    """Independent sources of white noise, and a target that their past drives together: synergy in time.

    y(t) = m y(t - 1) + sum_i w_i x_i(t - 1) + noise, with sources of unit variance and noise of standard deviation
    sigma; the target y is the last variable. Given its own past, y is a `common_effect` of the sources' last values,
    and nothing before them counts. Hence, for any number of lags,

        T(x_i -> y)        = -log(1 - w_i^2 / (sum_j w_j^2 + sigma^2)) / 2
        I(all pasts; y | y's own)  = log(1 + sum_i w_i^2 / sigma^2) / 2         (joint transfer entropy)
        dynamic O-information      = [log(1 + sum_i w_i^2 / sigma^2) - sum_i log(1 + w_i^2 / sigma^2)] / 2

    and all other transfer entropies are 0.

    Parameters
    ----------
    n_sources : int
        At least 2.
    weight : float or sequence of float
        One for all the sources, or one for each.
    noise : float
        Standard deviation sigma, positive.
    memory : float
        m, strictly between -1 and 1.

    Returns
    -------
    KnownProcess

    Raises
    ------
    HoiError
        If a parameter is out of its range.

    Examples
    --------
    >>> import hoi
    >>> process = hoi.simulate.driven_process(2, memory=0.5)
    >>> process.transfer_entropy.round(4)[:, 2]
    array([0.2027, 0.2027,    nan])
    >>> round(process.about.gradient, 4)
    -0.1438
    """
    n = count(n_sources, "n_sources", 2)
    w = each(weight, n, "weight", lambda v: True, "finite")
    sigma = number(noise, "noise", lambda s: s > 0, "positive")
    own = number(memory, "memory", lambda m: -1 < m < 1, "between -1 and 1")
    A = np.zeros((n + 1, n + 1))
    A[n] = [*w, own]
    about, alone = about_effect(w, sigma)
    transfer = np.zeros((n + 1, n + 1))
    np.fill_diagonal(transfer, np.nan)
    transfer[:n, n] = alone
    deviations = np.array([*np.ones(n), sigma])
    for array in (A, transfer, deviations):
        array.setflags(write=False)
    return KnownProcess("driven_process", A, deviations, (*numbered("source", n), "target"), transfer, about)
