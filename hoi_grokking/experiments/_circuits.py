"""The networks whose single neurons are looked at, and the rankings of sets of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import hoi
from hoi_grokking.circuits import dominant_frequencies, on_off
from hoi_grokking.comparison import participation_of_neurons
from hoi_grokking.config import paper_variants
from hoi_grokking.store import Run
from hoi_grokking.study import Study
from hoi_grokking.training import paper
from hoi_grokking.training.tasks import load

__all__ = ["LABELS", "MANY", "STEPS", "Neurons", "Ranked", "nearest", "neurons_of", "over", "ranked", "trained"]

# They grok early, at about step 430, so that a quarter of the paper's steps holds all of it.
LABELS = ("weight decay 2", "alpha 8")
_LAST = 1000

# Of the checkpoints, those nearest to these steps, for what takes long.
STEPS = (10, 60, 90, 140, 200, 430, 860)

# Sets that are kept of each end.
MANY = 1000


class Neurons(NamedTuple):
    """The hidden layer of a network at a checkpoint.

    `hidden` (n_tokens**2, width) are the activations at all inputs, the first token outermost; `into`, `out` and
    `layers` its weights; `tuned` and `participation` (width,) the dominant frequency of each neuron and how few
    frequencies it has.
    """

    n_tokens: int
    hidden: NDArray[np.float64]
    into: NDArray[np.float32]
    out: NDArray[np.float32]
    tuned: NDArray[np.int64]
    participation: NDArray[np.float64]


class Ranked(NamedTuple):
    """Sets from the most extreme on, (n_sets, size), and their O-information in nats (pairs have their squared
    correlation).
    """

    members: NDArray[np.int64]
    values: NDArray[np.float64]


def trained(study: Study) -> Run:
    """The networks of the paper that grok early, all seeds."""
    variants = tuple(variant for variant in paper_variants() if variant.label in LABELS)
    scale = study.sweep(variants)
    fewer = {"steps": min(_LAST, scale.steps), "n_checkpoints": min(48, scale.n_checkpoints)}
    return study.run("circuits", study.sweep(variants, **fewer))


def nearest(run: Run, steps: Iterable[int] = STEPS) -> list[int]:
    """The checkpoints nearest to some steps."""
    there = np.array(run.checkpoint_steps)
    return sorted({int(there[np.abs(there - step).argmin()]) for step in steps})


def neurons_of(run: Run, label: str, seed: int, step: int) -> Neurons:
    """The neurons of a network at a checkpoint."""
    data = load(run.sweep.task)
    n_tokens = data.n_inputs // 2
    shape = paper.shape_of(run.sweep, data.n_inputs, data.n_classes)
    row = run.checkpoint(step, run.member(label, seed))
    into, out, _ = (np.asarray(part[0]) for part in shape.split(row[None]))
    grid = np.meshgrid(np.arange(n_tokens), np.arange(n_tokens, 2 * n_tokens), indexing="ij")
    hidden = paper.hidden(shape, row, np.stack(grid, axis=-1).reshape(-1, 2))
    tuned, participation = dominant_frequencies(into, n_tokens), participation_of_neurons(into, n_tokens)
    return Neurons(n_tokens, hidden, into, out, tuned, participation)


def ranked(hidden: NDArray, order: int, *, exact: bool = False) -> dict[str, Ranked]:
    """The `MANY` most synergistic and most redundant sets among all of an order; pairs have one end, "correlated".

    Parameters
    ----------
    hidden : ndarray, shape (n_inputs, n_neurons)
    order : int
    exact : bool
        On/off patterns and their exact distribution, instead of the Gaussian copula of the activations.
    """
    values = on_off(hidden) if exact else hidden
    alive = np.flatnonzero(np.ptp(values, axis=0) > 0)
    by = hoi.estimators.Discrete(correction=None) if exact else hoi.estimators.GaussianCopula()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hoi.HoiWarning)
        if order == 2:
            return {"correlated": _pairs(values[:, alive], alive)}
        found = hoi.search(
            values[:, alive], order, n_best=MANY, estimator=by, bias_correction=False, progress=False, threads=1
        )
    members, oinfo = alive[np.array(list(found.members))], np.asarray(found.oinfo)
    ends = {"synergistic": np.argsort(oinfo, kind="stable"), "redundant": np.argsort(-oinfo, kind="stable")}
    return {end: Ranked(members[places[:MANY]], oinfo[places[:MANY]]) for end, places in ends.items()}


def _pairs(values: NDArray, alive: NDArray) -> Ranked:
    """All pairs by their squared rank correlation."""
    covariance = hoi.GaussianSystem.from_data(values, estimator=hoi.estimators.GaussianCopula()).covariance
    scale = 1 / np.sqrt(covariance.diagonal())
    rows, columns = np.triu_indices(len(alive), 1)
    squared = np.square(covariance[rows, columns] * scale[rows] * scale[columns])
    order = np.argsort(-squared, kind="stable")[:MANY]
    return Ranked(alive[np.stack([rows, columns], axis=1)[order]], squared[order])


def over(study: Study, what: Callable[..., list[dict[str, Any]]], cases: Sequence[tuple[Any, ...]]) -> list[dict]:
    """Rows of all cases, a process for each core."""
    from joblib import Parallel, delayed

    jobs = -1 if study.settings.jobs is None else study.settings.jobs
    return [row for rows in Parallel(n_jobs=jobs)(delayed(what)(*case) for case in cases) for row in rows]
