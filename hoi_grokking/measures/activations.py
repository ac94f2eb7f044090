"""Activations of named layers of any torch network, over batches of any kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np

import hoi

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["Reduce", "capture", "modules_of", "reductions_of"]

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

    modules = modules_of(model, layers)
    reductions = reductions_of(modules, reduce)
    caught: dict[str, list[list[np.ndarray]]] = {name: [] for name in modules}

    def hook(name: str) -> Callable[..., None]:
        def keep(_module: nn.Module, _inputs: Any, output: Any) -> None:
            values = _table(name, output[0] if isinstance(output, tuple) else output, reductions[name])
            # a copy: the next layer may work in place
            table = cast(hoi.Table, hoi.as_table(values.detach()))
            caught[name][-1].append(table.values.copy())

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


def modules_of(model: nn.Module, layers: Sequence[str]) -> dict[str, nn.Module]:
    """The named layers."""
    if isinstance(layers, str):
        raise hoi.HoiError(f"`layers` is the string {layers!r}, and has to be a list of names: [{layers!r}].")
    modules = dict(model.named_modules(remove_duplicate=False))
    unknown = [name for name in layers if name not in modules]
    if unknown:
        known = ", ".join(name for name in modules if name)
        raise hoi.HoiError(f"The network has no layer {', '.join(map(repr, unknown))}. It has: {known}.")
    return {name: modules[name] for name in layers}


def reductions_of(layers: Iterable[str], reduce: Reduce | Mapping[str, Reduce] | None) -> dict[str, Reduce | None]:
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
