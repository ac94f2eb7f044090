"""The torch backends: `torch` on any device of PyTorch, `cuda` on an NVIDIA GPU."""

from __future__ import annotations

from hoi._errors import BackendUnavailableError

try:
    import torch as _torch  # noqa: F401  (so that a missing torch is said once, and in words)
except ImportError as error:
    raise BackendUnavailableError(
        f'backend="torch" and backend="cuda" need PyTorch, which cannot be imported ({error}). Install it by '
        "pip install 'hoi[torch]', or use backend=\"numba\"."
    ) from error
