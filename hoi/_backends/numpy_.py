"""The reference backend: every set evaluated on its own, in numpy."""

from __future__ import annotations

from hoi._backends.blocks import BlockBackend

__all__ = ["NumpyBackend"]


class NumpyBackend(BlockBackend):
    """Plain numpy: slow in a search, always there, and the measure of the others."""

    name = "numpy"
