"""Training of all models of a sweep at once, on the full batch.

The models are cut into chunks of the leading axis, and a chunk goes through batched products and one
optimiser step. On a CPU a chunk is one model, so that its buffers stay in the cache and each thread has
models of its own; a model whose neurons are masked in both layers then trains as the narrower network that it
is. On a GPU one chunk holds them all. A model meets the same operations whatever trains beside it: on a CPU
its numbers are the same to the last bit as when it trains alone.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from hoi_grokking.config import Sweep
from hoi_grokking.training import paper
from hoi_grokking.training.tasks import Data, Part, load

__all__ = ["CURVES", "Trainer"]

CURVES = ("train_loss", "test_loss", "train_accuracy", "test_accuracy")


class _Batch(NamedTuple):
    """Inputs and targets on a device. `one_hot` (n, classes) is the target; `onto` sums gradients over inputs
    on a GPU.
    """

    inputs: Tensor
    targets: Tensor
    one_hot: Tensor
    onto: Tensor | None


class Trainer:
    """Parameters and optimiser of every model of a sweep, and the step they are at.

    Parameters
    ----------
    sweep : Sweep
    device : str
        "cpu", "cuda", or any other device of torch.
    threads : int, optional
        Models trained at the same time on a CPU; by default the threads of torch. It changes no number.
    together : bool, optional
        Train all models as one chunk, as on a GPU; by default on anything but a CPU.

    Attributes
    ----------
    rows, first_moment, second_moment : Tensor, shape (models, parameters)
        `second_moment` stays 0 for SGD.
    step : int
        Updates made so far.
    """

    def __init__(
        self, sweep: Sweep, device: str = "cpu", threads: int | None = None, together: bool | None = None
    ) -> None:
        self.sweep = sweep
        self.device = torch.device(device)
        self._together = self.device.type != "cpu" if together is None else together
        self.data: Data = load(sweep.task)
        self.shape = paper.shape_of(sweep, self.data.n_inputs, self.data.n_classes)
        starts = [paper.initial(self.shape, variant, seed) for variant, seed in sweep.members]
        self.rows = torch.stack([row for row, _ in starts]).to(self.device)
        self.first_moment = torch.zeros_like(self.rows)
        self.second_moment = torch.zeros_like(self.rows)
        self.step = 0
        self._norms = self._column([norm for _, norm in starts], torch.float64)
        self._rates = self._column([variant.learning_rate for variant, _ in sweep.members])
        self._decays = self._column([1 - v.learning_rate * v.weight_decay for v, _ in sweep.members])
        self._held = self._column([variant.keep_norm for variant, _ in sweep.members], torch.bool)
        masked = any(variant.kept is not None for variant, _ in sweep.members) or not sweep.hidden_bias
        self._masks = (
            torch.cat([paper.keep_mask(self.shape, variant) for variant, _ in sweep.members]).to(self.device)
            if masked
            else None
        )
        self._train = self._batch(self.data.train)
        self._test = self._batch(self.data.test)
        self._threads = threads or torch.get_num_threads()
        size = len(starts) if self._together else 1
        self._chunks = [slice(start, start + size) for start in range(0, len(starts), size)]
        self._narrow = [self._narrowed(chunk) for chunk in self._chunks]

    def advance(self, to_step: int, record: list[int]) -> np.ndarray:
        """Train all models up to a step.

        Parameters
        ----------
        to_step : int
            Not below the present step.
        record : list of int
            Steps of which losses and accuracies are wanted, from the present one to `to_step`, both included.
            Step t is the network after t updates.

        Returns
        -------
        ndarray, shape (4, n_models, len(record))
            The `CURVES`, float64.
        """
        wanted = {step: place for place, step in enumerate(sorted(record))}
        curves = np.full((len(CURVES), len(self.rows), len(wanted)), np.nan)
        if self.device.type == "cpu":
            inner = torch.get_num_threads()
            torch.set_num_threads(1)
            try:
                with ThreadPoolExecutor(
                    self._threads, initializer=torch.set_num_threads, initargs=(1,)
                ) as pool:
                    for done in [
                        pool.submit(self._train_chunk, place, to_step, wanted, curves)
                        for place in range(len(self._chunks))
                    ]:
                        done.result()
            finally:
                torch.set_num_threads(inner)
        else:
            for place in range(len(self._chunks)):
                self._train_chunk(place, to_step, wanted, curves)
        self.step = to_step
        return curves

    def _narrowed(self, chunk: slice) -> tuple[paper.Shape, Tensor | slice]:
        """The network that a chunk trains, and its parameters in a row."""
        variant = self.sweep.members[chunk.start][0]
        if self._together or variant.kept is None or variant.mask != "both":
            return self.shape, slice(None)
        kept = sorted(set(variant.kept))
        parts = self.shape.split(torch.arange(self.shape.n_parameters)[None])
        return self.shape._replace(width=len(kept)), torch.cat([part[..., kept].flatten() for part in parts])

    @torch.no_grad()
    def _train_chunk(self, place: int, to_step: int, wanted: dict[int, int], curves: np.ndarray) -> None:
        """Take the models of a chunk from the present step to `to_step`."""
        chunk, (shape, columns) = self._chunks[place], self._narrow[place]
        stored = (self.rows[chunk], self.first_moment[chunk], self.second_moment[chunk])
        state = [part[:, columns] for part in stored]  # views, unless the network is narrower
        masks = None if self._masks is None else self._masks[chunk][:, columns]
        update = _Update(self, chunk, shape.n_weights, masks, *state)
        self._train_network(shape, chunk, update, to_step, wanted, curves)
        for part, trained in zip(stored, state, strict=True):
            part[:, columns] = trained

    def _train_network(
        self,
        shape: paper.Shape,
        chunk: slice,
        update: _Update,
        to_step: int,
        wanted: dict[int, int],
        curves: np.ndarray,
    ) -> None:
        """Full-batch steps on the rows that `update` changes."""
        rows = update.rows
        layers = shape.split(rows)
        gradient = torch.zeros_like(rows)
        slopes = shape.split(gradient)
        n = len(self._train.targets)
        active, back, logits = self._buffers(shape, len(rows), n)
        test_buffers = self._buffers(shape, len(rows), len(self._test.targets) if wanted else 0)
        for step in range(self.step, to_step + 1):
            if step in wanted or step < to_step:
                _forward(layers, self._train.inputs, active, back, logits)
            if step in wanted:
                place = wanted[step]
                curves[0::2, chunk, place] = _score(logits, self._train)
                _forward(layers, self._test.inputs, *test_buffers)
                curves[1::2, chunk, place] = _score(test_buffers[-1], self._test)
            if step == to_step:
                return
            torch.softmax(logits, 2, out=logits).sub_(self._train.one_hot).div_(n)
            torch.bmm(logits.transpose(1, 2), active, out=slopes.out)
            torch.bmm(logits, layers.out, out=back)
            torch.ops.aten.threshold_backward.grad_input(back, active, 0, grad_input=back)
            _input_gradient(self._train, back, slopes.into)
            if shape.bias:
                torch.sum(back, 1, out=slopes.bias)
            update(gradient, step + 1)

    def _buffers(self, shape: paper.Shape, n_models: int, n: int) -> tuple[Tensor, Tensor, Tensor]:
        """Room for the hidden layer, another of the same size, and the logits. Allocating anew costs more
        than a ReLU.
        """
        wide, last = (n_models, n, shape.width), (n_models, n, shape.n_classes)
        return (
            torch.empty(wide, device=self.device),
            torch.empty(wide, device=self.device),
            torch.empty(last, device=self.device),
        )

    def _batch(self, part: Part) -> _Batch:
        inputs = torch.from_numpy(np.ascontiguousarray(part.inputs)).to(self.device)
        targets = torch.from_numpy(part.targets).to(self.device)
        one_hot = torch.nn.functional.one_hot(targets, self.data.n_classes).to(torch.float32)
        onto = None
        if not inputs.is_floating_point():
            inputs = inputs.T.contiguous()
            if self._together:  # a sum by scattering is not reproducible on a GPU; a product is
                onto = (
                    torch.nn.functional.one_hot(inputs, self.data.n_inputs)
                    .sum(0)
                    .to(torch.float32)
                    .T.contiguous()
                )
        return _Batch(inputs, targets, one_hot, onto)

    def _column(self, values: list, dtype: torch.dtype = torch.float32) -> Tensor:
        return torch.tensor(values, dtype=dtype, device=self.device)[:, None]


class _Update:
    """One step of the optimiser for a chunk, then the constraints: norm first, then masks, as published."""

    def __init__(
        self,
        trainer: Trainer,
        chunk: slice,
        n_weights: int,
        masks: Tensor | None,
        rows: Tensor,
        first: Tensor,
        second: Tensor,
    ) -> None:
        self.sweep, self.n_weights = trainer.sweep, n_weights
        self.rows, self.first, self.second = rows, first, second
        self.rates, self.decays = trainer._rates[chunk], trainer._decays[chunk]
        self.norms, self.held = trainer._norms[chunk], trainer._held[chunk]
        self.any_held = bool(self.held.any())
        self.masks = masks if masks is not None and not masks.all() else None

    def __call__(self, gradient: Tensor, step: int) -> None:
        rows = self.rows
        rows.mul_(self.decays)
        if self.sweep.optimizer == "adamw":
            b1, b2 = self.sweep.betas
            self.first.lerp_(gradient, 1 - b1)
            self.second.mul_(b2).addcmul_(gradient, gradient, value=1 - b2)
            scale = self.second.sqrt().div_((1 - b2**step) ** 0.5).add_(self.sweep.eps)
            rows.addcdiv_(self.first * (self.rates / (1 - b1**step)), scale, value=-1)
        else:
            self.first.mul_(self.sweep.momentum).add_(gradient)
            rows.sub_(self.first * self.rates)
        if self.any_held:
            weights = rows[:, : self.n_weights]
            norm = torch.linalg.vector_norm(weights, dim=1, keepdim=True, dtype=torch.float64)
            weights.mul_(torch.where(self.held, self.norms / norm, 1).to(torch.float32))
        if self.masks is not None:
            rows.mul_(self.masks)


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
