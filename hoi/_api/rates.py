"""Rates of processes, and their spectra: O-information frequency by frequency."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hoi._api.values import oinfo
from hoi._errors import HoiError
from hoi._inputs import checks
from hoi._maths.spectra import as_real, circle_weights, cross_spectra
from hoi._systems.gaussian import GaussianSystem
from hoi._typing import ArrayLike, FloatArray, Multiplet, Units

__all__ = ["oinfo_rate", "oinfo_spectrum"]


def oinfo_rate(
    X: ArrayLike,
    multiplets: Sequence[Multiplet] | None = None,
    *,
    segment: int = 256,
    units: Units = "nats",
) -> float | FloatArray:
    r"""O-information rate of time series: what their whole past and present share, per sample.

    .. math:: \dot\Omega = \frac{1}{4 \pi} \int_{-\pi}^{\pi} \Big[ (k - 2) \log\det S(\omega)
              + \sum_i \log S_{ii}(\omega) - \log\det S_{\setminus i}(\omega) \Big] d\omega

    with S the cross-spectra by Welch's method. Of white noise it is the O-information; a filter of one series alone
    changes nothing. Gaussian, without correction for bias: take many segments.

    Parameters
    ----------
    X : array_like, shape (n_samples, n_variables)
        One table of time series, equal steps in time.
    multiplets : sequence of sequences of int or str, optional
        As in :func:`hoi.oinfo`.
    segment : int
        Samples of a segment, which overlap by half: longer ones resolve frequencies, more of them average noise.
    units : {"nats", "bits"}

    Returns
    -------
    float or ndarray
        In `units` per sample, shaped as by :func:`hoi.oinfo`.

    Raises
    ------
    HoiError
        As :func:`hoi.oinfo`, for several datasets, and for fewer segments than variables.

    See Also
    --------
    GaussianSystem.from_spectra : any measure of spectra of one's own.

    References
    ----------
    Faes et al. (2022), A new framework for the time- and frequency-domain assessment of high-order interactions in
    networks of random processes, IEEE Trans. Signal Process. 70, 5766-5777.

    Examples
    --------
    >>> import numpy as np, hoi
    >>> X = hoi.simulate.common_cause(3, 0.8).sample(20_000, seed=0)
    >>> abs(hoi.oinfo_rate(X, segment=64) - hoi.oinfo(X)) < 0.02  # white noise
    True
    """
    names, spectra, _ = _spectra(X, 1.0, segment)
    system = GaussianSystem.from_spectra(spectra, circle_weights(segment), names)
    return oinfo(system, multiplets, units=units)


def oinfo_spectrum(
    X: ArrayLike,
    multiplets: Sequence[Multiplet] | None = None,
    *,
    sampling_rate: float = 1.0,
    segment: int = 256,
    units: Units = "nats",
) -> tuple[FloatArray, Any]:
    """O-information of time series at each frequency, whose mean over the circle is the rate.

    Parameters
    ----------
    X, multiplets, segment, units
        As in :func:`hoi.oinfo_rate`.
    sampling_rate : float
        Samples a second, for the frequencies.

    Returns
    -------
    frequencies : ndarray, shape (n_frequencies,)
        From 0 to half the sampling rate.
    values : ndarray, shape (n_frequencies,) or (n_frequencies, n_multiplets)
        In `units` per sample.

    Raises
    ------
    HoiError
        As :func:`hoi.oinfo_rate`.

    References
    ----------
    Faes et al. (2022), IEEE Trans. Signal Process. 70, 5766-5777.

    Examples
    --------
    >>> import numpy as np, hoi
    >>> X = hoi.simulate.common_cause(3, 0.8).sample(2000, seed=0)
    >>> frequencies, values = hoi.oinfo_spectrum(X, sampling_rate=100, segment=50)
    >>> float(frequencies[-1]), values.shape
    (50.0, (26,))
    """
    names, spectra, frequencies = _spectra(X, sampling_rate, segment)
    real = GaussianSystem.from_covariance(as_real(spectra), names=[f"{name}:{part}" for name in names for part in "ri"])
    sets = [tuple(range(len(names)))] if multiplets is None else checks.check_multiplets(multiplets, names)
    groups = [(2 * i, 2 * i + 1) for i in range(len(names))]
    values = np.asarray(0.5 * oinfo(real, sets, groups=groups, units=units))
    return frequencies, values if multiplets is not None else values[:, 0]


def _spectra(X: ArrayLike, sampling_rate: float, segment: int) -> tuple[tuple[str, ...], Any, FloatArray]:
    """Names, cross-spectra and frequencies of one table."""
    length = checks.check_positive_int(segment, "segment")
    if not isinstance(sampling_rate, (int, float)) or not 0 < sampling_rate < np.inf:
        raise HoiError(f"sampling_rate={sampling_rate!r}: samples a second are needed, a number above 0.")
    data = checks.check_data(X)
    if data.stacked:
        raise HoiError(f"X has {len(data.values)} datasets: one table is needed. Call it for each of them.")
    values = data.values[0]
    if length < 2 or len(values) // length < values.shape[1]:
        raise HoiError(
            f"segment={segment} with {len(values)} samples of {values.shape[1]} variables: at least as many segments "
            "as variables are needed, of at least 2 samples. Take shorter segments or longer series."
        )
    frequencies, spectra = cross_spectra(values, float(sampling_rate), length)
    return data.names, spectra, frequencies
