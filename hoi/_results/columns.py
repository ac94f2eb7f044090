"""The columns of numbers that a result can have: the measures of the registry, and what inference says of them."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

from hoi._errors import HoiError
from hoi._measures.registry import ALL

__all__ = ["COUNTS", "STATISTICS", "in_order", "label", "unit"]

# what a test or an interval says of the measure it was made for: name -> label
STATISTICS = MappingProxyType(
    {
        "statistic": "test statistic",
        "pvalue": "p-value",
        "low": "lower end of the interval",
        "high": "upper end of the interval",
        "hits": "runs that ended at the set",
        "agreement": "share of data sets with the sign of the mean",
        "determined": "1 where the others determine a member, nearly or wholly",
    }
)

# the columns of whole numbers
COUNTS = frozenset({"determined", "hits"})


def in_order(given: Iterable[str]) -> list[str]:
    """The names of columns, measures first, each kind as its table has it."""
    names = sorted(set(given))
    if unknown := [name for name in names if name not in ALL and name not in STATISTICS]:
        raise HoiError(
            f"Multiplets has no column {unknown[0]!r}: there are {', '.join([*ALL, *STATISTICS])}. A measure gets its "
            "column from its row in the registry."
        )
    unlisted = [name for name in names if name in ALL and name not in list(ALL)]
    return [name for name in [*ALL, *unlisted, *STATISTICS] if name in names]


def label(name: str) -> str:
    """What a column holds, in words."""
    return ALL[name].label if name in ALL else STATISTICS[name]


def unit(name: str, units: str) -> str:
    """The unit of a column of a result in `units`; "" for a pure number."""
    return "" if name in ("statistic", "pvalue", "agreement", *COUNTS) else units
