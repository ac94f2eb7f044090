"""Section 7: the synergistic set of neurons, its inverse, and random sets of the same sizes, trained from the
start.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

import hoi
from hoi_grokking.config import Sweep, Variant
from hoi_grokking.measuring import Series
from hoi_grokking.phases import Phase

__all__ = ["chosen_set", "subnetwork_sweep", "window_of"]


def window_of(phases: Sequence[Phase], names: Sequence[str]) -> tuple[int, int]:
    """Steps of the first of the named phases that was found; step 1 on if there is none."""
    for name in names:
        for phase in phases:
            if phase.name == name:
                return phase.start, phase.stop
    return 1, max([phase.stop for phase in phases], default=1)


def chosen_set(found: Series, place: int, window: tuple[int, int]) -> tuple[int, tuple[int, ...]]:
    """The most synergistic set of a model within a window of steps.

    Parameters
    ----------
    found : Series
    place : int
        Model, as a row of the series.
    window : (int, int)
        First and last step. Step 0, an untrained network, never counts.

    Returns
    -------
    step : int
    neurons : tuple of int
    """
    inside = np.flatnonzero((found.step >= max(window[0], 1)) & (found.step <= window[1]))
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
