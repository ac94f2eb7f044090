"""Cross-spectra of series, and complex matrices as real ones of twice the size."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hoi._typing import FloatArray

__all__ = ["as_real", "circle_weights", "cross_spectra"]


def cross_spectra(X: FloatArray, sampling_rate: float, segment: int) -> tuple[FloatArray, NDArray[Any]]:
    """Frequencies (n_freq,) and cross-spectra (n_freq, n, n) of the columns of X by Welch's method (scipy's csd).

    Examples
    --------
    >>> import numpy as np
    >>> from hoi._maths.spectra import cross_spectra
    >>> frequencies, S = cross_spectra(np.random.default_rng(0).standard_normal((64, 2)), 1.0, 16)
    >>> frequencies[-1], S.shape, np.allclose(S, S.conj().swapaxes(1, 2))
    (0.5, (9, 2, 2), True)
    """
    from scipy.signal import csd

    centred = X - X.mean(axis=0)
    n = X.shape[1]
    # each row against all columns: scipy spreads one over the other
    rows = [
        csd(centred[:, [i]], centred, fs=sampling_rate, nperseg=segment, detrend=False, axis=0) for i in range(n)
    ]
    S = np.stack([values for _, values in rows], axis=1)
    return rows[0][0], 0.5 * (S + S.conj().swapaxes(1, 2))


def circle_weights(segment: int) -> FloatArray:
    """Shares of the frequencies of a real series in a mean over the whole circle, of segments of that length.

    Examples
    --------
    >>> from hoi._maths.spectra import circle_weights
    >>> circle_weights(4), circle_weights(5)
    (array([0.25, 0.5 , 0.25]), array([0.2, 0.4, 0.4]))
    """
    weights = np.full(segment // 2 + 1, 2.0)
    weights[0] = 1.0
    if segment % 2 == 0:
        weights[-1] = 1.0
    return weights / segment


def as_real(S: NDArray[Any]) -> FloatArray:
    """Complex matrices (..., n, n) as real ones (..., 2n, 2n): variable i is the columns 2i and 2i + 1.

    The determinant of a part is the square of the complex one, which is why sums of logarithms come out twice.

    Examples
    --------
    >>> import numpy as np
    >>> from hoi._maths.spectra import as_real
    >>> as_real(np.array([[2.0 + 0j]]))
    array([[2., 0.],
           [0., 2.]])
    """
    n = S.shape[-1]
    out = np.empty((*S.shape[:-2], 2 * n, 2 * n))
    out[..., ::2, ::2] = out[..., 1::2, 1::2] = S.real
    out[..., 1::2, ::2] = S.imag
    out[..., ::2, 1::2] = -S.imag
    return out
