"""A progress bar that appears only for work that takes a while."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

__all__ = ["Progress"]


class Progress:
    """Counts sets; shows a tqdm bar if asked, or after a while if the error stream is a terminal or a notebook.

    Parameters
    ----------
    total : int
        Sets in all.
    wanted : bool or None
        Whether to show a bar; None leaves it to where the output goes and how long it takes.
    name : str
        What stands before the bar.
    """

    _patience = 0.5

    def __init__(self, total: int, wanted: bool | None, name: str = "hoi") -> None:
        self.total = total
        self.done = 0
        self.prepared = 0.0  # seconds of loading, compiling and measuring before the work
        self.name = name
        self._start = time.perf_counter()
        self._lock = threading.Lock()
        self._bar: Any = None
        self._patient = wanted is None
        self._wanted = wanted
        if wanted is None:
            self._wanted = sys.stderr is not None and (sys.stderr.isatty() or "ipykernel" in sys.modules)

    def __enter__(self) -> Progress:
        self.show()
        return self

    def __exit__(self, *_: object) -> None:
        self.show()
        if self._bar is not None:
            self._bar.close()

    def add(self, sets: int) -> None:
        """Count sets that were gone through; from any thread."""
        with self._lock:
            self.done += sets

    @contextlib.contextmanager
    def meanwhile(self, what: str) -> Iterator[None]:
        """Say what is going on if it takes a while."""
        timer = threading.Timer(self._patience, self._describe, [what])
        timer.daemon = True
        if self._wanted:
            timer.start()
        began = time.perf_counter()
        try:
            yield
        finally:
            timer.cancel()
            self.prepared += time.perf_counter() - began
        if self._bar is not None:
            self._bar.set_description(self.name)

    def show(self) -> None:
        """Bring the bar up to date, in the thread that draws it."""
        if not self._wanted:
            return
        if self._bar is None:
            if self._patient and time.perf_counter() - self._start < self._patience:
                return
            self._open()
        self._bar.update(self.done - self._bar.n)

    def _describe(self, what: str) -> None:
        if self._bar is None:
            self._open()
        self._bar.set_description(what)

    def _open(self) -> None:
        from tqdm.auto import tqdm

        self._bar = tqdm(total=self.total, unit="set", unit_scale=True, desc=self.name)
