"""O-information of every union of clusters of neurons, by one walk that shares the work of nested unions.

A union of clusters is a set of single neurons, up to all of them; with c clusters there are 2^c - 1. For a
set S with correlation R (unit diagonal) and P its inverse, Omega(S) = -log det R - sum_j log P_jj / 2 in
nats. Walking the sets depth-first, a cluster joins a set by one Schur step on blocks: the determinant grows
by that of the cluster given the set, and the diagonal of P by the squares of the cluster's whitened
regression on the set.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg.lapack import dpotrf, dtrtri

__all__ = ["Unions", "all_unions", "sizes_of"]

# Variance of a neuron given the others of its set from which on the set counts as singular, as in hoi.
_SINGULAR = 1e-10


class Unions(NamedTuple):
    """Values of all unions; place s holds the union of the clusters whose bits are set in s. NaN where
    singular.

    `neurons` takes each neuron as a variable, `grouped` each cluster as one multivariate variable (nats).
    Place 0 is 0.
    """

    neurons: NDArray[np.float64]
    grouped: NDArray[np.float64]


def sizes_of(n_clusters: int) -> NDArray[np.int64]:
    """Number of clusters in each of the 2^n_clusters unions."""
    return np.array([place.bit_count() for place in range(1 << n_clusters)])


def all_unions(R: NDArray[np.float64], clusters: Sequence[ArrayLike]) -> Unions:
    """Evaluate every union of clusters.

    Parameters
    ----------
    R : ndarray, shape (n_neurons, n_neurons)
        Correlation, or a covariance (it is scaled to a unit diagonal, which changes no value).
    clusters : sequence of array_like of int
        Disjoint and not empty.

    Returns
    -------
    Unions

    Notes
    -----
    The largest cluster joins first, so that it joins once and the many sets at the end of the walk gain a
    small one. Of clusters as single variables, DTC needs log det P_gg of each cluster g, which is log det R(S
    without g) - log det R(S): the determinants of all unions are enough.

    Examples
    --------
    >>> import numpy as np
    >>> from hoi_grokking.measures.unions import all_unions
    >>> R = np.array([[1, 0.5, 0.5], [0.5, 1, 0.5], [0.5, 0.5, 1]])
    >>> round(float(all_unions(R, [[0, 1], [2]]).neurons[0b11]), 4)
    0.0849
    """
    columns = [np.asarray(cluster, int) for cluster in clusters]
    order = sorted(range(len(columns)), key=lambda place: -len(columns[place]))
    members = np.concatenate([columns[place] for place in order])
    ends = np.cumsum([0] + [len(columns[place]) for place in order])
    scale = 1 / np.sqrt(np.diag(R)[members])
    matrix = R[np.ix_(members, members)] * np.outer(scale, scale)
    log_det = np.full(1 << len(clusters), np.nan)
    log_precision = np.full(1 << len(clusters), np.nan)
    log_det[0] = log_precision[0] = 0.0

    def join(place: int, log_det_so_far: float, precision, regression, given, first: int) -> None:
        """Let each cluster from `first` on join the union at `place`; `given` is R of the later ones given
        the union.
        """
        start = ends[first]
        for new in range(first, len(order)):
            here = slice(ends[new] - start, ends[new + 1] - start)
            later = slice(ends[new + 1] - start, None)
            factor, failed = dpotrf(given[here, here], lower=1, clean=1)
            diagonal = factor.diagonal()
            if failed or diagonal.min() ** 2 <= _SINGULAR:
                continue  # and so is every set that holds this one: they stay NaN
            inverse = dtrtri(factor, lower=1)[0]
            onto = regression[:, here] @ inverse.T
            grown = np.concatenate([precision + np.einsum("ij,ij->i", onto, onto), np.square(inverse).sum(0)])
            union = place | 1 << order[new]
            log_det[union] = log_det_so_far + 2 * np.log(diagonal).sum()
            log_precision[union] = np.log(grown).sum()
            if new + 1 < len(order):
                across = inverse @ given[here, later]
                join(
                    union,
                    log_det[union],
                    grown,
                    np.concatenate([regression[:, later] - onto @ across, inverse.T @ across]),
                    given[later, later] - across.T @ across,
                    new + 1,
                )

    join(0, 0.0, np.empty(0), np.empty((0, len(members))), matrix, 0)
    return Unions(-log_det - log_precision / 2, _grouped(log_det, len(clusters)))


def _grouped(log_det: NDArray[np.float64], n_clusters: int) -> NDArray[np.float64]:
    """Omega = (D - 2 J - L) / 2 with each cluster one variable, from J of every union."""
    places = np.arange(len(log_det))
    D = np.zeros(len(log_det))
    L = np.zeros(len(log_det))
    for cluster in range(n_clusters):
        held = (places >> cluster & 1).astype(bool)
        D[held] += log_det[1 << cluster]
        L[held] += log_det[places[held] & ~(1 << cluster)] - log_det[held]
    return (D - 2 * log_det - L) / 2
