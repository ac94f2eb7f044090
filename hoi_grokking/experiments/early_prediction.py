"""Section 6 put to the test: does an early peak of synergy tell when, and whether, a network groks?

Over a sweep of hyperparameters it would tell nothing new: weight decay and learning rate alone separate the networks
that grok from those that do not, and whatever follows them separates them too. So the hyperparameters are fixed, at
three points of the boundary, and the networks differ by their initial weights only.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from hoi_grokking import drawing
from hoi_grokking.comparison import compare
from hoi_grokking.config import Sweep, Task, Variant
from hoi_grokking.measures.stored import measure_run, series
from hoi_grokking.statistics.prediction import early
from hoi_grokking.statistics.survival import concordance, hazard_effect
from hoi_grokking.store import Run
from hoi_grokking.study import PROBES, Study

TITLE = "Early synergy and the time to grok: networks of the same hyperparameters, at the boundary of those that grok"

# A modulus at which hundreds of networks train in minutes.
TASK = Task(modulus=23, train_fraction=0.7)
WINDOW = (10, 120)
STEPS = 1500

# Test accuracy from which a network has grokked at the small modulus.
LEVEL = 0.9

# Weight decay and learning rate at which about half of the networks of a pilot (other seeds) get there.
POINTS = ((1.4, 0.0178), (1.6, 0.03), (1.75, 0.0562))

# Seeds that train together; a table is written after each such part.
AT_ONCE = 100

# What synergy has to add to, besides the hyperparameters, which are the strata.
BASELINE = ("train loss", "test loss", "test accuracy", "L2 norm", "pairwise mutual information")


def sweeps_of(study: Study) -> list[Sweep]:
    """As many seeds at each point as the scale takes, some at a time."""
    variants = tuple(
        Variant(f"weight decay {decay:g}, learning rate {rate:g}", weight_decay=decay, learning_rate=rate)
        for decay, rate in POINTS
    )
    small, n = study.settings.scale == "tiny", study.scale.grid
    return [
        Sweep(
            variants, TASK, seeds=tuple(range(first, min(first + AT_ONCE, n))), width=24 if small else 100,
            steps=150 if small else STEPS, n_checkpoints=24,
        )
        for first in range(0, n, AT_ONCE)
    ]  # fmt: skip


def run(study: Study) -> list[Path]:
    """Train the networks, take every score from steps 10 to 120, and hold it against the time to grok."""
    parts: list[pd.DataFrame] = []
    for sweep in sweeps_of(study):
        parts.append(_networks(study, study.run("early-prediction", sweep)))
        networks = pd.concat(parts, ignore_index=True)
        saved = study.save_table("early_prediction_networks", networks)
    table = _table(networks)
    return [
        study.save_table("early_prediction", table),
        saved,
        *study.save_figure("early_prediction", _draw(networks, table)),
    ]


def _networks(study: Study, trained: Run) -> pd.DataFrame:
    """One row per network: its point and seed, when it grokked or was last seen not to have, and every score."""
    curves = trained.curves()
    reached = curves["test_accuracy"] >= LEVEL
    grokked = reached.any(1)
    steps = [step for step in trained.checkpoint_steps if WINDOW[0] <= step <= WINDOW[1]]
    measure_run(
        trained, list(PROBES.values()), steps=steps, jobs=study.settings.jobs, progress=study.settings.progress
    )
    scores = {}
    for name, probe in PROBES.items():
        found = series(trained, probe)
        scores[f"synergy, {name}"] = early(found.step, found.synergy, WINDOW)
    others = compare(trained, steps=steps, jobs=study.settings.jobs)
    at = {name: study.at_checkpoints(trained, name) for name in ("train_loss", "test_loss", "test_accuracy")}
    checkpoints = np.array(trained.checkpoint_steps)
    for name, (step, values) in {
        "train loss": (checkpoints, at["train_loss"]),
        "test loss": (checkpoints, at["test_loss"]),
        "test accuracy": (checkpoints, at["test_accuracy"]),
        "L2 norm": (others["step"], others["weight_norm"]),
        "pairwise mutual information": (others["step"], others["pairwise_information"]),
        "inverse participation ratio": (others["step"], others["inverse_participation"]),
    }.items():
        scores[name] = early(step, values, WINDOW, "last")
    return pd.DataFrame(
        {
            "point": [variant.label for variant, _ in trained.sweep.members],
            "seed": [seed for _, seed in trained.sweep.members],
            "step": np.where(grokked, curves["step"][reached.argmax(1)], trained.sweep.steps),
            "grokked": grokked,
            "final test accuracy": curves["test_accuracy"][:, -1],
            **scores,
        }
    )


def _table(networks: pd.DataFrame) -> pd.DataFrame:
    """Concordance of each score with the time to grok, and its log hazard ratio beyond the baseline."""
    outcome = networks["step"], networks["grokked"], networks["point"]
    rows = []
    for score in networks.columns[5:]:
        others = networks[[name for name in BASELINE if name != score]]
        alone = concordance(networks[score], *outcome)
        beyond = hazard_effect(networks[score], others, *outcome)
        rows.append(
            {
                "score": score, "concordance": alone.value, "low": alone.low, "high": alone.high, "p": alone.pvalue,
                "log hazard ratio beyond": beyond.value, "low beyond": beyond.low, "high beyond": beyond.high,
                "p beyond": beyond.pvalue,
            }
        )  # fmt: skip
    return pd.DataFrame(rows).assign(networks=len(networks), grokked=int(networks["grokked"].sum()))


def _draw(networks: pd.DataFrame, table: pd.DataFrame):
    """The part that has not grokked yet, and what each score says of it, alone and beyond the baseline."""
    from scipy.stats import CensoredData, ecdf

    drawn, axes = drawing.figure(1, 3, 3.4, 3.4)
    time, alone, beyond = axes[0]
    for place, (point, rows) in enumerate(networks.groupby("point", sort=False)):
        seen, lost = rows.loc[rows.grokked, "step"], rows.loc[~rows.grokked, "step"]
        survival = ecdf(CensoredData(uncensored=seen, right=lost)).sf
        step, part = [0, *survival.quantiles], [1, *survival.probabilities]
        time.step(
            step, part, where="post", color=drawing.COLOURS[place], linestyle=drawing.DASHES[place],
            label=point.replace(", ", ",\n"),
        )  # fmt: skip
    time.set_ylim(-0.03, 1.03)
    time.set_xlabel("training step")
    time.set_ylabel(f"part below {LEVEL:.0%} test accuracy")
    drawing.legend(time, loc="lower left")
    lines = np.arange(len(table))[::-1]
    for ax, names, centre, label in (
        (alone, ("concordance", "low", "high"), 0.5, "concordance with the time to grok"),
        (beyond, ("log hazard ratio beyond", "low beyond", "high beyond"), 0, "log hazard ratio beyond the baseline"),
    ):
        value, low, high = (table[name] for name in names)
        colours = [drawing.SYNERGY if score.startswith("synergy") else drawing.LOSS for score in table.score]
        ax.hlines(lines, low, high, color=colours)
        ax.scatter(value, lines, color=colours, s=14)
        ax.axvline(centre, color="#999999", linewidth=0.8, linestyle="--")
        ax.set_xlabel(f"{label}, 95 %")
    alone.set_yticks(lines, table.score)
    beyond.set_yticks(lines, [""] * len(lines))
    n = networks.groupby("point").size().iloc[0]
    drawn.suptitle(f"{n} networks at each point, modulus {TASK.modulus}; scores of steps {WINDOW[0]} to {WINDOW[1]}")
    return drawn
