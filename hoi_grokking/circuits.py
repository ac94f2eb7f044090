"""Sets of single neurons as circuits: which are tuned alike, and what of the dependence of triplets no pair shows.

A neuron is on or off at an input, and a task has all its inputs: the joint distribution of three on/off patterns is
known, not estimated, and so is what of it goes beyond its pairs. That a Gaussian copula cannot say.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Triplet", "beyond_pairs", "common_frequency", "dominant_frequencies", "n_of_common_frequency", "on_off",
    "over_classes", "pairwise_model", "shifted",
]  # fmt: skip

# How well a probability of the pairwise model is known.
_CHANGE = 1e-14


class Triplet(NamedTuple):
    """Of three binary variables, in nats.

    `oinfo` is the O-information, `pairwise` that of the distribution of highest entropy with the same pairs, and
    `beyond` the information that is beyond pairs: the difference of the two entropies, 0 or more.
    """

    oinfo: float
    pairwise: float
    beyond: float


def on_off(activations: ArrayLike) -> NDArray[np.int8]:
    """Whether each neuron is on at each input: (n_inputs, n_neurons), 0 and 1."""
    return (np.asarray(activations) > 0).astype(np.int8)


def shifted(patterns: NDArray, n_tokens: int, seed: int) -> NDArray:
    """Neurons that are tuned as they are, and have nothing to do with each other.

    Parameters
    ----------
    patterns : ndarray, shape (n_tokens**2, n_neurons)
        At all pairs of tokens, the first outermost.
    n_tokens, seed : int

    Returns
    -------
    ndarray
        Each neuron moved around the torus of inputs by a random step: its values and its spectrum stay, and its
        phase against the others is drawn anew.
    """
    rng = np.random.default_rng(seed)
    grid = np.asarray(patterns).reshape(n_tokens, n_tokens, -1)
    steps = rng.integers(0, n_tokens, (grid.shape[2], 2))
    moved = [np.roll(grid[:, :, i], tuple(step), axis=(0, 1)).ravel() for i, step in enumerate(steps)]
    return np.stack(moved, axis=1)


def dominant_frequencies(into: ArrayLike, n_tokens: int) -> NDArray[np.int64]:
    """The strongest frequency of each neuron, 1 to (n_tokens - 1) / 2.

    Parameters
    ----------
    into : array_like, shape (positions * n_tokens, n_neurons)
        Weights from the one-hot input; the powers of the positions are added.
    n_tokens : int
    """
    tables = np.asarray(into, np.float64).reshape(-1, n_tokens, np.shape(into)[-1])
    return np.square(np.abs(np.fft.rfft(tables, axis=1)))[:, 1:].sum(axis=0).argmax(axis=0) + 1


def common_frequency(members: ArrayLike, frequencies: ArrayLike, *, but: int = 0) -> NDArray[np.bool_]:
    """Whether the neurons of each set (n_sets, size), all of them or all `but` so many, have one dominant frequency.

    Examples
    --------
    >>> from hoi_grokking.circuits import common_frequency
    >>> common_frequency([(0, 1, 2), (0, 1, 3)], [7, 7, 7, 2]).tolist()
    [True, False]
    >>> common_frequency([(0, 1, 3)], [7, 7, 7, 2], but=1).tolist()
    [True]
    """
    tuned = np.asarray(frequencies)[np.asarray(members)]
    alike = (tuned[:, :, None] == tuned[:, None, :]).sum(axis=2).max(axis=1)
    return alike >= tuned.shape[1] - but


def n_of_common_frequency(frequencies: ArrayLike, order: int) -> int:
    """How many of all sets of an order have one dominant frequency.

    Examples
    --------
    >>> from hoi_grokking.circuits import n_of_common_frequency
    >>> n_of_common_frequency([3, 3, 3, 5, 5], 2)
    4
    """
    return sum(math.comb(int(count), order) for count in np.bincount(np.asarray(frequencies)))


def over_classes(logits: ArrayLike) -> NDArray[np.float64]:
    """The logits as waves over the classes: all of what a softmax sees of them, in columns that have no sum.

    Parameters
    ----------
    logits : array_like, shape (n_inputs, n_classes)
        `n_classes` is odd.

    Returns
    -------
    ndarray, shape (n_inputs, n_classes - 1)
        Cosines of frequency 1, 2, ..., then sines.

    Notes
    -----
    One number added to all logits changes nothing that a network says, so that their mean is left out; what is left
    of `n_classes` columns would be singular. Adding a number to the answer of a modular task turns each wave by an
    angle, so that these columns treat all answers alike; and none has to be cut off, as principal components have.
    """
    waves = np.fft.rfft(np.asarray(logits, np.float64), axis=1)[:, 1:]
    return np.concatenate([waves.real, waves.imag], axis=1)


def pairwise_model(joint: ArrayLike) -> NDArray[np.float64]:
    """The distribution of highest entropy with the pairs of a joint distribution of three binary variables.

    Parameters
    ----------
    joint : array_like, shape (2, 2, 2)

    Returns
    -------
    ndarray, shape (2, 2, 2)

    Notes
    -----
    The distributions with these pairs are a line: an eighth of each more or less in the states of even and odd parity.
    Highest is the entropy where the product of the probabilities of even parity is that of odd parity.
    """
    from scipy.optimize import brentq

    joint = np.asarray(joint, float)
    parity = 1 - 2 * (np.indices((2, 2, 2)).sum(0) % 2)
    low, high = -joint[parity > 0].min(), joint[parity < 0].min()
    if high - low < _CHANGE:
        return joint

    def slope(moved: float) -> float:
        made = np.maximum(joint + moved * parity, 1e-300)
        return float((parity * np.log(made)).sum())

    return joint + brentq(slope, low, high, xtol=_CHANGE) * parity


def beyond_pairs(patterns: NDArray, members: ArrayLike) -> list[Triplet]:
    """Exact O-information of triplets of on/off patterns, and what of their dependence is beyond pairs.

    Parameters
    ----------
    patterns : ndarray, shape (n_inputs, n_neurons)
        0 and 1, at all inputs, which are equally likely.
    members : array_like of int, shape (n_sets, 3)

    Returns
    -------
    list of Triplet

    Examples
    --------
    An exclusive or is wholly beyond pairs:

    >>> import numpy as np
    >>> from hoi_grokking.circuits import beyond_pairs
    >>> a, b = np.indices((2, 2)).reshape(2, 4)
    >>> [round(float(value / np.log(2)), 6) for value in beyond_pairs(np.stack([a, b, a ^ b], axis=1), [(0, 1, 2)])[0]]
    [-1.0, 0.0, 1.0]
    """
    found = []
    for chosen in np.asarray(members):
        states = patterns[:, chosen] @ np.array([4, 2, 1])
        joint = np.bincount(states, minlength=8).reshape(2, 2, 2) / len(patterns)
        model = pairwise_model(joint)
        beyond = max(_entropy(model) - _entropy(joint), 0.0)
        found.append(Triplet(_oinfo(joint), _oinfo(model), beyond))
    return found


def _entropy(joint: NDArray) -> float:
    held = joint[joint > 0]
    return float(-(held * np.log(held)).sum())


def _oinfo(joint: NDArray) -> float:
    """Of three variables: the sum of the entropies of one, less those of two, and that of all."""
    ones = sum(_entropy(joint.sum(axis=tuple(j for j in range(3) if j != i))) for i in range(3))
    twos = sum(_entropy(joint.sum(axis=i)) for i in range(3))
    return ones - twos + _entropy(joint)
