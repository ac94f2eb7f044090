"""Terms of sets by nearest neighbours (Kraskov, Stögbauer and Grassberger 2004, first algorithm).

For each sample, one radius serves all the terms of a set: the distance, in the maximum norm, to its k-th neighbour in
the space of the whole set. With n_A the samples strictly nearer than that in the space of A,

    h(A) = - mean of digamma(n_A + 1), with k in the place of n_A + 1 for the whole set,

up to constants that cancel. Digammas are whole numbers of a small unit, so that sums of them have no rounding: whoever
counts the same neighbours has the same terms, to the last bit. One radius makes the biases of the terms cancel too, as
separate entropies would not. Where the radius is 0, equal samples are counted, in the whole set as well (Gao et al.
2017): so columns with ties, and mixtures of discrete and continuous ones, are served.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, ndtri

from hoi._typing import FloatArray

__all__ = ["SCALES", "Space", "digammas", "in_nats", "on_scale", "sample_terms", "space_terms"]

_Whole = NDArray[np.int64]

SCALES = ("normal", "rank", None)

# Bits behind the point of a digamma, at most, and as many as fit into a word with 4 before it, those of the number of
# samples, and 9 for the sums of sets of up to 128 members.
_MOST_BITS, _WORD = 40, 63 - 4 - 9

# Normal scores are rounded to multiples of this: differences of them are exact in float32.
_GRID = 2.0**-20


def on_scale(columns: FloatArray, scale: str | None) -> NDArray[np.floating]:
    """Columns (n_samples, n_columns) as distances are taken: normal scores or ranks in float32, or as they are.

    Both scales make the estimate invariant under monotone maps of each column. Values are such that differences of
    two have no rounding.
    """
    if scale is None:
        return columns
    from scipy.stats import rankdata

    ranks = rankdata(columns, axis=0)
    if scale == "rank":
        return (2 * ranks).astype(np.float32 if len(columns) < 2**23 else np.float64)
    return (np.round(ndtri(ranks / (len(columns) + 1)) / _GRID) * _GRID).astype(np.float32)


def digammas(n_samples: int) -> NDArray[np.int64]:
    """Digamma of 1, 2, ..., `n_samples` + 1, from place 1 on, as whole numbers of the unit of :func:`in_nats`."""
    values = digamma(np.arange(1.0, n_samples + 2)) * 2.0 ** _bits(n_samples)
    return np.concatenate([[0], np.rint(values).astype(np.int64)])


def in_nats(sums: NDArray[np.int64], n_samples: int) -> FloatArray:
    """Terms in nats doubled, from sums over the samples of :func:`digammas`."""
    return 2.0 * (sums / n_samples) * 2.0 ** -_bits(n_samples)


def _bits(n_samples: int) -> int:
    return min(_MOST_BITS, _WORD - n_samples.bit_length())


class Space(NamedTuple):
    """Columns (n_samples, m) of each variable, of a target and of what is given; (n_samples, 0) where there is none."""

    variables: tuple[NDArray[np.floating], ...]
    target: NDArray[np.floating]
    given: NDArray[np.floating]


def space_terms(space: Space, k: int, window: int = 0) -> tuple[float, float, float]:
    """(D, J, L) of all the variables of a space, in nats doubled: the slow and plain way, with a tree of each space.

    h is the entropy given `given`; with a target, the information about it. Samples nearer in time than the window
    (Theiler 1986), or as near, are not neighbours.

    References
    ----------
    Kraskov, Stögbauer and Grassberger (2004), Estimating mutual information, Physical Review E 69, 066138. Gao, Kannan,
    Oh and Viswanath (2017), Estimating mutual information for discrete-continuous mixtures, NeurIPS.
    """
    alone, whole, without = _of_samples(space, k, window)
    J = whole.sum()
    sums = [sum(x.sum() for x in alone), J, sum(x.sum() - J for x in without)]
    return tuple(in_nats(np.array(sums), len(whole)).tolist())


def sample_terms(space: Space, k: int, window: int = 0) -> tuple[list[FloatArray], FloatArray, list[FloatArray]]:
    """What each sample adds to h: of each variable alone, of all, and of all but each, (n_samples,) each, in nats."""
    alone, whole, without = _of_samples(space, k, window)
    unit = np.float64(2.0 ** -_bits(len(whole)))

    def nats(x: _Whole) -> FloatArray:
        return x.astype(np.float64) * unit

    return [nats(x) for x in alone], nats(whole), [nats(x) for x in without]


def _of_samples(space: Space, k: int, window: int) -> tuple[list[_Whole], _Whole, list[_Whole]]:
    """The same as whole numbers."""
    order = len(space.variables)
    Y, Z = space.target, space.given
    everything = _joined(*space.variables, Y, Z)
    radius = _radius(everything, k, window)
    tied = radius <= 0
    table = digammas(len(everything))

    def psi(*columns: NDArray[np.floating]) -> NDArray[np.int64]:
        return table[_within(_joined(*columns), radius, tied, window)]

    joint = np.full(len(everything), table[k])
    if tied.any():
        joint[tied] = psi(everything)[tied]

    def h(chosen: list[int]) -> NDArray[np.int64]:
        columns = [space.variables[i] for i in chosen]
        whole = len(chosen) == order
        if not Y.shape[1]:
            return psi(Z) - (joint if whole else psi(*columns, Z))
        return psi(Z) - psi(Y, Z) + (joint if whole else psi(*columns, Y, Z)) - psi(*columns, Z)

    alone = [h([i]) for i in range(order)]
    without = [h([j for j in range(order) if j != i]) for i in range(order)]
    return alone, h(list(range(order))), without


def _joined(*columns: NDArray[np.floating]) -> FloatArray:
    return np.concatenate(columns, axis=1).astype(np.float64)


def _radius(columns: FloatArray, k: int, window: int) -> FloatArray:
    """Distance of each sample to its k-th neighbour, itself and those within the window left out."""
    from scipy.spatial import cKDTree

    n = len(columns)
    wanted = min(n, k + 1 + 2 * window)
    distances, places = cKDTree(columns).query(columns, wanted, p=np.inf)
    allowed = np.abs(places - np.arange(n)[:, None]) > window
    distances = np.where(allowed, distances, np.inf)
    # with the sample itself among equals beyond the wanted ones, one distance too many is allowed: all are 0 then
    return np.sort(distances, axis=1)[:, k - 1]


def _within(columns: FloatArray, radius: FloatArray, tied: NDArray[np.bool_], window: int) -> NDArray[np.int64]:
    """Samples strictly nearer than the radius, or equal ones where it is 0, with the sample itself."""
    from scipy.spatial import cKDTree

    n = len(columns)
    time = np.arange(n)
    near_in_time = np.minimum(time, window) + np.minimum(n - 1 - time, window)
    if not columns.shape[1]:
        return n - near_in_time
    reach = np.where(tied, 0.0, np.nextafter(radius, 0.0))
    counts = cKDTree(columns).query_ball_point(columns, reach, p=np.inf, return_length=True)
    for lag in range(1, window + 1):
        close = np.abs(columns[lag:] - columns[:-lag]).max(axis=1)
        counts[lag:] -= close <= reach[lag:]
        counts[:-lag] -= close <= reach[:-lag]
    return counts
