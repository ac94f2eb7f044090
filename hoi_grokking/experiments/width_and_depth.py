"""Width and depth: the test error falls, rises and falls again with the width; do synergy and redundancy?

Wrong training labels make the peak of the test loss where a network is just wide enough to know them by heart
(Nakkiran et al., 2020; Huang et al., 2024). The most extreme of more triplets is more extreme: the extremes that are
compared are those among 8 neurons, the mean over random choices of them. The mean of all triplets needs no such choice.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import hoi
from hoi_grokking import drawing
from hoi_grokking.config import Network, Sweep, Task, Variant
from hoi_grokking.experiments._circuits import Network as At
from hoi_grokking.experiments._circuits import over
from hoi_grokking.following import follow, seeds_of, sweep_of, write_followed
from hoi_grokking.measures.layer import Layer
from hoi_grokking.measures.stored import hidden_at
from hoi_grokking.study import Study

TITLE = "Width and depth: double descent of the digits with wrong labels, and one to three hidden layers"

WIDTHS = (4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
DEPTHS = (1, 2, 3)

# Place among the dashes and colour of each line.
_LOOK: dict[str, tuple[int, str]] = {
    "test set": (0, drawing.COLOURS[2]), "training set": (1, drawing.LOSS), "most redundant": (1, drawing.COLOURS[1]),
    "most synergistic": (0, drawing.COLOURS[0]),
}  # fmt: skip

# Neurons whose triplets are compared, and random choices of them.
MATCHED, CHOICES = 8, 100


def run(study: Study) -> list[Path]:
    """All widths on one task, then networks of several layers on another; the quick version has two layers only."""
    table = pd.DataFrame(over(study, measured, _wide(study)))
    rows = []
    for depth in DEPTHS[1:2] if study.settings.scale == "quick" else DEPTHS:
        variant = Variant("weight decay 0.5", weight_decay=0.5, learning_rate=0.01)
        task = Task(modulus=47, train_fraction=0.6)
        sweep = sweep_of(study, [variant], task, steps=1000, quick=10, network=Network("mlp", {"depth": depth}))
        found = follow(study, study.run(f"depth-{depth}", sweep))
        rows += [one._replace(label=f"layer {place} of {depth}") for place, one in enumerate(found, 1)]
    return [
        study.save_table("width", table),
        *study.save_figure("width", draw(table)),
        *write_followed(study, "depth", rows, f"Hidden layers of 128 neurons, modulus {sweep.task.modulus}"),
    ]


def _wide(study: Study) -> list[At]:
    """Networks of all widths at the end; five seeds, and every fifth width at smaller scales."""
    full = study.settings.scale == "full"
    variant = Variant("no weight decay", learning_rate=0.003)
    task = Task("digits", train_fraction=0.3, corrupted=0.2)
    steps = {"full": 2000, "quick": 400, "tiny": 60}[study.settings.scale]
    seeds = study.seeds if full else seeds_of(study)
    found = []
    for width in WIDTHS[:: 1 if full else 5]:
        sweep = Sweep((variant,), task, seeds, width=width, steps=steps, evaluate_every=100, n_checkpoints=2)
        trained = study.run(f"width-{width}", sweep)
        found += [At(trained, variant.label, seed, trained.checkpoint_steps[-1]) for seed in seeds]
    return found


def measured(at: At) -> list[dict[str, Any]]:
    """Losses and errors of a network, and the O-information of its triplets of neurons: one row."""
    member = at.run.member(at.label, at.seed)
    curves = at.run.curves()
    row: dict[str, Any] = {"width": at.run.sweep.width, "seed": at.seed, "step": at.step}
    for which in ("train", "test"):
        row[f"{which} loss"] = curves[f"{which}_loss"][member, -1]
        row[f"{which} error"] = 1 - curves[f"{which}_accuracy"][member, -1]
    return [row | triplets(hidden_at(at.run, member, at.step, "train"), at.seed)]


def triplets(hidden: np.ndarray, seed: int) -> dict[str, float]:
    """O-information of all triplets of neurons that vary, in nats: its mean, its extremes, and the mean over random
    choices of `MATCHED` neurons of the extremes among these. NaN where there are too few.
    """
    alive = int((np.ptp(hidden, axis=0) > 0).sum())
    names = ("mean", "lowest", "highest", "lowest of 8", "highest of 8")
    if alive < 3:
        return {"alive": alive, **dict.fromkeys(names, float("nan"))}
    sets = list(itertools.combinations(range(alive), 3))
    found = hoi.oinfo(Layer(hidden).system("average", 0), sets, bias_correction=False, singular="nan")
    cube = np.full((alive,) * 3, np.nan)
    cube[tuple(np.transpose(sets))] = found
    lowest, highest = [], []
    if alive >= MATCHED:
        rng = np.random.default_rng(seed)
        for _ in range(CHOICES):
            chosen = np.sort(rng.choice(alive, MATCHED, replace=False))
            part = cube[np.ix_(chosen, chosen, chosen)]
            lowest.append(np.nanmin(part))
            highest.append(np.nanmax(part))
    values = (
        np.nanmean(cube), np.nanmin(cube), np.nanmax(cube),
        np.mean(lowest) if lowest else np.nan, np.mean(highest) if highest else np.nan,
    )  # fmt: skip
    return {"alive": alive, **dict(zip(names, map(float, values), strict=True))}


def draw(table: pd.DataFrame) -> Figure:
    """Over the width: loss and error, and the three numbers of triplets with those of permuted neurons."""
    made, axes = drawing.figure(1, 4, 2.8, 2.5)
    panels: list[tuple[str, dict[str, str]]] = [
        ("loss", {"test set": "test loss", "training set": "train loss"}),
        ("error", {"test set": "test error", "training set": "train error"}),
        ("all triplets (nats)", {"most redundant": "highest", "most synergistic": "lowest"}),
        (f"triplets of {MATCHED} (nats)", {"most redundant": "highest of 8", "most synergistic": "lowest of 8"}),
    ]
    for ax, (text, lines) in zip(axes[0], panels, strict=True):
        for label, column in lines.items():
            values = table.pivot_table(index="seed", columns="width", values=column)
            drawing.curves(ax, values.columns.to_numpy(), values.to_numpy(), label, *_LOOK[label])
        drawing.step_axis(ax, text)
        ax.set_xlabel("hidden neurons")
        ax.xaxis.set_minor_formatter("")
        ax.set_xticks([4, 8, 16, 32, 64, 128], ["4", "8", "16", "32", "64", "128"])
    drawing.shared_legend(made, axes, ncols=6)
    made.suptitle(f"Digits, 20 % of the labels dealt out anew: {drawing.of_seeds(table.seed.nunique())}", fontsize=10)
    return made
