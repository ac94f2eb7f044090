"""Options of estimators, made from the parameters of their classes: a new estimator needs no word here."""

from __future__ import annotations

import argparse
import dataclasses
import importlib
from collections.abc import Iterator
from typing import Any

from hoi._errors import HoiError
from hoi._inputs.checks import check_choice
from hoi._systems.registry import ESTIMATORS, resolve

__all__ = ["add_options", "chosen"]

# Parameters that are options of their own, for more than the estimator.
_SHARED = {"seed"}


def add_options(group: Any, taken: set[str]) -> None:
    """An option for each parameter of each estimator, after the estimator's name where the name is `taken`."""
    group.add_argument(
        "--estimator", default="gaussian_copula", metavar="NAME", help=f"{', '.join(ESTIMATORS)} (default the first)"
    )
    of: dict[str, list[tuple[str, Any]]] = {}
    for estimator, field in _parameters():
        if field.name not in _SHARED:
            of.setdefault(_option(estimator, field.name, taken), []).append((estimator, field.default))
    for option, users in of.items():
        told = "; ".join(f"{name} (default {'none' if default is None else default})" for name, default in users)
        group.add_argument(f"--{option}", metavar="VALUE", dest=_place(option), help=f"of {told}")
    group.set_defaults(estimator_taken=frozenset(taken))


def chosen(arguments: argparse.Namespace) -> Any:
    """The estimator that the options name, with its parameters.

    Raises
    ------
    HoiError
        For a parameter of another estimator, or a value that this one does not take.
    """
    name = check_choice(arguments.estimator, ESTIMATORS, "estimator")
    taken = arguments.estimator_taken
    kind = _class(name)
    own = {_option(name, field.name, taken): field.name for field in dataclasses.fields(kind)}
    for estimator, field in _parameters():
        option = _option(estimator, field.name, taken)
        if option not in own and getattr(arguments, _place(option), None) is not None:
            raise HoiError(
                f"--{option} is of --estimator {estimator}, and this is {name}"
                + (f", whose options are {', '.join('--' + o for o in own)}" if own else ", which has no options")
            )
    given = {field: _value(text) for option, field in own.items()
             if (text := getattr(arguments, _place(option), None)) is not None}  # fmt: skip
    if "seed" in own.values() and arguments.seed is not None:
        given["seed"] = arguments.seed
    return kind(**given) if given else resolve(name)


def _parameters() -> Iterator[tuple[str, Any]]:
    for name in ESTIMATORS:
        for field in dataclasses.fields(_class(name)):
            yield name, field


def _class(name: str) -> Any:
    module, kind = ESTIMATORS[name].split(":")
    return getattr(importlib.import_module(module), kind)


def _option(estimator: str, field: str, taken: set[str] | frozenset[str]) -> str:
    return (f"{estimator}-{field}" if field in taken else field).replace("_", "-")


def _place(option: str) -> str:
    return f"estimator_{option.replace('-', '_')}"


def _value(text: str) -> Any:
    """A number where it is one, nothing for "none", and else a word."""
    if text.lower() == "none":
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text
