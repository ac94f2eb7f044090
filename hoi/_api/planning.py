"""What a search would cost, before it is begun."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hoi._api.call import open_call, pick, ranked_by, require_order
from hoi._backends.protocol import Backend, Problem, Ranking
from hoi._engine.plan import count_sets
from hoi._engine.rate import sets_per_second
from hoi._engine.threads import default_threads
from hoi._errors import LongSearchWarning, warn
from hoi._inputs import checks
from hoi._measures.registry import Measure
from hoi._systems.protocol import Estimator, System
from hoi._typing import ArrayLike, Groups, Multiplet

__all__ = ["SearchPlan", "in_words", "plan", "warn_of_hours"]

# Sets from which work may take an hour on the slowest walk of a Gaussian problem, and on that of others.
_LONG, _LONG_OF_OTHERS = 1 << 28, 1 << 18
_HOUR = 3600


@dataclass(frozen=True)
class SearchPlan:
    """What a search would cost, by the rate measured on this machine.

    Attributes
    ----------
    n_sets : int
        Sets to go through, over all datasets and orders.
    rate : float
        Sets a second of one core here.
    threads : int
        Cores that a search would use here.
    backend : str
        Where it would be computed.
    memory : int
        Bytes of the matrices that each process holds.

    Examples
    --------
    >>> import hoi
    >>> cost = hoi.SearchPlan(n_sets=2_000_000, rate=1e4, threads=2, backend="numpy", memory=80_000)
    >>> cost.seconds, cost.seconds_on(20)
    (100.0, 10.0)
    """

    n_sets: int
    rate: float
    threads: int
    backend: str
    memory: int

    @property
    def seconds(self) -> float:
        """Seconds that the search would take on this machine."""
        return self.seconds_on(self.threads)

    def seconds_on(self, n_workers: int) -> float:
        """Seconds on that many cores like this one, if units of work keep all of them busy.

        Parameters
        ----------
        n_workers : int
            Cores, at least 1.

        Returns
        -------
        float
            Seconds.
        """
        return self.n_sets / (self.rate * checks.check_positive_int(n_workers, "n_workers"))

    def __str__(self) -> str:
        lines = [
            f"{self.n_sets:,} sets, {self.rate:,.3g} a second of one core, backend {self.backend}",
            f"here, on {self.threads} cores: {in_words(self.seconds)}",
            *(f"on {n:,} cores: {in_words(self.seconds_on(n))}" for n in (16, 128, 1024)),
            f"memory of each process beyond the data: {self.memory / 1e6:,.3g} MB",
        ]
        return "\n".join(lines)


def plan(
    X: ArrayLike | System,
    order: int | tuple[int, int],
    *,
    measure: str = "oinfo",
    target: Multiplet | int | str | None = None,
    estimator: str | Estimator = "gaussian_copula",
    given: Multiplet | int | str | None = None,
    discrete: Multiplet | int | str | None = None,
    groups: Groups | None = None,
    backend: str = "auto",
    missing: str = "raise",
    threads: int | None = None,
) -> SearchPlan:
    """What :func:`hoi.search` would cost: sets, rate, time here and on more cores, memory.

    The rate is measured on a small part of the search, which takes up to a few seconds the first time.

    Parameters
    ----------
    X, order, measure, target, estimator, given, discrete, groups, backend, missing, threads
        As in :func:`hoi.search`.

    Returns
    -------
    SearchPlan
        With ``n_sets``, ``rate``, ``seconds``, ``seconds_on(n_workers)`` and ``memory``; its text says all of it.

    Raises
    ------
    HoiError
        As :func:`hoi.search`.

    Examples
    --------
    >>> import numpy as np, hoi
    >>> cost = hoi.plan(np.random.default_rng(0).standard_normal((200, 30)), 4)
    >>> cost.n_sets, cost.seconds < 60
    (27405, True)
    """
    row = ranked_by(measure, target)
    n_threads = default_threads() if threads is None else checks.check_positive_int(threads, "threads")
    call = open_call(
        X, estimator=estimator, given=given, bias_correction=True, groups=groups, backend=backend, target=target,
        discrete=discrete, missing=missing,
    )  # fmt: skip
    orders = require_order(call, order, row)
    n_sets = count_sets(call.problem, *orders)
    chosen = pick(backend, n_sets, call.problem)
    evaluator = chosen.open(call.problem, Ranking(row.d, row.j, row.l, 10))
    rate = sets_per_second(evaluator, orders)
    return SearchPlan(n_sets, rate, n_threads if evaluator.parallel else 1, chosen.name, _bytes_of(call.problem))


def warn_of_hours(
    backend: Backend, problem: Problem, measure: Measure, orders: tuple[int, int], workers: int, times: int = 1
) -> None:
    """Say what work will take that nobody would wait for, by the rate of a search here, before it is begun.

    All sets of the orders are gone through `times` times by so many workers, as far as the backend lets them.
    """
    total = count_sets(problem, *orders) * times
    if total < (_LONG if problem.kind == "gaussian" else _LONG_OF_OTHERS):
        return
    evaluator = backend.open(problem, Ranking(measure.d, measure.j, measure.l, 10))
    if total < 3600 * evaluator.least_rate:
        return
    at_once = workers if evaluator.parallel else 1
    seconds = total / at_once / sets_per_second(evaluator, orders, total / at_once / _HOUR)
    if seconds > _HOUR:
        surrogates = f" ({total // times:,}, {times:,} times)" if times > 1 else ""
        warn(
            f"{total:,} sets{surrogates} will take about {in_words(seconds)} here. hoi.plan says more of a search; its "
            "checkpoint keeps what is done, and an executor takes it to more machines.",
            LongSearchWarning,
        )


def _bytes_of(value: Any) -> int:
    """Of the arrays of a problem, and of those that it is made of."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, Problem):
        return sum(map(_bytes_of, vars(value).values()))
    return sum(map(_bytes_of, value)) if isinstance(value, tuple) else 0


def in_words(seconds: float) -> str:
    """A duration for people: "3 min", "2.5 h", "12 days"."""
    for unit, size in (("years", 365 * 86400), ("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size or (unit in ("h", "min") and seconds >= size):
            return f"{seconds / size:,.3g} {unit}"
    return f"{seconds:.2g} s"

