"""Exceptions and warnings of the library."""

from __future__ import annotations

__all__ = [
    "BackendUnavailableError",
    "CheckpointWarning",
    "HoiError",
    "HoiWarning",
    "LongSearchWarning",
    "SingularWarning",
    "TiesWarning",
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


class LongSearchWarning(HoiWarning):
    """A search that is about to begin will take hours."""
