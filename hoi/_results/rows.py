"""`Multiplet`: one row of a result, a named tuple with a field for each column that the result has."""

from __future__ import annotations

import functools
from collections import namedtuple
from typing import TYPE_CHECKING, Any

__all__ = ["Multiplet", "row_type"]


class Multiplet(tuple):
    """One set of variables with its values: one row of `Multiplets`, a named tuple of plain Python values.

    Its fields are ``members``, ``names``, ``order``, the columns of the result, ``dataset`` and ``extreme``.
    """

    __slots__ = ()

    members: tuple[int, ...]
    names: tuple[str, ...]
    order: int
    dataset: int | None
    extreme: str | None

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> float: ...

    def __reduce__(self) -> tuple[Any, ...]:
        return _row_from, (self._fields, tuple(self))


@functools.cache
def row_type(fields: tuple[str, ...]) -> Any:
    """The named tuple of the rows of a result with these fields."""
    plain = namedtuple("Multiplet", fields)  # type: ignore[misc]
    return type("Multiplet", (Multiplet, plain), {"__slots__": (), "__module__": __name__})


def _row_from(fields: tuple[str, ...], values: tuple[Any, ...]) -> Multiplet:
    return row_type(fields)(*values)
