"""Removal of neurons from a trained network, beside random sets of neurons that are like those removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["accuracy_without", "alike", "beside_controls", "leading_neurons", "strata"]


def leading_neurons(members: Iterable[Sequence[int]], n: int) -> NDArray[np.int64]:
    """The first `n` different neurons of a ranking of sets, best set first; fewer if it holds no more.

    Examples
    --------
    >>> from hoi_grokking.ablation import leading_neurons
    >>> leading_neurons([(4, 7, 9), (4, 7, 2), (1, 3, 4)], 4).tolist()
    [4, 7, 9, 2]
    """
    found: dict[int, None] = {}
    for chosen in members:
        found.update(dict.fromkeys(map(int, chosen)))
        if len(found) >= n:
            break
    return np.array(list(found)[:n], np.int64)


def accuracy_without(
    hidden: ArrayLike, out: ArrayLike, targets: ArrayLike, sets: Iterable[ArrayLike]
) -> NDArray[np.float64]:
    """Accuracy of a network whose last layer no longer sees some of its hidden neurons; nothing is trained again.

    Parameters
    ----------
    hidden : array_like, shape (n_samples, n_neurons)
    out : array_like, shape (n_classes, n_neurons)
        Weights from the hidden neurons to the classes.
    targets : array_like of int, shape (n_samples,)
    sets : iterable of array_like of int
        Neurons that are removed, one set at a time; an empty one removes none.

    Returns
    -------
    ndarray, shape (n_sets,)
    """
    hidden, out, targets = np.asarray(hidden, np.float32), np.asarray(out, np.float32), np.asarray(targets)
    whole = hidden @ out.T
    found = []
    for chosen in sets:
        removed = np.asarray(chosen, int)
        logits = whole - hidden[:, removed] @ out[:, removed].T
        found.append(float((logits.argmax(axis=1) == targets).mean()))
    return np.array(found)


def beside_controls(
    hidden: ArrayLike, out: ArrayLike, targets: ArrayLike, chosen: ArrayLike, drawn: Mapping[str, Sequence[ArrayLike]]
) -> dict[str, Any]:
    """What is left of the accuracy without some neurons, beside sets that are removed in their place.

    Parameters
    ----------
    hidden, out, targets
        As of :func:`accuracy_without`.
    chosen : array_like of int
    drawn : mapping
        Name of a control -> its sets.

    Returns
    -------
    dict
        "without them" and, of each control, the mean of what is left, the part of its sets that hurt more, the mean
        part of a set that is in `chosen` too, and by its name what is left without each set, (n_sets,).
    """
    left = accuracy_without(hidden, out, targets, [chosen])[0]
    found: dict[str, Any] = {"without them": left}
    for control, sets in drawn.items():
        others = accuracy_without(hidden, out, targets, sets)
        found |= {
            f"without {control}": others.mean(), f"{control} that hurt more": (others < left).mean(),
            f"shared with {control}": np.mean([np.isin(one, chosen).mean() for one in sets]), control: others,
        }  # fmt: skip
    return found


def strata(features: Sequence[ArrayLike], n_parts: int) -> NDArray[np.int64]:
    """Neurons that are alike: by the first feature into parts of the same size, these by the next one, and so on.

    Parameters
    ----------
    features : sequence of array_like, each of shape (n_neurons,)
        None puts all neurons into stratum 0.
    n_parts : int

    Returns
    -------
    ndarray, shape (n_neurons,)
        The stratum of each neuron.

    Examples
    --------
    >>> from hoi_grokking.ablation import strata
    >>> strata([[5, 1, 2, 8], [0, 3, 1, 2]], 2).tolist()
    [2, 1, 0, 3]
    """
    first = np.asarray(features[0])
    order = np.argsort(first, kind="stable")
    found = np.zeros(len(first), np.int64)
    for place, part in enumerate(np.array_split(order, n_parts)):
        inner = strata([np.asarray(feature)[part] for feature in features[1:]], n_parts) if len(features) > 1 else 0
        found[part] = place * n_parts ** (len(features) - 1) + inner
    return found


def alike(chosen: ArrayLike, stratum: ArrayLike, n_draws: int, seed: int) -> list[NDArray[np.int64]]:
    """Random sets with as many neurons of each stratum as a set has: under the hypothesis that only the stratum
    matters, the set is one more such draw.

    Parameters
    ----------
    chosen : array_like of int
    stratum : array_like of int, shape (n_neurons,)
        All the same for random sets of the same size.
    n_draws, seed : int

    Returns
    -------
    list of ndarray
    """
    rng = np.random.default_rng(seed)
    stratum = np.asarray(stratum)
    values, counts = np.unique(stratum[np.asarray(chosen, int)], return_counts=True)
    pools = [np.flatnonzero(stratum == value) for value in values]
    return [
        np.concatenate([rng.choice(pool, count, replace=False) for pool, count in zip(pools, counts, strict=True)])
        for _ in range(n_draws)
    ]
