"""The compiled backend: the amortised sweep of `kernels`, on as many threads as asked."""

from __future__ import annotations

from hoi._backends.numba_.backend import NumbaBackend

__all__ = ["NumbaBackend"]
