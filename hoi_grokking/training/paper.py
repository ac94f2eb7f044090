"""Many two-layer networks as one: their parameters in one array, their layers as batched products.

Every model of a sweep is a row of a (models, parameters) array: weights into the hidden neurons (inputs,
width), then weights out of them (classes, width), then the hidden bias. The weights come first and side by
side, so that the norm that some models hold constant is the norm of one slice.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from hoi_grokking.config import Sweep, Variant

__all__ = ["Layers", "Shape", "features", "hidden", "initial", "keep_mask", "shape_of"]


class Shape(NamedTuple):
    """Sizes of a network, and where its parts lie in a row of parameters."""

    n_inputs: int
    width: int
    n_classes: int
    bias: bool

    @property
    def n_weights(self) -> int:
        """Entries of both weight matrices: the first ones of a row."""
        return self.width * (self.n_inputs + self.n_classes)

    @property
    def n_parameters(self) -> int:
        """Entries of a row; the bias has its place in every network, and stays 0 where there is none."""
        return self.n_weights + self.width

    def split(self, rows):
        """Views of rows (models, parameters): `Layers` of (models, inputs, width), (models, classes, width),
        (models, width).

        Works on torch tensors and on numpy arrays.
        """
        first, n = self.width * self.n_inputs, len(rows)
        return Layers(
            rows[:, :first].reshape(n, self.n_inputs, self.width),
            rows[:, first : self.n_weights].reshape(n, self.n_classes, self.width),
            rows[:, self.n_weights :],
        )


class Layers(NamedTuple):
    """The parts of rows of parameters, as views."""

    into: Tensor
    out: Tensor
    bias: Tensor


def shape_of(sweep: Sweep, n_inputs: int, n_classes: int) -> Shape:
    """The network of a sweep for a task of these sizes."""
    return Shape(n_inputs, sweep.width, n_classes, sweep.hidden_bias)


def initial(shape: Shape, variant: Variant, seed: int) -> tuple[Tensor, float]:
    """Parameters of one model before training, and the norm to hold (its weights').

    The numbers are those that ``torch.manual_seed(seed)`` gives a ``Linear(n_inputs, width)`` followed by a
    ``Linear(width, n_classes, bias=False)``: uniform within 1 / sqrt(inputs of the layer).
    """
    generator = torch.Generator().manual_seed(seed)

    def uniform(*size: int, fan_in: int) -> Tensor:
        bound = fan_in**-0.5
        return torch.empty(size).uniform_(-bound, bound, generator=generator)

    row = torch.zeros(1, shape.n_parameters)
    layers = shape.split(row)
    layers.into.copy_(uniform(shape.width, shape.n_inputs, fan_in=shape.n_inputs).T)
    if shape.bias:
        layers.bias.copy_(uniform(shape.width, fan_in=shape.n_inputs))
    layers.out.copy_(uniform(shape.n_classes, shape.width, fan_in=shape.width))
    row[:, : shape.n_weights] *= variant.alpha
    if variant.mask == "both":
        row *= keep_mask(shape, variant)
    norm = float(torch.linalg.vector_norm(row[:, : shape.n_weights], dtype=torch.float64))
    row *= keep_mask(shape, variant)
    if variant.zero_last_layer:
        layers.out.zero_()
    return row[0], norm


def keep_mask(shape: Shape, variant: Variant) -> Tensor:
    """1 for the parameters that a variant trains, 0 for those it masks; shape (1, parameters)."""
    mask = torch.ones(1, shape.n_parameters)
    layers = shape.split(mask)
    if variant.kept is not None:
        kept = torch.zeros(shape.width)
        kept[list(variant.kept)] = 1
        layers.into.mul_(kept)
        if variant.mask == "both":
            layers.out.mul_(kept)
            layers.bias.mul_(kept)
    if not shape.bias:
        layers.bias.zero_()
    return mask


def features(shape: Shape, inputs: np.ndarray) -> Tensor:
    """Inputs (n, n_inputs) of a product: features as they are, tokens as the sum of their one-hot vectors."""
    given = torch.from_numpy(inputs)
    return given if given.is_floating_point() else torch.nn.functional.one_hot(given, shape.n_inputs).sum(1)


def hidden(shape: Shape, row: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """Activations after the ReLU of one model: (n_samples, width) float64.

    Parameters
    ----------
    shape : Shape
    row : ndarray, shape (parameters,)
        As stored at a checkpoint.
    inputs : ndarray
        Tokens or features, as in :class:`hoi_grokking.training.tasks.Part`.
    """
    into, _, bias = shape.split(np.asarray(row)[None])
    if inputs.dtype.kind == "f":
        before = inputs @ into[0]
    else:
        before = into[0][inputs[:, 0]]
        for position in range(1, inputs.shape[1]):
            before += into[0][inputs[:, position]]
    before += bias[0]
    return np.maximum(before, 0, out=before).astype(np.float64)
