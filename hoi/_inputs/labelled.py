"""Arrays of xarray: the names of their dimensions say which are variables, samples and datasets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from hoi._errors import HoiError

__all__ = ["is_labelled", "leading", "read_labelled"]

_VARIABLES = {
    "variable", "var", "channel", "chan", "ch", "sensor", "electrode", "node", "region", "roi", "area", "parcel",
    "label", "feature", "column", "unit", "neuron", "cell", "voxel", "vertex", "component", "gene", "station",
}
_SAMPLES = {
    "sample", "time", "t", "times", "timepoint", "obs", "observation", "trial", "volume", "tr", "frame", "row",
    "repetition", "draw", "stimulus", "image",
}
_DATASETS = {"dataset", "epoch", "subject", "session", "run", "recording", "participant", "animal", "condition",
             "group", "fold", "chain"}


def is_labelled(X: Any) -> bool:
    """DataArray of xarray."""
    return hasattr(X, "dims") and hasattr(X, "coords")


def read_labelled(
    X: Any, what: str, oriented: bool
) -> tuple[np.ndarray, tuple[str, ...] | None, tuple[str, ...] | None]:
    """Values with samples before variables, and the names of variables and of datasets that have a coordinate."""
    values, dims = np.asarray(X.values), [str(dim) for dim in X.dims]
    if values.ndim in (2, 3) and oriented:
        axes = _axes(dims, what)
        values, dims = values.transpose(axes), [dims[i] for i in axes]
    names = _labels(X, dims[-1]) if values.ndim >= 2 else None
    datasets = _labels(X, dims[0]) if values.ndim == 3 else None
    numbers = tuple(map(str, range(len(values))))  # say no more than the place
    return values, names, None if datasets == numbers else datasets


def _labels(X: Any, dim: str) -> tuple[str, ...] | None:
    """The coordinate of a dimension as text, where it has one."""
    return tuple(map(str, np.asarray(X.coords[dim].values).tolist())) if dim in X.coords else None


def leading(X: Any) -> tuple[list[str], dict[str, Any]]:
    """Names and coordinates of the dimensions of datasets and samples of a DataArray."""
    dims = [str(X.dims[i]) for i in _axes([str(dim) for dim in X.dims], "X")][:-1]
    return dims, {dim: X.coords[dim].values for dim in dims if dim in X.coords}


def _kind(dim: str) -> str:
    """What a dimension is called: "variable", "sample", "dataset", "default" or ""."""
    if re.fullmatch(r"dim_\d+", dim):
        return "default"
    word = dim.lower()
    for kind, known in (("variable", _VARIABLES), ("sample", _SAMPLES), ("dataset", _DATASETS)):
        stem = re.sub(r"_?(ids?|names?|index)?_?\d*$", "", word)
        words = {word, stem, stem.removesuffix("s"), stem.removesuffix("es")}
        if words & known:
            return kind
    return ""


def _axes(dims: Sequence[str], what: str) -> list[int]:
    """The order of axes (datasets, samples, variables) by the names of dimensions, or an error that asks."""
    kinds = [_kind(dim) for dim in dims]
    if set(kinds) == {"default"}:  # no names were given: as in numpy
        return list(range(len(dims)))
    variables = [i for i, kind in enumerate(kinds) if kind == "variable"]
    samples = [i for i, kind in enumerate(kinds) if kind == "sample"]
    rest = [i for i in range(len(dims)) if i not in variables and i not in samples]
    if len(dims) == 2 and len(rest) == 1:  # the other one is known
        unknown = rest.pop()
        (samples if variables else variables).append(unknown)
    elif len(dims) == 3 and len(variables) == 1:
        # of trials and times in one array, the trials are datasets, as epochs are
        if len(samples) == 2 and not rest:
            named = [i for i in samples if _is_trial(dims[i])]
            if len(named) == 1:
                samples.remove(named[0])
                rest.append(named[0])
        elif not samples and [kinds[i] for i in rest].count("dataset") == 1:
            samples = [i for i in rest if kinds[i] != "dataset"]
            rest = [i for i in rest if kinds[i] == "dataset"]
    if len(variables) == 1 and len(samples) == 1 and len(rest) == len(dims) - 2:
        return [*rest, *samples, *variables]
    example = ", ".join(f"{dim}={role!r}" for dim, role in zip(dims, ("dataset", "sample", "variable")[-len(dims):]))
    raise HoiError(
        f"{what} is a DataArray with the dimensions {', '.join(map(repr, dims))}, which do not say what is a sample "
        f'and what a variable: name them "sample" and "variable" (and "dataset"). Use X.rename({example}), say.'
    )


def _is_trial(dim: str) -> bool:
    return dim.lower().startswith(("trial", "repetition", "stimul", "image"))
