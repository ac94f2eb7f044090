"""The networks whose single neurons are looked at, and two nulls: neurons that are tuned as they are and have nothing
to do with each other, and networks that were taught random labels, which are not tuned.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hoi_grokking.circuits import dominant_frequencies, shifted
from hoi_grokking.comparison import participation_of_neurons
from hoi_grokking.config import Sweep, paper_variants
from hoi_grokking.statistics.exact import flip_test
from hoi_grokking.store import Run
from hoi_grokking.study import Study
from hoi_grokking.training import paper
from hoi_grokking.training.tasks import load

__all__ = [
    "BY_HEART", "LABELS", "NETWORK", "SHIFTED", "STEPS", "Network", "Neurons", "nearest", "neurons_of", "over",
    "over_networks", "taught_by_heart", "trained", "with_nulls",
]  # fmt: skip

# They grok early, at about step 430, so that a quarter of the paper's steps holds all of it.
LABELS = ("weight decay 2", "alpha 8")
_LAST = 1000

# A network as it is, and its nulls.
NETWORK, SHIFTED, BY_HEART = "network", "shifted neurons", "random labels"

# Random labels are learnt by heart, or given up, well before that.
_BY_HEART = 500

# Of the checkpoints, those nearest to these steps, for what takes long.
STEPS = (10, 60, 90, 140, 200, 430, 860)


class Network(NamedTuple):
    """A network at a checkpoint; `kind` says whether it is as it is or one of the nulls."""

    run: Run
    label: str
    seed: int
    step: int
    kind: str = NETWORK

    @property
    def names(self) -> dict[str, Any]:
        """What a row of a table is about."""
        return {"configuration": self.label, "seed": self.seed, "step": self.step, "neurons": self.kind}


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


def trained(study: Study) -> Run:
    """The networks of the paper that grok early, all seeds."""
    return study.run("circuits", _sweep(study, _LAST, 48))


def taught_by_heart(study: Study) -> Run:
    """The same networks with random labels: the targets of the training set are dealt out anew."""
    sweep = _sweep(study, _BY_HEART, 16)
    task = dataclasses.replace(sweep.task, corrupted=1.0)
    return study.run("random-labels", dataclasses.replace(sweep, task=task))


def _sweep(study: Study, steps: int, n_checkpoints: int) -> Sweep:
    variants = tuple(variant for variant in paper_variants() if variant.label in LABELS)
    whole = study.sweep(variants)
    return dataclasses.replace(
        whole, steps=min(steps, whole.steps), n_checkpoints=min(n_checkpoints, whole.n_checkpoints)
    )


def nearest(run: Run, steps: Iterable[int] = STEPS) -> list[int]:
    """The checkpoints nearest to some steps."""
    there = np.array(run.checkpoint_steps)
    return sorted({int(there[np.abs(there - step).argmin()]) for step in steps})


def with_nulls(study: Study, steps: Callable[[Run], Iterable[int]]) -> list[Network]:
    """All networks at some checkpoints of their runs, each of them and its nulls."""
    found = []
    for run, kinds in ((trained(study), (NETWORK, SHIFTED)), (taught_by_heart(study), (BY_HEART,))):
        found += [
            Network(run, label, seed, step, kind)
            for label in LABELS for seed in run.sweep.seeds for step in steps(run) for kind in kinds
        ]  # fmt: skip
    return found


def neurons_of(network: Network) -> Neurons:
    """The neurons of a network; those that are shifted keep the weights into and out of them as they are."""
    sweep, step = network.run.sweep, network.step
    data = load(sweep.task)
    n_tokens = data.n_inputs // 2
    shape = paper.shape_of(sweep, data.n_inputs, data.n_classes)
    row = network.run.checkpoint(step, network.run.member(network.label, network.seed))
    into, out, _ = (np.asarray(part[0]) for part in shape.split(row[None]))
    grid = np.meshgrid(np.arange(n_tokens), np.arange(n_tokens, 2 * n_tokens), indexing="ij")
    hidden = paper.hidden(shape, row, np.stack(grid, axis=-1).reshape(-1, 2))
    if network.kind == SHIFTED:
        hidden = shifted(hidden, n_tokens, seed=step)
    tuned, participation = dominant_frequencies(into, n_tokens), participation_of_neurons(into, n_tokens)
    return Neurons(n_tokens, hidden, into, out, tuned, participation)


def over_networks(values: pd.Series, ratios: pd.Series) -> dict[str, Any]:
    """Median and range of some values, one for each network, and the exact test of ratios against 1: any could as well
    be its inverse.
    """
    pvalue, side = flip_test(np.log(ratios))
    return {
        "networks": len(values), "median": values.median(), "low": values.min(), "high": values.max(), "p": pvalue,
        "side": np.sign(side),
    }  # fmt: skip


def over(study: Study, what: Callable[[Network], list[dict[str, Any]]], networks: Iterable[Network]) -> list[dict]:
    """Rows of all networks, a process for each core."""
    from joblib import Parallel, delayed

    jobs = -1 if study.settings.jobs is None else study.settings.jobs
    return [row for rows in Parallel(n_jobs=jobs)(delayed(what)(network) for network in networks) for row in rows]
