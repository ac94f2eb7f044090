"""Columns as a shell user names them."""

from __future__ import annotations

import csv
import re

from hoi._errors import HoiError

__all__ = ["choose", "listed"]


def choose(text: str, names: list[str], what: str = "--columns") -> list[int]:
    """Positions of the columns that a text like "LHip,3,5:8,LCau:RCau" names.

    A part is the name of a column, its number (from 0), or two of either with a colon between: all columns
    from the first to the second, both included. ``@3`` is always the number. A number that is also the name of another
    column is an error that shows both. Quotes protect a comma in a name.
    """
    chosen: list[int] = []
    for part in next(csv.reader([text], skipinitialspace=True), []):
        part = part.strip()
        if part in names or ":" not in part:
            chosen.append(_position(part, names, what))
            continue
        first, _, last = (end.strip() for end in part.partition(":"))
        start = _position(first, names, what) if first else 0
        stop = _position(last, names, what) if last else len(names) - 1
        if stop < start:
            raise HoiError(f"{what}: {part!r} runs backwards; write {last}:{first}")
        chosen += range(start, stop + 1)
    if not chosen:
        raise HoiError(f"{what} is empty: name at least one column")
    repeated = sorted({names[i] for i in chosen if chosen.count(i) > 1})
    if repeated:
        raise HoiError(f"{what}: {listed(repeated)} named more than once")
    return chosen


def _position(part: str, names: list[str], what: str) -> int:
    """Position of one column given by name or number."""
    number = int(part) if re.fullmatch(r"\d+", part) else None
    if part in names:
        place = names.index(part)
        if number is not None and number < len(names) and place != number:
            raise HoiError(
                f"{what}: {part} is the name of column number {place}, and number {number} is {names[number]!r}: "
                f"write @{place} or @{number}"
            )
        return place
    if number is None and (marked := re.fullmatch(r"@(\d+)", part)):
        number = int(marked[1])
    if number is not None and number < len(names):
        return number
    if number is not None or re.fullmatch(r"@?-?\d+", part):
        raise HoiError(f"{what}: there is no column {part}; columns are numbered 0 to {len(names) - 1}")
    close = [name for name in names if name.lower() == part.lower()]
    hint = f"did you mean {close[0]!r}?" if close else f"the columns are {listed(names)}"
    raise HoiError(f"{what}: there is no column {part!r}; {hint}")


def listed(names: list[str], most: int = 12) -> str:
    """Names for a message, not too many."""
    return ", ".join(map(repr, names[:most])) + (f" and {len(names) - most} more" if len(names) > most else "")
