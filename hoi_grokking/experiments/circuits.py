"""Circuits of single neurons: all triplets along training, what they are tuned to, and what of them no pair shows."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hoi_grokking import drawing
from hoi_grokking.circuits import beyond_pairs, common_frequency, on_off, shifted
from hoi_grokking.experiments._circuits import LABELS, MANY, nearest, neurons_of, over, ranked, trained
from hoi_grokking.store import Run
from hoi_grokking.study import Study

TITLE = "Triplets of all neurons: on/off patterns and Gaussian copula, their frequencies, and what is beyond pairs"

# How many triplets of each end are looked at, beside `MANY`, and how many random ones.
BEST, RANDOM = 100, 200

EXACT, COPULA = "on/off patterns, exact", "Gaussian copula"
NETWORK, NULL = "network", "shifted neurons"


def run(study: Study) -> list[Path]:
    """Some checkpoints of every seed of the configurations that grok early."""
    networks = trained(study)
    steps = nearest(networks)[:: 3 if study.settings.scale == "quick" else 1]
    cases = [(networks, label, seed, step) for label in LABELS for seed in networks.sweep.seeds for step in steps]
    table = pd.DataFrame(over(study, measure_triplets, cases))
    return [study.save_table("circuits", table), *study.save_figure("circuits", draw(table))]


def measure_triplets(networks: Run, label: str, seed: int, step: int) -> list[dict[str, object]]:
    """A network at a checkpoint by both estimators, beside itself with every neuron shifted on its own."""
    own = neurons_of(networks, label, seed, step)
    counts = np.bincount(own.tuned)
    chance = sum(math.comb(int(count), 3) for count in counts) / math.comb(len(own.tuned), 3)
    head = {"configuration": label, "seed": seed, "step": step}
    about = {"inverse participation": own.participation.mean(), "chance of a common frequency": chance}
    rows = []
    for kind, values in ((NETWORK, own.hidden), (NULL, shifted(own.hidden, own.n_tokens, seed=step))):
        for estimator in (EXACT, COPULA):
            found = _triplets(values, own.tuned, estimator)
            rows.append({**head, "neurons": kind, "estimator": estimator, **found, **about})
    return rows


def _triplets(values: np.ndarray, tuned: np.ndarray, estimator: str) -> dict[str, float]:
    """The triplets of both ends among all: their O-information, common frequencies, and what is beyond pairs."""
    result: dict[str, float] = {}
    patterns = on_off(values)
    for end, found in ranked(values, 3, exact=estimator == EXACT).items():
        result[f"O-information, {BEST} most {end}"] = float(found.values[:BEST].mean())
        for n in (BEST, MANY):
            result[f"common frequency, {n} most {end}"] = float(common_frequency(found.members[:n], tuned).mean())
        if estimator == EXACT:
            exact = np.array(beyond_pairs(patterns, found.members[:BEST]))
            result[f"of pairs, {BEST} most {end}"], result[f"beyond pairs, {BEST} most {end}"] = exact[:, 1:].mean(0)
    if estimator == EXACT:
        alive = np.flatnonzero(np.ptp(patterns, axis=0) > 0)
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
