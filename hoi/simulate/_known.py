"""The one result of hoi.simulate, and the checks of its parameters."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from hoi._errors import HoiError
from hoi._inputs.options import check_seed

__all__ = [
    "KnownGaussian", "KnownTarget", "about_effect", "about_target", "count", "each", "known", "number", "numbered",
]  # fmt: skip


@dataclass(frozen=True)
class KnownTarget:
    """What all other variables of a known system tell of one of them, in nats.

    Attributes
    ----------
    target : int
        Column of the target.
    information : float
        I(S; Y) of all the others S together.
    rsi : float
        That, less the information of each of them alone: positive for synergy.
    gradient : float
        What the target adds to the O-information of the others: negative for synergy.
    redundancy_mmi, synergy_mmi : float
        The least that one of them tells alone, and that it adds to the others.

    Examples
    --------
    >>> import hoi
    >>> about = hoi.simulate.common_effect(2).about
    >>> about.target, round(about.information, 6), round(about.rsi, 6)
    (2, 0.549306, 0.143841)
    """

    target: int
    information: float
    rsi: float
    gradient: float
    redundancy_mmi: float
    synergy_mmi: float


def about_target(target: int, information: float, alone: np.ndarray, given_others: np.ndarray) -> KnownTarget:
    """From I(S; Y), I(i; Y) and I(i; Y | S without i)."""
    # the gradient is (1 - k) I(S; Y) + sum of I(S without i; Y), and these are I(S; Y) less what i adds
    return KnownTarget(
        target, information, information - float(alone.sum()), information - float(given_others.sum()),
        float(alone.min()), float(given_others.min()),
    )  # fmt: skip


def about_effect(weights: np.ndarray, noise: float) -> tuple[KnownTarget, np.ndarray]:
    """What independent causes tell of their weighted sum with noise, the last variable; and what each tells alone."""
    ratio = (weights / noise) ** 2
    alone = -np.log1p(-(weights**2) / (weights @ weights + noise**2)) / 2
    return about_target(len(weights), float(np.log1p(ratio.sum())) / 2, alone, np.log1p(ratio) / 2), alone


@dataclass(frozen=True, eq=False)
class KnownGaussian:
    """A zero-mean Gaussian system and what is known exactly about it.

    Attributes
    ----------
    kind : str
        The function that made it.
    covariance : ndarray, shape (n_variables, n_variables)
        Read-only.
    names : tuple of str
        One name per variable.
    tc, dtc : float or None
        Total correlation and dual total correlation of all the variables together, in nats; None where no
        closed form is known.
    parts : tuple of (str, tuple of int, KnownGaussian)
        The independent subsystems it is composed of: label, columns, and the subsystem. Empty when it is one
        piece.
    about : KnownTarget or None
        What the others tell of one of the variables, where a closed form is known.

    Examples
    --------
    >>> import hoi
    >>> chain = hoi.simulate.markov_chain(4, 0.5)
    >>> chain.names
    ('x0', 'x1', 'x2', 'x3')
    >>> round(chain.tc, 6)
    0.431523
    >>> chain.sample(100, seed=0).shape
    (100, 4)
    """

    kind: str
    covariance: np.ndarray = field(repr=False)
    names: tuple[str, ...] = field(repr=False)
    tc: float | None
    dtc: float | None
    parts: tuple[tuple[str, tuple[int, ...], KnownGaussian], ...] = field(default=(), repr=False)
    about: KnownTarget | None = field(default=None, repr=False)

    @property
    def n_variables(self) -> int:
        """Number of variables."""
        return len(self.names)

    @property
    def oinfo(self) -> float | None:
        """O-information TC - DTC in nats; positive for redundancy, negative for synergy."""
        return None if self.tc is None or self.dtc is None else self.tc - self.dtc

    @property
    def sinfo(self) -> float | None:
        """S-information TC + DTC in nats."""
        return None if self.tc is None or self.dtc is None else self.tc + self.dtc

    @property
    def entropy(self) -> float | None:
        """Joint entropy in nats: the sum of the entropies log(2 pi e C_ii)/2 of the variables, less TC."""
        if self.tc is None:
            return None
        return float(np.sum(np.log(2 * math.pi * math.e * np.diag(self.covariance))) / 2 - self.tc)

    def sample(
        self, n_samples: int, seed: int | np.random.Generator | None = None, *, n_datasets: int | None = None
    ) -> np.ndarray:
        """Draw independent samples.

        Parameters
        ----------
        n_samples : int
            Number of rows.
        seed : int, Generator or None
            The same int gives the same samples; None draws fresh ones.
        n_datasets : int, optional
            Draw that many datasets, stacked in front.

        Returns
        -------
        ndarray, shape (n_samples, n_variables) or (n_datasets, n_samples, n_variables)
            float64.

        Raises
        ------
        HoiError
            If a count is not a positive integer.

        Examples
        --------
        >>> import hoi
        >>> hoi.simulate.equicorrelated(3, 0.2).sample(50, seed=1, n_datasets=4).shape
        (4, 50, 3)
        """
        shape: tuple[int, ...] = (count(n_samples, "n_samples", 1), self.n_variables)
        if n_datasets is not None:
            shape = (count(n_datasets, "n_datasets", 1), *shape)
        normal = np.random.default_rng(check_seed(seed)).standard_normal(shape)
        return normal @ np.linalg.cholesky(self.covariance).T


def known(
    kind: str,
    covariance: np.ndarray,
    names: tuple[str, ...],
    tc: float | None,
    dtc: float | None,
    parts: tuple = (),
    about: KnownTarget | None = None,
) -> KnownGaussian:
    """The result, its covariance exactly symmetric and closed to writing."""
    covariance = (covariance + covariance.T) / 2
    covariance.setflags(write=False)
    return KnownGaussian(kind, covariance, names, tc, dtc, parts, about)


def numbered(stem: str, n: int) -> tuple[str, ...]:
    """stem0, stem1, ..."""
    return tuple(f"{stem}{i}" for i in range(n))


def count(value: int, what: str, low: int) -> int:
    """A whole number of at least `low`."""
    try:
        whole = operator.index(value)
    except TypeError:
        whole = None
    if whole is None or isinstance(value, bool) or whole < low:
        raise HoiError(f"{what} is {value!r}; it must be a whole number of at least {low}.")
    return whole


def number(value: float, what: str, allowed: Callable[[float], bool], rule: str) -> float:
    """A finite real number within its range."""
    return float(each(value, 1, what, allowed, rule)[0])


def each(
    value: float | Sequence[float], n: int, what: str, allowed: Callable[[float], bool], rule: str
) -> np.ndarray:
    """One number for each of n, from one number or n of them."""
    try:
        values = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise HoiError(f"{what} is {value!r}; it must be a number {rule}.") from None
    if values.ndim > 1 or (values.ndim == 1 and values.size != n):
        raise HoiError(f"{what} has shape {values.shape}; give one number, or a sequence of {n}.")
    values = np.broadcast_to(values, (n,)).copy()
    for one in values:
        if not (math.isfinite(one) and allowed(one)):
            raise HoiError(f"{what} holds {one:.6g}; it must be {rule}.")
    return values
