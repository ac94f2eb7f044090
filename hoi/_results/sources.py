"""The papers behind measures, estimators and tests: how a text names them, and their BibTeX."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

__all__ = ["bibtex", "cited"]

# a source in a sentence: [rosas2019oinformation]
_MARK = re.compile(r" ?\[([a-z]+\d{4}[a-z]*)\]")


def cited(text: str) -> tuple[str, list[str]]:
    """A text with its sources as authors and year, and their keys in the order of the text."""
    keys = list(dict.fromkeys(_MARK.findall(text)))
    return _MARK.sub(lambda mark: f" ({_short(mark[1])})", text), keys


def bibtex(keys: list[str]) -> str:
    """Their entries, one under the other."""
    return "\n".join(_entries()[key] for key in keys)


@cache
def _entries() -> dict[str, str]:
    text = resources.files(__package__).joinpath("references.bib").read_text(encoding="utf-8")
    found = (entry.strip() for entry in re.split(r"\n(?=@)", text))
    return {re.match(r"@\w+{(\w+),", entry)[1]: entry for entry in found}  # type: ignore[index]


def _short(key: str) -> str:
    """Kraskov et al. 2004"""
    entry = _entries()[key]
    authors = re.search(r"author = {(.*?)},\s", entry)[1].split(" and ")  # type: ignore[index]
    names = [author.split(",")[0] for author in authors]
    year = re.search(r"year = {(\d+)}", entry)[1]  # type: ignore[index]
    who = names[0] + (" et al." if len(names) > 2 else f" and {names[1]}" if len(names) == 2 else "")
    return f"{who} {year}"
