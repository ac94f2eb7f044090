"""Training of all networks of a sweep at once, on the full batch.

The networks are cut into chunks, and a chunk goes through one gradient and one step of the optimiser. On a CPU a chunk
is one network, so that its buffers stay in the cache and each thread has networks of its own. On a GPU one chunk holds
as many as differ by numbers only. A network meets the same operations whatever trains beside it: on a CPU its numbers
are the same to the last bit as when it trains alone.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from hoi_grokking.config import Sweep
from hoi_grokking.training.by_hand import PaperNetworks
from hoi_grokking.training.general import ModuleNetworks
from hoi_grokking.training.gradients import Networks
from hoi_grokking.training.optimiser import Rules, Update
from hoi_grokking.training.tasks import load

__all__ = ["CURVES", "Trainer"]

CURVES = ("train_loss", "test_loss", "train_accuracy", "test_accuracy")


class Trainer:
    """Parameters and optimiser of every network of a sweep, and the step they are at.

    Parameters
    ----------
    sweep : Sweep
    device : str
        "cpu", "cuda", or any other device of torch.
    threads : int, optional
        Networks trained at the same time on a CPU; by default the threads of torch. It changes no number.
    together : bool, optional
        Train networks as one chunk, as on a GPU; by default on anything but a CPU.

    Attributes
    ----------
    networks : Networks
        Where their gradients come from.
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
        self.data = load(sweep.task)
        kind = PaperNetworks if sweep.network is None else ModuleNetworks
        at_once = self.device.type != "cpu" if together is None else together
        self.networks: Networks = kind(sweep, self.data, self.device, at_once)
        starts = [self.networks.initial(variant, seed) for variant, seed in sweep.members]
        self.rows = torch.stack([row for row, _ in starts]).to(self.device)
        self.first_moment = torch.zeros_like(self.rows)
        self.second_moment = torch.zeros_like(self.rows)
        self.step = 0
        masks = [self.networks.keep_mask(variant) for variant, _ in sweep.members]
        whole = torch.ones_like(self.rows[0])
        self.rules = Rules(
            self._column([variant.learning_rate for variant, _ in sweep.members]),
            self._column([1 - v.learning_rate * v.weight_decay for v, _ in sweep.members]),
            self._column([norm for _, norm in starts], torch.float64),
            self._column([variant.keep_norm for variant, _ in sweep.members], torch.bool),
            torch.stack([whole if mask is None else mask.to(self.device) for mask in masks])
            if any(mask is not None for mask in masks)
            else None,
        )
        self._threads = threads or torch.get_num_threads()

    def advance(self, to_step: int, record: list[int]) -> np.ndarray:
        """Train all networks up to a step.

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
            The `CURVES`, float64. Of a regression the accuracy is the coefficient of determination.
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
                        pool.submit(self._train_chunk, chunk, to_step, wanted, curves)
                        for chunk in self.networks.chunks
                    ]:
                        done.result()
            finally:
                torch.set_num_threads(inner)
        else:
            for chunk in self.networks.chunks:
                self._train_chunk(chunk, to_step, wanted, curves)
        self.step = to_step
        return curves

    def state(self) -> dict[str, np.ndarray]:
        """What training goes on from, by name."""
        tensors = {"rows": self.rows, "first_moment": self.first_moment, "second_moment": self.second_moment}
        arrays = {name: tensor.cpu().numpy() for name, tensor in tensors.items()}
        return {**arrays, "step": np.array(self.step), **self.networks.state()}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go on from a state."""
        for name in ("rows", "first_moment", "second_moment"):
            getattr(self, name).copy_(torch.from_numpy(state[name]))
        self.step = int(state["step"])
        self.networks.restore(state)

    @torch.no_grad()
    def _train_chunk(self, chunk: slice, to_step: int, wanted: dict[int, int], curves: np.ndarray) -> None:
        """Take the networks of a chunk from the present step to `to_step`."""
        columns, n_weights = self.networks.part(chunk)
        stored = (self.rows[chunk], self.first_moment[chunk], self.second_moment[chunk])
        rows, first, second = (part[:, columns] for part in stored)  # views, unless the network is narrower
        update = Update(self.sweep, self.rules.of(chunk, columns), n_weights, rows, first, second)
        opened = self.networks.open(chunk, rows)
        for step in range(self.step, to_step + 1):
            if step in wanted:
                curves[:, chunk, wanted[step]] = opened.scores()
            if step < to_step:
                update(opened.gradient(step), step + 1)
        for part, trained in zip(stored, (rows, first, second), strict=True):
            part[:, columns] = trained

    def _column(self, values: list, dtype: torch.dtype = torch.float32) -> Tensor:
        return torch.tensor(values, dtype=dtype, device=self.device)[:, None]
