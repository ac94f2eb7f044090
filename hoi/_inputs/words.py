"""Lists of names in messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from hoi._errors import HoiError

__all__ = ["columns", "listing", "require_unique"]


def listing(items: Sequence[object], limit: int = 5) -> str:
    """The first few items in words: "a, b, c and 4 more"."""
    shown = ", ".join(str(item) for item in items[:limit])
    return shown if len(items) <= limit else f"{shown} and {len(items) - limit} more"


def columns(names: Sequence[str], which: Iterable[int]) -> str:
    """Columns by name: "column 'a'", or "columns 'a', 'b'"."""
    labels = [repr(names[i]) for i in which]
    return f"column{'s' * (len(labels) > 1)} {listing(labels)}"


def require_unique(names: Sequence[str], what: str) -> None:
    """Error that names the columns whose name occurs more than once."""
    if len(set(names)) == len(names):
        return
    twice = [repr(name) for name, count in Counter(names).items() if count > 1]
    raise HoiError(
        f"{what} has {len(names)} columns, and more than one of them is called {listing(twice)}. Rename "
        "them, so that every variable has a name of its own."
    )
