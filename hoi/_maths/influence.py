"""Standard errors of measures from dependent samples: influence functions, long-run variance, effective samples."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from hoi._maths.covariance import covariance, to_correlation
from hoi._typing import FloatArray

__all__ = [
    "effective_sample_size",
    "influence",
    "inverse_sizes",
    "long_run_variance",
    "parts_of_samples",
    "spectral_overlap",
    "standard_error",
]

# Least share of the variance that a long-run variance may be: it can only be this small by chance.
_LEAST = 1e-3


def spectral_overlap(values: FloatArray) -> FloatArray:
    """The mean over all circular shifts of the squared correlation of each two columns: how much chance there is in it.

    By Parseval's theorem it is the sum over frequencies of the product of their periodograms, each divided by its sum.

    Parameters
    ----------
    values : ndarray, shape (n_samples, n_columns)

    Returns
    -------
    ndarray, shape (n_columns, n_columns)
    """
    centred = values - values.mean(axis=0)
    centred /= np.abs(centred).max(axis=0)  # whose squares are numbers
    power = np.abs(np.fft.fft(centred, axis=0)[1:]) ** 2
    power /= power.sum(axis=0)
    return np.asarray(power.T @ power)


def inverse_sizes(overlap: FloatArray, correlation: FloatArray) -> FloatArray:
    """1 / (N - 1), with N the independent samples that those of each two columns are worth.

    The overlap of the periodograms of two columns that depend on each other is larger by ``1 + r**2`` than that of
    their spectra, since what is chance in the one is in the other too. That is divided out.

    Parameters
    ----------
    overlap : ndarray, shape (..., n_columns, n_columns)
        By `spectral_overlap`.
    correlation : ndarray, shape (..., n_columns, n_columns)
        Of the same columns.
    """
    return overlap / (1.0 + correlation**2)


def effective_sample_size(values: FloatArray) -> FloatArray:
    """Independent samples that those of each two columns are worth: Bartlett's formula without a choice of where to
    cut the lags.

    Parameters
    ----------
    values : ndarray, shape (n_samples, n_columns)
        Columns that vary.

    Returns
    -------
    ndarray, shape (n_columns, n_columns)

    References
    ----------
    Bartlett (1946), On the theoretical specification and sampling properties of autocorrelated time-series,
    Supplement to the Journal of the Royal Statistical Society 8, 27-41.
    """
    correlation, _ = to_correlation(covariance(values)[None])
    return 1.0 + 1.0 / inverse_sizes(spectral_overlap(values), correlation[0])


def influence(C: FloatArray, blocks: NDArray[np.intp], d: int, j: int, l: int) -> FloatArray:  # noqa: E741
    r"""Matrix W of the influence function of a measure: z' W z / 2 is what a sample z adds to it, up to a constant.

    The measure is ``(d D + j J + l L) / 2``, and to first order it changes by tr(W dC) / 2 with the covariance:

    .. math:: W = d \sum_i E_i C_{ii}^{-1} E_i' + j P - l \sum_i P E_i P_{ii}^{-1} E_i' P, \qquad P = C^{-1}

    Parameters
    ----------
    C : ndarray, shape (n_columns, n_columns)
        Covariance of the columns of a set.
    blocks : ndarray of int, shape (n_variables + 1,)
        Variable i of the set is the columns ``blocks[i]:blocks[i + 1]``.
    d, j, l : int
        Row of the measure in the registry.

    References
    ----------
    van der Vaart (1998), Asymptotic Statistics, section 20.1 (the delta method for functionals).
    """
    P = np.asarray(np.linalg.inv(C), dtype=np.float64)
    W = j * P
    if len(blocks) > len(C):  # single columns
        W[np.diag_indices(len(C))] += d / np.diagonal(C)
        W -= l * (P / np.diagonal(P)) @ P
        return W
    for start, stop in itertools.pairwise(blocks):
        part = slice(start, stop)
        W[part, part] += d * np.linalg.inv(C[part, part])
        W -= l * P[:, part] @ np.linalg.solve(P[part, part], P[part])
    return W


def long_run_variance(y: FloatArray) -> float:
    """Variance of the mean of a series, times its length: the sum of its autocovariances over all lags.

    Autocovariances are summed in pairs of lags as long as these are positive.

    Parameters
    ----------
    y : ndarray, shape (n_samples,)

    References
    ----------
    Geyer (1992), Practical Markov chain Monte Carlo, Statistical Science 7, 473-483, section 3.3 (the initial positive
    sequence).
    """
    n = len(y)
    centred = y - y.mean()
    # twice the length and more of zeros, so that the circle does not close
    spectrum = np.fft.rfft(centred, 1 << (2 * n - 1).bit_length())
    covariances = np.fft.irfft(spectrum.real**2 + spectrum.imag**2)[: n - n % 2] / n
    pairs = covariances[0::2] + covariances[1::2]
    ends = np.flatnonzero(pairs <= 0)
    summed = pairs[: ends[0] if len(ends) else len(pairs)].sum()
    return float(max(2 * summed - covariances[0], _LEAST * covariances[0]))


def parts_of_samples(scores: FloatArray, blocks: NDArray[np.intp], d: int, j: int, l: int) -> FloatArray:  # noqa: E741
    """What each sample (n_samples, n_columns) of a set adds to the value of a measure in nats, up to a constant."""
    z = scores - scores.mean(axis=0)
    C = z.T @ z / (len(z) - 1)
    return np.asarray(0.5 * ((z @ influence(C, blocks, d, j, l)) * z).sum(axis=1))


def standard_error(y: FloatArray) -> float:
    """Standard error of the mean of samples that may depend on each other."""
    return float(np.sqrt(long_run_variance(y) / len(y)))
