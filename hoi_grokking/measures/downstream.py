"""Neurons that do alike, whatever they respond to: similarity by the Hessian of the loss for the activations."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["downstream_affinity"]


def downstream_affinity(hidden: ArrayLike, out: ArrayLike) -> NDArray[np.float64]:
    """How alike hidden neurons are in what they do to the loss.

    Two neurons are alike if a change of one does to the loss what a change of the other does: if their entry of the
    Hessian of the loss for the hidden activations is large (Lange, Rolnick and Kording 2022, "Clustering units in
    neural networks: upstream vs downstream information"). For the cross-entropy of logits W a it is the mean over the
    samples of W' (diag(p) - p p') W, with the probabilities p; targets do not appear in it.

    Parameters
    ----------
    hidden : array_like, shape (n_samples, n_neurons)
        Activations that the last layer gets.
    out : array_like, shape (n_classes, n_neurons)
        Its weights W.

    Returns
    -------
    ndarray, shape (n_neurons, n_neurons)
        Absolute entries of the Hessian, each divided by the geometric mean of the two on the diagonal: 0 to 1. 0 for
        neurons that do nothing, and 1 with themselves.

    Examples
    --------
    The first two neurons speak for and against the same class:

    >>> import numpy as np
    >>> from hoi_grokking.measures.downstream import downstream_affinity
    >>> out = np.array([[1.0, -2, 0], [0, 0, 1], [0, 0, -1]])
    >>> downstream_affinity(np.zeros((4, 3)), out).round(2).tolist()
    [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    from scipy.special import softmax

    weights = np.asarray(out, float)
    probability = softmax(np.asarray(hidden, float) @ weights.T, axis=1)
    spoken = probability @ weights  # the mean weight of each neuron at each sample
    hessian = (weights.T * probability.mean(0)) @ weights - spoken.T @ spoken / len(spoken)
    scale = np.sqrt(np.maximum(hessian.diagonal(), 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        affinity = np.abs(hessian) / (scale[:, None] * scale)
    affinity = np.clip(np.where(np.isfinite(affinity), affinity, 0), 0, 1)
    np.fill_diagonal(affinity, 1)
    return affinity
