"""Curvature along training: is AdamW at the edge of stability, does it swing, and does synergy follow the curvature?

The largest eigenvalue of the Hessian of the training loss stands beside 2 / learning rate, the limit of gradient
descent, and the preconditioned one beside the limit of AdamW. Oscillations are fluctuations of the logarithm of the
training loss that are faster than a frequency, before and after the network generalises (Notsawo et al. 2023 look for
slow ones, early in the training).
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from hoi_grokking import drawing
from hoi_grokking.claims.rule import LEVEL as ERRORS
from hoi_grokking.claims.rule import largest_decided
from hoi_grokking.config import Sweep, Task, Variant
from hoi_grokking.curvature import loss_of, preconditioner, sharpness, stability_limit
from hoi_grokking.experiments._curves import first_step
from hoi_grokking.following import ESTIMATORS, LEVEL, sweep_of
from hoi_grokking.measures.stored import Series, measure_run, series
from hoi_grokking.phases import FIRST
from hoi_grokking.statistics.exact import exchange_test
from hoi_grokking.statistics.oscillations import fluctuations, spectrum
from hoi_grokking.store import Run, checkpoint_steps
from hoi_grokking.study import Study
from hoi_grokking.training.paper import shape_of
from hoi_grokking.training.trainer import Trainer

TITLE = "Sharpness along training against the limit of AdamW, oscillations of the loss, and synergy"

TASK = Task(modulus=31, train_fraction=0.65)
VARIANTS = tuple(Variant(f"weight decay {decay:g}", weight_decay=decay) for decay in (0.01, 0.5, 2.0))
STEPS = 800

# Steps of a window of the loss, and the frequency from which on a fluctuation is fast: six periods fit into a window.
WINDOW, FAST = 96, 1 / 16

_TIMES = {"before": 0.5, "after": LEVEL}


def run(study: Study) -> list[Path]:
    """Train the networks, and take them through the training once more, for what no checkpoint holds."""
    from joblib import Parallel, delayed

    variants = VARIANTS if study.settings.scale == "full" else VARIANTS[1:2]
    sweep = dataclasses.replace(sweep_of(study, variants, TASK, steps=STEPS), seeds=study.seeds)
    trained = study.run("sharpness", sweep)
    measure_run(trained, list(ESTIMATORS.values()), jobs=study.settings.jobs, progress=study.settings.progress)
    found = {name: series(trained, probe) for name, probe in ESTIMATORS.items()}
    windows = windows_of(trained)
    jobs = -1 if study.settings.jobs is None else study.settings.jobs
    networks = Parallel(n_jobs=jobs)(
        delayed(followed)(sweep, variant, seed, windows[variant.label, seed]) for variant, seed in sweep.members
    )
    rows = [row for own in networks for row in own]
    losses = {(row["configuration"], row["seed"], row["window"]): row["loss"] for row in rows if "window" in row}
    table = pd.DataFrame([row for row in rows if "window" not in row])
    for name, one in found.items():
        table[f"synergy, {name} (nats)"] = one.synergy.ravel()
    return [
        study.save_table("sharpness", table),
        study.save_table("sharpness_oscillations", _oscillations(losses, windows)),
        study.save_table("sharpness_and_synergy", _together(table)),
        *study.save_figure("sharpness", _draw(trained, table, found, losses)),
    ]


def windows_of(trained: Run) -> dict[tuple[str, int], dict[str, int]]:
    """First steps of the two windows of each network: `before` ends where half of the test set is right, `after` begins
    where 90 % is. Networks that do not get there have the window of the median of those that do.
    """
    curves, n = trained.curves(), _length(trained.sweep)
    starts: dict[str, np.ndarray] = {}
    for name, level in _TIMES.items():
        reached = np.array([first_step(curves["step"], test, level) for test in curves["test_accuracy"]])
        usual = np.nanmedian(reached) if np.isfinite(reached).any() else trained.sweep.steps / 2
        reached = np.where(np.isnan(reached), usual, reached) - (n if name == "before" else 0)
        starts[name] = np.clip(reached, 0, trained.sweep.steps - n).astype(int)
    return {
        (variant.label, seed): {name: int(steps[place]) for name, steps in starts.items()}
        for place, (variant, seed) in enumerate(trained.sweep.members)
    }


def _length(sweep: Sweep) -> int:
    return min(WINDOW, sweep.steps // 2)


def followed(sweep: Sweep, variant: Variant, seed: int, windows: dict[str, int]) -> list[dict[str, Any]]:
    """One network: a row for each checkpoint, then one with the training loss of each window, in double precision."""
    torch.set_num_threads(1)
    trainer = Trainer(dataclasses.replace(sweep, variants=(variant,), seeds=(seed,)), threads=1)
    loss = loss_of(shape_of(sweep, trainer.data.n_inputs, trainer.data.n_classes), trainer.data.train)
    n = _length(sweep)
    within = {name: range(start, start + n) for name, start in windows.items()}
    losses: dict[str, list[float]] = {name: [] for name in windows}
    at = set(checkpoint_steps(sweep.steps, sweep.n_checkpoints))
    rows: list[dict[str, Any]] = []
    for step in sorted(at | {*(step for steps in within.values() for step in steps)}):
        curves = trainer.advance(step, [step] if step in at else [])
        row = trainer.rows[0].numpy()
        for name, steps in within.items():
            if step in steps:
                losses[name].append(float(loss(torch.from_numpy(row).double())))
        if step in at:
            metric = preconditioner(trainer.second_moment[0].numpy(), sweep, step) if step else None
            limit = stability_limit(sweep, variant, step) if step else np.nan
            rows.append(
                {
                    "configuration": variant.label, "seed": seed, "step": step, "train loss": curves[0, 0, 0],
                    "test loss": curves[1, 0, 0], "train accuracy": curves[2, 0, 0], "test accuracy": curves[3, 0, 0],
                    "sharpness": sharpness(loss, row), "2 / learning rate": 2 / variant.learning_rate,
                    "preconditioned sharpness": np.nan if metric is None else sharpness(loss, row, metric),
                    "limit of AdamW": limit,
                }
            )  # fmt: skip
    own = {"configuration": variant.label, "seed": seed}
    return rows + [{**own, "window": name, "loss": values} for name, values in losses.items()]


def _oscillations(losses: dict[tuple[str, int, str], list[float]], windows: dict) -> pd.DataFrame:
    """One row per network and window: what is fast in the logarithm of its training loss."""
    rows = []
    for (label, seed, window), loss in losses.items():
        found = fluctuations(np.log(loss), above=FAST)
        rows.append(
            {
                "configuration": label, "seed": seed, "window": window, "first step": windows[label, seed][window],
                "steps": len(loss), "fast share": found.share, "low of noise": found.low, "high of noise": found.high,
                "amplitude": found.amplitude, "period": found.period, "p": found.pvalue,
            }
        )  # fmt: skip
    table = pd.DataFrame(rows)
    return table.assign(decided=table.p <= largest_decided(table.p))


def _together(table: pd.DataFrame) -> pd.DataFrame:
    """One row per configuration and estimator: preconditioned sharpness and synergy over training."""
    rows = []
    shown = table[table.step >= FIRST]
    for label, own in shown.groupby("configuration", sort=False):
        curved = own.pivot_table(index="seed", columns="step", values="preconditioned sharpness", sort=False)
        for name in ESTIMATORS:
            synergy = own.pivot_table(index="seed", columns="step", values=f"synergy, {name} (nats)", sort=False)
            trend = [curved.loc[seed].corr(synergy.loc[seed], "spearman") for seed in curved.index]
            beyond, pvalue = exchange_test(curved, synergy) if len(curved) > 1 else (np.nan, np.nan)
            rows.append(
                {
                    "configuration": label, "estimator": name, "networks": len(curved), "over training": np.mean(trend),
                    "beyond the mean of the seeds": beyond, "p": pvalue,
                }
            )  # fmt: skip
    result = pd.DataFrame(rows)
    return result.assign(decided=result.p <= largest_decided(result.p, ERRORS))


def _draw(trained: Run, table: pd.DataFrame, found: dict[str, Series], losses: dict) -> Figure:
    """One row per configuration."""
    made, axes = drawing.figure(len(trained.sweep.variants), 6, 2.6, 2.2)
    titles = ("accuracy", "loss", "sharpness", "preconditioned sharpness", "synergy", "fluctuations of the loss")
    for ax, text in zip(axes[0], titles, strict=True):
        ax.set_title(text)
    for row, variant in zip(axes, trained.sweep.variants, strict=True):
        own = table[(table.configuration == variant.label) & (table.step >= 1)]

        def over_seeds(column: str, own: pd.DataFrame = own) -> np.ndarray:
            return own.pivot_table(index="seed", columns="step", values=column, sort=False, dropna=False).to_numpy()

        step = own.step.unique()
        for ax, what in zip(row, ("accuracy", "loss"), strict=False):
            drawing.curves(ax, step, over_seeds(f"train {what}"), "training set", 1, drawing.LOSS)
            drawing.curves(ax, step, over_seeds(f"test {what}"), "test set", 0, drawing.COLOURS[2])
        ratio = over_seeds("preconditioned sharpness") / over_seeds("limit of AdamW")
        late = step >= FIRST
        for ax, values in ((row[2], over_seeds("sharpness")), (row[3], ratio)):
            drawing.curves(ax, step[late], values[:, late], "largest eigenvalue", 0, drawing.COLOURS[6])
        row[2].axhline(own["2 / learning rate"].iloc[0], color="#999999", linewidth=0.9, linestyle="--", label="limit")
        row[3].axhline(1, color="#999999", linewidth=0.9, linestyle="--", label="limit")
        members = [trained.member(variant.label, seed) for seed in trained.sweep.seeds]
        for place, (name, one) in enumerate(found.items()):
            shown = np.flatnonzero(one.step >= FIRST)[0] - 1  # what is scaled leaves out the first column
            values = drawing.normalised(one.synergy[members][:, shown:])
            drawing.curves(row[4], one.step[shown + 1 :], values[:, 1:], name, place)
        labels = ("cross-entropy", "largest eigenvalue", "part of the limit", "scaled to 0..1")
        for ax, label in zip(row, (f"{variant.label}\naccuracy", *labels), strict=False):
            drawing.step_axis(ax, label)
        for ax in row[1:4]:
            ax.set_yscale("log")
        row[0].set_ylim(-0.03, 1.03)
        times = [first_step(step, test, LEVEL) for test in over_seeds("test accuracy")]
        for ax in row[:-1]:
            drawing.mark_grokking(ax, times, f"{LEVEL:.0%} of the test set")
        for place, (window, colour) in enumerate(zip(_TIMES, drawing.COLOURS[3:5], strict=True)):
            curves = [loss for (label, _, name), loss in losses.items() if (label, name) == (variant.label, window)]
            frequency, power = spectrum(np.log(curves))
            drawing.curves(row[5], frequency, power, f"{window} it generalises", place, colour)
        row[5].axvline(FAST, color="#999999", linewidth=0.9, linestyle=":")
        row[5].set(xscale="log", yscale="log", xlabel="cycles per step", ylabel="power of the log loss")
    for column in axes.T[1:4]:
        limits = np.array([ax.get_ylim() for ax in column])
        for ax in column:
            ax.set_ylim(limits[:, 0].min(), limits[:, 1].max())
    drawing.shared_legend(made, axes, ncols=6)
    made.suptitle(f"modulus {trained.sweep.task.modulus}; {drawing.of_seeds(len(trained.sweep.seeds))}", fontsize=10)
    return made
