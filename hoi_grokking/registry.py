"""Names of tasks, networks, activation functions, losses, regularisers and experiments, and what they stand for."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from typing import Any

import hoi

__all__ = ["added", "check_name", "check_options", "find", "names", "register"]

_TASKS = "hoi_grokking.training.tasks"
_NETWORKS = "hoi_grokking.training.networks"
_LOSSES = "hoi_grokking.training.losses"
_REGULARISERS = "hoi_grokking.training.regularisers"
_SETS = "hoi_grokking.training.sets"

# kind -> name -> the thing, or (module, attribute): a module, and torch, is imported when it is first used
_KNOWN: dict[str, dict[str, Any]] = {
    "task": {
        **dict.fromkeys(["addition", "subtraction", "multiplication", "division"], (_TASKS, "modular")),
        "parity": (_TASKS, "parity"),
        "digits": (_TASKS, "digits"),
        "polynomial": (_TASKS, "polynomial"),
        "xor_clusters": (_TASKS, "xor_clusters"),
    },
    "network": {
        "mlp": (_NETWORKS, "mlp"),
        "transformer": (_NETWORKS, "transformer"),
        "encoder_decoder": (_NETWORKS, "encoder_decoder"),
    },
    "activation": {
        **{name: ("torch", name) for name in ("relu", "tanh", "sigmoid", "square")},
        "gelu": ("torch.nn.functional", "gelu"),
    },
    "loss": {"cross_entropy": (_LOSSES, "cross_entropy"), "mse": (_LOSSES, "mse")},
    "regulariser": {
        "l1": (_REGULARISERS, "l1"),
        "l2": (_REGULARISERS, "l2"),
        "set_penalty": (_SETS, "SetPenalty"),
        "set_dropout": (_SETS, "SetDropout"),
    },
    "experiment": {},
}
_BUILT_IN = {kind: frozenset(known) for kind, known in _KNOWN.items()}


def register(kind: str, name: str, what: Any) -> None:
    """Give something of your own a name that settings can have.

    Parameters
    ----------
    kind : {"task", "network", "activation", "loss", "regulariser", "experiment"}
    name : str
        One of your own may be registered anew, as when a cell of a notebook is run again.
    what : object
        =========== ========================================================================================
        task        function (task, \\**options) -> inputs and targets, or a dataset of such pairs
                    (``hoi_grokking.training.tasks.load``); or the dataset itself
        network     function (sweep, data, \\**options) -> ``torch.nn.Module`` of the inputs of the task
                    (``hoi_grokking.training.networks``)
        activation  function of a tensor, entry by entry
        loss        function (outputs, targets) -> mean over the samples
                    (``hoi_grokking.training.losses``)
        regulariser function (\\**options) -> :class:`hoi_grokking.Regulariser`
        experiment  module, or anything else with a `TITLE` and ``run(study)``, which returns the files it wrote
        =========== ========================================================================================

    Raises
    ------
    hoi.HoiError
        For another kind, or a name of the package.

    Examples
    --------
    >>> import numpy as np
    >>> from hoi_grokking import Task, register
    >>> from hoi_grokking.training.tasks import load
    >>> def majority(task, *, bits=5):
    ...     x = np.random.default_rng(task.split_seed).integers(0, 2, (200, bits))
    ...     return x.astype(np.float32), (x.mean(1) > 0.5).astype(int)
    >>> register("task", "majority", majority)
    >>> load(Task("majority", options={"bits": 7})).n_inputs
    7
    """
    known = _of(kind)
    if name in _BUILT_IN[kind]:
        raise hoi.HoiError(f"The {kind} {name!r} is one of hoi_grokking. Take another name.")
    known[name] = what


def names(kind: str) -> tuple[str, ...]:
    """All names of a kind."""
    return tuple(_of(kind))


def check_name(kind: str, name: str, setting: str) -> None:
    """Refuse a name that is not registered; `setting` is where it was given."""
    known = _of(kind)
    if name not in known:
        raise hoi.HoiError(
            f"{setting} is {name!r}, and has to be one of {', '.join(map(repr, known))}. One of your own has to be "
            f"registered first: hoi_grokking.register({kind!r}, {name!r}, ...)."
        )


def find(kind: str, name: str) -> Any:
    """What a registered name stands for."""
    what = _of(kind)[name]
    if name in _BUILT_IN[kind]:
        module, attribute = what
        return getattr(importlib.import_module(module), attribute)
    return what


def check_options(kind: str, name: str, options: Mapping[str, Any]) -> None:
    """Refuse options that are not among the keywords of what a name stands for."""
    what = find(kind, name)
    if not callable(what):
        taken: list[str] = []
    else:
        parameters = inspect.signature(what).parameters.values()
        if any(one.kind is one.VAR_KEYWORD for one in parameters):
            return
        taken = [one.name for one in parameters if one.kind is one.KEYWORD_ONLY]
    unknown = [option for option in options if option not in taken]
    if unknown:
        has = f"It has: {', '.join(taken)}" if taken else "It has none"
        raise hoi.HoiError(f"The {kind} {name!r} has no option {', '.join(map(repr, unknown))}. {has}.")


def added() -> list[tuple[str, str, Any]]:
    """What was registered, for a process that trains or measures and has yet to do so."""
    return [
        (kind, name, what)
        for kind, known in _KNOWN.items()
        for name, what in known.items()
        if kind != "experiment" and name not in _BUILT_IN[kind]
    ]


def _of(kind: str) -> dict[str, Any]:
    if kind not in _KNOWN:
        raise hoi.HoiError(f"`kind` is {kind!r}, and has to be one of {', '.join(map(repr, _KNOWN))}.")
    return _KNOWN[kind]
