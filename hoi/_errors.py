"""Exceptions and warnings of the library."""

from __future__ import annotations

import os
import sys
import warnings
from contextvars import ContextVar
from pathlib import Path

__all__ = [
    "BackendUnavailableError",
    "CheckpointWarning",
    "DeterminedWarning",
    "HoiError",
    "HoiWarning",
    "IllConditionedWarning",
    "InputWarning",
    "LongSearchWarning",
    "SingularWarning",
    "SparseWarning",
    "TiesWarning",
    "recorded",
    "warn",
]


class HoiError(ValueError):
    """Input or settings that hoi cannot work with.

    The message says what was given, the rule it breaks, and the way out.
    """


class BackendUnavailableError(HoiError, ImportError):
    """A backend was asked for by name and cannot run here; the message says what is missing."""


class HoiWarning(UserWarning):
    """Base class of the warnings of hoi."""


class TiesWarning(HoiWarning):
    """A column repeats many of its values, so the Gaussian copula is a rough description of it."""


class SingularWarning(HoiWarning):
    """Some sets of a search are numerically singular and were skipped."""


class CheckpointWarning(HoiWarning):
    """The checkpoint of a search can no longer be written; the search goes on without."""


class IllConditionedWarning(HoiWarning):
    """Some values hold to fewer than six digits, as their sets are close to numerically singular ones."""


class DeterminedWarning(HoiWarning):
    """Columns are sums of others in the data, or the others determine a member of a set, nearly or wholly."""


class LongSearchWarning(HoiWarning):
    """A search that is about to begin will take hours."""


class InputWarning(HoiWarning):
    """Some of the data were left out, bad channels of a recording or samples with gaps; or rows look like variables."""


_HOME = f"{Path(__file__).parent}{os.sep}"
_RECORD: ContextVar[list[str] | None] = ContextVar("hoi_warnings", default=None)


def recorded() -> list[str]:
    """A list that takes in the texts of the warnings from here on, until the next one is asked for."""
    record: list[str] = []
    _RECORD.set(record)
    return record


def warn(message: str, category: type[HoiWarning]) -> None:
    """Warn at the line of the caller's own code, however deep in this package the reason was found."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HOME):
        level, frame = level + 1, frame.f_back
    record = _RECORD.get()
    if record is not None:
        record.append(message)
    warnings.warn(message, category, stacklevel=level)


class SparseWarning(HoiWarning):
    """There are few samples for sets of this order.

    In a search, the total correlation of as many independent columns scatters by more than 0.2 nats, and the best sets
    are the luckiest; or discrete variables have fewer than 4 samples for each joint state.
    """
