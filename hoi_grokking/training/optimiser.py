"""AdamW and SGD on rows of parameters, and what holds after each of their steps."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from hoi_grokking.config import Sweep

__all__ = ["Rules", "Update"]


class Rules(NamedTuple):
    """What the update of each network follows, in columns of (networks, 1): learning rate, factor of the decay, the
    norm of the weights before training, and whether it is held. `masks` (networks, parameters) are 0 where a parameter
    is masked; None if none is.
    """

    rates: Tensor
    decays: Tensor
    norms: Tensor
    held: Tensor
    masks: Tensor | None

    def of(self, chunk: slice, columns: Tensor | slice) -> Rules:
        """Those of some networks, whose masks are narrower."""
        masks = None if self.masks is None else self.masks[chunk][:, columns]
        return Rules(self.rates[chunk], self.decays[chunk], self.norms[chunk], self.held[chunk], masks)


class Update:
    """One step of the optimiser on `rows`, then the constraints: norm first, then masks, as published.

    `first` and `second` are the moments, changed in place as well; `second` stays as it is for SGD. The first
    `n_weights` columns are the weights.
    """

    def __init__(
        self, sweep: Sweep, rules: Rules, n_weights: int, rows: Tensor, first: Tensor, second: Tensor
    ) -> None:
        self.sweep, self.rules, self.n_weights = sweep, rules, n_weights
        self.rows, self.first, self.second = rows, first, second
        self.any_held = bool(rules.held.any())
        self.masks = rules.masks if rules.masks is not None and not rules.masks.all() else None

    def __call__(self, gradient: Tensor, step: int) -> None:
        rows, rules = self.rows, self.rules
        rows.mul_(rules.decays)
        if self.sweep.optimizer == "adamw":
            b1, b2 = self.sweep.betas
            self.first.lerp_(gradient, 1 - b1)
            self.second.mul_(b2).addcmul_(gradient, gradient, value=1 - b2)
            scale = self.second.sqrt().div_((1 - b2**step) ** 0.5).add_(self.sweep.eps)
            rows.addcdiv_(self.first * (rules.rates / (1 - b1**step)), scale, value=-1)
        else:
            self.first.mul_(self.sweep.momentum).add_(gradient)
            rows.sub_(self.first * rules.rates)
        if self.any_held:
            weights = rows[:, : self.n_weights]
            norm = torch.linalg.vector_norm(weights, dim=1, keepdim=True, dtype=torch.float64)
            weights.mul_(torch.where(rules.held, rules.norms / norm, 1).to(torch.float32))
        if self.masks is not None:
            rows.mul_(self.masks)
