"""Names of the backends, where they live, and whether they can run here. Loading is lazy."""

from __future__ import annotations

import importlib
import sys
from typing import Any, NamedTuple

from hoi._backends.protocol import Backend
from hoi._errors import BackendUnavailableError, HoiError

__all__ = ["BACKENDS", "Available", "available", "estimator", "gpu", "is_loaded", "load"]

# name -> "module:class"; a leaf raises BackendUnavailableError from its constructor when it cannot run here
BACKENDS = {
    "numpy": "hoi._backends.numpy_:NumpyBackend",
    "numba": "hoi._backends.numba_:NumbaBackend",
    "torch": "hoi._backends.torch_.backend:TorchBackend",
    "cuda": "hoi._backends.torch_.backend:CudaBackend",
}

_loaded: dict[str, Backend] = {}


class Available(NamedTuple):
    """Whether a backend can run here, and why not."""

    name: str
    available: bool
    reason: str


def is_loaded(name: str) -> bool:
    """Whether a backend has been used in this process."""
    return name in _loaded


def load(name: str | Backend) -> Backend:
    """The backend of that name, or the one that is given."""
    if isinstance(name, Backend):
        return name
    if name not in BACKENDS:
        raise HoiError(f"backend={name!r}: use one of 'auto', {', '.join(map(repr, BACKENDS))}.")
    if name not in _loaded:
        module, class_name = BACKENDS[name].split(":")
        try:
            _loaded[name] = getattr(importlib.import_module(module), class_name)()
        except BackendUnavailableError:
            raise
        except ImportError as error:
            raise BackendUnavailableError(f'backend="{name}" cannot be loaded: {error}.') from error
    return _loaded[name]


def gpu(device: str | None) -> Backend | None:
    """The backend of the GPU that the data are on, or that torch finds, if it has a compiled kernel for searches.

    Torch is not imported to find out, and a GPU that cannot be used is as good as none.
    """
    torch = sys.modules.get("torch")
    if torch is None or not ((device or "").startswith("cuda") or torch.cuda.is_available()):
        return None
    try:
        backend = load("cuda")
    except BackendUnavailableError:
        return None
    return backend if backend.compiled else None


def available() -> tuple[Available, ...]:
    """One row for each backend."""
    rows = []
    for name in BACKENDS:
        try:
            load(name)
            rows.append(Available(name, True, ""))
        except BackendUnavailableError as error:
            rows.append(Available(name, False, str(error)))
        except Exception as error:  # a package that is there and broken
            rows.append(Available(name, False, f'backend="{name}" cannot be loaded: {type(error).__name__}: {error}.'))
    return tuple(rows)


def estimator(name: str | Backend, X: Any) -> Backend:
    """The backend that is asked first to estimate a covariance: "auto" estimates data that are on a GPU there."""
    if name == "auto":
        kind = getattr(getattr(X, "device", None), "type", None)
        name = "torch" if kind == "cuda" else "numpy"
    return load(name)
