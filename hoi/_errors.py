"""Exceptions and warnings of the library."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

__all__ = [
    "BackendUnavailableError",
    "CheckpointWarning",
    "HoiError",
    "HoiWarning",
    "IllConditionedWarning",
    "InputWarning",
    "LongSearchWarning",
    "SingularWarning",
    "SparseWarning",
    "TiesWarning",
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


class LongSearchWarning(HoiWarning):
    """A search that is about to begin will take hours."""


class InputWarning(HoiWarning):
    """Some of the data were left out: bad channels or segments of a recording, or samples with gaps."""


_HOME = f"{Path(__file__).parent}{os.sep}"


def warn(message: str, category: type[HoiWarning]) -> None:
    """Warn at the line of the caller's own code, however deep in this package the reason was found."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HOME):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


class SparseWarning(HoiWarning):
    """There are fewer than 4 samples for each joint state that a set of discrete variables can have."""
