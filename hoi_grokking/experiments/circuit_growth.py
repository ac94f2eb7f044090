"""When circuits appear: all pairs and triplets of neurons at every checkpoint.

A circuit is a set of neurons with one dominant frequency. Whether a ranking of sets holds them is a matter of the
frequencies alone where neurons of one frequency look alike; so the same network with every neuron moved around the
inputs on its own is ranked too.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hoi_grokking import drawing
from hoi_grokking.ablation import leading_neurons
from hoi_grokking.circuits import common_frequency, shifted
from hoi_grokking.experiments._circuits import LABELS, MANY, Ranked, neurons_of, over, ranked, trained
from hoi_grokking.experiments._curves import first_step
from hoi_grokking.store import Run
from hoi_grokking.study import GROKKED, Study

TITLE = "When circuits of one frequency appear: all pairs and triplets of neurons at every checkpoint"

# Sets of each ranking that are looked at, and neurons of it that are compared with those at the end.
BEST, LEADING = 100, 50

# The rankings: order, and end.
RANKINGS = {
    "most synergistic triplets": (3, "synergistic"),
    "most redundant triplets": (3, "redundant"),
    "most correlated pairs": (2, "correlated"),
}
NULL = "most synergistic triplets, shifted neurons"


def run(study: Study) -> list[Path]:
    """Every seed of the configurations that grok early; a table of values, one of times, and the figure."""
    networks = trained(study)
    seeds, steps = networks.sweep.seeds, [step for step in networks.checkpoint_steps if step]
    ends = dict(
        zip(
            [(label, seed) for label in LABELS for seed in seeds],
            [_leading(rankings(networks, label, seed, steps[-1])) for label in LABELS for seed in seeds],
            strict=True,
        )
    )
    cases = [(networks, *network, step, end) for network, end in ends.items() for step in steps]
    table = pd.DataFrame(over(study, measure_rankings, cases))
    accuracy = study.at_checkpoints(networks, "test_accuracy")
    at = {step: place for place, step in enumerate(networks.checkpoint_steps)}
    table["test accuracy"] = [
        accuracy[networks.member(label, seed), at[step]]
        for label, seed, step in zip(table.configuration, table.seed, table.step, strict=True)
    ]
    return [
        study.save_table("circuit_growth", table),
        study.save_table("circuit_growth_times", times(table)),
        *study.save_figure("circuit_growth", draw(table)),
    ]


def rankings(networks: Run, label: str, seed: int, step: int) -> dict[str, Ranked]:
    """The rankings of a network at a checkpoint."""
    hidden = neurons_of(networks, label, seed, step).hidden
    found = {order: ranked(hidden, order) for order in {order for order, _ in RANKINGS.values()}}
    return {name: found[order][end] for name, (order, end) in RANKINGS.items()}


def _leading(found: dict[str, Ranked]) -> dict[str, np.ndarray]:
    return {name: leading_neurons(one.members, LEADING) for name, one in found.items()}


def measure_rankings(
    networks: Run, label: str, seed: int, step: int, end: dict[str, np.ndarray]
) -> list[dict[str, object]]:
    """How far the rankings of a checkpoint hold circuits, and the neurons that lead them at the end."""
    own = neurons_of(networks, label, seed, step)
    found = rankings(networks, label, seed, step)
    found[NULL] = ranked(shifted(own.hidden, own.n_tokens, seed=step), 3)["synergistic"]
    rows = []
    for name, one in found.items():
        leading = leading_neurons(one.members, LEADING)
        common = common_frequency(one.members, own.tuned)
        rows.append(
            {
                "configuration": label, "seed": seed, "step": step, "ranking": name,
                f"common frequency of {BEST}": common[:BEST].mean(), f"common frequency of {MANY}": common.mean(),
                f"mean of {BEST}": one.values[:BEST].mean(),
                "leading at the end": np.isin(leading, end[name]).mean() if name in end else np.nan,
                "inverse participation of leading": own.participation[leading].mean(),
                "inverse participation": own.participation.mean(),
            }
        )  # fmt: skip
    return rows


def times(table: pd.DataFrame) -> pd.DataFrame:
    """When half of a ranking's best sets have one frequency, beside when the network generalises and is tuned."""
    rows = []
    for (label, seed), own in table.groupby(["configuration", "seed"], sort=False):
        one = own[own.ranking == NULL].sort_values("step")
        step, tuned = one.step.to_numpy(), one["inverse participation"].to_numpy()
        row = {
            "configuration": label, "seed": seed,
            "test accuracy 10%": first_step(step, one["test accuracy"].to_numpy(), 0.1),
            "test accuracy 50%": first_step(step, one["test accuracy"].to_numpy(), 0.5),
            f"test accuracy {GROKKED:.0%}": first_step(step, one["test accuracy"].to_numpy(), GROKKED),
            "inverse participation half-way": first_step(step, tuned, (tuned[0] + tuned[-1]) / 2),
        }  # fmt: skip
        for name, part in own.groupby("ranking", sort=False):
            part = part.sort_values("step")
            row[f"half of one frequency: {name}"] = first_step(
                part.step.to_numpy(), part[f"common frequency of {BEST}"].to_numpy(), 0.5
            )
        rows.append(row)
    return pd.DataFrame(rows)


def draw(table: pd.DataFrame) -> Figure:
    """One row per configuration: part of one frequency, neurons that stay, and how tuned the leading ones are."""
    made, axes = drawing.figure(len(LABELS), 3, 3.4, 2.5)
    panels = (f"common frequency of {BEST}", "leading at the end", "inverse participation of leading")
    texts = (
        f"part of {BEST} with one frequency", f"part of {LEADING} neurons\nthat lead at the end",
        "inverse participation ratio",
    )  # fmt: skip
    for row, label in zip(axes, LABELS, strict=True):
        own = table[table.configuration == label]
        accuracy = _by_seed(own[own.ranking == NULL], "test accuracy")
        for ax, column, text in zip(row, panels, texts, strict=True):
            for place, name in enumerate([*RANKINGS, NULL]):
                values = _by_seed(own[own.ranking == name], column)
                if values.notna().any(axis=None):
                    drawing.curves(ax, values.columns.to_numpy(), values.to_numpy(), name, place)
            drawing.step_axis(ax, f"{label}\n{text}" if ax is row[0] else text)
            ax.set_ylim(-0.03, 1.03)
        step = accuracy.columns.to_numpy()
        drawing.curves(row[0], step, accuracy.to_numpy(), "test accuracy", 4)
        tuned = _by_seed(own[own.ranking == NULL], "inverse participation")
        drawing.curves(row[2], step, tuned.to_numpy(), "all neurons", 6)
        for ax in row:
            grokked = [first_step(step, one, GROKKED) for one in accuracy.to_numpy()]
            drawing.mark_grokking(ax, grokked, f"{GROKKED:.0%} test accuracy (median)")
    drawing.shared_legend(made, axes, ncols=4)
    made.suptitle(drawing.of_seeds(table.seed.nunique()), fontsize=10)
    return made


def _by_seed(table: pd.DataFrame, column: str) -> pd.DataFrame:
    return table.pivot_table(index="seed", columns="step", values=column, dropna=False)
