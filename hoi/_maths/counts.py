"""Entropies of discrete variables from the counts of their joint states.

The corrections of `CORRECTIONS` are separable: ``H = constant - sum of f(count)`` over the states that occur, so that
each is one table of f over the counts 0 to n. Those of `BY_ALL_COUNTS` need the counts of all states at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma

from hoi._typing import FloatArray

__all__ = [
    "BY_ALL_COUNTS",
    "CORRECTIONS",
    "CountTable",
    "count_table",
    "dense_states",
    "entropy_of_counts",
    "joint_states",
]

# (constant, f): entropy in nats is constant - f[counts].sum()
CountTable = tuple[float, FloatArray]


def count_table(n_samples: int, correction: str | None) -> CountTable:
    """The constant and the table f[0..n] of an estimator of entropy from the counts of n samples.

    Parameters
    ----------
    n_samples : int
    correction : {"miller_madow", "grassberger", "jackknife"} or None
        None is plug-in: the entropy of the relative frequencies, which is too low by about
        (states that occur - 1) / (2 n) nats.

    References
    ----------
    Miller (1955), Note on the bias of information estimates. Grassberger (2003), Entropy estimates from insufficient
    samplings, arXiv:physics/0307138, eqs. 27-31. Efron and Stein (1981), The jackknife estimate of variance.

    Examples
    --------
    >>> from hoi._maths.counts import count_table
    >>> constant, f = count_table(4, None)
    >>> round(float(constant - f[[2, 2]].sum()), 6)
    0.693147
    """
    return CORRECTIONS[correction](n_samples)


def _plug_in(n: int) -> CountTable:
    c = np.arange(1.0, n + 1)
    return float(np.log(n)), np.concatenate([[0.0], c * np.log(c) / n])


def _miller_madow(n: int) -> CountTable:
    """Plug-in plus (states that occur - 1) / (2 n)."""
    constant, f = _plug_in(n)
    f[1:] -= 1 / (2 * n)
    return constant - 1 / (2 * n), f


def _grassberger(n: int) -> CountTable:
    """log n less the mean of G(count), G(c) = psi(c) + (-1)^c [psi((c + 1)/2) - psi(c/2)] / 2."""
    c = np.arange(1.0, n + 1)
    G = digamma(c) + 0.5 * (-1.0) ** c * (digamma((c + 1) / 2) - digamma(c / 2))
    return float(np.log(n)), np.concatenate([[0.0], c * G / n])


def _jackknife(n: int) -> CountTable:
    """n H less (n - 1) times the mean H without one sample; the plug-in sums cancel in it."""
    c = np.arange(1.0, n + 1)
    own = c * np.log(c)
    f = c * np.diff(own, prepend=0.0) / n
    constant = n * np.log(n) - (n - 1) * np.log(max(n - 1, 1))
    return float(constant), np.concatenate([[0.0], f])


CORRECTIONS: dict[str | None, Callable[[int], CountTable]] = {
    None: _plug_in,
    "miller_madow": _miller_madow,
    "grassberger": _grassberger,
    "jackknife": _jackknife,
}


def _chao_shen(counts: FloatArray, possible: float) -> float:
    """Frequencies times the coverage, 1 less the share of samples that are alone in their state, and each term over the
    chance that its state occurs at all (Chao and Shen 2003, eq. 8; Horvitz and Thompson)."""
    n = counts.sum()
    alone = (counts == 1).sum()
    coverage = 1 - min(alone, n - 1) / n  # of samples that are all alone, nothing would be left
    p = coverage * counts / n
    return float(-(p * np.log(p) / (1 - (1 - p) ** n)).sum())


def _shrink(counts: FloatArray, possible: float) -> float:
    """Of frequencies shrunk towards 1 / possible for every state, by the intensity of least expected squared error
    (Hausser and Strimmer 2009, eqs. 4 and 6)."""
    n = counts.sum()
    p, even = counts / n, 1 / possible
    unseen = possible - len(counts)
    far = ((even - p) ** 2).sum() + unseen * even**2
    intensity = 1.0 if far == 0 else float(np.clip((1 - (p**2).sum()) / ((n - 1) * far), 0.0, 1.0))
    p = intensity * even + (1 - intensity) * p
    rest = intensity * even
    return float(-(p * np.log(p)).sum() - (unseen * rest * np.log(rest) if rest > 0 else 0.0))


# Of the counts of the states that occur, and the number of states that are possible.
BY_ALL_COUNTS: dict[str, Callable[[FloatArray, float], float]] = {"chao_shen": _chao_shen, "shrink": _shrink}


def entropy_of_counts(counts: NDArray[np.integer], table: CountTable) -> float:
    """Entropy in nats from the counts of states; the order of states has no part in it, not even in the last bit."""
    constant, f = table
    return constant - float(f[np.sort(counts[counts > 0])].sum())


def dense_states(codes: NDArray[np.integer]) -> tuple[NDArray[np.int64], int]:
    """Numbers 0 to q - 1 in place of the q different whole numbers of `codes`, in ascending order; and q."""
    if codes.size and codes.min() >= 0 and codes.max() < 4 * codes.size:
        occurs = np.zeros(int(codes.max()) + 1, dtype=np.int64)
        occurs[codes] = 1
        rank = np.cumsum(occurs) - 1
        return rank[codes], int(occurs.sum())
    values, dense = np.unique(codes, return_inverse=True)
    return dense.reshape(codes.shape).astype(np.int64), len(values)


def joint_states(columns: Sequence[NDArray[np.integer]], n_samples: int) -> tuple[NDArray[np.int64], int]:
    """States (n_samples,) of several columns together, numbered from 0, and how many there are; one for no columns."""
    joint, states = np.zeros(n_samples, dtype=np.int64), 1
    for column in columns:
        radix = int(column.max()) + 1
        joint, states = dense_states(joint * radix + column)
    return joint, states
