"""The compiled backend. `gaussian.py` chooses among the walks in the files beside it."""

from __future__ import annotations

from hoi._backends.numba_.backend import NumbaBackend

__all__ = ["NumbaBackend"]
