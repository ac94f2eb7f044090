"""Systems of cross-spectra: measures of whole processes, as rates, from those of every frequency."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hoi._errors import HoiError
from hoi._maths.spectra import as_real
from hoi._systems.combined import CombinedProblem
from hoi._systems.protocol import System
from hoi._systems.standard_form import standard_form
from hoi._typing import BiasCorrection, FloatArray

__all__ = ["SpectralSystem", "check_spectra"]


class SpectralSystem(System):
    """Gaussian processes by their cross-spectra: every measure of it is a rate, in nats per sample.

    Attributes
    ----------
    spectra : ndarray, shape (n_frequencies, n_variables, n_variables)
        Complex and Hermitian.
    weights : ndarray, shape (n_frequencies,)
        Share of each frequency; they sum to 1.
    """

    n_datasets, stacked, n_samples, estimator = 1, False, None, "spectra"

    def __init__(self, spectra: NDArray[Any], weights: FloatArray, names: tuple[str, ...]) -> None:
        self.spectra, self.weights, self.names = spectra, weights, names

    def problem(
        self,
        groups: Sequence[tuple[int, ...]] | None = None,
        given: tuple[int, ...] = (),
        *,
        bias_correction: BiasCorrection = True,
    ) -> CombinedProblem:
        """Half the weighted mean, over frequencies, of the entropies of real and imaginary parts."""
        variables = self.variables(groups, given)
        both = [tuple(column for c in group for column in (2 * c, 2 * c + 1)) for group in variables]
        fixed = tuple(column for c in given for column in (2 * c, 2 * c + 1))
        names = tuple(name for name in self.names for _ in range(2))
        frequencies = standard_form(as_real(self.spectra), names, None, both, fixed)
        return CombinedProblem(
            [(0.5 * weight, frequencies.of_dataset(f)) for f, weight in enumerate(self.weights.tolist())]
        )

    def __repr__(self) -> str:
        return f"SpectralSystem({self.n_variables} variables, {len(self.spectra)} frequencies)"


def check_spectra(
    S: ArrayLike, weights: ArrayLike | None, names: Sequence[str] | None
) -> tuple[NDArray[Any], FloatArray, tuple[str, ...]]:
    """Spectra, weights and names, or an error that says what is wrong with them."""
    spectra = np.asarray(S)
    square = spectra.ndim == 3 and spectra.shape[1] == spectra.shape[2]
    if not square or not spectra.size or spectra.dtype.kind not in "fciu":
        raise HoiError(
            f"S has shape {spectra.shape} and type {spectra.dtype}: cross-spectra are complex matrices (n_frequencies, "
            "n_variables, n_variables). Put the axis of frequencies first."
        )
    spectra = spectra.astype(np.complex128)
    if not np.isfinite(spectra).all():
        raise HoiError("S has values that are not finite: leave out the frequencies they belong to.")
    power = np.einsum("fii->fi", spectra).real
    if power.min() <= 0:
        f, i = np.argwhere(power <= 0)[0].tolist()
        raise HoiError(
            f"S[{f}] has no power of variable {i}: logarithms of it are taken. Leave out that frequency (0, often, "
            "where the mean was removed)."
        )
    scale = np.sqrt(power[:, :, None] * power[:, None])
    if (np.abs(spectra - spectra.conj().swapaxes(1, 2)) > 1e-8 * scale).any():
        raise HoiError("S is not Hermitian: S[f, i, j] is the complex conjugate of S[f, j, i] in cross-spectra.")
    n_frequencies, n, _ = spectra.shape
    shares = np.ones(n_frequencies) if weights is None else np.asarray(weights, dtype=np.float64)
    if shares.shape != (n_frequencies,) or not (shares >= 0).all() or not 0 < shares.sum() < np.inf:
        raise HoiError(
            f"weights has shape {shares.shape}: one share is needed for each of the {n_frequencies} frequencies, not "
            "below 0, and not all 0."
        )
    labels = tuple(map(str, range(n))) if names is None else tuple(map(str, names))
    if len(labels) != n or len(set(labels)) != n:
        raise HoiError(f"names has {len(labels)} names, {len(set(labels))} of them distinct: there are {n} variables.")
    return 0.5 * (spectra + spectra.conj().swapaxes(1, 2)), shares / shares.sum(), labels
