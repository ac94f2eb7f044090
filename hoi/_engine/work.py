"""One unit of work, from the walk of a backend to its best sets: what threads, other processes and machines share."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from hoi._backends.protocol import EVERYTHING, Evaluator, Floor, Found, Unit
from hoi._engine.reduce import Best
from hoi._maths.terms import SINGULAR, Terms

__all__ = ["Part", "work"]

# Nats for each member by which values from the terms that a backend vouches for may be off, if it gives no bound.
_APPROXIMATE = 1e-4
# Nats by which exact values may differ and yet be equal, on the grid on which members decide.
_EQUAL = 2.0**-38


class Part(NamedTuple):
    """What the work on a unit gave: its best sets, evaluated by the reference path, and how many it went through."""

    best: Best
    evaluated: int
    skipped: int
    walk: str


def work(
    evaluator: Evaluator,
    unit: Unit,
    best: Best,
    floor: Callable[[int, int], Floor] = lambda dataset, order: EVERYTHING,
    after: Callable[[int], None] = lambda sets: None,
) -> Part:
    """Go through a unit and keep its best sets.

    The answer depends on the evaluator's problem and ranking and on the unit alone: `floor` may leave out sets that are
    beyond the best ones elsewhere, and so are no longer wanted.

    Parameters
    ----------
    evaluator : Evaluator
        Of the problem, with the ranking of the measure.
    unit : Unit
    best : Best
        Empty; what it keeps says what is wanted.
    floor : callable
        The pruning threshold (dataset, order) that others have reached.
    after : callable
        Called with the number of sets gone through after each part of the unit; what it raises ends the work.
    """
    evaluated = skipped = 0

    def both(order: int = unit.order, dataset: int = unit.dataset) -> Floor:
        own, others = best.floor(dataset, order), floor(dataset, order)
        return Floor(min(own.low, others.low), max(own.high, others.high))

    for found in evaluator.walk(unit, both):
        singular = _take(evaluator, found, best, both) if len(found.members) else 0
        evaluated += found.evaluated - singular
        skipped += found.skipped + singular
        after(found.evaluated + found.skipped)
    return Part(best, evaluated, skipped, evaluator.walk_name(unit))


def _take(evaluator: Evaluator, found: Found, best: Best, floor: Callable[..., Floor]) -> int:
    """Take in the sets found that can come in, by their values from the reference path, which decide.

    Gives the number of sets that the backend left open and that turn out to be singular.
    """
    problem = evaluator.problem
    order = found.members.shape[1]
    correction = problem.correction(found.members)
    D = correction[0] if found.D is None else found.D + correction[0]
    approximate = best.measure.value(D, found.J + correction[1], found.L + correction[2])
    margin = order * _APPROXIMATE if found.margin is None else found.margin
    margin = _EQUAL if found.exact else margin
    keep = best.wanted(problem, found.dataset, found.members, approximate, margin, floor)
    singular = 0
    if best.leave_out is not None:  # what it leaves out is not evaluated
        left_open = np.isnan(found.J) & ~keep
        least = problem.least_variance(found.members[left_open], found.dataset[left_open])
        singular = int((~(least > SINGULAR)).sum())
    if not keep.any():
        return singular
    dataset, members = found.dataset[keep], found.members[keep]
    if found.exact:
        none = np.zeros(len(keep), dtype=bool)
        raw = Terms(none.astype(float) if found.D is None else found.D, found.J, found.L, none).chosen(keep)
    else:
        raw = problem.reference(members, dataset)
    terms = raw.corrected(*(term[keep] for term in correction))
    good = ~terms.singular
    best.add(dataset[good], members[good], terms.chosen(good))
    return singular + len(good) - int(good.sum())
