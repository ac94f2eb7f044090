"""Figures 1, 8 and 9: accuracy of some configurations, mean and every seed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from hoi_grokking import drawing
from hoi_grokking.store import Run
from hoi_grokking.study import GROKKED, Study

__all__ = ["accuracy_figure", "crossing", "first_step", "timings"]


def first_step(step: np.ndarray, accuracy: np.ndarray, level: float) -> float:
    """First step at which an accuracy is reached; NaN if it never is."""
    reached = np.flatnonzero(accuracy >= level)
    return float(step[reached[0]]) if len(reached) else float("nan")


def crossing(step: np.ndarray, values: np.ndarray, level: float) -> float:
    """Where a curve first gets to a level, on a line between the points before and after it over log steps; the first
    step if it is there already, NaN if it never is.
    """
    reached = np.flatnonzero(values >= level)
    if not len(reached):
        return float("nan")
    place = reached[0]
    if place == 0:
        return float(step[0])
    before, after = np.log(step[place - 1 : place + 1])
    part = (level - values[place - 1]) / (values[place] - values[place - 1])
    return float(np.exp(before + part * (after - before)))


def timings(run: Run, labels: Sequence[str]) -> pd.DataFrame:
    """When each model fits and generalises, and where it ends."""
    curves = run.curves()
    rows = []
    for label in labels:
        for seed in run.sweep.seeds:
            member = run.member(label, seed)
            train, test = curves["train_accuracy"][member], curves["test_accuracy"][member]
            times = {f"train {level:.0%}": first_step(curves["step"], train, level) for level in (0.99,)}
            times |= {
                f"test {x:.0%}": first_step(curves["step"], test, x) for x in (0.1, 0.5, 0.9, GROKKED, 0.99)
            }
            ends = {"final train accuracy": train[-1], "final test accuracy": test[-1]}
            rows.append({"configuration": label, "seed": seed, **times, **ends})
    return pd.DataFrame(rows)


def accuracy_figure(
    study: Study, name: str, panels: Sequence[tuple[str, Sequence[tuple[str, str]]]]
) -> list[Path]:
    """Panels of curves; a panel is a title and its (configuration, curve) pairs."""
    run = study.paper()
    curves = run.curves()
    made, axes = drawing.figure(1, len(panels), 3.4, 2.6)
    for ax, (heading, lines) in zip(axes[0], panels, strict=True):
        for place, (label, which) in enumerate(lines):
            values = curves[f"{which}_accuracy"][study.members(run, label)]
            drawing.curves(ax, curves["step"], values, f"{label}, {which}", place)
        drawing.step_axis(ax, "accuracy")
        ax.set_ylim(-0.03, 1.03)
        ax.set_title(heading)
    drawing.shared_legend(made, axes, ncols=4)
    labels = list(dict.fromkeys(label for _, lines in panels for label, _ in lines))
    return [study.save_table(name, timings(run, labels)), *study.save_figure(name, made)]
