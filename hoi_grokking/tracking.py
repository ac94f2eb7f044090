"""Synergy and redundancy inside any torch network: `capture` once, or `track` during a training loop of your
own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

import hoi
from hoi_grokking.layer import Layer
from hoi_grokking.progress import Measured, Probe, measure

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor, nn

__all__ = ["Tracker", "capture", "track"]


def capture(
    model: nn.Module,
    batches: Iterable[Any],
    layers: Sequence[str],
    *,
    reduce: Callable[[Any], Any] | None = None,
) -> dict[str, np.ndarray]:
    """Outputs of named layers of a network, over batches of inputs.

    Parameters
    ----------
    model : torch.nn.Module
        Put in evaluation mode for the while, without gradients, and back as it was; so is the random state of torch.
    batches : iterable
        Tensors, or tuples whose first entry is the input (as a DataLoader with targets gives).
    layers : sequence of str
        Names as in ``model.named_modules()``.
    reduce : callable, optional
        Output tensor -> (samples, neurons). By default the positions of a sequence (samples, positions, neurons)
        become samples; anything with more axes needs one, such as ``lambda maps: maps.mean((2, 3))`` for the feature
        maps of a convolution (samples, channels, height, width). Of a tuple it gets the first entry.

    Returns
    -------
    dict of ndarray
        Layer -> (n_samples, n_neurons) float64.

    Raises
    ------
    hoi.HoiError
        For a name that is not in the network (the message lists those that are), an output that is no table, a batch
        that is no tensor, or no batch.

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
    caught: dict[str, list[np.ndarray]] = {name: [] for name in modules}

    def hook(name: str) -> Callable[..., None]:
        def keep(_module: nn.Module, _inputs: Any, output: Any) -> None:
            values = _table(name, output[0] if isinstance(output, tuple) else output, reduce)
            # a copy: the next layer may work in place
            caught[name].append(hoi.as_table(values.detach()).values.copy())

        return keep

    modes = [(module, module.training) for module in model.modules()]
    random_state = torch.random.get_rng_state()  # a DataLoader draws from it
    device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    handles = [module.register_forward_hook(hook(name)) for name, module in modules.items()]
    model.eval()
    try:
        with torch.no_grad():
            for batch in batches:
                inputs = batch[0] if isinstance(batch, list | tuple) else batch
                if not isinstance(inputs, torch.Tensor):
                    kind = type(inputs).__name__
                    raise hoi.HoiError(f"A batch holds {kind}, and has to be a tensor or a tuple that starts with one.")
                model(inputs.to(device))
    finally:
        for module, training in modes:
            module.training = training
        torch.random.set_rng_state(random_state)
        for handle in handles:
            handle.remove()
    if any(not parts for parts in caught.values()):
        raise hoi.HoiError("No activations were seen: `batches` is empty, or a layer was not used in the forward pass.")
    return {name: np.concatenate(parts) for name, parts in caught.items()}


def _modules(model: nn.Module, layers: Sequence[str]) -> dict[str, nn.Module]:
    """The named layers."""
    if isinstance(layers, str):
        raise hoi.HoiError(f"`layers` is the string {layers!r}, and has to be a list of names: [{layers!r}].")
    modules = dict(model.named_modules())
    unknown = [name for name in layers if name not in modules]
    if unknown:
        known = ", ".join(name for name in modules if name)
        raise hoi.HoiError(f"The network has no layer {', '.join(map(repr, unknown))}. It has: {known}.")
    return {name: modules[name] for name in layers}


def _table(name: str, output: Any, reduce: Callable[[Any], Any] | None) -> Tensor:
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
            "so; for feature maps (samples, channels, height, width): reduce=lambda maps: maps.mean((2, 3))."
        )
    return values


class Tracker:
    """Progress measures of some layers of a network, step by step. Made by :func:`track`.

    Attributes
    ----------
    records : list of dict
        One per call, layer and probe.
    """

    def __init__(
        self,
        model: nn.Module,
        batches: Iterable[Any],
        layers: Sequence[str],
        probes: Sequence[Probe],
        every: int,
        reduce: Callable[[Any], Any] | None,
    ) -> None:
        self.model, self.batches, self.layers = model, batches, tuple(layers)
        self.probes, self.every, self.reduce = tuple(probes), every, reduce
        self.records: list[dict[str, Any]] = []

    def __call__(self, step: int, **values: float) -> dict[tuple[str, str], Measured] | None:
        """Measure if `step` is due; `values` (loss, accuracy) are kept beside the measures."""
        if step % self.every:
            return None
        found = {}
        for name, activations in capture(self.model, self.batches, self.layers, reduce=self.reduce).items():
            layer = Layer(activations)
            for probe in self.probes:
                result = found[name, probe.key] = measure(layer, probe)
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
    reduce: Callable[[Any], Any] | None = None,
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
    reduce : callable, optional
        As in :func:`capture`.

    Returns
    -------
    Tracker
        Call it with the step in the loop; `to_dataframe` gives the table. The training does not depend on it.

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
    return Tracker(model, loader, tuple(_modules(model, layers)), probes, every, reduce)
