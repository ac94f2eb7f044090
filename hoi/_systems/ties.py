"""Repeated values in columns that are ranked."""

from __future__ import annotations

import numpy as np

from hoi._errors import HoiWarning, TiesWarning
from hoi._inputs.words import listing
from hoi._typing import FloatArray

__all__ = ["on_ties"]

# Share of repeated values in a column from which the copula deserves a warning.
_MANY_TIES = 0.1


def on_ties(repeated: FloatArray, names: tuple[str, ...], ties: str) -> list[tuple[str, type[HoiWarning]]]:
    """What to warn of: all the columns that repeat many values, at once."""
    many = [f"{names[i]} ({repeated[i]:.0%})" for i in np.flatnonzero(repeated > _MANY_TIES)]
    if not many:
        return []
    text = (
        f"Over {_MANY_TIES:.0%} of the values repeat in {len(many)} of {len(names)} columns: {listing(many)}. "
        f'Equal values share a rank by the rule ties="{ties}", and the Gaussian copula describes such columns '
        "only roughly. Name those that are categories in `discrete`."
    )
    return [(text, TiesWarning)]
