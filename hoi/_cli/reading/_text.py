"""Tables from text files: what can be told surely is told, and what cannot is asked."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np

from hoi._cli.reading._columns import choose, listed
from hoi._cli.reading._decode import read_text_of
from hoi._cli.reading._dialect import (
    SEPARATORS,
    Line,
    Row,
    cells_of,
    content,
    find_separator,
    rows_of,
    said_separator,
)
from hoi._cli.reading._header import holds_names, is_units, is_unnamed, labels_rows, one_longer
from hoi._cli.reading._numbers import MISSING, PLAIN, convert, style_of
from hoi._cli.reading._options import Options
from hoi._errors import HoiError

__all__ = ["Columns", "read_text"]


class Columns(NamedTuple):
    """Named columns, of float64 or of text where some cell is no number; and how they were read."""

    names: list[str]
    values: list[np.ndarray[Any, Any]]
    how: str
    notes: list[str]


def read_text(path: str, suffix: str, options: Options) -> Columns:
    """Read a text table by what the options say and what its lines show."""
    name = "standard input" if path == "-" else path
    text, encoding = read_text_of(path, options.encoding)
    lines, comments, separator = content(text, options.comment, options.lines("--skip", options.skip))
    if not lines:
        raise HoiError(f"cannot read {name!r}: the file is empty")
    if options.separator != "auto":
        separator = SEPARATORS.get(options.separator, options.separator)
    elif separator is None:
        separator = "\t" if suffix == ".tsv" else find_separator(lines, name)
    notes: list[str] = []
    if options.header.isdigit():
        above = [line for line in lines if line.number < int(options.header)]
        lines = lines[len(above) :]
        if not lines or lines[0].number != int(options.header):
            raise HoiError(f"--header {options.header}: line {options.header} of {name!r} holds nothing")
        if above:
            notes.append(f"left out {_counted(len(above), 'line')} above the header")
    words = {word.strip() for word in options.na.split(",") if word.strip()}
    missing = MISSING | words if words else MISSING
    rows = rows_of(lines, separator, name)
    first, body, line = _header(rows, lines, comments, separator, missing, options, name, notes)
    columns = [[row.cells[i] for row in body] for i in range(len(body[0].cells))]
    names = [cell or f"unnamed {i}" for i, cell in enumerate(first)] if line else list(map(str, range(len(columns))))
    kept = _without_index(names, first if line else [], columns, options, name, notes)
    names, columns = [names[i] for i in kept], [columns[i] for i in kept]
    # a file of one column shows no separator, so it may be written like one with semicolons
    told = separator if len(names) > 1 else ";"
    style = style_of(columns, names, told, missing, options.decimal, options.thousands)
    how = [f"header on line {line}" if line else "no header"]
    how += [f"separator {said_separator(separator)}"] if len(names) > 1 else []
    how[-1] += f', decimal "{style.decimal}"' if style != PLAIN else ""
    how[-1] += f', thousands "{style.thousands}"' if style.thousands else ""
    how += [f"encoding {encoding}"] if encoding != "utf-8" else []
    if left := [entry for entry in comments if entry.number != line]:
        where = f"line {left[0].number}" if len(left) == 1 else f"{len(left)} lines, the first one {left[0].number}"
        notes.append(f"left out as comments: {where}")
    return Columns(names, [convert(column, style, missing) for column in columns], "; ".join(how), notes)


def _header(
    rows: list[Row],
    lines: list[Line],
    comments: list[Line],
    separator: str,
    missing: frozenset[str],
    options: Options,
    name: str,
    notes: list[str],
) -> tuple[list[str], list[Row], int]:
    """The names, the rows of values, all of one length, and the line of the names (0: there are none)."""
    first = Row(rows[0].line, [cell.strip() for cell in rows[0].cells])
    quoted = lines[0].text.lstrip().startswith('"')
    quoted_rows = len(lines) > 1 and lines[1].text.lstrip().startswith('"')
    line = 0
    if options.header == "auto":
        all_quoted = quoted and not quoted_rows and lines[0].text.count('"') >= 2 * len(first.cells)
        all_quoted &= all(cell.isdigit() for cell in first.cells)
        line = first.line * holds_names([first, *rows[1:]], missing, name, quoted=all_quoted)
        if not line and (above := _names_in_comment(comments, rows, separator, name)):
            line, names = above
            return names, _even(rows, len(names), name, notes), line
        if not line and options.separator == "auto" and _fewer_columns(rows, separator):
            word, sign = ("comma", "--decimal ,") if separator == "," else ("blank", "--thousands ' '")
            which = f"--separator {word}, or --separator semicolon {sign}"
            raise HoiError(
                f"cannot read {name!r}: its lines, such as {lines[0].text.strip()!r}, are numbers with a {word} "
                f"between or fewer numbers with a {word} inside: say {which}"
            )
        before = [entry for entry in comments if entry.number < line and not all(first.cells)][-1:]
        if any(len(_cells_of_comment(entry, separator)) == len(first.cells) > 1 for entry in before):
            raise HoiError(
                f"cannot read {name!r}: the names may be on line {line} or on line {before[0].number}, which begins "
                f"like a comment: say --header {line}, or --header {before[0].number} --comment no"
            )
    elif options.header != "no":
        line = first.line
    if not line:
        return [], _even(rows, 0, name, notes), 0
    names, body = first.cells, rows[1:]
    if not body:
        raise HoiError(f"cannot read {name!r}: it has a header and no rows")
    # a separator at the end of the header and of each row
    if len(names) > 1 and not names[-1] and all(len(row.cells) > 1 and not row.cells[-1].strip() for row in body):
        notes.append("left out an empty last column without a name")
        names, body = names[:-1], [Row(row.line, row.cells[:-1]) for row in body]
    while len(names) > 1 and not names[-1] and all(len(row.cells) < len(names) for row in body):
        names = names[:-1]
    if all(len(row.cells) == len(names) + 1 for row in body):
        kind = "label" if options.index not in ("auto", "no") else one_longer(body, separator, quoted=quoted_rows)
        if not kind:
            raise HoiError(
                f"cannot read {name!r}: its rows have {len(names) + 1} cells and its header {len(names)} names. If the "
                "first cell is a label of the row, say --index 0; if a separator stands where it should not, such as "
                "an unquoted decimal comma, mend the file"
            )
        names = ["", *names] if kind == "label" else names
    body = _even(body, len(names), name, notes)
    if is_units(body[0].cells, body[1:], missing):
        if not all(names[1:]):
            raise HoiError(
                f"cannot read {name!r}: lines {line} and {body[0].line} both hold no numbers, and either may be the "
                f"names: say --header {body[0].line}, or --skip {body[0].line} if that one holds units"
            )
        notes.append(f"left out line {body[0].line}: it holds no numbers (units?)")
        body = body[1:]
    if len(names) > 1 and not names[-1] and options.header == "auto":
        raise HoiError(
            f"cannot read {name!r}: its last column has values and no name, so the names may stand one column too far "
            "left: say --header yes if they do not, or mend the header"
        )
    repeated = sorted({cell for cell in names if cell and names.count(cell) > 1})
    if repeated:
        raise HoiError(
            f"cannot read {name!r}: the header names {listed(repeated)} more than once; rename the "
            "columns, or use --header no if the first line is data"
        )
    return names, body, line


def _cells_of_comment(line: Line, separator: str) -> list[str]:
    return cells_of(re.sub(r"^\s*(#|%|//)\s*", "", line.text), separator)


def _fewer_columns(rows: list[Row], separator: str) -> bool:
    """Whether each two cells may also be one number, with a decimal comma or a blank between thousands."""
    if separator == ",":
        left, right, widths = r"[-+]?\d*", r"\d+|\d{3}\.\d*", {2}
    elif separator == " ":
        left, right, widths = r"[-+]?[1-9]\d{0,2}", r"\d{3}(\.\d*)?", set(range(2, 1 + len(rows[0].cells), 2))
    else:
        return False
    return all(
        len(row.cells) in widths
        and all(re.fullmatch(left, cell) for cell in row.cells[::2])
        and all(re.fullmatch(right, cell) for cell in row.cells[1::2])
        for row in rows
    )


def _names_in_comment(
    comments: list[Line], rows: list[Row], separator: str, name: str
) -> tuple[int, list[str]] | None:
    """Names in the comment right above the numbers, as numpy.savetxt writes them."""
    first = rows[0]
    above = [line for line in comments if line.number < first.line][-1:]
    if not above:
        return None
    names = _cells_of_comment(above[0], separator)
    if len(names) == len(first.cells) - 1 and labels_rows([[row.cells[0] for row in rows]]):
        raise HoiError(
            f"cannot read {name!r}: line {above[0].number} may be a comment or the names of the columns, with a label "
            f"first in each row: say --header {above[0].number} --comment no, or --header no"
        )
    good = len(names) == len(first.cells) > 1 and len(set(names)) == len(names) and all(names)
    return (above[0].number, names) if good and not any(re.fullmatch(r"[-+.\d].*", cell) for cell in names) else None


def _even(rows: list[Row], width: int, name: str, notes: list[str]) -> list[Row]:
    """Rows of one length: empty cells behind the header's last are cut; anything else is an error with its line."""
    width = width or len(rows[0].cells)
    cut = sum(len(row.cells) > width for row in rows)
    if cut and not any(cell.strip() for row in rows for cell in row.cells[width:]):
        notes.append(f"left out empty cells at the end of {_counted(cut, 'line')}")
        rows = [Row(row.line, row.cells[:width]) for row in rows]
    odd = next((row for row in rows if len(row.cells) != width), None)
    if odd is not None:
        raise HoiError(
            f"cannot read {name!r}: its rows have different numbers of cells (line {odd.line} has {len(odd.cells)}, "
            f"and {width} are expected); mend the file, or name the line of the header with --header, lines to leave "
            "out with --skip, or the --separator"
        )
    return rows


def _without_index(
    names: list[str], first: list[str], columns: list[list[str]], options: Options, name: str, notes: list[str]
) -> list[int]:
    """Positions of the columns that are data: no labels of rows, no empty columns without a name."""
    kept = list(range(len(names)))
    if options.index not in ("auto", "no"):
        away = choose(options.index, names, "--index")
        notes.append(f"left out the index {listed([names[i] for i in away])}")
        kept = [i for i in kept if i not in away]
        if not kept:
            raise HoiError("no columns are left: --index names all of them")
        return kept
    empty = [i for i, cell in enumerate(first) if not cell and not any(map(str.strip, columns[i]))]
    if empty:
        notes.append(f"left out {_counted(len(empty), 'empty column')} without a name")
    kept = [i for i in kept if i not in empty]
    if options.index == "no":
        return kept
    leading: list[int] = []
    for i in kept:
        if i >= len(first) or not is_unnamed(first[i]):
            break
        leading.append(i)
    if not leading or len(leading) == len(kept):
        return kept
    if not labels_rows([columns[i] for i in leading]):
        which = "column has" if len(leading) == 1 else f"{len(leading)} columns have"
        raise HoiError(
            f"cannot read {name!r}: its first {which} no name, so it may be labels of the rows or data: say "
            f"--index {','.join(map(str, leading))} to leave it out or --index no to keep it"
        )
    what = "the first column" if len(leading) == 1 else f"the first {len(leading)} columns"
    notes.append(f"left out {what}: no name, and labels of the rows (columns are numbered without)")
    return [i for i in kept if i not in leading]


def _counted(n: int, what: str) -> str:
    return f"{n} {what}{'s' * (n > 1)}"
