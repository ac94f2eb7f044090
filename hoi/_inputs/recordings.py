"""Recordings of MNE: channels are variables, times samples, epochs datasets."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from hoi._errors import HoiError
from hoi._inputs.words import listing, require_unique

__all__ = ["is_recording", "read_recording"]

# Types of channels that MNE takes as data where nothing is picked: sensors of brain activity.
_DATA = {
    "mag", "grad", "eeg", "csd", "seeg", "ecog", "dbs", "hbo", "hbr", "fnirs_cw_amplitude", "fnirs_fd_ac_amplitude",
    "fnirs_fd_phase", "fnirs_od",
}


def is_recording(X: Any) -> bool:
    """Raw, Evoked or Epochs of MNE, or what is built like them."""
    return hasattr(X, "get_data") and hasattr(X, "ch_names")


def read_recording(X: Any, what: str, everything: bool) -> tuple[np.ndarray, tuple[str, ...], str]:
    """Values (samples, channels) or (epochs, samples, channels), names, and what was left out, in words."""
    values = np.asarray(X.get_data())
    names = [str(name) for name in X.ch_names]
    shape = (len(names), len(getattr(X, "times", ())))
    if values.ndim not in (2, 3) or values.shape[-2:] != shape or hasattr(X, "freqs"):
        raise HoiError(
            f"{what} is a {type(X).__name__} with data of shape {values.shape}: of MNE, a Raw, an Evoked "
            "(channels, times) or Epochs (epochs, channels, times) are needed. Give an array (samples, variables)."
        )
    require_unique(names, what)
    if everything:
        return values.swapaxes(-1, -2), tuple(names), ""
    notes = []
    bads = {str(name) for name in _info(X, "bads")}
    kinds = X.get_channel_types() if hasattr(X, "get_channel_types") else []
    # a recording of other signals only (EMG, say) is meant as it is
    others = {name: kind for name, kind in zip(names, kinds) if kind not in _DATA} if _DATA & set(kinds) else {}
    if found := [name for name in names if name in bads and name not in others]:
        notes.append(f"{len(found)} bad channel{'s' * (len(found) > 1)} ({listing(found)})")
    if others:
        shown = listing([f"{name}: {kind}" for name, kind in others.items()])
        notes.append(f"{len(others)} channel{'s' * (len(others) > 1)} of other kinds ({shown})")
    chosen = [i for i, name in enumerate(names) if name not in bads and name not in others]
    if not chosen:
        raise HoiError(
            f"{what} is a {type(X).__name__} of {len(names)} channels, and none is left without {' and '.join(notes)}. "
            f"Use hoi.as_table({what}, everything=True) for all of them."
        )
    if _has_bad_segments(X) and "reject_by_annotation" in inspect.signature(X.get_data).parameters:
        whole = values.shape[-1]
        values = np.asarray(X.get_data(reject_by_annotation="omit"))
        if values.shape[-1] < whole:
            notes.append(f"{whole - values.shape[-1]} of {whole} samples in segments annotated as bad")
    if len(chosen) < len(names):
        values = values[..., chosen, :]
    return values.swapaxes(-1, -2), tuple(names[i] for i in chosen), " and ".join(notes)


def _info(X: Any, key: str) -> Any:
    info = getattr(X, "info", None)
    return info[key] if info is not None and key in info else ()


def _has_bad_segments(X: Any) -> bool:
    annotations = getattr(X, "annotations", None)
    return any(str(text).lower().startswith("bad") for text in getattr(annotations, "description", ()))
