"""Figures 2 to 4: progress measures of one configuration, normalised and raw, with sizes and Pareto plots."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hoi_grokking import drawing
from hoi_grokking.experiments._curves import first_step
from hoi_grokking.phases import find_phases
from hoi_grokking.study import GROKKED, PROBES, Study

__all__ = ["curve_table", "draw_progress", "phase_table", "progress_figure", "series_table"]

SHOWN = ("pooled", "union, ordinal ties", "grouped")


def series_table(study: Study, label: str) -> pd.DataFrame:
    """Raw values of every estimator for a configuration: one row per seed, estimator and checkpoint."""
    run = study.paper()
    rows = []
    for name, probe in PROBES.items():
        found = study.measured(run, probe)
        for seed, member in zip(run.sweep.seeds, study.members(run, label), strict=True):
            rows.append(
                pd.DataFrame(
                    {
                        "configuration": label, "seed": seed, "estimator": name, "step": found.step,
                        "lowest (nats)": found.lowest[member], "highest (nats)": found.highest[member],
                        "neurons in lowest": found.lowest_size[member],
                        "neurons in highest": found.highest_size[member],
                    }
                )
            )  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def phase_table(study: Study, label: str) -> pd.DataFrame:
    """Phases of every seed by every estimator."""
    run = study.paper()
    accuracy = study.at_checkpoints(run, "test_accuracy")
    rows = []
    for name, probe in PROBES.items():
        found = study.measured(run, probe)
        for seed, member in zip(run.sweep.seeds, study.members(run, label), strict=True):
            for phase in find_phases(
                found.step, found.synergy[member], found.highest[member], accuracy[member]
            ):
                rows.append({"configuration": label, "seed": seed, "estimator": name, **phase._asdict()})
    return pd.DataFrame(rows)


def curve_table(study: Study, label: str) -> pd.DataFrame:
    """Losses and accuracies of a configuration at the checkpoints: one row per seed and checkpoint."""
    run = study.paper()
    found = {name: study.at_checkpoints(run, name) for name in ("train_accuracy", "test_accuracy", "test_loss")}
    return pd.concat(
        pd.DataFrame(
            {
                "configuration": label, "seed": seed, "step": run.checkpoint_steps,
                **{name.replace("_", " "): values[member] for name, values in found.items()},
            }
        )
        for seed, member in zip(run.sweep.seeds, study.members(run, label), strict=True)
    )  # fmt: skip


def progress_figure(study: Study, name: str, label: str) -> list[Path]:
    """The figure of a configuration, and its tables."""
    series, curves = series_table(study, label), curve_table(study, label)
    return [
        study.save_table(f"{name}_values", series),
        study.save_table(f"{name}_phases", phase_table(study, label)),
        *study.save_figure(name, draw_progress(series, curves, label)),
    ]


def draw_progress(series: pd.DataFrame, curves: pd.DataFrame, label: str) -> Figure:
    """One row per estimator: normalised beside raw values, sizes, phases of every seed, and Pareto fronts."""
    seeds = list(curves.seed.unique())
    accuracy, loss = (_by_seed(curves, which) for which in ("test accuracy", "test loss"))
    made, axes = drawing.figure(len(SHOWN), 5, 2.7, 2.4)
    for row, estimator in zip(axes, SHOWN, strict=True):
        own = series[series.estimator == estimator]
        synergy, redundancy = -_by_seed(own, "lowest (nats)"), _by_seed(own, "highest (nats)")
        step = np.sort(own.step.unique())
        grokked = [first_step(step, one, GROKKED) for one in accuracy]
        for values, text, place, colour in (
            (synergy, "synergy", 0, drawing.SYNERGY),
            (redundancy, "redundancy", 1, drawing.REDUNDANCY),
            (loss, "test loss", 2, drawing.LOSS),
        ):
            drawing.curves(row[0], step, drawing.normalised(values), text, place, colour)
        drawing.curves(row[0], step, accuracy, "test accuracy", 3, drawing.COLOURS[2])
        drawing.step_axis(row[0], f"{estimator}\nnormalised to 0..1")
        drawing.both(row[1], step, synergy, redundancy)
        drawing.curves(row[2], step, _by_seed(own, "neurons in lowest"), "synergy", 0, drawing.SYNERGY)
        drawing.curves(row[2], step, _by_seed(own, "neurons in highest"), "redundancy", 1, drawing.REDUNDANCY)
        drawing.step_axis(row[2], "neurons in the set")
        phases = [find_phases(step, *one) for one in zip(synergy, redundancy, accuracy, strict=True)]
        drawing.mark_phases(row[3], phases, [f"seed {seed}" for seed in seeds])
        for ax in row[:4]:
            drawing.mark_grokking(ax, grokked, f"{GROKKED:.0%} test accuracy (median)")
        drawing.pareto(row[4], step, redundancy, synergy)
        drawing.row_legend(row)
    made.suptitle(f"{label}: {drawing.of_seeds(len(seeds))}", fontsize=10)
    return made


def _by_seed(table: pd.DataFrame, column: str) -> np.ndarray:
    """(n_seeds, n_steps)."""
    return table.pivot_table(index="seed", columns="step", values=column).to_numpy()
