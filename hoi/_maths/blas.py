"""Threads of the linear algebra library: one is faster for small matrices, and leaves the cores to the search."""

from __future__ import annotations

import contextlib
import functools
import threading
from contextlib import AbstractContextManager
from typing import Any

__all__ = ["one_thread"]


@functools.cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def one_thread() -> AbstractContextManager[Any]:
    """A single BLAS thread in this block.

    After a product OpenBLAS keeps its threads spinning for tens of milliseconds, on the cores that a search needs next.
    The limit holds for the whole process, so only the main thread sets it: limits from several would get mixed up.
    """
    if threading.current_thread() is not threading.main_thread():
        return contextlib.nullcontext()
    return _controller().limit(limits=1, user_api="blas")
