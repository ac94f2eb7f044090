"""Section 7: the synergistic set of neurons, its inverse, and random sets of the same sizes, trained from the
start.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

import hoi
from hoi_grokking.config import Sweep, Variant
from hoi_grokking.measures.stored import Series
from hoi_grokking.phases import FIRST

__all__ = ["chosen_set", "generalising", "subnetwork_sweep"]


def generalising(
    step: ArrayLike, test_accuracy: ArrayLike, *, low: float = 0.1, high: float = 0.98
) -> tuple[int, int] | None:
    """Steps in which a network generalises: from the first with a test accuracy of `low`, and from step 10 on at the
    earliest, to the first with `high`, or to the end.

    Parameters
    ----------
    step, test_accuracy : array_like, shape (n,)
    low, high : float

    Returns
    -------
    (int, int) or None
        None if the network does not begin to.

    Examples
    --------
    >>> from hoi_grokking.subnetworks import generalising
    >>> generalising([0, 5, 50, 500], [0, 0.2, 0.3, 1])
    (10, 500)
    """
    step, accuracy = np.asarray(step), np.asarray(test_accuracy)
    first, last = (np.flatnonzero(accuracy >= level) for level in (low, high))
    return (max(int(step[first[0]]), FIRST), int(step[last[0] if len(last) else -1])) if len(first) else None


def chosen_set(found: Series, place: int, window: tuple[int, int]) -> tuple[int, tuple[int, ...]]:
    """The most synergistic set of a model within a window of steps.

    Parameters
    ----------
    found : Series
    place : int
        Model, as a row of the series.
    window : (int, int)
        First and last step, both included.

    Returns
    -------
    step : int
    neurons : tuple of int
    """
    inside = np.flatnonzero((found.step >= window[0]) & (found.step <= window[1]))
    if not len(inside):
        raise hoi.HoiError(f"No checkpoint was measured in the window of steps {window}.")
    best = inside[np.nanargmin(found.lowest[place, inside])]
    return int(found.step[best]), found.lowest_neurons[place][best]


def subnetwork_sweep(
    sweep: Sweep, source: Variant, seed: int, neurons: Sequence[int], n_random: int, mask: str = "both"
) -> Sweep:
    """The sweep that retrains a set of neurons and what it is compared with, from the original initial
    weights. The full network is in the sweep of the paper already.

    Parameters
    ----------
    sweep : Sweep
        The sweep of the full network.
    source : Variant
        Configuration of the full network.
    seed : int
    neurons : sequence of int
    n_random : int
        Random sets of the size of the set, and as many of the size of its inverse.
    mask : {"both", "first"}
        Mask rows of both layers, or of the first alone as published.

    Returns
    -------
    Sweep
        Variants "synergistic", "inverse" (if any neuron is left), "random 1" ..., "random inverse 1" ...
    """
    inverse = sorted(set(range(sweep.width)) - set(neurons))
    rng = np.random.default_rng(seed)
    sets: dict[str, Sequence[int]] = {"synergistic": sorted(neurons)}
    draws = [rng.permutation(sweep.width) for _ in range(n_random)]
    for i, draw in enumerate(draws):
        sets[f"random {i + 1}"] = sorted(draw[: len(neurons)].tolist())
    if inverse:
        sets["inverse"] = inverse
        for i, draw in enumerate(draws):
            sets[f"random inverse {i + 1}"] = sorted(draw[len(neurons) :].tolist())
    variants = tuple(
        dataclasses.replace(source, label=label, kept=tuple(map(int, kept)), mask=mask)
        for label, kept in sets.items()
    )
    return dataclasses.replace(sweep, variants=variants, seeds=(seed,), n_checkpoints=8)
