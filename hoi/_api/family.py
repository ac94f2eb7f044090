"""The family of delta: whether interactions of more than k variables prevail."""

from __future__ import annotations

from collections.abc import Sequence

from hoi._api.given_sets import of_measure
from hoi._errors import HoiError
from hoi._inputs.sets import is_int
from hoi._measures.registry import delta as of_order
from hoi._systems.protocol import Estimator, System
from hoi._typing import ArrayLike, BiasCorrection, FloatArray, Groups, Multiplet, Units

__all__ = ["delta"]


def delta(
    X: ArrayLike | System,
    multiplets: Sequence[Multiplet] | None = None,
    *,
    k: int,
    estimator: str | Estimator = "gaussian_copula",
    given: Multiplet | int | str | None = None,
    discrete: Multiplet | int | str | None = None,
    bias_correction: BiasCorrection = True,
    units: Units = "nats",
    groups: Groups | None = None,
    backend: str = "auto",
    missing: str = "raise",
    singular: str = "raise",
) -> float | FloatArray:
    r"""Delta of order k: whether interactions of more than k variables prevail (positive), or of fewer (negative).

    .. math:: \Delta^k(S) = \mathrm{DTC}(S) - (k - 1) \, \mathrm{TC}(S)

    It is the S-information for k = 0, the dual total correlation for 1, and the O-information with the opposite sign
    for 2. The parity of n coins has (n - k) log 2. A search ranks by it as ``measure="delta_3"``.

    Parameters
    ----------
    X, multiplets, estimator, given, discrete, bias_correction, units, groups, backend, missing, singular
        As in :func:`hoi.oinfo`.
    k : int
        From 0 to 99.

    Returns
    -------
    float or ndarray
        In `units`, shaped as by :func:`hoi.oinfo`.

    Raises
    ------
    HoiError
        As :func:`hoi.oinfo`, and for another k.

    References
    ----------
    Varley (2026), The many faces of multivariate information, arXiv:2601.08030.

    Examples
    --------
    >>> import hoi
    >>> system = hoi.simulate.common_effect(3, noise=0.5)
    >>> X = hoi.GaussianSystem.from_covariance(system.covariance)
    >>> round(hoi.delta(X, k=3), 4), round(system.dtc - 2 * system.tc, 4)
    (-0.1508, -0.1508)
    """
    if not is_int(k) or not 0 <= k < 100:
        raise HoiError(f"k={k!r}: a whole number from 0 to 99 is needed.")
    return of_measure(
        of_order(k), X, multiplets, estimator, given, discrete, bias_correction, units, groups, backend, missing,
        singular,
    )  # fmt: skip
