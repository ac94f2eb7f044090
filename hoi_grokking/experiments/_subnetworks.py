"""Figures 6 and 7: test accuracy of sub-networks that are trained on their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from hoi_grokking import drawing
from hoi_grokking.experiments._curves import first_step
from hoi_grokking.phases import find_phases
from hoi_grokking.store import Run
from hoi_grokking.study import GROKKED, PROBES, Study
from hoi_grokking.subnetworks import chosen_set, subnetwork_sweep, window_of

__all__ = ["KINDS", "retrain", "subnetwork_figure"]

# The union estimator, whose sets are smaller than the network: pooled sets are nearly always all of it.
ESTIMATOR = "union, ordinal ties"

KINDS = ("full", "synergistic", "random", "inverse", "random inverse")


def retrain(
    study: Study, label: str, phases: Sequence[str], mask: str, n_seeds: int
) -> tuple[np.ndarray, dict[str, np.ndarray], pd.DataFrame]:
    """Retrain the sub-networks of a configuration, of its first seeds.

    Returns
    -------
    step : ndarray, shape (n_steps,)
    accuracy : dict of ndarray
        Kind -> test accuracy (n_models, n_steps); there are several models of the random kinds per seed.
    table : DataFrame
        One row per model: seed, kind, size, steps to levels of test accuracy, and the chosen window.
    """
    run = study.paper()
    found = study.measured(run, PROBES[ESTIMATOR])
    general = study.at_checkpoints(run, "test_accuracy")
    source = next(variant for variant in run.sweep.variants if variant.label == label)
    step = np.arange(0, run.sweep.steps + 1, run.sweep.evaluate_every)
    kinds: dict[str, list[np.ndarray]] = {kind: [] for kind in KINDS}
    rows = []
    for seed in run.sweep.seeds[:n_seeds]:
        member = run.member(label, seed)
        cut = find_phases(found.step, found.synergy[member], found.highest[member], general[member])
        window = window_of(cut, phases)
        at, neurons = chosen_set(found, member, window)
        name = f"subnetworks-{label.replace(' ', '-')}-seed{seed}"
        sweep = subnetwork_sweep(run.sweep, source, seed, neurons, study.scale.n_random, mask)
        retrained = study.run(name, sweep)
        networks = [(run, member, "full", run.sweep.width)]
        for place, (variant, _) in enumerate(retrained.sweep.members):
            networks.append((retrained, place, variant.label.rstrip("0123456789 "), len(variant.kept or ())))
        for where, place, kind, size in networks:
            test = _at(where, "test_accuracy", place, step)
            kinds[kind].append(test)
            times = {f"test {x:.0%}": first_step(step, test, x) for x in (0.5, 0.9, GROKKED, 0.99)}
            rows.append(
                {
                    "configuration": label, "seed": seed, "kind": kind, "neurons": size, **times,
                    "final test accuracy": test[-1], "set of step": at, "window": f"{window[0]}-{window[1]}",
                }
            )  # fmt: skip
    return step, {kind: np.array(lines) for kind, lines in kinds.items() if lines}, pd.DataFrame(rows)


def _at(run: Run, name: str, member: int, step: np.ndarray) -> np.ndarray:
    """A curve of a model at some of the recorded steps."""
    curves = run.curves()
    return curves[name][member, np.searchsorted(curves["step"], step)]


def subnetwork_figure(
    study: Study,
    name: str,
    panels: Sequence[tuple[str, Sequence[str]]],
    *,
    mask: str = "both",
    n_seeds: int | None = None,
) -> list[Path]:
    """A panel per configuration, given with the phases its set is taken from."""
    made, axes = drawing.figure(1, len(panels), 3.6, 2.8)
    tables = []
    for ax, (label, phases) in zip(axes[0], panels, strict=True):
        step, accuracy, table = retrain(study, label, phases, mask, n_seeds or study.scale.sub_seeds)
        tables.append(table)
        for place, (kind, lines) in enumerate(accuracy.items()):
            size = round(table.loc[table.kind == kind, "neurons"].mean())
            drawing.band(ax, step, lines, f"{kind} ({size} neurons)", place)
        drawing.step_axis(ax, "test accuracy")
        ax.set_ylim(-0.03, 1.03)
        ax.set_title(label)
        drawing.legend(ax)
    return [study.save_table(name, pd.concat(tables)), *study.save_figure(name, made)]
