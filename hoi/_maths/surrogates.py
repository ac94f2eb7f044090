"""Surrogate data: columns moved against each other, so that each keeps itself and loses the others.

Columns with one number of `unit` move together, as those of a group do; columns with -1 stay where they are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hoi._typing import FloatArray

__all__ = ["NULLS", "CrossCorrelations", "draw_lags", "moved"]

NULLS = ("shift", "permute", "phase")


def draw_lags(unit: NDArray[np.intp], n_samples: int, size: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Random lags (size, n_columns), uniform over all shifts: one for each unit, 0 for what stays.

    Parameters
    ----------
    unit : (n_columns,) int
        Which unit each column belongs to; -1 stays.
    n_samples, size : int
        Samples in a column, and surrogates wanted.
    rng : numpy.random.Generator
    """
    own = rng.integers(0, n_samples, (size, int(unit.max(initial=-1)) + 1))
    return np.where(unit >= 0, own[:, unit], 0)


def moved(
    values: FloatArray, unit: NDArray[np.intp], null: str, size: int, rng: np.random.Generator
) -> FloatArray:
    """Surrogates (size, n_samples, n_columns) of a table.

    Parameters
    ----------
    values : (n_samples, n_columns) float64
    unit : (n_columns,) int
        Which unit each column belongs to; -1 stays.
    null : {"shift", "permute", "phase"}
        A circular shift, which keeps the autocorrelation of each unit; an order of the samples drawn anew; or phases of
        the Fourier transform drawn anew, which keep the spectrum of each column.
    size : int
    rng : numpy.random.Generator
        With the same state, "shift" takes the lags of `draw_lags`.

    References
    ----------
    Theiler, Eubank, Longtin, Galdrikian, Farmer (1992), Testing for nonlinearity in time series: the method of
    surrogate data, Physica D 58, 77-94 (phases). Andrzejak, Kraskov, Stoegbauer, Mormann, Kreuz (2003), Bivariate
    surrogate techniques, Physical Review E 68, 066202 (shifts).
    """
    n_samples = len(values)
    if null == "shift":
        lags = draw_lags(unit, n_samples, size, rng)
        rows = (np.arange(n_samples)[:, None] - lags[:, None, :]) % n_samples
        return values[rows, np.arange(values.shape[1])]
    n_units = int(unit.max(initial=-1)) + 1
    if null == "permute":
        orders = rng.permuted(np.broadcast_to(np.arange(n_samples)[:, None], (size, n_samples, n_units)), axis=1)
        still = np.broadcast_to(np.arange(n_samples)[:, None], (size, n_samples, 1))
        rows = np.concatenate([orders, still], axis=2)[:, :, unit]
        return values[rows, np.arange(values.shape[1])]
    spectrum = np.fft.rfft(values, axis=0)
    turns = rng.random((size, len(spectrum), n_units))
    turns[:, 0] = 0  # the mean stays
    if n_samples % 2 == 0:
        turns[:, -1] = np.round(turns[:, -1]) / 2  # the last frequency is real
    turns = np.concatenate([turns, np.zeros((size, len(spectrum), 1))], axis=2)[:, :, unit]
    return np.fft.irfft(spectrum * np.exp(2j * np.pi * turns), n=n_samples, axis=1)


class CrossCorrelations:
    """All circular cross-correlations of a table: the correlation matrix of any shift of its columns is a gather.

    Parameters
    ----------
    values : (n_samples, n_columns) float64
        Columns that vary.
    """

    def __init__(self, values: FloatArray) -> None:
        centred = values - values.mean(axis=0)
        centred /= np.sqrt((centred**2).sum(axis=0))
        self.n_samples, self.n_columns = values.shape
        spectrum = np.fft.rfft(centred.T, axis=1)
        # table[i, j, lag] = sum over t of z_i(t) z_j(t + lag)
        self.table = np.empty((self.n_columns, self.n_columns, self.n_samples))
        for row, own in zip(self.table, spectrum, strict=True):
            row[:] = np.fft.irfft(own.conj() * spectrum, n=self.n_samples, axis=1)

    def shifted(self, lags: NDArray[np.intp]) -> FloatArray:
        """Correlation matrices (m, n_columns, n_columns) of the table with column j moved by ``lags[:, j]``."""
        i, j = np.triu_indices(self.n_columns, 1)
        # z_i(t - s_i) against z_j(t - s_j)
        values = self.table[i, j, (lags[:, i] - lags[:, j]) % self.n_samples]
        matrices = np.empty((len(lags), self.n_columns, self.n_columns))
        matrices[:, i, j] = values
        matrices[:, j, i] = values
        diagonal = np.arange(self.n_columns)
        matrices[:, diagonal, diagonal] = 1.0
        return matrices
