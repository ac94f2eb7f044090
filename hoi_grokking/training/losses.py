"""Losses of networks that are modules, and how well they do.

A loss is a function of the outputs of one network (n, n_outputs) and the targets, classes (n,) or numbers
(n, n_outputs), and gives the mean over the samples.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["accuracy", "cross_entropy", "mse"]


def cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy of logits, for classes."""
    return functional.cross_entropy(outputs, targets)


def mse(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean squared error. Classes are 1 at their own output and 0 at the others."""
    if not targets.is_floating_point():
        targets = functional.one_hot(targets, outputs.shape[-1])
    return (outputs - targets).square().mean()


def accuracy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Share of the samples whose largest output is that of their class; of a regression the coefficient of
    determination, 1 minus the squared error over that of the mean of the targets.
    """
    if not targets.is_floating_point():
        return (outputs.argmax(-1) == targets).to(torch.float64).mean()
    return 1 - (outputs - targets).square().mean() / (targets - targets.mean(0)).square().mean()
