"""Settings of a result: a dict of what JSON can hold, which cannot be changed."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from hoi._errors import HoiError

__all__ = ["Settings"]


def _refuse(*_: object, **__: object) -> NoReturn:
    raise HoiError(
        "the settings of a result cannot be changed: they say how its values were made. "
        "copy.deepcopy(found.settings) gives a dict to change; for other units or options repeat the call."
    )


class _List(list):
    """A list that cannot be changed."""

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = extend = insert = pop = remove = clear = sort = reverse = _refuse

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        return [copy.deepcopy(value, memo) for value in self]

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return _List, (list(self),)


class Settings(dict):
    """Settings as a file gives them back: lists for tuples, plain numbers. A deep copy is a plain dict.

    Raises
    ------
    HoiError
        When a value is nothing that JSON can hold, and on every try to change one.
    """

    def __init__(self, settings: Any = ()) -> None:
        if isinstance(settings, Settings):
            super().__init__(settings)
            return
        try:
            plain = json.loads(json.dumps(dict(settings), default=_plain))
        except (TypeError, ValueError) as error:
            raise HoiError(f"settings of Multiplets must be values that JSON can hold: {error}") from error
        super().__init__((key, _frozen(value)) for key, value in plain.items())

    __setitem__ = __delitem__ = __ior__ = _refuse
    update = setdefault = pop = popitem = clear = _refuse

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return {key: copy.deepcopy(value, memo) for key, value in self.items()}

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return Settings, (dict(self),)


def _frozen(value: Any) -> Any:
    """A value from JSON that cannot be changed."""
    if isinstance(value, dict):
        return Settings(value)
    return _List(map(_frozen, value)) if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    """numpy scalars and arrays, and paths, as what JSON knows."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} {value!r}")
