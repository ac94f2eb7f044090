"""Figures 2 to 4: progress measures of one configuration, normalised and raw, with sizes and Pareto plots."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from hoi_grokking import drawing
from hoi_grokking.measuring import Series
from hoi_grokking.phases import find_phases, smooth
from hoi_grokking.study import PROBES, Study

__all__ = ["phase_table", "progress_figure", "series_table"]

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


def progress_figure(study: Study, name: str, label: str) -> list[Path]:
    """One row per estimator: normalised beside raw values, sizes, and the path in the plane of both."""
    run = study.paper()
    members = study.members(run, label)
    train_loss, test_loss, accuracy = (
        study.at_checkpoints(run, which)[members] for which in ("train_loss", "test_loss", "test_accuracy")
    )
    made, axes = drawing.figure(len(SHOWN), 4, 3.1, 2.6)
    for row, estimator in zip(axes, SHOWN, strict=True):
        found = study.measured(run, PROBES[estimator])
        synergy, redundancy = found.synergy[members], found.highest[members]
        step = found.step
        for values, text, place, colour in (
            (synergy, "synergy", 0, drawing.SYNERGY),
            (redundancy, "redundancy", 1, drawing.REDUNDANCY),
            (train_loss, "train loss", 2, drawing.LOSS),
            (test_loss, "test loss", 3, drawing.LOSS),
        ):
            drawing.band(row[0], step, drawing.normalised(values), text, place, colour)
        drawing.mark_phases(row[0], _typical_phases(found, members, accuracy))
        drawing.step_axis(row[0], f"{estimator}\nnormalised to 0..1")
        drawing.legend(row[0])
        drawing.band(row[1], step, synergy, "synergy", 0, drawing.SYNERGY)
        drawing.band(row[1], step, redundancy, "redundancy", 1, drawing.REDUNDANCY)
        row[1].axhline(0, color="#999999", linewidth=0.6)
        row[1].set_yscale("symlog", linthresh=0.1)
        drawing.step_axis(row[1], "raw value (nats)")
        drawing.band(row[2], step, found.lowest_size[members], "synergistic", 0, drawing.SYNERGY)
        drawing.band(row[2], step, found.highest_size[members], "redundant", 1, drawing.REDUNDANCY)
        drawing.step_axis(row[2], "neurons in the set")
        drawing.legend(row[2])
        drawing.pareto(row[3], step, redundancy.mean(0), synergy.mean(0))
    made.suptitle(f"{label}: {drawing.of_seeds(len(members))}; phases of the mean", fontsize=10)
    return [
        study.save_table(f"{name}_values", series_table(study, label)),
        study.save_table(f"{name}_phases", phase_table(study, label)),
        *study.save_figure(name, made),
    ]


def _typical_phases(found: Series, members: list[int], accuracy: np.ndarray) -> list:
    """Phases of the mean over seeds."""
    synergy, redundancy = (np.mean(values[members], axis=0) for values in (found.synergy, found.highest))
    return find_phases(found.step, synergy, redundancy, smooth(accuracy.mean(0)))
