"""The activations of a layer with what the estimators share: clusters of neurons and copula covariances, made
once.
"""

from __future__ import annotations

import warnings
from functools import cached_property
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

import hoi
from hoi_grokking.measures.unions import Unions, all_unions

__all__ = ["CLUSTERINGS", "TIES", "Layer", "NothingToMeasure", "Ties"]

# "downstream" takes what neurons do to the loss, which activations do not tell.
CLUSTERINGS = ("ward", "spectral", "downstream")

# Least affinity of two neurons: spectral clusters need a connected graph, and what does nothing is like no other.
_LINK = 1e-3

Ties: TypeAlias = Literal["average", "ordinal", "random"]
TIES: tuple[Ties, ...] = get_args(Ties)


class NothingToMeasure(hoi.HoiError):
    """A layer whose activations are not finite, or of which fewer than three neurons vary."""


class Layer:
    """Activations of one layer at one moment.

    Parameters
    ----------
    activations : array_like, shape (n_samples, n_neurons)
        Numbers, without NaN. Neurons that never change carry no information: they are left out of every
        measure.
    downstream : array_like, shape (n_neurons, n_neurons), optional
        How alike neurons are in what they do to the loss, from 0 to 1, for the clusters of that name
        (:func:`hoi_grokking.measures.downstream.downstream_affinity`).

    Attributes
    ----------
    alive : ndarray of int
        Columns that vary.
    values : ndarray, shape (n_samples, n_alive)
    """

    def __init__(self, activations, downstream=None) -> None:
        table = hoi.as_table(activations)
        if isinstance(table, hoi.Recordings) or table.values.ndim != 2:
            given = repr(table) if isinstance(table, hoi.Recordings) else f"shape {table.values.shape}"
            raise hoi.HoiError(
                f"Activations of {given} were given; a layer needs (samples, neurons). "
                "Flatten or average the other axes (positions, pixels) first."
            )
        values = table.values
        if not np.isfinite(values).all():
            wrong = np.flatnonzero(~np.isfinite(values).all(axis=0))
            raise NothingToMeasure(
                f"Activations of {len(wrong)} of {values.shape[1]} neurons are NaN or infinite, the first "
                f"of them {wrong[0]}. Has the training diverged?"
            )
        self.alive = np.flatnonzero(np.ptp(values, axis=0) > 0)
        if len(self.alive) < 3:
            raise NothingToMeasure(
                f"{len(self.alive)} of {values.shape[1]} neurons vary over the samples; 3 are needed."
            )
        self.values = values[:, self.alive]
        self._downstream = None if downstream is None else np.asarray(downstream)[np.ix_(self.alive, self.alive)]
        self._systems: dict[tuple[str, int], hoi.GaussianSystem] = {}
        self._clusters: dict[tuple[str, int], list[NDArray[np.int64]]] = {}
        self._unions: dict[tuple[str, int, str, int], Unions] = {}

    def system(self, ties: Ties, seed: int) -> hoi.GaussianSystem:
        """Copula covariance of the neurons that vary; ReLU layers have many ties, and the rule for them was
        chosen.
        """
        key = (ties, seed if ties == "random" else 0)
        if key not in self._systems:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", hoi.TiesWarning)
                self._systems[key] = hoi.GaussianSystem.from_data(
                    self.values, estimator=hoi.estimators.GaussianCopula(ties, seed)
                )
        return self._systems[key]

    def clusters(self, method: str, n_clusters: int) -> list[NDArray[np.int64]]:
        """Columns of `values` in each cluster, clusters ordered by their first neuron."""
        key = (method, min(n_clusters, len(self.alive)))
        if key not in self._clusters:
            labels = self._ward(key[1]) if method == "ward" else _spectral(self._affinity(method), key[1])
            found = [np.flatnonzero(labels == label) for label in np.unique(labels)]
            self._clusters[key] = sorted(found, key=lambda members: int(members[0]))
        return self._clusters[key]

    def unions(self, ties: Ties, seed: int, method: str, n_clusters: int) -> Unions:
        """O-information of every union of clusters."""
        key = (ties, seed, method, n_clusters)
        if key not in self._unions:
            self._unions[key] = all_unions(
                self.system(ties, seed).covariance, self.clusters(method, n_clusters)
            )
        return self._unions[key]

    @cached_property
    def _squared_distances(self) -> NDArray[np.float64]:
        """Between neurons as vectors over the samples: (n_alive, n_alive)."""
        products = self.values.T @ self.values
        norms = products.diagonal()
        distances = np.maximum(norms[:, None] + norms - 2 * products, 0)
        np.fill_diagonal(distances, 0)
        return distances

    def _ward(self, n_clusters: int) -> NDArray[np.int64]:
        """Ward's clusters of the raw activations: AgglomerativeClustering of scikit-learn, from the
        distances.
        """
        from scipy.cluster.hierarchy import cut_tree, linkage
        from scipy.spatial.distance import squareform

        tree = linkage(np.sqrt(squareform(self._squared_distances, checks=False)), "ward")
        return cut_tree(tree, n_clusters)[:, 0]

    def _affinity(self, method: str) -> NDArray[np.float64]:
        """How alike neurons are: by what they say, whatever their scale (absolute correlations), or by what they do."""
        if method == "spectral":
            return np.abs(np.corrcoef(self.values.T))
        if self._downstream is None:
            raise hoi.HoiError(
                "Probe.clustering is 'downstream', and these activations do not tell what the neurons do to the loss. "
                "Give Layer(activations, downstream=downstream_affinity(activations, weights)) of "
                "hoi_grokking.measures.downstream, or take 'ward' or 'spectral'."
            )
        return np.maximum(self._downstream, _LINK)


def _spectral(affinity: NDArray[np.float64], n_clusters: int) -> NDArray[np.int64]:
    from sklearn.cluster import SpectralClustering

    if n_clusters == len(affinity):
        return np.arange(n_clusters)
    return SpectralClustering(n_clusters, affinity="precomputed", random_state=0).fit_predict(affinity)
