"""What is trained: frozen settings, read strictly. An unknown key, a wrong type or a value out of range is an
error.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import types
import typing
from collections.abc import Mapping
from typing import Any

import hoi
from hoi_grokking import registry

__all__ = [
    "ALPHAS", "PAPER_SEEDS", "WEIGHT_DECAYS", "Network", "Penalty", "Sweep", "Task", "Variant", "other_variants",
    "paper_variants", "plain", "read",
]  # fmt: skip

PAPER_SEEDS = (0, 100, 200, 300, 400)

# Settings that came when runs were on disk already: with these values they are left out, and such a run keeps its key.
_LATER = {"corrupted": 0.0, "options": {}, "network": None, "penalty": None, "relative": False}


def _check(good: bool, what: str, given: Any, rule: str) -> None:
    if not good:
        raise hoi.HoiError(f"{what} is {given}, and has to be {rule}.")


def _options(settings: Any, kind: str) -> None:
    """Check name and options of a Task, a Network or a Penalty, and hold the options as JSON gives them back."""
    what = type(settings).__name__
    registry.check_name(kind, settings.name, f"{what}.name")
    try:
        plain_values = json.loads(json.dumps(dict(settings.options)))
    except (TypeError, ValueError) as error:
        raise hoi.HoiError(f"{what}.options cannot be JSON ({error}): give numbers, text and lists.") from error
    if plain_values:
        registry.check_options(kind, settings.name, plain_values)
    object.__setattr__(settings, "options", plain_values)


def _one_of(value: str, allowed: tuple[str, ...], what: str) -> None:
    _check(value in allowed, what, repr(value), f"one of {', '.join(map(repr, allowed))}")


@dataclasses.dataclass(frozen=True)
class Task:
    """What is learnt, and which part of the inputs is for training.

    `modulus` belongs to the four modular tasks (a prime for division), `bits`, `relevant` and `n_samples` to
    sparse parity; digits has none of them.
    `split_seed` draws the training set (420 in the published code, whatever the seed of the model).
    `corrupted` is the part of the training targets, drawn by `split_seed` as well, that are dealt out anew among
    themselves: a network can learn them only by heart. Each class stays as frequent as it is, and the test set right.
    `options` are those of a task with options of its own, by name (:func:`hoi_grokking.register`).
    """

    name: str = "addition"
    modulus: int = 97
    train_fraction: float = 0.4
    split_seed: int = 420
    bits: int = 30
    relevant: int = 3
    n_samples: int = 3000
    corrupted: float = 0.0
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        _options(self, "task")
        _check(0 < self.train_fraction < 1, "Task.train_fraction", self.train_fraction, "between 0 and 1")
        _check(self.modulus >= 3, "Task.modulus", self.modulus, "3 or more")
        prime = all(self.modulus % divisor for divisor in range(2, math.isqrt(self.modulus) + 1))
        _check(prime or self.name != "division", "Task.modulus", self.modulus, "a prime, for division to be possible")
        _check(1 <= self.relevant <= self.bits, "Task.relevant", self.relevant, f"1 to {self.bits} (bits)")
        _check(self.n_samples >= 2, "Task.n_samples", self.n_samples, "2 or more")
        _check(0 <= self.corrupted <= 1, "Task.corrupted", self.corrupted, "0 to 1, a part of the training targets")


@dataclasses.dataclass(frozen=True)
class Network:
    """A network other than the paper's.

    `name` and `options` are those of a registered network ("mlp", "transformer", "encoder_decoder", or one of your
    own), `loss` that of a registered loss. `follow` are the layers that are measured, names as in
    ``module.named_modules()``; without any those that the network names itself.
    """

    name: str = "mlp"
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict, hash=False)
    loss: str = "cross_entropy"
    follow: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _options(self, "network")
        registry.check_name("loss", self.loss, "Network.loss")


@dataclasses.dataclass(frozen=True)
class Penalty:
    """A regulariser: `strength` times its penalty is added to the loss. `name` and `options` are those of a registered
    one. Every so many steps (`every`; 0 for never) it looks at the hidden layers anew. If it is `relative`, the
    gradient of the penalty has `strength` times the norm that the gradient of the loss has, in every step: penalties of
    any kind then have the same dose.
    """

    name: str
    strength: float = 0.0
    every: int = 0
    relative: bool = False
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        _options(self, "regulariser")
        _check(self.every >= 0, "Penalty.every", self.every, "0 or more")


@dataclasses.dataclass(frozen=True)
class Variant:
    """One configuration of a sweep: what differs between models besides their seed.

    `alpha` scales the initial weights of both layers (not the bias); `keep_norm` holds their joint norm at
    its initial value after every step; `zero_last_layer` starts the output layer at 0. `kept` trains only
    these hidden neurons: the others are masked after every step, in both layers ("both") or, as published,
    only in the weights into them ("first": their bias still acts). `penalty` needs a network of the sweep, and
    `kept` that of the paper.
    """

    label: str
    weight_decay: float = 0.0
    alpha: float = 1.0
    keep_norm: bool = False
    zero_last_layer: bool = False
    learning_rate: float = 0.03
    kept: tuple[int, ...] | None = None
    mask: str = "both"
    penalty: Penalty | None = None

    def __post_init__(self) -> None:
        _one_of(self.mask, ("both", "first"), "Variant.mask")
        _check(self.weight_decay >= 0, "Variant.weight_decay", self.weight_decay, "0 or more")
        _check(self.alpha > 0, "Variant.alpha", self.alpha, "above 0")
        _check(self.learning_rate > 0, "Variant.learning_rate", self.learning_rate, "above 0")


@dataclasses.dataclass(frozen=True)
class Sweep:
    """All models that train together: every variant with every seed, variants outermost.

    The defaults are the model of the paper: 194-250-97, ReLU, AdamW on the full batch, 4000 steps.
    `evaluate_every` steps the accuracies and losses are recorded, at `n_checkpoints` log-spaced steps the
    weights. Another `network` takes from here what it has no option for: `width` and `hidden_bias`.
    """

    variants: tuple[Variant, ...]
    task: Task = Task()
    seeds: tuple[int, ...] = PAPER_SEEDS
    width: int = 250
    hidden_bias: bool = True
    steps: int = 4000
    evaluate_every: int = 5
    n_checkpoints: int = 80
    optimizer: str = "adamw"
    betas: tuple[float, float] = (0.9, 0.98)
    eps: float = 1e-8
    momentum: float = 0.9
    network: Network | None = None

    def __post_init__(self) -> None:
        _one_of(self.optimizer, ("adamw", "sgd"), "Sweep.optimizer")
        for name in ("width", "steps", "evaluate_every", "n_checkpoints"):
            _check(getattr(self, name) >= 1, f"Sweep.{name}", getattr(self, name), "1 or more")
        _check(
            len(self.variants) > 0 and len(self.seeds) > 0,
            "Sweep.variants and .seeds",
            "none",
            "at least one each",
        )
        labels = [variant.label for variant in self.variants]
        _check(
            len(set(labels)) == len(labels), "Sweep.variants", f"labels {labels}", "labels that all differ"
        )
        for variant in self.variants:
            known = variant.kept is None or all(0 <= neuron < self.width for neuron in variant.kept)
            _check(known, "Variant.kept", variant.kept, f"neurons 0 to {self.width - 1}")
            if self.network is None and variant.penalty is not None:
                raise hoi.HoiError(
                    f"Variant {variant.label!r} has a penalty, which the network of the paper does not take: its "
                    "gradients are written by hand. Give Sweep(network=Network('mlp'))."
                )
            if self.network is not None and variant.kept is not None:
                raise hoi.HoiError(
                    f"Variant {variant.label!r} has `kept` neurons, which belong to the network of the paper: leave "
                    "out Sweep.network."
                )

    @property
    def members(self) -> list[tuple[Variant, int]]:
        """(variant, seed) of every model, in the order of the leading axis."""
        return [(variant, seed) for variant in self.variants for seed in self.seeds]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; :func:`read` turns them back."""
        return plain(self)

    def key(self) -> str:
        """Eight hexadecimal digits that change with any setting."""
        text = json.dumps(self.to_dict(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:8]


def plain(settings: Any) -> dict[str, Any]:
    """Settings, a dataclass, as plain values for JSON."""

    def used(fields: list[tuple[str, Any]]) -> dict[str, Any]:
        return {name: value for name, value in fields if name not in _LATER or value != _LATER[name]}

    return json.loads(json.dumps(dataclasses.asdict(settings, dict_factory=used)))


WEIGHT_DECAYS = {f"weight decay {value:g}": value for value in (0.1, 2.0, 10.0, 50.0)}
ALPHAS = {f"alpha {value:g}": value for value in (1.0, 8.0, 50.0)}


def paper_variants() -> tuple[Variant, ...]:
    """The seven configurations of the paper's figures."""
    decays = [Variant(label, weight_decay=value) for label, value in WEIGHT_DECAYS.items()]
    alphas = [
        Variant(label, alpha=value, keep_norm=True, zero_last_layer=value != 1)
        for label, value in ALPHAS.items()
    ]
    return (*decays, *alphas)


def other_variants() -> tuple[Variant, ...]:
    """What the paper's text or the published code name besides.

    Weight decay 0.01 (section 4) and alpha 5 (section 6) instead of the 0.1 and 50 of the figures, and alpha 8 and 50
    whose last layer is not zeroed.
    """
    return (
        Variant("weight decay 0.01", weight_decay=0.01),
        Variant("alpha 5", alpha=5.0, keep_norm=True, zero_last_layer=True),
        Variant("alpha 8, last layer free", alpha=8.0, keep_norm=True),
        Variant("alpha 50, last layer free", alpha=50.0, keep_norm=True),
    )


def read(kind: type, values: Mapping[str, Any]) -> Any:
    """Make settings of plain values.

    Parameters
    ----------
    kind : type
        `Task`, `Network`, `Penalty`, `Variant` or `Sweep`.
    values : mapping
        As from JSON; what is not given keeps its default.

    Returns
    -------
    object
        Of `kind`.

    Raises
    ------
    hoi.HoiError
        For a key that `kind` does not have, or a value of the wrong type or out of range.

    Examples
    --------
    >>> from hoi_grokking.config import Task, read
    >>> read(Task, {"modulus": 23}).train_fraction
    0.4
    """
    hints = typing.get_type_hints(kind)
    unknown = sorted(set(values) - set(hints))
    if unknown:
        raise hoi.HoiError(
            f"{kind.__name__} has no key {', '.join(map(repr, unknown))}. It has: {', '.join(hints)}."
        )
    missing = [
        f.name
        for f in dataclasses.fields(kind)
        if f.default is f.default_factory is dataclasses.MISSING and f.name not in values
    ]
    if missing:
        raise hoi.HoiError(f"{kind.__name__} needs {', '.join(map(repr, missing))}.")
    return kind(
        **{name: _cast(hints[name], value, f"{kind.__name__}.{name}") for name, value in values.items()}
    )


def _cast(hint: Any, value: Any, what: str) -> Any:
    """`value` as the annotated type; lists become tuples, ints may stand for floats, nothing else is bent."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:  # which of its values are allowed is for the class to say
        return _cast(type(inner[0]), value, what)
    if origin is types.UnionType:
        return None if value is None else _cast(next(t for t in inner if t is not type(None)), value, what)
    if origin is Mapping and isinstance(value, Mapping):  # what it may hold is for the class to say
        return dict(value)
    if origin is tuple and isinstance(value, list | tuple):
        return tuple(_cast(inner[0], item, what) for item in value)
    if dataclasses.is_dataclass(hint) and isinstance(value, Mapping):
        return read(typing.cast(type, hint), value)
    if isinstance(hint, type) and isinstance(value, hint) and not (hint is int and isinstance(value, bool)):
        return value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    raise hoi.HoiError(f"{what} is {value!r}, and has to be of type {getattr(hint, '__name__', hint)}.")
