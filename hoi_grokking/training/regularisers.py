"""What can be added to the loss, or done to the hidden layers, of networks that are modules."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

__all__ = ["Regulariser", "l1", "l2"]


class Regulariser:
    """A penalty, and neurons that are masked while a network trains. By itself it does neither.

    A `Penalty` of a variant names one; made anew, with the options of the penalty, for every network. It holds no state
    of its own: what it has to remember goes through `refresh`, so that a run that was interrupted goes on with it.

    Attributes
    ----------
    together : bool
        Whether networks may go through `penalty` at once, by ``torch.vmap``, as on a GPU.
    """

    together = True

    def refresh(
        self, parameters: Mapping[str, Tensor], hidden: Mapping[str, Tensor], generator: torch.Generator
    ) -> Tensor | None:
        """Look at the hidden layers, without gradient, every ``Penalty.every`` steps from step 0 on.

        Parameters
        ----------
        parameters : mapping
            As in `penalty`.
        hidden : mapping
            Followed layer -> activations (samples, neurons) on the training inputs, nothing masked. The network is the
            one before the update of this step.
        generator : torch.Generator
            Of this network and step, on the CPU.

        Returns
        -------
        Tensor or None
            What `masks` and `penalty` get until the next time, such as the members of some sets (sets, size). Of one
            shape and type for all networks.
        """
        return None

    def masks(
        self, widths: Mapping[str, int], memory: Tensor | None, generator: torch.Generator
    ) -> dict[str, Tensor] | None:
        """Factors of the neurons of followed layers for the gradient of one step.

        Parameters
        ----------
        widths : mapping
            Followed layer -> number of neurons.
        memory, generator
            As in `refresh`.

        Returns
        -------
        dict or None
            Layer -> (neurons,), as 0 for what is dropped; None leaves everything. Losses and accuracies that are
            recorded are those of the whole network.
        """
        return None

    def penalty(
        self, parameters: Mapping[str, Tensor], hidden: Mapping[str, Tensor], memory: Tensor | None
    ) -> Tensor | float:
        """What times the strength is added to the loss; differentiable, and if `together` in operations that
        ``torch.vmap`` knows.

        Parameters
        ----------
        parameters : mapping
            Name as in ``module.named_parameters()`` -> parameter.
        hidden : mapping
            Followed layer -> activations (samples, neurons) on the training inputs, masked ones 0.
        memory : Tensor or None
            What `refresh` gave last.
        """
        return 0.0


class _Norm(Regulariser):
    def __init__(self, power: int) -> None:
        self.power = power

    def penalty(
        self, parameters: Mapping[str, Tensor], hidden: Mapping[str, Tensor], memory: Tensor | None
    ) -> Tensor | float:
        """Of all weights, not of biases."""
        weights = [values for values in parameters.values() if values.ndim > 1]
        return sum(values.abs().pow(self.power).sum() for values in weights) / self.power


def l1() -> Regulariser:
    """The sum of the absolute weights."""
    return _Norm(1)


def l2() -> Regulariser:
    """Half the sum of the squared weights: with SGD without momentum its strength is a weight decay."""
    return _Norm(2)
