"""Conditions on a number that print themselves, so that what is tested is what is written."""

from __future__ import annotations

import dataclasses
import math

__all__ = [
    "Condition", "above", "at_least", "at_most", "below", "between", "exists", "finite_from", "never", "within",
]  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Condition:
    """An interval that a number has to lie in. Infinity stands for "never"; NaN lies in no interval.

    Parameters
    ----------
    low, high : float
    with_low, with_high : bool
        Whether the ends belong to it.

    Examples
    --------
    >>> from hoi_grokking.claims.condition import above, between
    >>> str(above(0)), above(0)(0.0), str(between(1, 4)), between(1, 4)(4.0)
    ('above 0', False, 'between 1 and 4', True)
    """

    low: float = -math.inf
    high: float = math.inf
    with_low: bool = True
    with_high: bool = True

    def __call__(self, value: float) -> bool:
        low = value >= self.low if self.with_low else value > self.low
        return bool(low and (value <= self.high if self.with_high else value < self.high))

    def __str__(self) -> str:
        low, high = (f"{end:.3g}" for end in (self.low, self.high))
        if self.low == math.inf:
            return "there is none"
        if math.isinf(self.high):
            if math.isinf(self.low):
                return "there is one"
            return f"{'at least' if self.with_low else 'above'} {low}{'' if self.with_high else ', and finite'}"
        if math.isinf(self.low):
            return f"{'at most' if self.with_high else 'below'} {high}"
        return f"within {high} of 0" if self.low == -self.high else f"between {low} and {high}"


def above(low: float) -> Condition:
    """More than `low`."""
    return Condition(low, with_low=False)


def at_least(low: float) -> Condition:
    """`low` or more."""
    return Condition(low)


def finite_from(low: float) -> Condition:
    """`low` or more, and not never."""
    return Condition(low, with_high=False)


def below(high: float) -> Condition:
    """Less than `high`."""
    return Condition(high=high, with_high=False)


def at_most(high: float) -> Condition:
    """`high` or less."""
    return Condition(high=high)


def between(low: float, high: float) -> Condition:
    """From one to the other, both included."""
    return Condition(low, high)


def within(size: float) -> Condition:
    """At most `size` away from 0, on both sides."""
    return Condition(-size, size)


def exists() -> Condition:
    """It happens at all."""
    return Condition(with_high=False)


def never() -> Condition:
    """It does not happen."""
    return Condition(math.inf)
