"""All sets of the neurons of a layer from the most extreme on, the logits as a target or none."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import hoi
from hoi_grokking.circuits import on_off, over_classes

__all__ = ["FEWER", "MANY", "Copula", "Ends", "Ranked", "like_outputs", "patterns"]

# Sets that are kept of each end, and of on/off patterns, whose exact values take longer.
MANY, FEWER = 1000, 200


class Ranked(NamedTuple):
    """Sets from the most extreme on, (n_sets, size), and the values that they are ranked by."""

    members: NDArray[np.int64]
    values: NDArray[np.float64]


class Ends(NamedTuple):
    """The sets with the lowest values of a measure, and those with the highest."""

    lowest: Ranked
    highest: Ranked


class Copula:
    """The neurons of a layer, and the logits that they give, by the Gaussian copula: one covariance for all rankings.

    Parameters
    ----------
    hidden : ndarray, shape (n_inputs, n_neurons)
        Neurons that never change are in no set.
    out : ndarray, shape (n_classes, n_neurons), optional
        Weights from the neurons to the logits.
    """

    def __init__(self, hidden: NDArray, out: NDArray | None = None) -> None:
        self.alive = np.flatnonzero(np.ptp(hidden, axis=0) > 0)
        columns = [hidden[:, self.alive]]
        if out is not None:
            columns.append(over_classes(hidden @ out.T))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", hoi.HoiWarning)
            self.covariance: NDArray[np.float64] = hoi.GaussianSystem.from_data(
                np.concatenate(columns, axis=1), estimator=hoi.estimators.GaussianCopula()
            ).covariance

    def ends(self, order: int, measure: str = "oinfo") -> Ends:
        """The `MANY` extremes of a measure, in nats, among all sets of an order; "rsi" is about the logits."""
        n, target = len(self.alive), None
        covariance = self.covariance[:n, :n]
        if measure == "rsi":
            covariance, target = self.covariance, list(range(n, len(self.covariance)))
        system = hoi.GaussianSystem.from_covariance(covariance)
        return _ends(self.alive, measure, MANY, X=system, order=order, target=target)


def patterns(hidden: NDArray, order: int) -> Ends:
    """The `FEWER` extremes of the exact O-information of on/off patterns among all sets of an order."""
    values = on_off(hidden)
    alive = np.flatnonzero(np.ptp(values, axis=0) > 0)
    by = hoi.estimators.Discrete(correction=None)
    return _ends(alive, "oinfo", FEWER, X=values[:, alive], order=order, estimator=by)


def _ends(alive: NDArray, measure: str, n_best: int, **search: Any) -> Ends:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hoi.HoiWarning)
        found = hoi.search(measure=measure, n_best=n_best, bias_correction=False, progress=False, threads=1, **search)
    members, values = alive[np.array(list(found.members))], np.asarray(getattr(found, measure))
    # where there are few sets, each is at one end only
    return Ends(*(_first(members, values, sign * values, n_best) for sign in (1, -1)))


def like_outputs(out: NDArray) -> Ranked:
    """Pairs of neurons by the squared cosine of their weights to the logits, as changes of all logits at once do not
    count.
    """
    weights = out - out.mean(axis=0)
    scale = np.linalg.norm(weights, axis=0)
    cosine = weights.T @ weights / np.maximum(scale * scale[:, None], np.finfo(float).tiny)
    pairs = np.triu_indices(out.shape[1], 1)
    squared = np.square(cosine[pairs])
    return _first(np.stack(pairs, axis=1), squared, -squared, MANY)


def _first(members: NDArray, values: NDArray, by: NDArray, n: int) -> Ranked:
    order = np.argsort(by, kind="stable")[:n]
    return Ranked(members[order], values[order])
