"""Which columns play which part: given ones to condition on, and the variables that are left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hoi._errors import HoiError
from hoi._inputs.sets import column_index, is_int
from hoi._inputs.words import columns

__all__ = ["check_columns", "check_given", "check_parts"]


def check_columns(given: Any, names: Sequence[str], what: str) -> tuple[int, ...]:
    """Columns as the user names them, one or several, as distinct indices in the order given.

    Parameters
    ----------
    given : int, str, or sequence of them
    names : sequence of str
        Names of all columns.
    what : str
        Name of the parameter, for errors.

    Returns
    -------
    tuple of int

    Raises
    ------
    HoiError
        If a column does not exist, occurs twice, or there is none.

    Examples
    --------
    >>> from hoi._inputs.roles import check_columns
    >>> check_columns("b", ["a", "b", "c"], "given"), check_columns(["c", 0], ["a", "b", "c"], "given")
    ((1,), (2, 0))
    """
    entries = [given] if isinstance(given, str) or is_int(given) else given
    if not hasattr(entries, "__iter__") or isinstance(entries, (bytes, dict)):
        raise HoiError(f"{what}={given!r}: a column by index or name, or a list of them, is needed.")
    position = {name: i for i, name in enumerate(names)}
    chosen = tuple(column_index(entry, names, position, what) for entry in entries)
    if not chosen:
        raise HoiError(f"{what} is empty: give at least one column, or None for none.")
    twice = sorted({c for c in chosen if chosen.count(c) > 1})
    if twice:
        raise HoiError(f"{what}={given!r} holds {columns(names, twice)} more than once: take the repeats out.")
    return chosen


def check_given(
    given: Any, names: Sequence[str], groups: Sequence[tuple[int, ...]] | None, what: str = "given"
) -> tuple[int, ...]:
    """Columns with a part of their own, which therefore are in no group and are not all there is.

    Raises
    ------
    HoiError
        As `check_columns`, and if one is in a group too, or no variable is left.
    """
    if given is None:
        return ()
    chosen = check_columns(given, names, what)
    for g, group in enumerate(groups or ()):
        shared = sorted(set(group) & set(chosen))
        if shared:
            raise HoiError(
                f"{columns(names, shared)}: in groups[{g}] and in {what}. A column has one part: take it out of one of "
                "them."
            )
    if groups is None and len(chosen) == len(names):
        raise HoiError(f"{what} holds all {len(names)} columns: no variable is left to measure.")
    return chosen


def check_parts(
    given: Any, target: Any, names: Sequence[str], groups: Sequence[tuple[int, ...]] | None
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Columns that are given, and those of the target, which are others.

    Raises
    ------
    HoiError
        As `check_given`, and if a column is both, or no variable is left.
    """
    fixed, aim = check_given(given, names, groups), check_given(target, names, groups, "target")
    if shared := sorted(set(fixed) & set(aim)):
        raise HoiError(
            f"{columns(names, shared)}: in target and in given. A column has one part: take it out of one of them."
        )
    if groups is None and aim and len(fixed) + len(aim) == len(names):
        raise HoiError(f"target and given hold all {len(names)} columns: no variable is left to tell of the target.")
    return fixed, aim
