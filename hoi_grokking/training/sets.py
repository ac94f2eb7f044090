"""Regularisers that go by sets of hidden neurons: the most synergistic or redundant ones of all, or a control.

Every so many steps (`Penalty.every`) all sets of the first followed layer are searched. `SetPenalty` draws the
O-information of the extreme ones towards 0, `SetDropout` drops their neurons.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

import hoi
from hoi_grokking.training.regularisers import Regulariser

__all__ = ["SETS", "SetDropout", "SetPenalty", "extreme_sets"]

SETS = ("synergistic", "redundant", "random")

# Noise beside activations: a neuron that falls silent between two looks stays a variable, and copies stay two.
_NOISE = 1e-3

# Strata of output weight within which a neuron stands for another one.
_STRATA = 8


def extreme_sets(hidden: NDArray, kind: str, n_sets: int, order: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Sets of neurons that vary: the most synergistic or most redundant of all by the O-information, or random ones.

    Parameters
    ----------
    hidden : ndarray, shape (n_samples, n_neurons)
    kind : {"synergistic", "redundant", "random"}
    n_sets, order : int
    rng : Generator
        Draws the random ones.

    Returns
    -------
    ndarray, shape (n_sets, order)
        The extreme first. Fewer sets than there are wanted are gone through again.
    """
    alive = np.flatnonzero(np.ptp(hidden, axis=0) > 0)
    if len(alive) < order:
        raise hoi.HoiError(f"{len(alive)} neurons vary over the samples, and sets of {order} are wanted.")
    if kind == "random":
        return np.stack([alive[rng.choice(len(alive), order, replace=False)] for _ in range(n_sets)])
    values = hidden[:, alive] + _NOISE * rng.standard_normal((len(hidden), len(alive))) * hidden[:, alive].std()
    which = {"synergistic": "lowest", "redundant": "highest"}[kind]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hoi.HoiWarning)
        found = hoi.search(
            values, order, n_best=n_sets, which=which, estimator="gaussian", bias_correction=False, progress=False,
            threads=1,
        )  # fmt: skip
    members = alive[np.array(list(found.members))]
    return np.resize(members, (n_sets, order))


class _OfSets(Regulariser):
    def __init__(self, *, sets: str = "synergistic", n_sets: int = 1000, order: int = 3) -> None:
        if sets not in SETS:
            raise hoi.HoiError(f"The option `sets` is {sets!r}, and has to be one of {SETS}.")
        self.sets, self.n_sets, self.order = sets, n_sets, order

    def _found(self, hidden: Mapping[str, Tensor], kind: str, rng: np.random.Generator) -> NDArray[np.int64]:
        first = next(iter(hidden.values())).detach().cpu().double().numpy()
        return extreme_sets(first, kind, self.n_sets, self.order, rng)


class SetPenalty(_OfSets):
    """The mean absolute O-information of sets of neurons, in nats, by Gaussian entropies: it falls as the sets get less
    synergistic, or less redundant.

    Networks are taken one at a time, also on a GPU: the checks of :mod:`hoi.torch` look at values, which ``torch.vmap``
    does not allow.
    """

    together = False
    _noise: Tensor | None = None

    def refresh(
        self, parameters: Mapping[str, Tensor], hidden: Mapping[str, Tensor], generator: torch.Generator
    ) -> Tensor:
        """The sets."""
        return torch.from_numpy(self._found(hidden, self.sets, _numpy(generator)))

    def penalty(
        self, parameters: Mapping[str, Tensor], hidden: Mapping[str, Tensor], memory: Tensor | None
    ) -> Tensor | float:
        """Mean of |O-information| over the sets."""
        if memory is None:
            return 0.0
        values = next(iter(hidden.values())).double()
        if self._noise is None or self._noise.shape != values.shape:
            self._noise = torch.randn(values.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        values = values + _NOISE * values.detach().std() * self._noise.to(values.device)
        return hoi.torch.oinfo(values, memory.tolist(), estimator="gaussian", bias_correction=False).abs().mean()


class SetDropout(_OfSets):
    """Drops the neurons of sets, drawn anew in every step until there are `n_dropped` neurons.

    With `alike`, another neuron is dropped in the place of each, at random among those with nearly the same norm of
    their weights to the next layer: as many neurons, and as much weight.
    """

    def __init__(
        self, *, sets: str = "synergistic", n_sets: int = 1000, order: int = 3, n_dropped: int = 12, alike: bool = False
    ) -> None:
        super().__init__(sets=sets, n_sets=n_sets, order=order)
        self.n_dropped, self.alike = n_dropped, alike

    def refresh(
        self, parameters: Mapping[str, Tensor], hidden: Mapping[str, Tensor], generator: torch.Generator
    ) -> Tensor:
        """The sets, or those that stand for them."""
        rng = _numpy(generator)
        members = self._found(hidden, self.sets, rng)
        if self.alike:
            width = next(iter(hidden.values())).shape[1]
            out = next(own for own in list(parameters.values())[::-1] if own.ndim == 2 and own.shape[1] == width)
            weight = out.detach().cpu().double().norm(dim=0).numpy()
            ranks = np.argsort(np.argsort(weight, kind="stable"), kind="stable")
            stratum = ranks * _STRATA // width
            for part in range(_STRATA):
                own = np.flatnonzero(stratum == part)
                places = stratum[members] == part
                members[places] = rng.choice(own, places.sum())
        return torch.from_numpy(members)

    def masks(
        self, widths: Mapping[str, int], memory: Tensor | None, generator: torch.Generator
    ) -> dict[str, Tensor] | None:
        """0 for dropped neurons; the others are scaled up, so that the sum of all stays the same."""
        if memory is None:
            return None
        (name, width), *_ = widths.items()
        order = torch.randperm(len(memory), generator=generator)
        dropped = list(dict.fromkeys(memory[order].flatten().tolist()))[: self.n_dropped]
        kept = torch.ones(width)
        kept[dropped] = 0
        return {name: kept * (width / (width - len(dropped)))}


def _numpy(generator: torch.Generator) -> np.random.Generator:
    return np.random.default_rng(int(torch.randint(2**62, (1,), generator=generator)))
