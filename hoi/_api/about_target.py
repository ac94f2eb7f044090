"""What sets of variables tell of a target: information, whole minus sum, gradient of the O-information, bounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hoi._api.call import Call, open_call, pick, scale_of
from hoi._api.given_sets import as_user_shape, evaluate, of_measure, sets_of, unwrap
from hoi._backends.protocol import UNRANKED
from hoi._errors import HoiError
from hoi._inputs.roles import check_columns
from hoi._measures.registry import ABOUT_TARGET
from hoi._systems.protocol import Estimator, System
from hoi._typing import ArrayLike, BiasCorrection, FloatArray, Groups, Multiplet, Units

__all__ = ["gradient", "information", "redundancy_mmi", "rsi", "synergy_mmi"]


def information(
    X: ArrayLike | System,
    multiplets: Sequence[Multiplet] | None = None,
    *,
    target: Multiplet | int | str,
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
    r"""Information that sets of variables have, together, about a target.

    .. math:: I(S; Y) = H(S) - H(S \mid Y)

    With the target's own past `given` and lagged columns in S it is the transfer entropy from S (:func:`hoi.lagged`).

    Parameters
    ----------
    X, estimator, discrete, bias_correction, units, groups, backend, missing, singular
        As in :func:`hoi.oinfo`. A target of labels is named in `discrete` too.
    multiplets : sequence of sequences of int or str, optional
        As in :func:`hoi.oinfo`; positions count all columns. None takes all that are neither target nor given.
    target : int, str, or sequence of them
        The column that sets tell of, by index or name; several columns are one target.
    given : int, str, or sequence of them, optional
        Columns that all information is conditional on.

    Returns
    -------
    float or ndarray
        In `units`, shaped as by :func:`hoi.oinfo`. After bias correction it can be negative where the true value is
        near 0.

    Raises
    ------
    HoiError
        As :func:`hoi.oinfo`, if a column has two parts, and if the target, or what is given, determines a variable.

    References
    ----------
    Cover, Thomas (2006), Elements of Information Theory, chapter 2; Schreiber (2000), Physical Review Letters 85, 461.

    Examples
    --------
    >>> import hoi
    >>> system = hoi.GaussianSystem.from_covariance([[1, 0, 0.6], [0, 1, 0.6], [0.6, 0.6, 1]], names=["a", "b", "y"])
    >>> hoi.information(system, [("a",), ("b",), ("a", "b")], target="y").round(4)
    array([0.2231, 0.2231, 0.6365])
    """
    return of_measure(
        ABOUT_TARGET["information"], X, multiplets, estimator, given, discrete, bias_correction, units, groups,
        backend, missing, singular, target,
    )  # fmt: skip


def rsi(
    X: ArrayLike | System,
    multiplets: Sequence[Multiplet] | None = None,
    *,
    target: Multiplet | int | str,
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
    r"""Redundancy-synergy index: what sets tell of a target together, less what their members tell one by one.

    .. math:: \mathrm{RSI}(S; Y) = I(S; Y) - \sum_{i \in S} I(i; Y)

    Positive where the whole tells more than the sum of its parts (synergy), negative where the parts say the same
    (redundancy): the opposite sign of the O-information. Also called the whole minus the sum.

    Parameters
    ----------
    X, multiplets, target, estimator, given, discrete, bias_correction, units, groups, backend, missing, singular
        As in :func:`hoi.information`.

    Returns
    -------
    float or ndarray
        In `units`, shaped as by :func:`hoi.oinfo`; 0 for sets of one variable.

    Raises
    ------
    HoiError
        As :func:`hoi.information`.

    References
    ----------
    Chechik et al. (2002), Group redundancy measures reveal redundancy reduction in the auditory pathway, NIPS 14;
    Timme et al. (2014), Journal of Computational Neuroscience 36, 119-140, eq. 14.

    Examples
    --------
    >>> import hoi
    >>> system = hoi.GaussianSystem.from_covariance([[1, 0, 0.6], [0, 1, 0.6], [0.6, 0.6, 1]])
    >>> round(hoi.rsi(system, target=2), 4)
    0.1902
    """
    return of_measure(
        ABOUT_TARGET["rsi"], X, multiplets, estimator, given, discrete, bias_correction, units, groups, backend,
        missing, singular, target,
    )  # fmt: skip


def gradient(
    X: ArrayLike | System,
    multiplets: Sequence[Multiplet] | None = None,
    *,
    target: Multiplet | int | str,
    second: int | str | None = None,
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
    r"""Gradient of the O-information: what a target adds to the balance of redundancy and synergy of sets.

    .. math:: \partial_Y \Omega(S) = \Omega(S \cup Y) - \Omega(S) = (1 - k) I(S; Y) + \sum_{i \in S} I(S \setminus i; Y)

    Negative where the target makes the set more synergistic, positive where it makes it more redundant, and 0 for a
    target that has nothing to do with it. With the target's own past `given` and lagged columns in S it is the dynamic
    O-information (:func:`hoi.lagged`).

    Parameters
    ----------
    X, multiplets, target, estimator, given, discrete, bias_correction, units, groups, backend, missing, singular
        As in :func:`hoi.information`.
    second : int or str, optional
        A variable, counted as in `multiplets`, for the gradient of second order: what it adds to the gradient,
        Ω(S, Y, Z) - Ω(S, Y) - Ω(S, Z) + Ω(S).

    Returns
    -------
    float or ndarray
        In `units`, shaped as by :func:`hoi.oinfo`; 0 for sets of one variable.

    Raises
    ------
    HoiError
        As :func:`hoi.information`.

    References
    ----------
    Scagliarini et al. (2023), Gradients of O-information: low-order descriptors of high-order dependencies, Physical
    Review Research 5, 013025; Stramaglia et al. (2021), Quantifying dynamical high-order interdependencies from the
    O-information, Frontiers in Physiology 11, 595736.

    Examples
    --------
    >>> import hoi
    >>> system = hoi.GaussianSystem.from_covariance([[1, 0, 0.6], [0, 1, 0.6], [0.6, 0.6, 1]])
    >>> round(hoi.gradient(system, target=2), 4)  # of two variables it is -RSI
    -0.1902
    """
    row = ABOUT_TARGET["gradient"]
    if second is None:
        return of_measure(
            row, X, multiplets, estimator, given, discrete, bias_correction, units, groups, backend, missing, singular,
            target,
        )  # fmt: skip
    scale = scale_of(units)
    call = open_call(
        X, estimator=estimator, given=given, bias_correction=bias_correction, groups=groups, backend=backend,
        discrete=discrete, target=target, missing=missing, singular=singular,
    )  # fmt: skip
    added = _second(second, call)
    if multiplets is None:
        sets = [tuple(v for v in range(call.problem.n_variables) if v not in added)]
    else:
        sets = sets_of(call._replace(multiplets=multiplets))
    both = [*sets, *(_with_second(members, added, call) for members in sets)]
    D, J, L, _ = evaluate(call, both, pick(backend, len(sets)).open(call.problem, UNRANKED))
    values = scale * row.value(D, J, L)
    return unwrap(as_user_shape(call, values[:, len(sets) :] - values[:, : len(sets)]), multiplets)


def redundancy_mmi(
    X: ArrayLike | System,
    multiplets: Sequence[Multiplet] | None = None,
    *,
    target: Multiplet | int | str,
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
    r"""Minimum mutual information: the least that a member of a set tells of a target.

    .. math:: R(S; Y) = \min_{i \in S} I(i; Y)

    An upper bound of what all members tell alike. It is not 0 for independent members that each tell something.

    Parameters
    ----------
    X, multiplets, target, estimator, given, discrete, bias_correction, units, groups, backend, missing, singular
        As in :func:`hoi.information`.

    Returns
    -------
    float or ndarray
        In `units`, shaped as by :func:`hoi.oinfo`.

    Raises
    ------
    HoiError
        As :func:`hoi.information`.

    References
    ----------
    Barrett (2015), Physical Review E 91, 052802.

    Examples
    --------
    >>> import hoi
    >>> system = hoi.GaussianSystem.from_covariance([[1, 0, 0.8], [0, 1, 0.5], [0.8, 0.5, 1]])
    >>> round(hoi.redundancy_mmi(system, target=2), 4)
    0.1438
    """
    return _extreme(
        True, X, multiplets, target, estimator, given, discrete, bias_correction, units, groups, backend, missing,
        singular,
    )


def synergy_mmi(
    X: ArrayLike | System,
    multiplets: Sequence[Multiplet] | None = None,
    *,
    target: Multiplet | int | str,
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
    r"""Synergy by minimum mutual information: what a set tells of a target beyond the best set with one member less.

    .. math:: I(S; Y) - \max_{i \in S} I(S \setminus i; Y) = \min_{i \in S} I(i; Y \mid S \setminus i)

    Parameters
    ----------
    X, multiplets, target, estimator, given, discrete, bias_correction, units, groups, backend, missing, singular
        As in :func:`hoi.information`.

    Returns
    -------
    float or ndarray
        In `units`, shaped as by :func:`hoi.oinfo`.

    Raises
    ------
    HoiError
        As :func:`hoi.information`.

    References
    ----------
    Barrett (2015), Physical Review E 91, 052802.

    Examples
    --------
    >>> import hoi
    >>> system = hoi.GaussianSystem.from_covariance([[1, 0, 0.6], [0, 1, 0.6], [0.6, 0.6, 1]])
    >>> round(hoi.synergy_mmi(system, target=2), 4)
    0.4133
    """
    return _extreme(
        False, X, multiplets, target, estimator, given, discrete, bias_correction, units, groups, backend, missing,
        singular,
    )


def _second(second: Any, call: Call) -> tuple[int, ...]:
    """The second variable of a gradient, as one of the problem."""
    chosen = check_columns(second, call.names, "second")
    if len(chosen) != 1:
        raise HoiError(f"second={second!r} names {len(chosen)} variables: it is one. Make a group of several columns.")
    return call.variables([chosen])[0]


def _with_second(members: tuple[int, ...], second: tuple[int, ...], call: Call) -> tuple[int, ...]:
    if second[0] in members:
        name = call.names[call.positions[second[0]]]
        raise HoiError(f"second={name!r} is in a set already: it is what is added. Take it out of the set.")
    return members + second


def _extreme(
    single: bool,
    X: ArrayLike | System,
    multiplets: Sequence[Multiplet] | None,
    target: Multiplet | int | str,
    estimator: str | Estimator,
    given: Multiplet | int | str | None,
    discrete: Multiplet | int | str | None,
    bias_correction: BiasCorrection,
    units: Units,
    groups: Groups | None,
    backend: str,
    missing: str,
    singular: str,
) -> float | FloatArray:
    """The least information of a single member, or of one member given all others."""
    scale = scale_of(units)
    call = open_call(
        X, estimator=estimator, given=given, bias_correction=bias_correction, groups=groups, backend=backend,
        discrete=discrete, target=target, missing=missing, singular=singular, multiplets=multiplets,
    )  # fmt: skip
    sets = sets_of(call)
    parts = [_parts(members, single) for members in sets]
    flat = list(dict.fromkeys(part for some in [*parts, *map(_whole, sets)] for part in some if part))
    place: dict[Any, int] = {part: i for i, part in enumerate(flat)}
    J = 0.5 * evaluate(call, flat, pick(backend, len(flat)).open(call.problem, UNRANKED)).J
    J = np.concatenate([J, np.zeros((len(J), 1))], axis=1)  # of no variable
    place[()] = len(flat)
    values = np.empty((len(J), len(sets)))
    for column, (members, some) in enumerate(zip(sets, parts, strict=True)):
        chosen = J[:, [place[part] for part in some]]
        whole = J[:, place[tuple(sorted(members))]]
        values[:, column] = chosen.min(axis=1) if single else whole - chosen.max(axis=1)
    return unwrap(as_user_shape(call, scale * values), multiplets)


def _parts(members: tuple[int, ...], single: bool) -> list[tuple[int, ...]]:
    """The members one by one, or the sets with one member less."""
    if single:
        return [(i,) for i in members]
    return [tuple(sorted(j for j in members if j != i)) for i in members]


def _whole(members: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [tuple(sorted(members))]
