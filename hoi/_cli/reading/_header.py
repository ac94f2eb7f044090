"""Whether the first row of a table holds names, units or values, and which columns label the rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from hoi._cli.reading._dialect import Row
from hoi._cli.reading._numbers import looks_like_number
from hoi._errors import HoiError

__all__ = ["holds_names", "is_units", "is_unnamed", "labels_rows", "one_longer"]

_MANY = 5


def is_unnamed(name: str) -> bool:
    """Whether a column has no name, or the one that pandas makes up for such a column."""
    return not name or bool(re.fullmatch(r"Unnamed: \d+(_level_\d+)?", name))


def holds_names(rows: Sequence[Row], missing: frozenset[str], name: str, *, quoted: bool) -> bool:
    """Whether the first row is a header.

    Raises
    ------
    HoiError
        If it may be a header or a sample.
    """
    first, body = rows[0].cells, [row.cells for row in rows[1:]]
    numbers = [cell for cell in first if looks_like_number(cell)]
    words = [cell for cell in first if cell not in missing and not looks_like_number(cell)]
    if not numbers:
        return bool(words)
    if quoted or not body:
        return quoted
    counted = _counted(numbers)
    if words:
        # "time", 1, 2, 3 over numbers: a sample would have to lack its time and count the rest
        over = [i for i, cell in enumerate(first) if cell in words]
        names = len({word for word in words if re.search(r"[^\W\d_]", word)})  # two words are no accident of a sample
        if ((counted and len(numbers) > 1) or names > 1) and all(_is_numbers(body, i, missing) for i in over):
            return True
        raise _both(rows[0], name, f"holds text ({words[0]!r}) and numbers ({numbers[0]!r})")
    if not all(re.fullmatch(r"\d+", cell) for cell in numbers) or len(set(numbers)) < len(numbers):
        return False
    if len(numbers) < len(first):
        unnamed = first[0] == "" and len(numbers) == len(first) - 1
        if unnamed and counted and (_is_labels(body) or _counts(body)):
            return True
        if not unnamed and first[-1] != "" and not counted:
            return False
        raise _both(rows[0], name, f"is {', '.join(first[:6])}")
    broken = all(any(re.search(r"[.,eE]", row[i]) for row in body if i < len(row)) for i in range(len(first)))
    if counted and broken and len(first) >= _MANY:
        return True
    if counted or broken or len(first) == 1:
        raise _both(rows[0], name, f"is {', '.join(first[:6])}{', ...' * (len(first) > 6)}")
    return False


def _both(row: Row, name: str, what: str) -> HoiError:
    return HoiError(
        f"cannot read {name!r}: line {row.line} {what}, so it may be names or a sample: say --header yes or --header no"
    )


def _counted(cells: Sequence[str]) -> bool:
    """Whether cells are whole numbers with one step between them: 0, 1, 2 or 2001, 2002, 2003."""
    if len(cells) < 2 or not all(re.fullmatch(r"\d+", cell) for cell in cells):
        return False
    steps = {int(b) - int(a) for a, b in pairwise(cells)}
    return len(steps) == 1 and (steps == {1} or (len(cells) > 2 and min(steps) > 0))


def _is_numbers(body: Sequence[list[str]], i: int, missing: frozenset[str]) -> bool:
    return all(looks_like_number(row[i].strip()) for row in body if i < len(row) and row[i].strip() not in missing)


def _is_labels(body: Sequence[list[str]]) -> bool:
    return not any(looks_like_number(row[0].strip()) for row in body)


def _counts(body: Sequence[list[str]]) -> bool:
    first = [row[0].strip() for row in body]
    return all(re.fullmatch(r"\d+", cell) for cell in first) and [int(cell) - int(first[0]) for cell in first] == list(
        range(len(first))
    )


def is_units(first: Sequence[str], rest: Sequence[Row], missing: frozenset[str]) -> bool:
    """Whether the row below the header holds no number and some text, over columns of numbers: units."""
    words = [i for i, cell in enumerate(first) if cell.strip() not in missing]
    if not words or not rest or any(looks_like_number(cell.strip()) for cell in first):
        return False
    some = [i for i in words if _is_numbers([row.cells for row in rest], i, missing)]
    return bool(some) and any(row.cells[i].strip() not in missing for row in rest for i in some)


def labels_rows(columns: Sequence[Sequence[str]]) -> bool:
    """Whether leading columns without a name are the saved index: no two rows alike, and no measured values."""
    if len(set(zip(*columns, strict=True))) < len(columns[0]):
        return False
    for column in columns:
        cells = [cell.strip() for cell in column]
        if all(map(looks_like_number, cells)) and not all(re.fullmatch(r"[-+]?\d+", cell) for cell in cells):
            try:
                values = [float(cell.replace(",", ".")) for cell in cells]
            except ValueError:
                return False
            steps = [b - a for a, b in pairwise(values)]
            if not (all(step >= 0 for step in steps) or all(step <= 0 for step in steps)):
                return False
    return True


def one_longer(rows: Sequence[Row], separator: str, *, quoted: bool) -> str:
    """What a cell more than the header has in every row is: "end" (nothing), "label" (of R), or "" (no telling)."""
    cells = [row.cells for row in rows]
    if not any(row[-1].strip() for row in cells):
        return "end"
    first = [row[0].strip() for row in cells]
    if len(set(first)) < len(first):
        return ""
    whole = all(re.fullmatch(r"\d+", cell) for cell in first)
    rising = whole and all(int(a) < int(b) for a, b in pairwise(first))
    sure = separator in " \t" or quoted
    return "label" if not any(map(looks_like_number, first)) or (rising and sure) else ""
