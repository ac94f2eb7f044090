"""The progress measures: lowest and highest O-information within a layer, by four estimators.

| estimator | variables | sets |
|---|---|---|
| pooled  | mean activation of each cluster (the paper's text) | all sets of clusters |
| union   | neurons (the published code) | all unions of clusters |
| grouped | clusters, each one multivariate variable | all sets of clusters |
| neurons | neurons | all sets of 3 (or 4) neurons |

Values are in nats and without bias correction, as published. The lowest is the synergy (negative), the
highest the redundancy. All are Gaussian copulas, whose O-information follows from the rank correlations of pairs: no
value of them shows a dependence that no pair has.
"""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

import numpy as np

import hoi
from hoi_grokking.config import read
from hoi_grokking.measures.layer import CLUSTERINGS, TIES, Layer, Ties
from hoi_grokking.measures.unions import sizes_of

__all__ = ["ESTIMATORS", "Extreme", "Measured", "Probe", "measure"]

ESTIMATORS = ("pooled", "union", "grouped", "neurons")


@dataclasses.dataclass(frozen=True)
class Probe:
    """How synergy and redundancy of a layer are measured.

    Parameters
    ----------
    estimator : {"pooled", "union", "grouped", "neurons"}
    ties : {"average", "ordinal", "random"}
        Rank of equal activations (zeros, mostly); "random" draws with `seed`. It decides much for `union`.
    inputs : {"train", "all"}
        Samples: the training inputs, or the test inputs too. For stored runs.
    clustering : {"ward", "spectral", "downstream"}
        Of the activations, by absolute correlations, or by what neurons do to the loss: the last is for stored runs of
        the paper's network and for a `Layer` that knows it.
    n_clusters : int
    sizes : (int, int)
        Smallest and largest number of clusters in a set; of neurons for "neurons".
    seed : int
    """

    estimator: str = "pooled"
    ties: Ties = "average"
    inputs: str = "train"
    clustering: str = "ward"
    n_clusters: int = 10
    sizes: tuple[int, int] | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        allowed = {
            "estimator": ESTIMATORS,
            "ties": TIES,
            "inputs": ("train", "all"),
            "clustering": CLUSTERINGS,
        }
        for name, values in allowed.items():
            if getattr(self, name) not in values:
                raise hoi.HoiError(f"Probe.{name} is {getattr(self, name)!r}, and has to be one of {values}.")

    @property
    def orders(self) -> tuple[int, int]:
        """`sizes`, or their default: 2 to all clusters, 3 neurons."""
        return self.sizes or ((3, 3) if self.estimator == "neurons" else (2, self.n_clusters))

    @property
    def key(self) -> str:
        """Short name in stored runs, different for different probes."""
        return self._named(self.inputs)

    @property
    def method(self) -> str:
        """The same without `inputs`, for whatever samples it is given."""
        return self._named()

    def _named(self, *inputs: str) -> str:
        parts = [self.estimator, self.ties, *inputs]
        if self.estimator != "neurons":
            parts.append(f"{self.clustering}{self.n_clusters}")
        if self.sizes:
            parts.append("-".join(map(str, self.sizes)))
        if self.seed:
            parts.append(f"seed{self.seed}")
        return "_".join(parts)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Probe:
        """Of plain values; unknown keys are errors."""
        return read(cls, values)


@dataclasses.dataclass(frozen=True)
class Extreme:
    """A set at one end: its O-information in nats, its number of clusters, and its neurons."""

    value: float
    n_clusters: int
    neurons: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class Measured:
    """The most synergistic (`lowest`) and the most redundant (`highest`) set, and how many neurons vary at
    all.
    """

    lowest: Extreme
    highest: Extreme
    n_alive: int


def measure(activations: Any, probe: Probe = Probe()) -> Measured:
    """Synergy and redundancy within one layer.

    Parameters
    ----------
    activations : array_like, shape (n_samples, n_neurons), or Layer
        Make a :class:`hoi_grokking.measures.layer.Layer` first to share clusters and covariances between several
        probes.
    probe : Probe

    Returns
    -------
    Measured
        Neurons are columns of `activations`.

    Examples
    --------
    >>> import numpy as np
    >>> from hoi_grokking import Probe, measure
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((500, 12))
    >>> X[:, 3] = X[:, 1] + X[:, 2] + 0.1 * X[:, 3]
    >>> measure(X, Probe("neurons")).lowest.neurons
    (1, 2, 3)
    """
    layer = activations if isinstance(activations, Layer) else Layer(activations)
    ends = {"pooled": _pooled, "union": _unions, "grouped": _unions, "neurons": _neurons}[probe.estimator](
        layer, probe
    )
    return Measured(*ends, n_alive=len(layer.alive))


def _pooled(layer: Layer, probe: Probe) -> tuple[Extreme, Extreme]:
    clusters = layer.clusters(probe.clustering, probe.n_clusters)
    means = np.stack([layer.values[:, members].mean(axis=1) for members in clusters], axis=1)
    low, high = probe.orders
    by = hoi.estimators.GaussianCopula(probe.ties, probe.seed)
    lowest, highest = (
        Extreme(value, len(chosen), _neurons_of(layer, [clusters[i] for i in chosen]))
        for value, chosen in _both_ends(means, (low, min(high, len(clusters))), estimator=by, threads=1)
    )
    return lowest, highest


def _both_ends(data: Any, orders: tuple[int, int], **options: Any) -> list[tuple[float, tuple[int, ...]]]:
    """The lowest and the highest O-information and their sets. A single set is both, and pairs are all at 0."""
    if orders[1] == 2:
        return [(0.0, (0, 1))] * 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hoi.HoiWarning)
        found = hoi.search(data, orders, n_best=1, bias_correction=False, progress=False, **options)
    rows = list(zip(found.oinfo.tolist(), found.members, strict=True))
    return [rows[0], rows[-1]]


def _unions(layer: Layer, probe: Probe) -> tuple[Extreme, Extreme]:
    clusters = layer.clusters(probe.clustering, probe.n_clusters)
    unions = layer.unions(probe.ties, probe.seed, probe.clustering, probe.n_clusters)
    values = unions.neurons if probe.estimator == "union" else unions.grouped
    sizes = sizes_of(len(clusters))
    low, high = probe.orders
    places = np.flatnonzero((sizes >= low) & (sizes <= high) & np.isfinite(values))
    if not len(places):
        return Extreme(float("nan"), 0, ()), Extreme(float("nan"), 0, ())
    # two clusters as single variables have an O-information of 0: rounding must not choose among their pairs
    grid = np.round(values[places], 12)
    lowest, highest = (
        Extreme(
            float(values[place]),
            int(sizes[place]),
            _neurons_of(layer, [members for i, members in enumerate(clusters) if place >> i & 1]),
        )
        for place in (places[grid.argmin()], places[grid.argmax()])
    )
    return lowest, highest


def _neurons(layer: Layer, probe: Probe) -> tuple[Extreme, Extreme]:
    lowest, highest = (
        Extreme(value, 0, tuple(int(layer.alive[i]) for i in chosen))
        for value, chosen in _both_ends(layer.system(probe.ties, probe.seed), probe.orders)
    )
    return lowest, highest


def _neurons_of(layer: Layer, clusters: list[np.ndarray]) -> tuple[int, ...]:
    """Neurons of some clusters, as columns of the activations, in ascending order."""
    return tuple(np.sort(layer.alive[np.concatenate(clusters)]).tolist())
