"""Which columns play which part: given ones to condition on, those of a target, and the variables that are left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from hoi._errors import HoiError
from hoi._inputs.sets import check_groups, check_multiplets, column_index, is_int
from hoi._inputs.words import columns, require_unique

__all__ = ["Roles", "check_columns", "check_given", "check_parts", "check_roles"]


class Roles(NamedTuple):
    """The part of every column that has one.

    Attributes
    ----------
    names : tuple of str
        Of all that the user counts: columns, or groups.
    positions : tuple of int
        Number among them of each variable.
    variables : tuple of tuples of int
        Columns of each variable.
    given, target : tuple of int
        Columns.
    grouped, named : bool
        Whether the user gave groups, and names for them.
    """

    names: tuple[str, ...]
    positions: tuple[int, ...]
    variables: tuple[tuple[int, ...], ...]
    given: tuple[int, ...]
    target: tuple[int, ...]
    grouped: bool
    named: bool

    @property
    def columns(self) -> list[int]:
        """All columns with a part, ascending."""
        return sorted({*self.given, *self.target, *(c for columns in self.variables for c in columns)})

    def of_sets(self, multiplets: Any) -> Roles:
        """Without the variables that are in none of the sets; None stands for the set of all."""
        if multiplets is None:
            return self
        wanted = {i for members in check_multiplets(multiplets, self.names) for i in members}
        kept = [v for v, position in enumerate(self.positions) if position in wanted]
        return self._replace(
            positions=tuple(self.positions[v] for v in kept), variables=tuple(self.variables[v] for v in kept)
        )

    def among(self, kept: Sequence[int]) -> Roles:
        """The same parts where only these columns are left."""
        place = {column: i for i, column in enumerate(kept)}
        given, target = (tuple(place[c] for c in part) for part in (self.given, self.target))
        return self._replace(
            variables=tuple(tuple(place[c] for c in columns) for columns in self.variables), given=given, target=target
        )


def check_roles(names: tuple[str, ...], groups: Any, given: Any, target: Any) -> Roles:
    """The part of every column, as the user gives it.

    Raises
    ------
    HoiError
        As `check_groups` and `check_parts`, and if two groups have one name.

    Examples
    --------
    >>> from hoi._inputs.roles import check_roles
    >>> roles = check_roles(("a", "b", "c", "d"), {"left": ["a", "b"], "right": ["d"]}, "c", None)
    >>> roles.names, roles.variables, roles.given
    (('left', 'right'), ((0, 1), (3,)), (2,))
    """
    chosen = None if groups is None else check_groups(groups, names)
    fixed, aim = check_parts(given, target, names, chosen)
    if chosen is None:
        taken = {*fixed, *aim}
        free = tuple(c for c in range(len(names)) if c not in taken)
        return Roles(names, free, tuple(zip(free, strict=True)), fixed, aim, False, False)
    own = isinstance(groups, Mapping)
    labels = tuple(map(str, groups)) if own else tuple("+".join(names[c] for c in group) for group in chosen)
    require_unique(labels, "groups")
    return Roles(labels, tuple(range(len(chosen))), tuple(chosen), fixed, aim, True, own)


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
