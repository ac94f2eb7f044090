"""Sets, groups and orders as the user writes them turned into indices; all of their errors."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hoi._errors import HoiError
from hoi._inputs.words import columns, listing

__all__ = ["check_groups", "check_multiplets", "check_order", "column_index", "is_int"]


def check_multiplets(multiplets: Any, names: Sequence[str]) -> list[tuple[int, ...]]:
    """Sets of variables, given by index or name, as tuples of indices in the order given.

    Parameters
    ----------
    multiplets : sequence of sequences of int or str, 2-D int array, or Multiplets
        Sets; their lengths may differ. Indices count columns from 0.
    names : sequence of str
        Names of all variables.

    Returns
    -------
    list of tuple of int

    Raises
    ------
    HoiError
        If it is a flat list, or a set is empty, holds a variable twice, or one that does not exist.

    Examples
    --------
    >>> from hoi._inputs.checks import check_multiplets
    >>> check_multiplets([(0, 2), ("b", "c", "a")], ["a", "b", "c"])
    [(0, 2), (1, 2, 0)]
    """
    return _check_sets(multiplets, names, what="multiplets", item="set")


def check_groups(groups: Any, names: Sequence[str]) -> list[tuple[int, ...]]:
    """Groups of columns, given by index or name, as tuples of indices; no column is in two groups.

    Parameters
    ----------
    groups : sequence of sequences of int or str, 2-D int array, or mapping of names to such sequences
    names : sequence of str
        Names of all columns.

    Returns
    -------
    list of tuple of int

    Raises
    ------
    HoiError
        As `check_multiplets`, and if two groups share a column.

    Examples
    --------
    >>> from hoi._inputs.checks import check_groups
    >>> check_groups([["a", "b"], ["c"]], ["a", "b", "c"])
    [(0, 1), (2,)]
    >>> check_groups({"left": ["a", "b"], "right": ["c"]}, ["a", "b", "c"])
    [(0, 1), (2,)]
    """
    sets = _check_sets(groups, names, what="groups", item="group")
    place = _places(groups, "groups", len(sets))
    owner: dict[int, int] = {}
    for g, members in enumerate(sets):
        for i in members:
            if i in owner:
                raise HoiError(
                    f"{place[owner[i]]} and {place[g]} both hold column {names[i]!r}: a column belongs to "
                    "at most one group. Take it out of one of them."
                )
            owner[i] = g
    return sets


def _check_sets(sets: Any, names: Sequence[str], *, what: str, item: str) -> list[tuple[int, ...]]:
    """The rule shared by multiplets and groups."""
    if isinstance(sets, np.ndarray) and _is_plain(sets, len(names)):
        return list(map(tuple, sets.tolist()))
    wanted = f"{what} is a list of {item}s of columns, for example {what}=[(0, 1, 2)]"
    if item == "group" and isinstance(sets, Mapping):
        place = _places(sets, what, len(sets))
        sets = list(sets.values())
    else:
        sets = getattr(sets, "members", sets)
        place = None
    if isinstance(sets, (str, bytes, dict)) or not hasattr(sets, "__iter__"):
        raise HoiError(f"{what}={sets!r}: {wanted}.")
    rows = [_plain(row) for row in (sets.tolist() if hasattr(sets, "tolist") else sets)]
    if not rows:
        none = "all columns as one set" if item == "set" else "no groups"
        raise HoiError(f"{what} is empty: {wanted}. Use None for {none}.")
    if all(isinstance(row, (str, int, float)) for row in rows):
        flat = f"({listing([repr(row) for row in rows])}{',' * (len(rows) == 1)})"
        raise HoiError(f"{what}={flat} is one flat list: {wanted}. Wrap it in a list: {what}=[{flat}].")
    position = {name: i for i, name in enumerate(names)}
    place = place or _places(rows, what, len(rows))
    result = []
    for where, row in zip(place, rows, strict=True):
        if isinstance(row, (str, bytes)) or not hasattr(row, "__iter__"):
            raise HoiError(f"{where} is {row!r}: {wanted}. Write ({row!r},) for one column.")
        members = tuple([column_index(entry, names, position, where) for entry in row])
        if not members:
            raise HoiError(f"{where} is empty: a {item} needs at least one column. Leave it out.")
        if len(set(members)) != len(members):
            twice = sorted({i for i in members if members.count(i) > 1})
            raise HoiError(
                f"{where} = {members} holds {columns(names, twice)} more than once: the columns of a "
                f"{item} are distinct. Take the repeats out."
            )
        result.append(members)
    return result


def _places(sets: Any, what: str, count: int) -> list[str]:
    """What each set is called in messages: by its name, or by its number."""
    return [f"{what}[{key!r}]" for key in (sets if isinstance(sets, Mapping) else range(count))]


def _is_plain(sets: np.ndarray, n: int) -> bool:
    """2-D integer array of valid sets, told without looking at one set after the other."""
    if sets.ndim != 2 or sets.dtype.kind not in "iu" or not sets.size:
        return False
    ordered = np.sort(sets, axis=1)
    distinct = ordered[:, 1:] != ordered[:, :-1]
    return bool((ordered[:, 0] >= 0).all() and (ordered[:, -1] < n).all() and distinct.all())


def _plain(value: Any) -> Any:
    """A numpy number as one of Python, which reads better in a message."""
    return value.item() if isinstance(value, np.generic) else value


def column_index(entry: Any, names: Sequence[str], position: dict[str, int], place: str) -> int:
    """Index of a column given by name or by an integer of any kind."""
    n = len(names)
    if isinstance(entry, str):
        if entry in position:
            return position[entry]
        close = [name for name in names if name.lower() == entry.lower()]
        close = close or difflib.get_close_matches(entry, names, n=1)
        hint = f"Did you mean {close[0]!r}?" if close else f"The columns are {listing(names)}."
        raise HoiError(f"{place} has the name {entry!r}, which is not a column. {hint}")
    if isinstance(entry, (bool, np.bool_)) or not hasattr(entry, "__index__"):
        given = f"{place} has {_plain(entry)!r} ({type(entry).__name__})"
        raise HoiError(f"{given}: a column is given by its index (int) or its name (str).")
    index = int(entry.__index__())
    if not 0 <= index < n:
        raise HoiError(
            f"{place} has index {index}, and the {n} columns have indices 0 to {n - 1}: an index is a "
            "position, counted from 0. Give a name as text to choose a column by its name."
        )
    return index


def check_order(order: Any, n_vars: int) -> tuple[int, int]:
    """Order of a search, int or inclusive (low, high), as (low, high).

    Parameters
    ----------
    order : int or pair of int
    n_vars : int
        Number of variables (groups count as one).

    Returns
    -------
    low, high : int

    Raises
    ------
    HoiError
        If it is no integer or pair of integers with ``2 <= low <= high <= n_vars``.

    Examples
    --------
    >>> from hoi._inputs.checks import check_order
    >>> check_order(3, 10), check_order((3, 5), 10)
    ((3, 3), (3, 5))
    """
    given = f"order={_plain(order)!r}"
    rule = "order is the number of variables in a set, an int or an inclusive pair (low, high)"
    pair = (order, order) if is_int(order) else order
    if not isinstance(pair, (tuple, list, np.ndarray)) or len(pair) != 2 or not all(is_int(v) for v in pair):
        raise HoiError(f"{given}: {rule}, for example order=3 or order=(3, 5).")
    low, high = int(pair[0]), int(pair[1])
    if low > high:
        raise HoiError(f"{given} counts down: {rule}. Use order=({high}, {low}).")
    if low < 2:
        raise HoiError(f"{given}: {rule}, and a set has at least 2 variables. Use order=2 or more.")
    if high > n_vars:
        raise HoiError(
            f"{given} with {n_vars} variables: {rule}, so it is at most {n_vars} here. Lower it, or give "
            "more variables."
        )
    return low, high


def is_int(value: Any) -> bool:
    """Integer of Python or numpy, an array of a single one too; bool is not one."""
    if isinstance(value, np.ndarray):
        return value.ndim == 0 and value.dtype.kind in "iu"
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)
