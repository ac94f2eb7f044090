"""Gradients of any module of torch by ``torch.func``: of one network at a time, or of those of a chunk by ``vmap``."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from torch import Tensor, nn

import hoi
from hoi_grokking import registry
from hoi_grokking.config import Network, Penalty, Sweep, Variant
from hoi_grokking.training import losses
from hoi_grokking.training.gradients import Chunk, Networks
from hoi_grokking.training.regularisers import Regulariser
from hoi_grokking.training.tasks import Data, Part, load

__all__ = ["Layout", "ModuleNetworks", "followed_layers", "made", "with_parameters"]


class Layout(NamedTuple):
    """Where the parameters of a module lie in a row: weights first, each kind in the order of the module."""

    places: dict[str, tuple[int, int, tuple[int, ...]]]
    n_weights: int

    @classmethod
    def of(cls, module: nn.Module) -> Layout:
        """The layout of a module."""
        named = sorted(module.named_parameters(), key=lambda pair: pair[1].ndim < 2)
        ends = list(itertools.accumulate(parameter.numel() for _, parameter in named))
        places = {
            name: (end - parameter.numel(), end, tuple(parameter.shape))
            for (name, parameter), end in zip(named, ends, strict=True)
        }
        return cls(places, sum(parameter.numel() for _, parameter in named if parameter.ndim > 1))

    def split(self, row: Tensor) -> dict[str, Tensor]:
        """Views of a row (parameters,), by name."""
        return {name: row[start:stop].view(shape) for name, (start, stop, shape) in self.places.items()}

    def join(self, module: nn.Module) -> Tensor:
        """The parameters of a module as a row."""
        parameters = dict(module.named_parameters())
        return torch.cat([parameters[name].detach().flatten() for name in self.places])


def made(sweep: Sweep, data: Data, seed: int) -> nn.Module:
    """The network of a sweep before training; the state of the global generator is put back."""
    setting = cast(Network, sweep.network)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = registry.find("network", setting.name)(sweep, data, **setting.options)
    random = (nn.modules.dropout._DropoutNd, nn.modules.batchnorm._NormBase)
    for name, part in module.named_modules():
        if isinstance(part, random) and getattr(part, "p", 1) > 0:
            raise hoi.HoiError(
                f"The network {setting.name!r} has the layer {name!r} ({type(part).__name__}), which is another one in "
                "every step: such a run could not go on where it was left. Leave it out; a regulariser can mask "
                "neurons (hoi_grokking.training.regularisers)."
            )
    return module


def with_parameters(sweep: Sweep, row: np.ndarray, data: Data | None = None) -> nn.Module:
    """The network of a sweep with stored parameters.

    Parameters
    ----------
    sweep : Sweep
    row : ndarray, shape (parameters,)
        As stored at a checkpoint.
    data : Data, optional
        The task, if it is loaded already.
    """
    module = made(sweep, data or load(sweep.task), 0)
    parameters = Layout.of(module).split(torch.from_numpy(np.array(row)))
    module.load_state_dict(parameters, strict=False)
    return module.requires_grad_(False)


def followed_layers(sweep: Sweep, module: nn.Module) -> tuple[str, ...]:
    """The layers that are measured: those that the settings name, or the module itself."""
    setting = cast(Network, sweep.network)
    names = setting.follow or tuple(getattr(module, "followed", ()))
    known = [name for name, _ in module.named_modules() if name]
    if unknown := [name for name in names if name not in known]:
        raise hoi.HoiError(f"Network.follow has {', '.join(map(repr, unknown))}. The layers are: {', '.join(known)}.")
    return names


class ModuleNetworks(Networks):
    """The networks of a sweep that are modules.

    Attributes
    ----------
    layout : Layout
        How their parameters lie in a row.
    """

    def __init__(self, sweep: Sweep, data: Data, device: torch.device, together: bool) -> None:
        setting = cast(Network, sweep.network)
        if setting.loss == "cross_entropy" and data.train.targets.dtype.kind == "f":
            raise hoi.HoiError(f"The task {sweep.task.name!r} is a regression: give Network(loss='mse').")
        self.sweep, self.data, self.device = sweep, data, device
        self.loss = registry.find("loss", setting.loss)
        self.module = made(sweep, data, sweep.members[0][1])
        self.layout = Layout.of(self.module)
        self.followed = followed_layers(sweep, self.module)
        self.train, self.test = (_on(device, part) for part in (data.train, data.test))
        self.memory: dict[int, Tensor] = {}
        # strengths are numbers; another regulariser is another function
        kinds = [
            _kind(variant) if together and _together(variant) else place
            for place, (variant, _) in enumerate(sweep.members)
        ]
        ends = [*(place for place in range(1, len(kinds)) if kinds[place] != kinds[place - 1]), len(kinds)]
        self.chunks = [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]

    @property
    def n_weights(self) -> int:
        """Entries of all parameters of two axes or more."""
        return self.layout.n_weights

    def initial(self, variant: Variant, seed: int) -> tuple[Tensor, float]:
        """As the module starts, scaled; the last layer is the last weights of the module."""
        row = self.layout.join(made(self.sweep, self.data, seed))
        weights = row[: self.n_weights]
        weights *= variant.alpha
        norm = float(torch.linalg.vector_norm(weights, dtype=torch.float64))
        if variant.zero_last_layer:
            last = [place for place in self.layout.places.values() if place[1] <= self.n_weights][-1]
            row[last[0] : last[1]] = 0
        return row, norm

    def open(self, chunk: slice, rows: Tensor) -> Chunk:
        """The networks of a chunk, with a module of their own: calling it with parameters changes it for the while."""
        return _Opened(self, chunk, rows)

    def state(self) -> dict[str, np.ndarray]:
        """What regularisers remember."""
        return {f"memory_{place}": memory.cpu().numpy() for place, memory in self.memory.items()}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Take back what `state` gave."""
        for name, values in state.items():
            if name.startswith("memory_"):
                self.memory[int(name.removeprefix("memory_"))] = torch.from_numpy(values).to(self.device)


class _Opened(Chunk):
    def __init__(self, networks: ModuleNetworks, chunk: slice, rows: Tensor) -> None:
        self.networks, self.rows, self.first = networks, rows, chunk.start
        self.members = networks.sweep.members[chunk]
        self.module = copy.deepcopy(networks.module).to(networks.device)
        self.hidden: dict[str, Tensor] = {}  # of the forward pass that is under way
        self.masks: Mapping[str, Tensor] = {}
        self.penalty = self.members[0][0].penalty
        self.relative = self.penalty is not None and self.penalty.relative
        if self.penalty is not None:
            self.regulariser = _made(self.penalty)
            self.strengths = rows.new_tensor([variant.penalty.strength for variant, _ in self.members])  # type: ignore[union-attr]
            for name in networks.followed:
                self.module.get_submodule(name).register_forward_hook(self._watch(name))
            self.widths = {name: values.shape[1] for name, values in self._hidden(rows[0]).items()}

    def scores(self) -> np.ndarray:
        """Of the whole networks, without what is added to their loss."""
        found = np.empty((4, len(self.rows)))
        for place, (inputs, targets) in enumerate((self.networks.train, self.networks.test)):
            outputs = self._each(partial(self._outputs, inputs=inputs), self.rows).double()
            for kind, function in enumerate((self.networks.loss, losses.accuracy)):
                values = self._each(lambda one, function=function, targets=targets: function(one, targets), outputs)
                found[2 * kind + place] = values.cpu().numpy()
        return found

    def gradient(self, step: int) -> Tensor:
        """Of the loss and what is added to it."""
        if self.penalty is None:
            return self._each(torch.func.grad(self._loss), self.rows)
        memory, masks = self._looked(step)
        return self._each(self._regularised, self.rows, self.strengths, memory, masks)

    def _each(self, function: Callable[..., Tensor], *values: Any) -> Tensor:
        """A function of each network: of one by itself, of several at once. Values are None, a tensor or a dictionary
        of tensors, with the networks along the first axis.
        """
        if len(self.rows) > 1:
            return torch.vmap(function, tuple(None if value is None else 0 for value in values))(*values)
        return function(*(_of_first(value) for value in values))[None]

    def _outputs(self, row: Tensor, inputs: Tensor) -> Tensor:
        return torch.func.functional_call(self.module, self.networks.layout.split(row), (inputs,))

    def _loss(self, row: Tensor) -> Tensor:
        inputs, targets = self.networks.train
        return self.networks.loss(self._outputs(row, inputs), targets)

    def _regularised(
        self, row: Tensor, strength: Tensor, memory: Tensor | None, masks: dict[str, Tensor] | None
    ) -> Tensor:
        """The gradient of the loss, and of what is added to it."""

        def loss(row: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
            self.masks = masks or {}
            value = self._loss(row)
            hidden, self.hidden, self.masks = self.hidden, {}, {}
            return value, hidden

        def penalty(row: Tensor, hidden: dict[str, Tensor]) -> Tensor | float:
            return self.regulariser.penalty(self.networks.layout.split(row), hidden, memory)

        if not self.relative:

            def both(row: Tensor) -> Tensor:
                value, hidden = loss(row)
                return value + strength * penalty(row, hidden)

            return torch.func.grad(both)(row)
        of_loss, _ = torch.func.grad(loss, has_aux=True)(row)
        of_penalty = torch.func.grad(lambda row: row.new_zeros(()) + penalty(row, loss(row)[1]))(row)
        size = of_loss.norm() / of_penalty.norm().clamp_min(torch.finfo(row.dtype).tiny)
        return of_loss + strength * size * of_penalty

    def _hidden(self, row: Tensor) -> dict[str, Tensor]:
        """The followed layers on the training inputs."""
        self._outputs(row, self.networks.train[0])
        hidden, self.hidden = self.hidden, {}
        return hidden

    def _looked(self, step: int) -> tuple[Tensor | None, dict[str, Tensor] | None]:
        """What the regulariser remembers of each network, looked at anew where it is time, and this step's masks."""
        memory, masks = [], []
        for place, (_, seed) in enumerate(self.members):
            generator = torch.Generator().manual_seed((seed << 32 | step) % 2**63)
            held = self.networks.memory.get(self.first + place)
            if self.penalty is not None and self.penalty.every and step % self.penalty.every == 0:
                row = self.rows[place]
                held = self.regulariser.refresh(self.networks.layout.split(row), self._hidden(row), generator)
                if held is not None:
                    held = self.networks.memory[self.first + place] = held.to(self.rows.device)
            memory.append(held)
            masks.append(self.regulariser.masks(self.widths, held, generator))
        held_masks = [one for one in masks if one is not None]
        by_layer = {name: torch.stack([one[name] for one in held_masks]).to(self.rows) for name in masks[0] or ()}
        return _stacked(memory), by_layer or None

    def _watch(self, name: str) -> Callable[..., Any]:
        """Keep the output of a followed layer as (samples, neurons), and mask it."""

        def hook(_module: nn.Module, _inputs: Any, output: Any) -> Any:
            values = output[0] if isinstance(output, tuple) else output
            if name in self.masks:
                values = values * self.masks[name]
            self.hidden[name] = values.flatten(0, -2)
            return (values, *output[1:]) if isinstance(output, tuple) else values

        return hook


def _made(penalty: Penalty) -> Regulariser:
    return registry.find("regulariser", penalty.name)(**penalty.options)


def _together(variant: Variant) -> bool:
    return variant.penalty is None or _made(variant.penalty).together


def _kind(variant: Variant) -> tuple[str, int, bool, str] | None:
    """What has to be the same in networks that go through one function: their regulariser, apart from its strength."""
    held = variant.penalty
    return None if held is None else (held.name, held.every, held.relative, json.dumps(held.options, sort_keys=True))


def _on(device: torch.device, part: Part) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(part.inputs).to(device), torch.from_numpy(part.targets).to(device)


def _of_first(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: one[0] for name, one in value.items()}
    return None if value is None else value[0]


def _stacked(values: Sequence[Tensor | None]) -> Tensor | None:
    """None if there is none; all or none of the networks have one."""
    there = [value for value in values if value is not None]
    return torch.stack(there) if there else None
