"""Synergy and redundancy inside any torch network: `capture` once, or `track` during a training loop of your
own.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

import hoi
from hoi_grokking.layer import Layer, NothingToMeasure
from hoi_grokking.progress import Extreme, Measured, Probe, measure

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor, nn

__all__ = ["Reduce", "Tracker", "capture", "track"]

# Output of a layer -> (samples, neurons).
Reduce: TypeAlias = Callable[[Any], Any]


def capture(
    model: nn.Module,
    batches: Iterable[Any],
    layers: Sequence[str],
    *,
    reduce: Reduce | Mapping[str, Reduce] | None = None,
    forward: Callable[[nn.Module, Any], Any] | None = None,
) -> dict[str, np.ndarray]:
    """Outputs of named layers of a network, over batches of inputs.

    Parameters
    ----------
    model : torch.nn.Module
        Put in evaluation mode for the while, without gradients, and back as it was; so is the random state of torch.
    batches : iterable
        Tensors; dictionaries of tensors, which become keyword arguments of the network; or tuples that start with the
        inputs (as a DataLoader with targets gives): a tensor, a dictionary, or a tuple of several inputs.
    layers : sequence of str
        Names as in ``model.named_modules()``.
    reduce : callable or mapping, optional
        Output tensor -> (samples, neurons), or such a function for some of the layers by name. By default the
        positions of a sequence (samples, positions, neurons) become samples; anything with more axes needs one, such
        as ``lambda maps: maps.mean((2, 3))`` for the feature maps of a convolution (samples, channels, height, width).
        Of a tuple it gets the first entry.
    forward : callable, optional
        (network, batch) -> anything: how the network is called with a batch, where the above does not fit. The batch
        comes as it is, on its own device.

    Returns
    -------
    dict of ndarray
        Layer -> (n_samples, n_neurons) float64. A module that is used several times in a forward pass, as one
        activation function for all layers, gives one entry for each: "act#1", "act#2", in the order of the calls.

    Raises
    ------
    hoi.HoiError
        For a name that is not in the network (the message lists those that are), an output that is no table, a batch
        that is no tensor, no batch, or a module that is used more often in one batch than in another.

    Examples
    --------
    >>> import torch
    >>> from hoi_grokking import capture
    >>> net = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.ReLU(), torch.nn.Linear(5, 2))
    >>> capture(net, [torch.zeros(4, 3)], ["1"])["1"].shape
    (4, 5)
    """
    import torch

    modules = _modules(model, layers)
    reductions = _reductions(modules, reduce)
    caught: dict[str, list[list[np.ndarray]]] = {name: [] for name in modules}

    def hook(name: str) -> Callable[..., None]:
        def keep(_module: nn.Module, _inputs: Any, output: Any) -> None:
            values = _table(name, output[0] if isinstance(output, tuple) else output, reductions[name])
            # a copy: the next layer may work in place
            caught[name][-1].append(hoi.as_table(values.detach()).values.copy())

        return keep

    modes = [(module, module.training) for module in model.modules()]
    random_state = torch.random.get_rng_state()  # a DataLoader draws from it
    handles = [module.register_forward_hook(hook(name)) for name, module in modules.items()]
    model.eval()
    try:
        with torch.no_grad():
            for batch in batches:
                for calls in caught.values():
                    calls.append([])
                (forward or _call)(model, batch)
    finally:
        for module, training in modes:
            module.training = training
        torch.random.set_rng_state(random_state)
        for handle in handles:
            handle.remove()
    return {key: values for name, calls in caught.items() for key, values in _joined(name, calls).items()}


def _call(model: nn.Module, batch: Any) -> None:
    """The network with the inputs of a batch, moved to where its parameters are."""
    import torch

    device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    inputs = batch[0] if isinstance(batch, list | tuple) and len(batch) else batch
    if isinstance(inputs, Mapping) and inputs:
        _check_tensors(inputs.values())
        model(**{name: value.to(device) for name, value in inputs.items()})
        return
    several = inputs if isinstance(inputs, list | tuple) and len(inputs) else (inputs,)
    _check_tensors(several)
    model(*(value.to(device) for value in several))


def _check_tensors(values: Iterable[Any]) -> None:
    import torch

    wrong = next((value for value in values if not isinstance(value, torch.Tensor)), None)
    if wrong is not None:
        raise hoi.HoiError(
            f"A batch holds {type(wrong).__name__}, and has to be a tensor, a dictionary of tensors, or a tuple that "
            "starts with one of these or with a tuple of several inputs. For anything else say how the network is "
            "called with it: forward=lambda model, batch: model(...)."
        )


def _joined(name: str, calls: Sequence[Sequence[np.ndarray]]) -> dict[str, np.ndarray]:
    """What a module gave, over the batches: one table for each of its uses in a forward pass."""
    counts = sorted({len(call) for call in calls})
    if counts in ([], [0]):
        raise hoi.HoiError(
            f"No activations of layer {name!r} were seen: `batches` is empty, or it was not used in the forward pass."
        )
    if len(counts) > 1:
        raise hoi.HoiError(
            f"Layer {name!r} was used {counts[0]} times in one batch and {counts[-1]} times in another; its uses "
            "cannot be told apart. Give batches that the network goes through in the same way."
        )
    joined = [np.concatenate(parts) for parts in zip(*calls, strict=True)]
    return {name if len(joined) == 1 else f"{name}#{use}": values for use, values in enumerate(joined, 1)}


def _modules(model: nn.Module, layers: Sequence[str]) -> dict[str, nn.Module]:
    """The named layers."""
    if isinstance(layers, str):
        raise hoi.HoiError(f"`layers` is the string {layers!r}, and has to be a list of names: [{layers!r}].")
    modules = dict(model.named_modules(remove_duplicate=False))
    unknown = [name for name in layers if name not in modules]
    if unknown:
        known = ", ".join(name for name in modules if name)
        raise hoi.HoiError(f"The network has no layer {', '.join(map(repr, unknown))}. It has: {known}.")
    return {name: modules[name] for name in layers}


def _reductions(layers: Iterable[str], reduce: Reduce | Mapping[str, Reduce] | None) -> dict[str, Reduce | None]:
    """The reduction of each layer."""
    if not isinstance(reduce, Mapping):
        return dict.fromkeys(layers, reduce)
    layers = list(layers)
    unknown = [name for name in reduce if name not in layers]
    if unknown:
        raise hoi.HoiError(
            f"`reduce` has a function for {', '.join(map(repr, unknown))}, which is not among the layers: "
            f"{', '.join(layers)}."
        )
    return {name: reduce.get(name) for name in layers}


def _table(name: str, output: Any, reduce: Reduce | None) -> Tensor:
    """The output of a layer as (samples, neurons)."""
    import torch

    values = output if reduce is None else reduce(output)
    shape = tuple(values.shape) if isinstance(values, torch.Tensor) else None
    if reduce is None and shape is not None and len(shape) == 3:
        return values.flatten(0, 1)
    if shape is None or len(shape) != 2:
        what = type(values).__name__ if shape is None else f"a tensor of shape {shape}"
        source = "gives" if reduce is None else "is reduced to"
        raise hoi.HoiError(
            f"Layer {name!r} {source} {what}, and (samples, neurons) is needed. Pass a function `reduce` that makes it "
            "so; for feature maps (samples, channels, height, width): reduce=lambda maps: maps.mean((2, 3)). For some "
            f"layers only: reduce={{{name!r}: ...}}."
        )
    return values


class Tracker:
    """Progress measures of some layers of a network, step by step. Made by :func:`track`.

    Attributes
    ----------
    records : list of dict
        One per call, layer and probe. Where there is nothing to measure, values are NaN and sets are empty.
    """

    def __init__(
        self,
        model: nn.Module,
        batches: Iterable[Any],
        layers: Sequence[str],
        probes: Sequence[Probe],
        every: int,
        reduce: Reduce | Mapping[str, Reduce] | None,
        forward: Callable[[nn.Module, Any], Any] | None,
    ) -> None:
        self.model, self.batches, self.layers = model, batches, tuple(layers)
        self.probes, self.every, self.reduce, self.forward = tuple(probes), every, reduce, forward
        self.records: list[dict[str, Any]] = []
        self._warned: set[str] = set()

    def __call__(self, step: int, **values: float) -> dict[tuple[str, str], Measured] | None:
        """Measure if `step` is due; `values` (loss, accuracy) are kept beside the measures."""
        if step % self.every:
            return None
        found = {}
        seen = capture(self.model, self.batches, self.layers, reduce=self.reduce, forward=self.forward)
        for name, activations in seen.items():
            for probe, result in zip(self.probes, self._measured(name, activations, step), strict=True):
                found[name, probe.key] = result
                self.records.append(
                    {
                        "step": step,
                        "layer": name,
                        "probe": probe.key,
                        "lowest": result.lowest.value,
                        "highest": result.highest.value,
                        "lowest_neurons": result.lowest.neurons,
                        "highest_neurons": result.highest.neurons,
                        "n_alive": result.n_alive,
                        **values,
                    }
                )
        return found

    def _measured(self, name: str, activations: np.ndarray, step: int) -> list[Measured]:
        """By every probe. A layer that has died or diverged must not end the training that it is followed in."""
        try:
            layer = Layer(activations)
        except NothingToMeasure as error:
            if name not in self._warned:
                self._warned.add(name)
                warnings.warn(
                    f"Layer {name!r} at step {step}: {error} Its values are NaN, at later steps too without a warning.",
                    hoi.HoiWarning,
                    stacklevel=3,
                )
            alive = int(np.count_nonzero(np.ptp(activations, axis=0) > 0)) if len(activations) else 0
            nothing = Extreme(float("nan"), 0, ())
            return [Measured(nothing, nothing, alive)] * len(self.probes)
        return [measure(layer, probe) for probe in self.probes]

    def to_dataframe(self) -> pd.DataFrame:
        """The records as a table."""
        import pandas as pd

        return pd.DataFrame(self.records)


def track(
    model: nn.Module,
    loader: Iterable[Any],
    layers: Sequence[str],
    *,
    probes: Sequence[Probe] = (Probe(),),
    every: int = 1,
    reduce: Reduce | Mapping[str, Reduce] | None = None,
    forward: Callable[[nn.Module, Any], Any] | None = None,
) -> Tracker:
    """Follow synergy and redundancy of a network through a training loop of your own.

    Parameters
    ----------
    model : torch.nn.Module
    loader : iterable
        Inputs to measure on, gone through at every call (a list of batches or a DataLoader; not a generator).
    layers : sequence of str
        Names as in ``model.named_modules()``.
    probes : sequence of Probe
    every : int
        Steps between measurements.
    reduce, forward : optional
        As in :func:`capture`.

    Returns
    -------
    Tracker
        Call it with the step in the loop; `to_dataframe` gives the table. The training does not depend on it: a layer
        of which fewer than three neurons vary, or whose activations are not finite, has NaN, with one warning.
        :mod:`hoi_grokking.callbacks` calls it from a trainer of Lightning or Hugging Face.

    Raises
    ------
    hoi.HoiError
        For a name that is not in the network, or a loader that can be gone through only once.

    Examples
    --------
    >>> import torch
    >>> from hoi_grokking import Probe, track
    >>> _ = torch.manual_seed(0)
    >>> net = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh())
    >>> follow = track(net, [torch.randn(100, 3)], ["1"], probes=[Probe("neurons")], every=10)
    >>> for step in range(20):
    ...     _ = follow(step, loss=0.0)
    >>> follow.to_dataframe()[["step", "layer", "loss"]].values.tolist()
    [[0, '1', 0.0], [10, '1', 0.0]]
    """
    if isinstance(loader, Iterator):
        raise hoi.HoiError("`loader` can be gone through only once; give a list of batches or a DataLoader.")
    if every < 1:
        raise hoi.HoiError(f"`every` is {every}, and has to be 1 or more.")
    names = tuple(_modules(model, layers))
    _reductions(names, reduce)
    return Tracker(model, loader, names, probes, every, reduce, forward)
