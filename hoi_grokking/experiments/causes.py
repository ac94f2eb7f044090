"""Is synergy a cause of grokking? Networks that are kept from being synergistic, or lose synergistic neurons.

Two interventions, each beside the same one on other sets. A penalty draws the O-information of the 1000 most
synergistic triplets of neurons towards 0, or of the most redundant or of random ones: its gradient has, in every step,
the same norm relative to that of the loss. Dropout takes as many neurons, of the most synergistic triplets or of the
most redundant ones, and in the place of each one with as much output weight. The outcome is when half, and when 90 %,
of the test set is right; networks that do not get there are censored.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hoi_grokking import drawing
from hoi_grokking.claims.rule import largest_decided
from hoi_grokking.config import Network, Penalty, Task, Variant
from hoi_grokking.experiments._curves import first_step
from hoi_grokking.following import sweep_of
from hoi_grokking.measures.estimators import Probe
from hoi_grokking.measures.stored import measure_run, series
from hoi_grokking.statistics.exact import flip_test
from hoi_grokking.store import Run
from hoi_grokking.study import Study
from hoi_grokking.training.sets import SETS

TITLE = "Synergy as a cause: penalties on sets of neurons and dropout of sets, of the same dose"

TASK = Task(modulus=31, train_fraction=0.65)
DECAY, STEPS = 0.5, 700
SEEDS = tuple(range(8))

# The gradient of a penalty, in norms of that of the loss (with another seed, 1 did little and 3 did much); part of the
# neurons that is dropped in a step; and after how many steps all triplets are searched anew.
DOSE, DROPPED, EVERY = 3.0, 0.3, 25

LEVELS = (0.5, 0.9)

PLAIN = "no intervention"
PENALTIES: dict[str, dict[str, Any]] = {f"penalty: {sets}": {"sets": sets} for sets in SETS}
DROPOUTS: dict[str, dict[str, Any]] = {
    "dropout: synergistic": {"sets": "synergistic"},
    "dropout: like synergistic": {"sets": "synergistic", "alike": True},
    "dropout: redundant": {"sets": "redundant"},
    "dropout: like redundant": {"sets": "redundant", "alike": True},
}

# What is held against what: each arm against none, then synergistic sets against the others of the same dose.
COMPARED = (
    *((arm, PLAIN) for arm in (*PENALTIES, *DROPOUTS)),
    ("penalty: synergistic", "penalty: redundant"), ("penalty: synergistic", "penalty: random"),
    ("dropout: synergistic", "dropout: redundant"), ("dropout: synergistic", "dropout: like synergistic"),
    ("dropout: redundant", "dropout: like redundant"),
)  # fmt: skip


def run(study: Study) -> list[Path]:
    """All arms, every seed: a table of networks, one of tests over the seeds, a figure."""
    trained = _trained(study)
    probe = Probe("neurons")
    measure_run(trained, [probe], jobs=study.settings.jobs, progress=study.settings.progress)
    synergy = series(trained, probe)
    late = (synergy.step >= EVERY) & (synergy.step < trained.sweep.steps)
    networks = outcomes(trained)
    networks["synergy of the best triplet (nats)"] = np.nanmean(synergy.synergy[:, late], axis=1)
    return [
        study.save_table("causes", networks),
        study.save_table("causes_tests", tests(networks)),
        *study.save_figure("causes", _draw(trained, networks)),
    ]


def variants(width: int, **size: int) -> tuple[Variant, ...]:
    """No intervention, then the arms; `size` may have another number of sets than that of the regularisers."""
    penalties = {
        name: Penalty("set_penalty", DOSE, EVERY, True, {**options, **size}) for name, options in PENALTIES.items()
    }
    n_dropped = round(DROPPED * width)
    dropouts = {
        name: Penalty("set_dropout", 0.0, EVERY, options={**options, "n_dropped": n_dropped, **size})
        for name, options in DROPOUTS.items()
    }
    arms = [Variant(name, weight_decay=DECAY, penalty=one) for name, one in (penalties | dropouts).items()]
    return (Variant(PLAIN, weight_decay=DECAY), *arms)


def _trained(study: Study) -> Run:
    """All arms with the same initial weights."""
    sweep = sweep_of(study, [Variant(PLAIN)], TASK, steps=STEPS, network=Network(), quick=8)
    seeds = {"full": SEEDS, "quick": SEEDS[:1], "tiny": SEEDS[:1]}[study.settings.scale]
    size = {} if study.settings.scale == "full" else {"n_sets": 100}
    sweep = dataclasses.replace(sweep, variants=variants(sweep.width, **size), seeds=seeds, n_checkpoints=12)
    return study.run("causes", sweep)


def outcomes(trained: Run) -> pd.DataFrame:
    """One row per network: first steps at which parts of the test set are right, NaN if that is not reached."""
    curves = trained.curves()
    rows = []
    for place, (variant, seed) in enumerate(trained.sweep.members):
        fitted = first_step(curves["step"], curves["train_accuracy"][place], 0.99)
        test = curves["test_accuracy"][place]
        row: dict[str, Any] = {"arm": variant.label, "seed": seed, "train 99%": fitted}
        row |= {f"test {level:.0%}": first_step(curves["step"], test, level) for level in LEVELS}
        rows.append(row | {"final test accuracy": test[-1], "last step": trained.sweep.steps})
    return pd.DataFrame(rows)


def tests(networks: pd.DataFrame) -> pd.DataFrame:
    """Does one arm get there sooner, or later, than another with the same initial weights? Exact, over the seeds.

    The statistic is the mean over the seeds of the difference of the logarithms of the steps. A network that does not
    get there counts with the last step: two such networks have no difference, and other pairs the least they can have.
    """
    rows = []
    for level in LEVELS:
        column = f"test {level:.0%}"
        reached = networks.pivot_table(index="seed", columns="arm", values=column, dropna=False)
        steps = np.log(reached.fillna(networks["last step"].iloc[0]))
        for arm, other in COMPARED:
            pvalue, side = flip_test(steps[arm] - steps[other])
            rows.append(
                {
                    "until": column, "arm": arm, "beside": other, "seeds": len(steps),
                    "censored": reached[arm].isna().sum(), "censored beside": reached[other].isna().sum(),
                    "median": np.exp(steps[arm].median()), "median beside": np.exp(steps[other].median()),
                    "ratio": np.exp(side), "p": pvalue,
                }
            )  # fmt: skip
    table = pd.DataFrame(rows)
    return table.assign(decided=table.p <= largest_decided(table.p))


def _draw(trained: Run, networks: pd.DataFrame) -> Figure:
    """Test accuracy of the arms, and when each network gets to the levels."""
    made, axes = drawing.figure(1, 4, 3.2, 3.0)
    curves = trained.curves()
    arms = [PLAIN, *PENALTIES, *DROPOUTS]
    colours = {arm: drawing.COLOURS[place] for group in (PENALTIES, DROPOUTS) for place, arm in enumerate(group)}
    colours[PLAIN] = drawing.COLOURS[6]
    for ax, group in zip(axes[0], (PENALTIES, DROPOUTS), strict=False):
        for place, arm in enumerate([PLAIN, *group]):
            members = [trained.member(arm, seed) for seed in trained.sweep.seeds]
            drawing.curves(ax, curves["step"], curves["test_accuracy"][members], arm, place, colours[arm])
        drawing.step_axis(ax, "test accuracy")
        ax.set_xlim(20, trained.sweep.steps)
        ax.set_xticks([step for step in (20, 50, 100, 200, 500) if step <= trained.sweep.steps], minor=False)
        ax.xaxis.set_major_formatter("{x:g}")
        ax.xaxis.set_minor_formatter("")
    lines = np.arange(len(arms))[::-1]
    last = trained.sweep.steps
    for ax, level in zip(axes[0, 2:], LEVELS, strict=True):
        for line, arm in zip(lines, arms, strict=True):
            steps = networks.loc[networks.arm == arm, f"test {level:.0%}"].to_numpy()
            there = np.isfinite(steps)
            shift = np.linspace(-0.2, 0.2, len(steps))
            ax.plot(steps[there], line + shift[there], "o", markersize=3, color=colours[arm])
            beyond = np.full((~there).sum(), last)
            ax.plot(beyond, line + shift[~there], ">", markersize=4, color=colours[arm], mfc="none")
        ax.set(xlabel=f"step at which {level:.0%} of the test set is right", yticks=lines)
        ax.set_yticklabels(arms if level == LEVELS[0] else [""] * len(arms))
    drawing.shared_legend(made, axes, ncols=4)
    what = f"modulus {trained.sweep.task.modulus}, weight decay {DECAY:g}, {len(trained.sweep.seeds)} seeds"
    made.suptitle(f"{what}; ▷ not by step {last}", fontsize=10)
    return made
