"""Runs followed for an experiment: accuracy beside raw synergy and redundancy, and when synergy peaks."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from hoi_grokking import drawing
from hoi_grokking.config import Sweep, Task, Variant
from hoi_grokking.experiments._curves import first_step
from hoi_grokking.measures.stored import layers_of, measure_run, series
from hoi_grokking.store import Run
from hoi_grokking.study import PROBES, Study

__all__ = [
    "ESTIMATORS",
    "LEVEL",
    "Followed",
    "Values",
    "follow",
    "seeds_of",
    "small_task",
    "sweep_of",
    "write_followed",
]

# Estimators that are shown, as in figures 2 to 4.
ESTIMATORS = {name: PROBES[name] for name in ("pooled", "union, ordinal ties", "grouped")}

# Test accuracy from which a network has generalised here: every task reaches it, and digits do not get far above it.
LEVEL = 0.9

# Peaks count from this step on: before it the measures show the initial weights.
_FIRST_STEP = 10


class Values(NamedTuple):
    """A measure over training: `step` (n_steps,), the others (n_seeds, n_steps) in nats."""

    step: np.ndarray
    synergy: np.ndarray
    redundancy: np.ndarray


class Followed(NamedTuple):
    """A configuration over its seeds: accuracies (n_seeds, n_steps), and the values of each estimator."""

    label: str
    seeds: tuple[int, ...]
    step: np.ndarray
    train: np.ndarray
    test: np.ndarray
    values: dict[str, Values]


def seeds_of(study: Study) -> tuple[int, ...]:
    """Three seeds, fewer at a smaller scale, or those that were asked for."""
    return study.settings.seeds or study.seeds[:3]


def small_task(task: Task) -> Task:
    """The task at scale "tiny"."""
    return dataclasses.replace(task, modulus=11, bits=8, n_samples=200)


def sweep_of(
    study: Study,
    variants: Sequence[Variant],
    task: Task,
    *,
    steps: int,
    quick: int = 2,
    **changes: Any,
) -> Sweep:
    """Networks of 128 hidden neurons, measured 40 times; smaller and less often at a smaller scale, with one in `quick`
    of the steps at scale "quick". `changes` as for `Sweep`.
    """
    size: dict[str, Any] = {"width": 128, "steps": steps, "n_checkpoints": 40}
    if study.settings.scale == "quick":
        size |= {"steps": steps // quick, "n_checkpoints": 12}
    if study.settings.scale == "tiny":
        task, size = small_task(task), {"width": 24, "steps": 60, "n_checkpoints": 8}
    return Sweep(tuple(variants), task, **{"seeds": seeds_of(study), **size, **changes})


def follow(study: Study, run: Run) -> list[Followed]:
    """Curves and measures of each configuration of a run, layer by layer; measured now if they are not yet."""
    measure_run(run, list(ESTIMATORS.values()), jobs=study.settings.jobs, progress=study.settings.progress)
    curves = run.curves()
    layers = layers_of(run)
    result = []
    for variant in run.sweep.variants:
        chosen = study.members(run, variant.label)
        train, test = (curves[f"{which}_accuracy"][chosen] for which in ("train", "test"))
        for layer in layers:
            found = {name: series(run, probe, chosen, layer) for name, probe in ESTIMATORS.items()}
            values = {name: Values(one.step, one.synergy, one.highest) for name, one in found.items()}
            label = variant.label if len(layers) == 1 else f"{variant.label}, {layer}"
            result.append(Followed(label, run.sweep.seeds, curves["step"], train, test, values))
    return result


def write_followed(
    study: Study, name: str, followed: Sequence[Followed], heading: str, score: str = "accuracy"
) -> list[Path]:
    """One row per configuration: accuracy, and raw synergy and redundancy by each estimator. Also their tables.

    `score` is what the accuracy is called: of a regression it is the coefficient of determination.
    A dotted line, if most seeds get there, is where the test accuracy reaches `LEVEL`: the median over the seeds.
    """
    made, axes = drawing.figure(len(followed), 1 + len(ESTIMATORS), 3.0, 2.1)
    line = f"{LEVEL:.0%} of the test set" if score == "accuracy" else f"{score} of {LEVEL:g} on the test set"
    for ax, text in zip(axes[0], (score, *ESTIMATORS), strict=True):
        ax.set_title(text, fontsize=9)
    for row, one in zip(axes, followed, strict=True):
        drawing.curves(row[0], one.step, one.train, "training set", 1, drawing.LOSS)
        drawing.curves(row[0], one.step, one.test, "test set", 0, drawing.COLOURS[2])
        drawing.step_axis(row[0], f"{one.label}\n{score}")
        row[0].set_ylim(-0.03, 1.03)
        for ax, values in zip(row[1:], one.values.values(), strict=True):
            drawing.both(ax, values.step, values.synergy, values.redundancy)
        for ax in row:
            drawing.mark_grokking(ax, [first_step(one.step, test, LEVEL) for test in one.test], line)
        drawing.row_legend(row)
    made.suptitle(f"{heading}: {drawing.of_seeds(len(followed[0].seeds))}", fontsize=10)
    return [
        study.save_table(name, pd.DataFrame([row for one in followed for row in _peaks(one)])),
        study.save_table(f"{name}_values", pd.concat([_raw(one) for one in followed])),
        *study.save_figure(name, made),
    ]


def _peaks(one: Followed) -> list[dict[str, object]]:
    """When each network learns and generalises, and the synergy's peaks before and after, one row an estimator."""
    rows = []
    for place, seed in enumerate(one.seeds):
        fitted, general = (first_step(one.step, *pair) for pair in ((one.train[place], 0.99), (one.test[place], LEVEL)))
        for estimator, values in one.values.items():
            row: dict[str, object] = {
                "configuration": one.label, "seed": seed, "train 99%": fitted, f"test {LEVEL:.0%}": general,
                "final test accuracy": one.test[place, -1], "estimator": estimator,
            }  # fmt: skip
            early = values.step <= (np.inf if np.isnan(general) else general)
            for name, part in (("before", early), ("after", ~early)):
                peak = _peak(values.step, values.synergy[place], part)
                row |= {f"synergy peak {name} (nats)": peak[0], f"step of the peak {name}": peak[1]}
            rows.append(row | {"synergy at the end (nats)": values.synergy[place, -1]})
    return rows


def _peak(step: np.ndarray, synergy: np.ndarray, part: np.ndarray) -> tuple[float, float]:
    """Largest synergy within a part of the steps, and its step; NaN for no step, or where the layer has died."""
    places = np.flatnonzero(part & (step >= _FIRST_STEP) & np.isfinite(synergy))
    if not len(places):
        return float("nan"), float("nan")
    best = places[np.argmax(synergy[places])]
    return float(synergy[best]), float(step[best])


def _raw(one: Followed) -> pd.DataFrame:
    """Every value: one row per seed, estimator and checkpoint."""
    return pd.concat(
        pd.DataFrame(
            {
                "configuration": one.label, "seed": seed, "estimator": estimator, "step": values.step,
                "synergy (nats)": values.synergy[place], "redundancy (nats)": values.redundancy[place],
            }
        )
        for estimator, values in one.values.items()
        for place, seed in enumerate(one.seeds)
    )  # fmt: skip
