"""All sets of the given orders: the best of them, or every one."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from hoi._api.call import Call, columns_of, open_call, pick, ranked_by, require_order, scale_of, settings_of
from hoi._api.cautions import judge, leave_out, of_labels
from hoi._api.planning import warn_of_hours
from hoi._backends.protocol import UNRANKED, Problem
from hoi._engine.executors import size_of
from hoi._engine.plan import count_sets
from hoi._engine.threads import default_threads
from hoi._errors import HoiError, SingularWarning, warn
from hoi._inputs import checks
from hoi._measures.registry import ABOUT_TARGET, MEASURES, Measure
from hoi._results.multiplets import Multiplets
from hoi._search.exhaustive import Rows, all_sets, best_sets, corrected
from hoi._search.tabu import tabu_sets
from hoi._systems.combined import MeanProblem
from hoi._systems.protocol import Estimator, System
from hoi._typing import ArrayLike, BiasCorrection, FloatArray, Groups, Multiplet, Seed, Units

__all__ = ["ENDS", "scan", "search", "warn_of_skipped"]

# Sets in a block of a scan.
_BLOCK = 1 << 16
# What the option `which` stands for.
ENDS = {"both": ("lowest", "highest"), "lowest": ("lowest",), "highest": ("highest",)}


def search(
    X: ArrayLike | System,
    order: int | tuple[int, int],
    *,
    measure: str = "oinfo",
    target: Multiplet | int | str | None = None,
    which: str = "both",
    n_best: int = 10,
    per_order: bool = False,
    across: str = "each",
    estimator: str | Estimator = "gaussian_copula",
    given: Multiplet | int | str | None = None,
    discrete: Multiplet | int | str | None = None,
    bias_correction: BiasCorrection = True,
    units: Units = "nats",
    groups: Groups | None = None,
    backend: str = "auto",
    missing: str = "raise",
    names: Sequence[str] | None = None,
    determined: str = "keep",
    method: str = "exhaustive",
    n_restarts: int = 20,
    time_limit: float | None = None,
    seed: Seed = None,
    threads: int | None = None,
    executor: Any = None,
    checkpoint: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
) -> Multiplets:
    """The sets with the lowest and the highest values of a measure, out of all sets of the given orders.

    For O-information the lowest sets are the most synergistic and the highest the most redundant. Every set is
    evaluated; the answer is exact, and the same on every backend and for any number of threads. For sizes that nobody
    can enumerate, ``method="tabu"`` looks for the same sets by a heuristic, which can miss them.

    Parameters
    ----------
    X : array_like, shape (n_samples, n_variables) or (n_datasets, n_samples, n_variables), or GaussianSystem
        As in :func:`hoi.oinfo`.
    order : int or (int, int)
        Number of variables in a set, at least 2; an inclusive range (low, high) searches several.
    measure : {"oinfo", "tc", "dtc", "sinfo", "delta_k", "information", "rsi", "gradient"}
        What to rank by. Every row carries the first four, and for a whole number k, as in "delta_3", that one too; with
        a `target`, the last three, which need one.
    target : int, str, or sequence of them, optional
        Columns, by index or name, that sets are to tell of: as in :func:`hoi.information`. They are no variables.
    which : {"both", "lowest", "highest"}
        Ends of the ranking to report.
    n_best : int
        Sets to report at each end, over all orders together.
    per_order : bool
        Report `n_best` sets for each order instead, order after order. Across orders values differ by their number of
        variables.
    across : {"each", "mean"}
        Of several datasets (subjects, say), search each on its own, or rank by the mean over all of them. The mean
        comes with a column ``agreement``: the share of datasets whose own value has the sign of the mean.
    estimator, given, discrete, bias_correction, units, groups, missing
        As in :func:`hoi.oinfo`. With `groups` the sets are made of groups.
    names : sequence of str, optional
        Names of the variables, in place of those that X has.
    backend : {"auto", "numpy", "numba", "torch", "cuda"}
        Where to compute; "auto" takes numba unless the search is tiny.
    determined : {"keep", "drop"}
        Sets in which the others determine a member, nearly or wholly, in the data or in their normal scores (it keeps
        at most 1e-4 of its variance): their values say little. "keep" marks them in a column ``determined`` and warns;
        "drop" leaves them out, and the next best sets come in.
    method : {"exhaustive", "tabu"}
        Go through all sets, or search from many starts by exchanging one member at a time. What tabu search reports
        is evaluated as any other set; whether it is the best of all is not known. ``found.hits`` says how many of the
        runs ended at each set: a set that many runs agree on is likely the best.
    n_restarts : int
        Tabu runs for each end, order and dataset.
    time_limit : float, optional
        Seconds after which no new tabu run is begun.
    seed : int or numpy.random.Generator, optional
        Of the starts of tabu search; None is 0. The same seed gives the same sets.
    threads : int, optional
        Threads of the compiled backend; by default NUMBA_NUM_THREADS, or the cores this process may use.
    executor : object with ``submit``, optional
        Where to run instead of threads of its own: an executor of ``concurrent.futures``, loky or mpi4py, or a Dask
        client. Processes need the functions of one's own estimators to be importable there.
    checkpoint : path, optional
        A file that keeps what is done. The same call goes on from there after it was stopped or killed; a file of
        another search is refused. ``hoi status`` says how far one is.
    progress : bool, optional
        Show a progress bar. None shows one in a terminal or notebook if the search takes a while.

    Returns
    -------
    Multiplets
        The lowest ascending, then the highest descending, for each dataset; `extreme` says which. Equal values are in
        lexicographic order of their members. No set is at both ends: where there are few, it is at the nearer one.
        ``settings["evaluated"]`` and ``settings["skipped"]`` count sets; ``settings["seconds"]`` is without
        ``settings["preparation_seconds"]``, in which walks were loaded or compiled.

    Raises
    ------
    HoiError
        As :func:`hoi.oinfo`, and for an order above the number of variables or with as many columns as samples; if
        an executor fails for good, or a checkpoint is of another search, of another version, or damaged.
    KeyboardInterrupt
        On Ctrl-C, within a second; its text says how far the search came.

    Warns
    -----
    SingularWarning
        Once, if sets were skipped because their covariance is numerically singular.
    DeterminedWarning
        If columns are linear combinations of others, or the others determine a member of a set in the result.
    SparseWarning
        If there are so few samples that the total correlation of independent columns, as many as the largest sets
        have, scatters by more than 0.2 nats.
    IllConditionedWarning
        If sets in the result are close to singular ones, so that their values hold to fewer than six digits.
    CheckpointWarning
        Once, if the checkpoint can no longer be written; the search goes on.
    LongSearchWarning
        Before a search that will take more than an hour, by the rate measured here.
    TiesWarning, InputWarning
        As :func:`hoi.oinfo`.

    See Also
    --------
    plan : what a search would cost.

    References
    ----------
    Rosas et al. (2019), Physical Review E 100, 032305.
    Glover (1989), Tabu search part I, ORSA Journal on Computing 1, 190-206.

    Examples
    --------
    >>> import numpy as np, hoi
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((1000, 8))
    >>> X[:, 7] += X[:, 2] + X[:, 5]
    >>> found = hoi.search(X, 3, n_best=2)
    >>> found.members[0], found.extreme[0]
    ((2, 5, 7), 'lowest')
    >>> len(found)
    4
    >>> hoi.search(X, 2, measure="gradient", target=7, which="lowest", n_best=1).members
    [(2, 5)]
    """
    began = time.perf_counter()
    scale = scale_of(units)
    row = ranked_by(measure, target)
    chosen_ends = ENDS[checks.check_choice(which, ENDS, "which")]
    per_order = checks.check_bool(per_order, "per_order")
    of_mean = checks.check_choice(across, ("each", "mean"), "across") == "mean"
    n_best = checks.check_positive_int(n_best, "n_best")
    threads = default_threads() if threads is None else checks.check_positive_int(threads, "threads")
    heuristic = checks.check_choice(method, ("exhaustive", "tabu"), "method") == "tabu"
    n_restarts = checks.check_positive_int(n_restarts, "n_restarts")
    if time_limit is not None and not (isinstance(time_limit, (int, float)) and time_limit >= 0):
        raise HoiError(f"time_limit={time_limit!r}: a number of seconds is needed, at least 0, or None.")
    drawn = checks.check_seed(seed)
    first_seed = int(drawn.integers(2**31)) if isinstance(drawn, np.random.Generator) else drawn or 0
    if heuristic and (executor is not None or checkpoint is not None):
        raise HoiError('method="tabu" runs in this process, in seconds: it has no executor and no checkpoint.')
    dropping = checks.check_choice(determined, ("keep", "drop"), "determined") == "drop"
    if heuristic and dropping:
        raise HoiError(
            'method="tabu" goes from set to set by their values, and determined="drop" would need to know which of '
            "them to pass over: leave the columns out that others determine."
        )
    if of_mean and dropping:
        raise HoiError(
            "across='mean' ranks means over datasets, and determined='drop' is about the sets of each: leave the "
            "columns out that others determine."
        )
    checks.check_executor(executor)
    call = open_call(
        X, estimator=estimator, given=given, bias_correction=bias_correction, groups=groups, backend=backend,
        discrete=discrete, target=target, missing=missing, names=names,
    )  # fmt: skip
    low, high = require_order(call, order, row)
    left_out = leave_out(call, high) if dropping else None
    each = call.problem
    if of_mean:
        call = call._replace(problem=_mean_of(call))
    preparing = time.perf_counter()
    chosen = pick(backend, count_sets(call.problem, low, high), None if heuristic else call.problem)
    more: dict[str, Any] = {}
    if heuristic:
        prepared = time.perf_counter() - preparing
        found = tabu_sets(
            call.problem, (low, high), row, chosen_ends, n_best, per_order, chosen, n_restarts, first_seed,
            time_limit, threads, progress,
        )  # fmt: skip
        rows, more = found.rows, {"hits": found.hits}
    else:
        warn_of_hours(chosen, call.problem, row, (low, high), threads if executor is None else size_of(executor))
        prepared = time.perf_counter() - preparing
        rows = best_sets(
            call.problem, (low, high), row, chosen_ends, n_best, per_order, chosen, threads, progress, executor,
            checkpoint, left_out,
        )  # fmt: skip
    warn_of_skipped(rows.skipped, rows.evaluated)
    sizes = (rows.members >= 0).sum(axis=1)
    marks = np.zeros(len(sizes), dtype=bool)
    by_order = [(rows.members[sizes == k, :k], rows.dataset[sizes == k]) for k in np.unique(sizes).tolist()]
    for (members, _), found_so in zip(by_order, judge(call, by_order, told=True), strict=True):
        marks[sizes == members.shape[1]] = found_so
    if marks.any():
        more["determined"] = marks
    of_labels(call, rows.members.tolist(), rows.terms.J, rows.dataset)
    prepared += rows.prepared
    if of_mean:
        more["agreement"] = _agreement(each, rows, row)
    tabu = {"n_restarts": n_restarts, "time_limit": time_limit, "seed": first_seed} if heuristic else {}
    settings = settings_of(
        call, units, chosen, rows.about, method=method, **tabu, measure=measure, order=[low, high], which=which,
        n_best=n_best, per_order=per_order, across=across, determined=determined, threads=threads,
        evaluated=rows.evaluated, skipped=rows.skipped, seconds=time.perf_counter() - began - prepared,
        preparation_seconds=prepared,
    )
    D, J, L, _ = rows.terms
    return Multiplets(
        call.indices(rows.members),
        **columns_of(call, scale, D, J, L, row),
        **more,
        names=call.names,
        dataset=rows.dataset if call.system.stacked and not of_mean else None,
        extreme=rows.extreme,
        settings=settings,
    )


def scan(
    X: ArrayLike | System,
    order: int | tuple[int, int],
    *,
    target: Multiplet | int | str | None = None,
    estimator: str | Estimator = "gaussian_copula",
    given: Multiplet | int | str | None = None,
    discrete: Multiplet | int | str | None = None,
    bias_correction: BiasCorrection = True,
    units: Units = "nats",
    groups: Groups | None = None,
    backend: str = "auto",
    missing: str = "raise",
    names: Sequence[str] | None = None,
    executor: Any = None,
) -> Iterator[Multiplets]:
    """Every set of the given orders with its four measures, block by block, in constant memory.

    Parameters
    ----------
    X : array_like or GaussianSystem
        As in :func:`hoi.oinfo`.
    order : int or (int, int)
        As in :func:`hoi.search`.
    target : int, str, or sequence of them, optional
        As in :func:`hoi.search`; blocks then have ``information``, ``rsi`` and ``gradient``.
    estimator, given, discrete, bias_correction, units, groups, backend, missing
        As in :func:`hoi.oinfo`.
    names : sequence of str, optional
        As in :func:`hoi.search`.
    executor
        As in :func:`hoi.search`. All values travel, so that it pays for estimators that take their time.

    Yields
    ------
    Multiplets
        Up to 65536 consecutive sets of one order, in lexicographic order of members; dataset after dataset. Sets with
        a numerically singular covariance have no values and are left out; ``settings["skipped"]`` counts those of
        the block, so that the sum over all blocks is exact. A block of nothing but such sets comes empty.

    Raises
    ------
    HoiError
        As :func:`hoi.search`, at the call and not at the first block.

    Warns
    -----
    SingularWarning
        Once, at the end, if sets were left out.

    Examples
    --------
    >>> import numpy as np, hoi
    >>> X = np.random.default_rng(0).standard_normal((500, 10))
    >>> sum(int((block.oinfo < 0).sum()) for block in hoi.scan(X, (3, 4))) <= 120 + 210
    True
    """
    scale = scale_of(units)
    call = open_call(
        X, estimator=estimator, given=given, bias_correction=bias_correction, groups=groups, backend=backend,
        discrete=discrete, target=target, missing=missing, names=names,
    )  # fmt: skip
    orders = require_order(call, order)
    chosen = pick(backend, count_sets(call.problem, *orders))
    checks.check_executor(executor)
    workers = 1 if executor is None else size_of(executor)
    warn_of_hours(chosen, call.problem, ABOUT_TARGET["information"] if call.target else MEASURES["tc"], orders, workers)
    evaluator = chosen.open(call.problem, UNRANKED)
    settings = settings_of(call, units, chosen, evaluator.about(), order=list(orders))

    def blocks() -> Iterator[Multiplets]:
        evaluated = skipped = 0
        for block in all_sets(evaluator, orders, _BLOCK, chosen.name, executor):
            evaluated += len(block.members)
            skipped += block.skipped
            D, J, L, _ = block.terms
            if len(block.members) or block.skipped:
                yield Multiplets(
                    call.indices(block.members),
                    **columns_of(call, scale, D, J, L),
                    names=call.names,
                    dataset=np.full(len(J), block.dataset) if call.system.stacked else None,
                    settings={**settings, "evaluated": len(J), "skipped": block.skipped},
                )
        warn_of_skipped(skipped, evaluated)

    return blocks()


def _mean_of(call: Call) -> MeanProblem:
    """The problem of the mean over datasets."""
    if not call.system.stacked:
        raise HoiError(
            "across='mean': X is one table, and the mean is over several datasets. Give a stack, or a list or dict of "
            "tables."
        )
    return MeanProblem(call.problem)


def _agreement(each: Problem, rows: Rows, measure: Measure) -> FloatArray:
    """For each set, the share of datasets in which the measure has the sign of its mean."""
    agreement = np.zeros(len(rows.members))
    sizes = (rows.members >= 0).sum(axis=1)
    mean = measure.value(*rows.terms[:3])
    for k in np.unique(sizes).tolist():
        some = np.flatnonzero(sizes == k)
        members = rows.members[some, :k]
        for d in range(each.n_datasets):
            own = corrected(each, each.reference(members, np.full(len(some), d)), members)
            agreement[some] += np.sign(measure.value(*own[:3])) == np.sign(mean[some])
    return agreement / each.n_datasets


def warn_of_skipped(skipped: int, evaluated: int) -> None:
    """Warn, once for a call, of sets without a value."""
    if skipped:
        warn(
            f"{skipped:,} of {evaluated + skipped:,} sets were skipped: their covariance is numerically singular, "
            "since some of their variables are determined by others. Duplicated or dependent columns cause it.",
            SingularWarning,
        )
