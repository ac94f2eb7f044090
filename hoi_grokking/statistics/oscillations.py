"""Does a curve swing faster than it drifts? Fast fluctuations of a loss, held against smoothed noise."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Fluctuations", "fluctuations", "spectrum"]

# Degree of the drift that is taken out of a window.
_DRIFT = 2


class Fluctuations(NamedTuple):
    """What is fast in a curve.

    `share` is the part of the power, without the drift, at frequencies above the limit, and `low` to `high` hold 95 %
    of the shares of smoothed noise; `amplitude` is the standard deviation of that part, in the units of the curve.
    `period` is that of the frequency with the most power above the limit, and `pvalue` says how often smoothed noise
    stands out as much at one of them beside a power law: small where there is an oscillation.
    """

    share: float
    low: float
    high: float
    amplitude: float
    period: float
    pvalue: float


def spectrum(curve: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Frequencies (cycles per step) and the power at each, of curves without their quadratic drift.

    Parameters
    ----------
    curve : array_like, shape (..., n_steps)

    Returns
    -------
    frequency : ndarray, shape (n_frequencies,)
        From 1 / n_steps on.
    power : ndarray, shape (..., n_frequencies)
        Of a Hann window. It sums up to the variance within the window.
    """
    values = np.asarray(curve, float)
    n = values.shape[-1]
    step = np.linspace(-1, 1, n)
    basis = np.linalg.qr(step[:, None] ** np.arange(_DRIFT + 1))[0]
    window = np.hanning(n)
    left = (values - values @ basis @ basis.T) * window
    power: NDArray[np.float64] = np.square(np.abs(np.fft.rfft(left)[..., 1:])) * (2 / (n * np.square(window).sum()))
    return np.fft.rfftfreq(n)[1:].astype(float), power


def fluctuations(curve: ArrayLike, *, above: float, n_resamples: int = 999, seed: int = 0) -> Fluctuations:
    """How much of a curve is faster than a frequency, and whether smoothed noise has as much.

    Smoothed noise is a Gaussian autoregression of order 1 with the autocorrelation that neighbouring steps of the curve
    have without its drift: it goes up and down without a period.

    Parameters
    ----------
    curve : array_like, shape (n_steps,)
        As the logarithm of a loss at consecutive steps.
    above : float
        Cycles per step, below 1/2.
    n_resamples, seed : int

    Returns
    -------
    Fluctuations
        NaN for a curve that is not finite, or has nothing but drift.

    Examples
    --------
    >>> import numpy as np
    >>> from hoi_grokking.statistics.oscillations import fluctuations
    >>> step = np.arange(128)
    >>> found = fluctuations(np.sin(2 * np.pi * step / 8) - step / 20, above=1 / 16)
    >>> round(found.share, 2), round(found.amplitude, 2), found.period, found.pvalue < 0.05
    (1.0, 0.71, 8.0, True)
    """
    from scipy.signal import lfilter

    values = np.asarray(curve, float)
    if not np.isfinite(values).all():
        return Fluctuations(*[np.nan] * 6)
    frequency, power = spectrum(values)
    fast, total = frequency > above, power.sum()
    if not total > 0:
        return Fluctuations(*[np.nan] * 6)
    share = float(power[fast].sum() / total)
    # the autocorrelation at a lag of one step is that of the spectrum itself, so that window and drift are in both
    near = float((power * np.cos(2 * np.pi * frequency)).sum() / total)
    n = len(values)
    noise = np.random.default_rng(seed).standard_normal((n_resamples, 2 * n))
    smooth = lfilter([1], [1, -np.clip(near, -0.999, 0.999)], noise)[:, n:]
    drawn = spectrum(smooth)[1]
    null = drawn[:, fast].sum(1) / drawn.sum(1)
    low, high = np.quantile(null, [0.025, 0.975])
    concentrated, by_chance = (_concentration(frequency[fast], part[..., fast]) for part in (power, drawn))
    pvalue = (np.count_nonzero(by_chance >= concentrated) + 1) / (n_resamples + 1)
    period = float(1 / frequency[fast][power[fast].argmax()])
    return Fluctuations(share, float(low), float(high), float(np.sqrt(power[fast].sum())), period, pvalue)


def _concentration(frequency: NDArray, power: NDArray) -> NDArray:
    """Largest part of the power that one frequency has, beside the power law through all of them (..., frequencies)."""
    level = np.log(np.maximum(power, np.finfo(float).tiny))
    basis = np.linalg.qr(np.log(frequency)[:, None] ** np.arange(2))[0]
    beside = np.exp(level - level @ basis @ basis.T)
    return beside.max(-1) / beside.sum(-1)
