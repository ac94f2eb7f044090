"""How a file is to be read: each guess can be said instead."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

from hoi._errors import HoiError

__all__ = ["Options"]


@dataclass(frozen=True)
class Options:
    """Options of reading, by the names of the command line; "auto" is what the file shows.

    Attributes
    ----------
    columns, drop : str, optional
        Columns to keep, or to leave out, as in "LHip,LAmy,3,5:8"; see `choose`.
    discrete : str, optional
        Columns of labels, which may be text: labels are numbered.
    variable : str, optional
        Which array of an npz or mat file.
    header : str
        "auto", "yes", "no", or the number of the line that holds names.
    separator, decimal, thousands, comment, encoding : str
        Signs of a text file; thousands and comment also "no".
    index : str
        Columns that label the rows, as in `columns`, or "no".
    skip : str
        Numbers of lines to leave out, such as "2,5:7".
    na : str
        Further spellings of a missing value, separated by commas.
    missing : {"error", "drop"}
        What to do with rows that lack a value.
    numeric_only : bool
        Leave out columns that are not numbers.
    transpose : bool
        The rows are the variables.
    """

    columns: str | None = None
    drop: str | None = None
    discrete: str | None = None
    variable: str | None = None
    header: str = "auto"
    separator: str = "auto"
    decimal: str = "auto"
    thousands: str = "auto"
    index: str = "auto"
    skip: str = ""
    encoding: str = "auto"
    comment: str = "auto"
    na: str = ""
    missing: str = "error"
    numeric_only: bool = False
    transpose: bool = False

    def __post_init__(self) -> None:
        named = ("comma", "semicolon", "tab", "blank", "bar", "auto")
        if self.separator not in named and (len(self.separator) != 1 or self.separator in '"\n\r'):
            raise HoiError(f"--separator {self.separator!r}: give one sign, or comma, semicolon, tab, blank or bar")
        if self.header not in ("auto", "yes", "no") and not re.fullmatch(r"[1-9]\d*", self.header):
            raise HoiError(f"--header {self.header!r}: auto, yes, no or the number of a line (from 1) is needed")
        if self.decimal not in ("auto", ".", ","):
            raise HoiError(f"--decimal {self.decimal!r}: a point or a comma is needed")
        if self.thousands not in ("auto", "no", ".", ",", " ", "'"):
            raise HoiError(f"--thousands {self.thousands!r}: no, or one of . , ' and a blank is needed")
        if self.thousands == self.decimal != "auto":
            raise HoiError(f"--thousands and --decimal are both {self.decimal!r}: they must differ")
        if not self.comment:
            raise HoiError("--comment is empty: give the sign that begins a comment, or no")

    def of_text(self) -> list[str]:
        """The options given that only a text file has."""
        own = ("header", "separator", "decimal", "thousands", "index", "skip", "encoding", "comment", "na")
        return [f"--{f.name}" for f in fields(self) if f.name in own and getattr(self, f.name) != f.default]

    @staticmethod
    def lines(what: str, text: str) -> list[int]:
        """Numbers of lines from a text such as "2,5:7"."""
        chosen: list[int] = []
        for part in filter(None, (part.strip() for part in text.split(","))):
            found = re.fullmatch(r"(\d+)(?::(\d+))?", part)
            if not found:
                raise HoiError(f"{what}: {part!r} is no line; write numbers from 1, as in 2,5:7")
            chosen += range(int(found[1]), int(found[2] or found[1]) + 1)
        return chosen
