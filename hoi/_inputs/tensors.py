"""Tensors of torch as numpy arrays, of any device, type and layout."""

from __future__ import annotations

from typing import Any

import numpy as np

from hoi._errors import HoiError, HoiWarning, warn

__all__ = ["is_tensor", "read_tensor", "warn_of_gradient"]


def is_tensor(X: Any) -> bool:
    """Tensor of torch, told without importing it."""
    return hasattr(X, "detach") and hasattr(X, "cpu")


def read_tensor(X: Any, what: str) -> np.ndarray:
    """A tensor as numpy: without its graph, dense, on the CPU; floats that numpy lacks go through float64."""
    given = f"{what} is a tensor of shape {tuple(X.shape)} and {getattr(X, 'dtype', 'unknown type')}"
    if getattr(X, "is_nested", False):
        raise HoiError(f"{given}, nested: use a list of tables, one for each dataset.")
    layout = str(getattr(X, "layout", "torch.strided"))
    if layout != "torch.strided":
        raise HoiError(
            f"{what} is a sparse tensor of shape {tuple(X.shape)} ({layout}): its zeros count as values. Use "
            "X.to_dense()."
        )
    if getattr(getattr(X, "device", None), "type", "cpu") == "meta":
        raise HoiError(f"{given}, on the device meta, which holds no values. Give a tensor with data.")
    warn_of_gradient(X, what)
    tensor = X.detach().cpu()
    if getattr(tensor, "is_quantized", False):
        tensor = tensor.dequantize()
    if getattr(tensor, "is_floating_point", bool)() and str(tensor.dtype) not in ("torch.float32", "torch.float64"):
        tensor = tensor.double()
    # views that are marked as conjugate or negative are computed now
    for resolve in ("resolve_conj", "resolve_neg"):
        tensor = getattr(tensor, resolve, lambda tensor=tensor: tensor)()
    return np.asarray(tensor.numpy())


def warn_of_gradient(X: Any, what: str) -> None:
    """Say that the result will not carry on the gradient of a tensor, and what does."""
    if getattr(X, "requires_grad", False):
        warn(
            f"{what} is a tensor that requires a gradient, and the result will be numbers without one. For gradients "
            f"use hoi.torch.oinfo({what}, ...) or its like; where none is wanted, give {what}.detach().",
            HoiWarning,
        )
