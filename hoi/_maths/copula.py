"""Gaussian copula scores: ranks of each column mapped to quantiles of the standard normal."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
from scipy.special import ndtri

from hoi._errors import HoiError
from hoi._typing import FloatArray, IntArray, Seed, Ties

__all__ = ["TIES", "normal_scores"]

TIES = ("average", "ordinal", "random")

# A block of columns is sorted at a time: large enough to spread the cost of a numpy call over short columns,
# small enough to stay near the cache. Columns are cut further when that gives every thread a share.
BLOCK_VALUES = 2**20
BLOCK_COLUMNS = 64
# below this many values a thread costs more than it saves
THREADED_VALUES = 2**17


def normal_scores(
    X: FloatArray, ties: Ties = "average", seed: Seed = None, *, threads: int | None = None
) -> tuple[FloatArray, FloatArray]:
    """Normal scores ``ndtri(rank / (n + 1))`` of each column, and the share of its values that repeat.

    Parameters
    ----------
    X : ndarray, shape (n_samples, n_vars)
        Finite values.
    ties : {"average", "ordinal", "random"}
        Rank of equal values: their mean rank, their order of appearance, or an order drawn at random.
    seed : int or numpy.random.Generator, optional
        Needed by ``ties="random"``, unused otherwise. One number is drawn for every column, which then has
        a stream of its own.
    threads : int, optional
        Most threads to use; all available processors when None. It never changes the result.

    Returns
    -------
    scores : ndarray, shape (n_samples, n_vars)
        Standard normal scores (no unit), each column contiguous in memory.
    repeated : ndarray, shape (n_vars,)
        ``1 - n_unique / n_samples`` of each column: 0 without ties. It comes from the same sort.

    Raises
    ------
    HoiError
        If `ties` is unknown, or "random" without a seed.

    References
    ----------
    Ince, Giordano, Kayser, Rousselet, Gross and Schyns (2017), A statistical framework for neuroimaging data
    analysis based on mutual information estimated via a Gaussian copula, Human Brain Mapping 38, 1541-1573.

    Examples
    --------
    >>> import numpy as np
    >>> from hoi._maths.copula import normal_scores
    >>> scores, repeated = normal_scores(np.array([[3.0, 1.0], [9.0, 1.0], [4.0, 2.0]]))
    >>> scores.round(4)
    array([[-0.6745, -0.3186],
           [ 0.6745, -0.3186],
           [ 0.    ,  0.6745]])
    >>> repeated.round(4)
    array([0.    , 0.3333])
    """
    if ties not in TIES:
        raise HoiError(f"ties={ties!r}: use one of {', '.join(map(repr, TIES))}.")
    if ties == "random" and seed is None:
        raise HoiError('ties="random" needs a seed, so that the call can be repeated: give seed=0, say.')
    n, m = X.shape
    streams = None
    if ties == "random":
        streams = np.random.default_rng(seed).integers(2**63, size=(m,), dtype=np.int64)
    table = ndtri(np.arange(1, n + 1) / (n + 1))
    scores = np.empty((m, n))
    repeated = np.empty(m)
    # scores of the ranks 1, 1.5, 2, ..., needed for mean ranks only
    half_scores = cache(lambda: ndtri(np.arange(2, 2 * n + 1) / (2 * n + 2)))

    def work(start: int) -> None:
        part = slice(start, start + width)
        order, new = _sorted_order(X[:, part])
        repeated[part] = 1 - np.count_nonzero(new, axis=1) / n
        tied = np.flatnonzero(repeated[part])
        if ties == "average" and tied.size:
            values = _average_scores(new, half_scores())
        else:
            if tied.size:
                drawn = None if streams is None else streams[start + tied]
                offset = n * tied[:, None]
                order[tied] = _break_ties(order[tied] - offset, new[tied], drawn) + offset
            values = np.broadcast_to(table, order.shape).ravel()
        scores[part].reshape(-1)[order.ravel()] = values

    workers = (threads or _processors()) if n * m >= THREADED_VALUES else 1
    width = max(1, min(BLOCK_COLUMNS, BLOCK_VALUES // n, -(-m // workers)))
    starts = range(0, m, width)
    workers = min(workers, len(starts))
    if workers == 1:
        for start in starts:
            work(start)
    else:
        # numpy sorts and gathers without holding the interpreter lock; a block writes to its own columns only
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(work, starts))
    return scores.T, repeated


def _processors() -> int:
    """Processors this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _sorted_order(X: FloatArray) -> tuple[IntArray, np.ndarray]:
    """Per column (now a row): places in the flat block by ascending value, and where a new value begins."""
    x = np.ascontiguousarray(X.T)
    order = np.argsort(x, axis=1)  # not stable, which is faster: ties are put in order afterwards
    order += len(X) * np.arange(len(x), dtype=order.dtype)[:, None]
    ascending = np.take(x.ravel(), order)  # several times faster than take_along_axis
    new = np.ones(x.shape, dtype=bool)
    np.not_equal(ascending[:, 1:], ascending[:, :-1], out=new[:, 1:])
    return order, new


def _average_scores(new: np.ndarray, half_scores: FloatArray) -> FloatArray:
    """Score at every sorted position of all rows in a line, equal values at their mean rank."""
    n = new.shape[1]
    starts = np.flatnonzero(new)
    lengths = np.diff(starts, append=new.size)
    first = starts - np.repeat(n * np.arange(len(new)), np.count_nonzero(new, axis=1))
    # mean of the ranks first + 1 ... first + length, counted in halves from rank 1
    return np.repeat(np.take(half_scores, 2 * first + lengths - 1), lengths)


def _break_ties(order: IntArray, new: np.ndarray, streams: IntArray | None) -> IntArray:
    """Sorted order of each row with its runs of equal values by appearance, or at random by its stream."""
    n = order.shape[1]
    # the runs are consecutive already, so sorting (run, place) pairs only moves samples within their run
    run = np.cumsum(new, axis=1, dtype=np.int64) * n
    if streams is None:
        return np.sort(run + order, axis=1) - run
    shuffled = np.stack([np.random.default_rng(stream).permutation(n) for stream in streams])
    place = np.empty_like(shuffled)
    np.put_along_axis(place, shuffled, np.arange(n, dtype=place.dtype)[None, :], axis=1)
    moved = np.sort(run + np.take_along_axis(place, order, axis=1), axis=1) - run
    return np.take_along_axis(shuffled, moved, axis=1)
