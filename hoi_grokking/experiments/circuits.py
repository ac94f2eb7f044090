"""Circuits of single neurons: all triplets along training, what they are tuned to, and what of them no pair shows."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import hoi
from hoi_grokking import drawing, model
from hoi_grokking.circuits import beyond_pairs, common_frequency, dominant_frequencies, on_off, shifted
from hoi_grokking.comparison import inverse_participation
from hoi_grokking.store import Run
from hoi_grokking.study import Study
from hoi_grokking.tasks import load

TITLE = "Triplets of all neurons: on/off patterns and Gaussian copula, their frequencies, and what is beyond pairs"

LABELS = ("weight decay 2", "alpha 8")

# Of the checkpoints, those nearest to these steps: the networks grok at about 430.
STEPS = (10, 60, 90, 140, 200, 430, 860)

# How many triplets of each end are looked at, and how many random ones.
BEST, MANY, RANDOM = 100, 1000, 200

EXACT, COPULA = "on/off patterns, exact", "Gaussian copula"
NETWORK, NULL = "network", "shifted neurons"


def run(study: Study) -> list[Path]:
    """The first seed of each configuration that groks early."""
    trained = study.paper()
    seed = trained.sweep.seeds[0]
    steps = steps_of(trained)[:: 3 if study.settings.scale == "quick" else 1]
    rows = [row for label in LABELS for step in steps for row in measure_triplets(trained, label, seed, step)]
    table = pd.DataFrame(rows)
    return [study.save_table("circuits", table), *study.save_figure("circuits", draw(table))]


def steps_of(trained: Run) -> list[int]:
    """Checkpoints to look at."""
    there = np.array(trained.checkpoint_steps)
    return sorted({int(there[np.abs(there - step).argmin()]) for step in STEPS})


def measure_triplets(trained: Run, label: str, seed: int, step: int) -> list[dict[str, object]]:
    """A network at a checkpoint by both estimators, beside itself with every neuron shifted on its own."""
    member = trained.member(label, seed)
    data = load(trained.sweep.task)
    n_tokens = data.n_inputs // 2
    shape = model.shape_of(trained.sweep, data.n_inputs, data.n_classes)
    into = np.asarray(shape.split(trained.checkpoint(step, member)[None]).into[0])
    tuned = dominant_frequencies(into, n_tokens)
    counts = np.bincount(tuned)
    chance = sum(math.comb(int(count), 3) for count in counts) / math.comb(len(tuned), 3)
    # all inputs in the order of the pairs of tokens, so that neurons can be shifted over them
    grid = np.meshgrid(np.arange(n_tokens), np.arange(n_tokens, 2 * n_tokens), indexing="ij")
    hidden = model.hidden(shape, trained.checkpoint(step, member), np.stack(grid, axis=-1).reshape(-1, 2))
    head = {"configuration": label, "seed": seed, "step": step}
    about = {"inverse participation": inverse_participation(into, n_tokens), "chance of a common frequency": chance}
    rows = []
    for kind, values in ((NETWORK, hidden), (NULL, shifted(hidden, n_tokens, seed=step))):
        for estimator in (EXACT, COPULA):
            found = _triplets(values, tuned, estimator)
            rows.append({**head, "neurons": kind, "estimator": estimator, **found, **about})
    return rows


def _triplets(values: np.ndarray, tuned: np.ndarray, estimator: str) -> dict[str, float]:
    """The triplets of both ends among all: their O-information, common frequencies, and what is beyond pairs."""
    patterns = on_off(values)
    alive = np.flatnonzero(np.ptp(patterns if estimator == EXACT else values, axis=0) > 0)
    chosen = patterns[:, alive] if estimator == EXACT else values[:, alive]
    by = hoi.estimators.Discrete(correction=None) if estimator == EXACT else hoi.estimators.GaussianCopula()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hoi.HoiWarning)
        found = hoi.search(
            chosen, 3, n_best=MANY, estimator=by, bias_correction=False, progress=False, threads=1
        )
    members, oinfo = alive[np.array(list(found.members))], np.asarray(found.oinfo)
    result: dict[str, float] = {}
    for end, places in (("synergistic", np.argsort(oinfo)), ("redundant", np.argsort(-oinfo))):
        result[f"O-information, {BEST} most {end}"] = float(oinfo[places[:BEST]].mean())
        for n in (BEST, MANY):
            common = common_frequency(members[places[:n]], tuned)
            result[f"common frequency, {n} most {end}"] = float(common.mean())
        if estimator == EXACT:
            exact = np.array(beyond_pairs(patterns, members[places[:BEST]]))
            result[f"of pairs, {BEST} most {end}"], result[f"beyond pairs, {BEST} most {end}"] = exact[:, 1:].mean(0)
    if estimator == EXACT:
        drawn = np.random.default_rng(0).permuted(np.tile(alive, (RANDOM, 1)), axis=1)[:, :3]
        result["beyond pairs, random"] = float(np.mean([one.beyond for one in beyond_pairs(patterns, drawn)]))
    return result


def draw(table: pd.DataFrame) -> Figure:
    """One row per configuration: common frequencies at both ends, O-information, and what is beyond pairs."""
    made, axes = drawing.figure(len(LABELS), 3, 3.4, 2.6)
    n = table.seed.nunique()
    for row, label in zip(axes, LABELS, strict=True):
        own = table[table.configuration == label]

        def lines(ax: Axes, kind: str, estimator: str, column: str, text: str, place: int, own: pd.DataFrame = own):
            part = own[(own.neurons == kind) & (own.estimator == estimator)]
            values = part.pivot_table(index="seed", columns="step", values=column)
            drawing.curves(ax, values.columns.to_numpy(), values.to_numpy(), text, place)

        column = "common frequency, {} most {}".format
        lines(row[0], NETWORK, EXACT, column(BEST, "synergistic"), "synergistic, on/off", 0)
        lines(row[0], NETWORK, EXACT, column(BEST, "redundant"), "redundant, on/off", 1)
        lines(row[0], NETWORK, COPULA, column(BEST, "synergistic"), "synergistic, copula", 5)
        lines(row[0], NETWORK, COPULA, column(BEST, "redundant"), "redundant, copula", 4)
        lines(row[0], NETWORK, EXACT, "chance of a common frequency", "all triplets", 6)
        drawing.step_axis(row[0], f"{label}\npart of one frequency")
        row[0].set_ylim(-0.03, 1.03)
        lines(row[1], NETWORK, EXACT, f"O-information, {BEST} most synergistic", "on/off, exact", 0)
        lines(row[1], NETWORK, EXACT, f"of pairs, {BEST} most synergistic", "its pairs alone", 2)
        lines(row[1], NULL, EXACT, f"O-information, {BEST} most synergistic", "shifted neurons", 6)
        row[1].axhline(0, color="#999999", linewidth=0.6)
        drawing.step_axis(row[1], "lowest O-information (nats)")
        lines(row[2], NETWORK, EXACT, f"beyond pairs, {BEST} most synergistic", "most synergistic", 0)
        lines(row[2], NETWORK, EXACT, f"beyond pairs, {BEST} most redundant", "most redundant", 1)
        lines(row[2], NETWORK, EXACT, "beyond pairs, random", "random", 3)
        lines(row[2], NULL, EXACT, f"beyond pairs, {BEST} most synergistic", "shifted, most synergistic", 6)
        drawing.step_axis(row[2], "information beyond pairs (nats)")
    for ax in axes[0]:
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), fontsize=6.5, frameon=False, ncols=2)
    made.suptitle(f"means of {BEST} of all triplets; {drawing.of_seeds(n)}", fontsize=10)
    return made
