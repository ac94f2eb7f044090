"""Sparse parity: three of the bits decide, and the other ones can only be memorised."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from hoi_grokking import drawing
from hoi_grokking.comparison import compare
from hoi_grokking.config import Task, Variant
from hoi_grokking.experiments._curves import first_step
from hoi_grokking.following import LEVEL, Followed, follow, sweep_of, write_followed
from hoi_grokking.store import Run
from hoi_grokking.study import Study

TITLE = "Sparse parity: 3 of 20 bits, 500 samples to train on and 1500 to test"


def run(study: Study) -> list[Path]:
    """Two weight decays, and the Fourier gap of their neurons beside synergy."""
    variants = [Variant(f"weight decay {value:g}", weight_decay=value, learning_rate=0.01) for value in (0.01, 0.1)]
    task = Task("parity", bits=20, relevant=3, n_samples=2000, train_fraction=0.25)
    sweep = sweep_of(study, variants, task, steps=3000)
    heading = f"Parity of {task.relevant} of {sweep.task.bits} bits"
    trained = study.run("parity", sweep)
    followed = follow(study, trained)
    table = _gaps(study, trained)
    return [
        *write_followed(study, "sparse_parity", followed, heading),
        study.save_table("sparse_parity_gap", table),
        *study.save_figure("sparse_parity_gap", draw(table, followed)),
    ]


def _gaps(study: Study, trained: Run) -> pd.DataFrame:
    """The Fourier gap of every network at every checkpoint."""
    found = compare(trained)
    return pd.concat(
        pd.DataFrame(
            {"configuration": variant.label, "seed": seed, "step": found["step"], "Fourier gap": gaps, "norm": norms}
        )
        for (variant, seed), gaps, norms in zip(
            trained.sweep.members, found["fourier_gap"], found["weight_norm"], strict=True
        )
    )


def draw(table: pd.DataFrame, followed: Sequence[Followed]) -> Figure:
    """One row per configuration: accuracy, the gap, and pooled synergy."""
    made, axes = drawing.figure(len(followed), 3, 3.0, 2.1)
    for row, one in zip(axes, followed, strict=True):
        own = table[table.configuration == one.label]
        gaps = own.pivot_table(index="seed", columns="step", values="Fourier gap")
        pooled = one.values["pooled"]
        for ax, step, values, text, place in (
            (row[0], one.step, one.test, "test accuracy", 2),
            (row[1], gaps.columns.to_numpy(), gaps.to_numpy(), "Fourier gap of a neuron", 3),
            (row[2], pooled.step, pooled.synergy, "synergy, pooled (nats)", 0),
        ):
            drawing.curves(ax, step, values, "", place)
            drawing.step_axis(ax, f"{one.label}\n{text}" if ax is row[0] else text)
            drawing.mark_grokking(ax, [first_step(one.step, test, LEVEL) for test in one.test], "")
    n = len(followed[0].seeds)
    made.suptitle(f"{drawing.of_seeds(n)}; dotted: {LEVEL:.0%} test accuracy (median)", fontsize=10)
    return made
