"""Gradients of the paper's network, written out: batched products into buffers that are kept.

A network whose neurons are masked in both layers trains as the narrower network that it is.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

import hoi
from hoi_grokking.config import Sweep, Variant
from hoi_grokking.training import paper
from hoi_grokking.training.gradients import Chunk, Networks
from hoi_grokking.training.tasks import Data, Part

__all__ = ["PaperNetworks"]


class _Batch(NamedTuple):
    """Inputs and targets on a device. `one_hot` (n, classes) is the target; `onto` sums gradients over inputs
    on a GPU.
    """

    inputs: Tensor
    targets: Tensor
    one_hot: Tensor
    onto: Tensor | None


class PaperNetworks(Networks):
    """The two-layer networks of a sweep.

    Attributes
    ----------
    shape : Shape
        How their parameters lie in a row.
    """

    def __init__(self, sweep: Sweep, data: Data, device: torch.device, together: bool) -> None:
        if data.train.targets.dtype.kind == "f":
            raise hoi.HoiError(
                f"The task {sweep.task.name!r} is a regression, and the network of the paper tells classes: give "
                "Sweep(network=Network(loss='mse'))."
            )
        self.sweep, self.together = sweep, together
        self.shape = paper.shape_of(sweep, data.n_inputs, data.n_classes)
        n = len(sweep.members)
        size = n if together else 1
        self.chunks = [slice(start, start + size) for start in range(0, n, size)]
        self._train, self._test = (_batch(part, data, device, together) for part in (data.train, data.test))

    @property
    def n_weights(self) -> int:
        """Entries of both weight matrices."""
        return self.shape.n_weights

    def initial(self, variant: Variant, seed: int) -> tuple[Tensor, float]:
        """As :func:`hoi_grokking.training.paper.initial`."""
        return paper.initial(self.shape, variant, seed)

    def keep_mask(self, variant: Variant) -> Tensor | None:
        """As :func:`hoi_grokking.training.paper.keep_mask`."""
        if variant.kept is None and self.sweep.hidden_bias:
            return None
        return paper.keep_mask(self.shape, variant)[0]

    def part(self, chunk: slice) -> tuple[Tensor | slice, int]:
        """Of a network with masked neurons only those of the others."""
        shape = self._shape(chunk)
        if shape == self.shape:
            return slice(None), shape.n_weights
        kept = sorted(set(self.sweep.members[chunk.start][0].kept or ()))
        parts = self.shape.split(torch.arange(self.shape.n_parameters)[None])
        return torch.cat([part[..., kept].flatten() for part in parts]), shape.n_weights

    def open(self, chunk: slice, rows: Tensor) -> Chunk:
        """The networks of a chunk, with buffers of their own."""
        return _Opened(self._shape(chunk), rows, self._train, self._test)

    def _shape(self, chunk: slice) -> paper.Shape:
        """The network that is trained in a chunk."""
        variant = self.sweep.members[chunk.start][0]
        if self.together or variant.kept is None or variant.mask != "both":
            return self.shape
        return self.shape._replace(width=len(set(variant.kept)))


class _Opened(Chunk):
    def __init__(self, shape: paper.Shape, rows: Tensor, train: _Batch, test: _Batch) -> None:
        self.shape, self.train, self.test = shape, train, test
        self.layers = shape.split(rows)
        self.row_gradient = torch.zeros_like(rows)
        self.slopes = shape.split(self.row_gradient)
        self.buffers = _buffers(shape, rows, len(train.targets))
        self.test_buffers: tuple[Tensor, Tensor, Tensor] | None = None
        self.passed = False  # whether the buffers hold the training inputs at the rows as they are

    def scores(self) -> np.ndarray:
        """Of the training inputs, which need not pass again for the gradient, and of the test inputs."""
        if self.test_buffers is None:
            self.test_buffers = _buffers(self.shape, self.row_gradient, len(self.test.targets))
        _forward(self.layers, self.train.inputs, *self.buffers)
        self.passed = True
        _forward(self.layers, self.test.inputs, *self.test_buffers)
        found = np.empty((4, len(self.row_gradient)))
        found[0::2] = _score(self.buffers[-1], self.train)
        found[1::2] = _score(self.test_buffers[-1], self.test)
        return found

    def gradient(self, step: int) -> Tensor:
        """Of the mean cross-entropy."""
        active, back, logits = self.buffers
        if not self.passed:
            _forward(self.layers, self.train.inputs, active, back, logits)
        self.passed = False
        torch.softmax(logits, 2, out=logits).sub_(self.train.one_hot).div_(len(self.train.targets))
        torch.bmm(logits.transpose(1, 2), active, out=self.slopes.out)
        torch.bmm(logits, self.layers.out, out=back)
        torch.ops.aten.threshold_backward.grad_input(back, active, 0, grad_input=back)
        _input_gradient(self.train, back, self.slopes.into)
        if self.shape.bias:
            torch.sum(back, 1, out=self.slopes.bias)
        return self.row_gradient


def _buffers(shape: paper.Shape, rows: Tensor, n: int) -> tuple[Tensor, Tensor, Tensor]:
    """Room for the hidden layer, another of the same size, and the logits. Allocating anew costs more than a ReLU."""
    wide, last = (len(rows), n, shape.width), (len(rows), n, shape.n_classes)
    return rows.new_empty(wide), rows.new_empty(wide), rows.new_empty(last)


def _batch(part: Part, data: Data, device: torch.device, together: bool) -> _Batch:
    inputs = torch.from_numpy(np.ascontiguousarray(part.inputs)).to(device)
    targets = torch.from_numpy(part.targets).to(device)
    one_hot = torch.nn.functional.one_hot(targets, data.n_classes).to(torch.float32)
    onto = None
    if not inputs.is_floating_point():
        inputs = inputs.T.contiguous()
        if together:  # a sum by scattering is not reproducible on a GPU; a product is
            onto = torch.nn.functional.one_hot(inputs, data.n_inputs).sum(0).to(torch.float32).T.contiguous()
    return _Batch(inputs, targets, one_hot, onto)


def _forward(layers: paper.Layers, inputs: Tensor, active: Tensor, spare: Tensor, logits: Tensor) -> None:
    """Hidden activations and logits of a chunk, into the given buffers; `spare` is overwritten."""
    if inputs.is_floating_point():
        torch.matmul(inputs, layers.into, out=active)
    else:  # the product with a one-hot input is a sum of rows
        _rows(layers.into, inputs[0], active)
        for tokens in inputs[1:]:
            active.add_(_rows(layers.into, tokens, spare))
    active.add_(layers.bias[:, None]).relu_()
    torch.bmm(active, layers.out.transpose(1, 2), out=logits)


def _rows(table: Tensor, index: Tensor, out: Tensor) -> Tensor:
    """table[:, index], by the faster kernel that torch has for a single table."""
    if len(table) == 1:
        torch.index_select(table[0], 0, index, out=out[0])
        return out
    return torch.index_select(table, 1, index, out=out)


def _input_gradient(batch: _Batch, back: Tensor, out: Tensor) -> None:
    """Gradient of the weights into the hidden layer: the sum of `back` over the samples with each input."""
    if batch.inputs.is_floating_point():
        torch.matmul(batch.inputs.T, back, out=out)
    elif batch.onto is not None:
        torch.matmul(batch.onto, back, out=out)
    else:
        out.zero_()
        for model_out, model_back in zip(out, back, strict=True):
            for tokens in batch.inputs:
                model_out.index_add_(0, tokens, model_back)


def _score(logits: Tensor, batch: _Batch) -> np.ndarray:
    """Mean cross-entropy and accuracy of each model: (2, models)."""
    right = logits.gather(2, batch.targets.expand(len(logits), -1)[:, :, None])[:, :, 0]
    loss = (torch.logsumexp(logits, 2) - right).double().mean(1)
    accuracy = (logits.argmax(2) == batch.targets).double().mean(1)
    return torch.stack([loss, accuracy]).cpu().numpy()
