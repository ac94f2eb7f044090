"""What a trainer asks of the networks of a sweep: their parameters at the start, their gradients and their scores.

The parameters of a network are a row: its weights, that is what has two axes or more, first, so that the norm that
some networks hold constant is the norm of one slice; then everything else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from torch import Tensor

from hoi_grokking.config import Variant

__all__ = ["Chunk", "Networks"]


class Chunk(ABC):
    """Some networks of a sweep whose parameters are the rows that they were opened with, wherever these are moved."""

    @abstractmethod
    def scores(self) -> np.ndarray:
        """Losses and accuracies (`CURVES`) of each network: (4, networks) float64."""

    @abstractmethod
    def gradient(self, step: int) -> Tensor:
        """Of the training loss with respect to the rows, which were updated `step` times; overwritten by the next."""


class Networks(ABC):
    """The networks of a sweep.

    Attributes
    ----------
    chunks : list of slice
        Which of them are opened together. What trains in a chunk does not depend on the others.
    """

    chunks: list[slice]

    @abstractmethod
    def initial(self, variant: Variant, seed: int) -> tuple[Tensor, float]:
        """Parameters of one network before training, and the norm of its weights to hold."""

    def keep_mask(self, variant: Variant) -> Tensor | None:
        """1 for the parameters that a variant trains, 0 for those it masks; None if it trains them all."""
        return None

    def part(self, chunk: slice) -> tuple[Tensor | slice, int]:
        """Columns of the rows that are trained in a chunk, and how many of them are weights."""
        return slice(None), self.n_weights

    @property
    @abstractmethod
    def n_weights(self) -> int:
        """Entries of the weights: the first ones of a row."""

    @abstractmethod
    def open(self, chunk: slice, rows: Tensor) -> Chunk:
        """The networks of a chunk; `rows` (networks, columns of `part`) are changed in place from outside."""

    def state(self) -> dict[str, np.ndarray]:
        """What the networks remember besides their parameters, by name."""
        return {}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Take back what `state` gave, among whatever else was stored beside it."""
        return
