"""How numbers are written: the decimal sign and the sign between thousands, and the numbers themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from hoi._errors import HoiError

__all__ = ["MISSING", "Style", "convert", "looks_like_number", "style_of"]

# spellings of a missing value, beside the empty cell
MISSING = frozenset(
    ["", "NA", "N/A", "n/a", "#N/A", "#NA", "NaN", "nan", "-nan", "NAN", "NULL", "null", "None", "<NA>"]
)
_INFINITE = {"inf": np.inf, "+inf": np.inf, "-inf": -np.inf, "infinity": np.inf, "-infinity": -np.inf}
_TRUTH = {"true": 1.0, "false": 0.0}
_NUMBER = re.compile(
    r"[-+]?(\d{1,3}([ \u00a0\u202f'’]\d{3})+([.,]\d*)?|\d([\d.,]*\d)?\.?|[.,]\d+)([eE][-+]?\d+)?"
)
_SIGNS = re.compile(r"[.,'’ \u00a0\u202f]")
# a point that cannot stand between thousands
_SURE_POINT = re.compile(r"(?<![\d.,])0\d*\.|\.(?!\d{3}(?!\d))|^[-+]?\.|\d{4}\.", re.MULTILINE)
_BEYOND_PLAIN = re.compile(r"[^0-9+\-.eE\n]")


class Style(NamedTuple):
    """The decimal sign, and the sign between thousands ("" for none)."""

    decimal: str
    thousands: str

    def pattern(self) -> re.Pattern[str]:
        """What a number looks like."""
        whole = r"\d+"
        if self.thousands:
            whole = rf"(?:\d+|[1-9]\d{{0,2}}(?:{_class(self.thousands)}\d{{3}})+)"
        point = re.escape(self.decimal)
        return re.compile(rf"[-+]?(?:{whole}(?:{point}\d*)?|{point}\d+)(?:[eE][-+]?\d+)?")

    def value(self, cell: str) -> float:
        """The number that a cell of this style is, to the last bit."""
        if self.thousands:
            cell = re.sub(_class(self.thousands), "", cell)
        return float(cell.replace(self.decimal, "."))


PLAIN = Style(".", "")
_STYLES = [PLAIN, Style(",", "")] + [Style(d, t) for t in (",", ".", " ", "'") for d in (".", ",") if d != t]


def _class(thousands: str) -> str:
    return {" ": "[ \u00a0\u202f]", "'": "['’]"}.get(thousands, re.escape(thousands))


def looks_like_number(cell: str) -> bool:
    """Whether a cell is a number in one style or another."""
    return bool(_NUMBER.fullmatch(cell)) or cell.lower() in _INFINITE


def style_of(
    columns: Sequence[Sequence[str]],
    names: Sequence[str],
    separator: str,
    missing: frozenset[str],
    decimal: str = "auto",
    thousands: str = "auto",
) -> Style:
    """The one style in which all columns of numbers can be read, from every cell of the file.

    Raises
    ------
    HoiError
        If two styles fit and give other numbers: the message names a cell and both.
    """
    styles = [
        style
        for style in _STYLES
        if decimal in ("auto", style.decimal) and thousands in ("auto", style.thousands or "no")
    ]
    cells = _telling(columns, names, separator, missing, forced=(decimal, thousands) != ("auto", "auto"))
    if not cells or len(styles) < 2:
        return styles[0] if styles else Style(decimal, "" if thousands == "no" else thousands)
    fitting = [style for style in styles if all(map(style.pattern().fullmatch, (cell for cell, _, _ in cells)))]
    if not fitting:
        return styles[0]
    first = fitting[0]
    for other in fitting[1:]:
        for cell, name, row in cells:
            if (a := first.value(cell)) != (b := other.value(cell)):
                raise HoiError(
                    f"{cell!r} (column {name!r}, row {row}) is {a:.15g} with {_said(first)}, or {b:.15g} with "
                    f"{_said(other)}, and no number of the file tells which: say one of them"
                )
    return first


def _said(style: Style) -> str:
    """The options that ask for a style."""
    shown = {" ": "' '", "'": '"\'"'}.get(style.thousands, style.thousands)
    return f"--decimal {style.decimal} --thousands {shown or 'no'}"


def _telling(
    columns: Sequence[Sequence[str]], names: Sequence[str], separator: str, missing: frozenset[str], *, forced: bool
) -> list[tuple[str, str, int]]:
    """(cell, column, row) of the numbers written with any sign, where there is more to tell than a decimal point."""
    held = ["\n".join(column) for column in columns]
    if not forced and not any(re.search(r"[,'’ \u00a0\u202f]", text) for text in held):
        # only points: decimal, unless each could stand before three digits; and then where semicolons separate, as
        # they do where commas are decimal, or where other numbers of the column have none
        pointed = [text for text in held if "." in text]
        mixed = any(re.search(r"^[-+]?\d{1,3}$", text, re.MULTILINE) for text in pointed)
        if any(map(_SURE_POINT.search, pointed)) or not (mixed or separator == ";"):
            return []
    found: list[tuple[str, str, int]] = []
    for column, name in zip(columns, names, strict=True):
        own = [(cell.strip(), name, row) for row, cell in enumerate(column, 1)]
        own = [entry for entry in own if entry[0] not in missing]
        if all(looks_like_number(cell) for cell, _, _ in own):
            found += [entry for entry in own if _SIGNS.search(entry[0])]
    return found


def convert(column: Sequence[str], style: Style, missing: frozenset[str]) -> np.ndarray[Any, Any]:
    """The numbers of a column as float64, NaN where missing; the text as it is where some cell is no number."""
    if style == PLAIN and missing is MISSING and not _BEYOND_PLAIN.search("\n".join(column)):
        try:
            return np.array(column, dtype=object).astype(float)
        except ValueError:
            pass  # an empty cell, or signs that make no number
    cells = [cell.strip() for cell in column]
    values = _values(cells, style, missing)
    if values is None:
        text = np.array(cells, dtype=object)
        text[[cell in missing for cell in cells]] = np.nan
        return text
    return np.array(values, dtype=float)


def _values(cells: Iterable[str], style: Style, missing: frozenset[str]) -> list[float] | None:
    """The numbers; None where a cell is not one."""
    fits = style.pattern().fullmatch
    values, truths, others = [], 0, 0
    for cell in cells:
        if cell in missing:
            values.append(np.nan)
        elif fits(cell):
            values.append(style.value(cell))
            others += 1
        elif (small := cell.lower()) in _TRUTH:
            values.append(_TRUTH[small])
            truths += 1
        elif small in _INFINITE:
            values.append(_INFINITE[small])
            others += 1
        else:
            return None
    return None if truths and others else values
