"""How fast sets are gone through here: measured on a small part of the work before it begins."""

from __future__ import annotations

import numpy as np

from hoi._backends.protocol import Evaluator
from hoi._engine.plan import cut
from hoi._engine.reduce import Best
from hoi._engine.work import work
from hoi._maths import combinatorics
from hoi._measures.registry import Measure

__all__ = ["sets_per_second"]

# Seconds of one core from which a measured rate is worth something, and sets in the first piece.
_ENOUGH, _FIRST = 0.1, 1 << 12


def sets_per_second(evaluator: Evaluator, orders: tuple[int, int], sufficient: float = np.inf) -> float:
    """Sets of the largest order, which nearly all are, that one core goes through in a second.

    Ever larger pieces of the work are done until one takes a tenth of a second; compiling is not counted, nor is what
    others do on this machine: it may not be the one that does the work. A rate that is `sufficient` is not measured any
    better, which a small piece is enough for.
    """
    high = orders[1]
    evaluator.ready(high)
    ranking = evaluator.ranking
    measure = Measure("", "", "", ranking.d, ranking.j, ranking.l)
    best = Best(measure, ranking.n_best or 1, ("lowest", "highest"), high, False)
    prefixes = combinatorics.count(evaluator.problem.n_variables - 2, high - 2)
    size = _FIRST
    while True:
        unit = next(cut(evaluator.problem, high, high, size))
        began = evaluator.clock()
        part = work(evaluator, unit, best.empty(), best.floor)
        seconds = evaluator.clock() - began
        best.merge(part.best)
        rate = (part.evaluated + part.skipped) / max(seconds, 1e-9)
        if seconds >= _ENOUGH or rate >= sufficient or unit.stop == prefixes:  # the last: that is all there is
            return rate
        size *= 8
