"""Rows of cells from lines of text: comments, the separator, and rows that are longer or shorter than others."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hoi._cli.reading._numbers import looks_like_number
from hoi._errors import HoiError

__all__ = ["SEPARATORS", "Line", "Row", "cells_of", "content", "find_separator", "rows_of", "said_separator"]

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "blank": " ", "bar": "|"}
_COMMENTS = ("#", "%", "//")
_HEAD = 200


class Line(NamedTuple):
    """A line of the file and its number, from 1."""

    number: int
    text: str


class Row(NamedTuple):
    """The cells of a row, and the line that it begins on."""

    line: int
    cells: list[str]


def content(text: str, comment: str, skipped: Iterable[int]) -> tuple[list[Line], list[Line], str | None]:
    """The lines that hold a table, those that are comments, and the separator that a first line "sep=;" names."""
    lines = [Line(number, line) for number, line in enumerate(io.StringIO(text, newline=None), 1) if line.strip()]
    named = None
    if lines and (found := re.fullmatch(r'"?sep=(.)"?\s*', lines[0].text)):
        named = found[1]
        del lines[0]
    away = set(skipped)
    lines = [line for line in lines if line.number not in away]
    marks = _COMMENTS if comment == "auto" else () if comment == "no" else (comment,)
    comments = [line for line in lines if marks and line.text.lstrip(" ").startswith(marks)]
    if comments:
        numbers = {line.number for line in comments}
        lines = [line for line in lines if line.number not in numbers]
    return lines, comments, named


def rows_of(lines: Sequence[Line], separator: str, name: str) -> list[Row]:
    """Every row; a quoted cell may hold the separator and the end of a line.

    Python's own reader does it: it keeps the length of each row, where readers of data frames fill up short rows and
    take a longer row for one with a label.
    """
    texts: Iterable[str] = (line.text for line in lines)
    if separator == " ":
        texts = (text.replace("\t", " ").strip() + "\n" for text in texts)
    limit = csv.field_size_limit(max(131_072, 1 + max((len(line.text) for line in lines), default=0)))
    reader = csv.reader(texts, delimiter=separator, skipinitialspace=True, strict=True)
    rows, done = [], 0
    try:
        for cells in reader:
            rows.append(Row(lines[done].number, cells))
            done = reader.line_num
    except csv.Error as error:
        raise HoiError(
            f"cannot read {name!r}: the quotes of line {lines[done].number} do not match ({error}); mend that line"
        ) from error
    finally:
        csv.field_size_limit(limit)
    return rows


def cells_of(text: str, separator: str) -> list[str]:
    """The cells of one line, without blanks around them."""
    line = text.replace("\t", " ").strip() if separator == " " else text
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])]
    except csv.Error:
        return [line]


def find_separator(lines: Sequence[Line], name: str) -> str:
    """The separator that cuts the first lines into equally many cells that are numbers.

    Raises
    ------
    HoiError
        If two separators do that equally well, or none does.
    """
    head = lines[:_HEAD]
    fitting: list[tuple[tuple[float, bool], str, int]] = []
    ragged: list[tuple[float, str]] = []
    tabbed = all("\t" in line.text.strip() for line in head[1:] or head)
    for separator in SEPARATORS.values():
        if separator == " " and tabbed:  # blanks beside tabs belong to the cells
            continue
        try:
            cut = [row.cells for row in rows_of(head, separator, name)]
        except HoiError:
            if len(head) == len(lines):
                continue
            cut = [cells_of(line.text, separator) for line in head]
        body = cut[1:] or cut
        wide = Counter(map(len, body)).most_common(1)[0][0]
        if wide < 2:
            continue
        cells = [cell.strip() for row in body for cell in row]
        share = sum(map(looks_like_number, cells)) / max(1, sum(map(bool, cells)))
        trailing = all(not any(cell.strip() for cell in row[len(cut[0]) :]) for row in body)
        if all(len(row) == wide for row in body) and (len(cut[0]) - wide in (-1, 0, 1) or trailing):
            fitting.append(((share, len(cut[0]) == wide), separator, wide))
        else:
            ragged.append((share, separator))
    if not fitting:
        return max(ragged)[1] if ragged else ","
    fitting.sort(reverse=True)
    best = fitting[0]
    rivals = [other for other in fitting[1:] if other[0] == best[0] and best[0][0] > 0]
    if rivals:
        raise HoiError(
            f"cannot read {name!r}: {said_separator(best[1])} cuts its lines into {best[2]} cells and "
            f"{said_separator(rivals[0][1])} into {rivals[0][2]}, and both make numbers: say which with --separator"
        )
    if not best[0][0]:  # no numbers at all: the message on its text is about the usual reading
        return next(sign for sign in SEPARATORS.values() if any(sign == entry[1] for entry in fitting))
    return best[1]


def said_separator(separator: str) -> str:
    """A separator as the remarks write it."""
    return {"\t": "tab", " ": "blank"}.get(separator, f'"{separator}"')
