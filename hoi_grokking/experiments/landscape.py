"""The loss around a network at each phase of its training, between networks, and between phases of one network.

Li et al. (2018) ask how the loss looks from where a network is, Garipov et al. (2018) whether two solutions are
connected by a path of low loss. Paths are straight, between checkpoints of one network and between networks of
different seeds: with the neurons of one in the order of the other and, as a control, as they are. Networks as they are
also have a path that is bent until its training loss is low.
"""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hoi_grokking import drawing
from hoi_grokking.claims.rule import largest_decided
from hoi_grokking.config import Task, Variant
from hoi_grokking.curvature import loss_of
from hoi_grokking.experiments._curves import first_step
from hoi_grokking.following import sweep_of
from hoi_grokking.landscape import align, barrier, bend, curve, direction, path, scores
from hoi_grokking.statistics.exact import rank_test
from hoi_grokking.store import Run
from hoi_grokking.study import GROKKED, Study
from hoi_grokking.training.paper import Shape, shape_of
from hoi_grokking.training.tasks import Data, load

TITLE = "Loss landscapes: slices at each phase, and barriers between networks and between phases"

TASK = Task(modulus=31, train_fraction=0.65)
VARIANTS = (Variant("weight decay 0.5", weight_decay=0.5), Variant("weight decay 0.01", weight_decay=0.01))
STEPS = 1000

# Ten pairs without a network in common: pairs are the units.
SEEDS = tuple(range(20))

# When each phase begins: a level of an accuracy, or the first step.
PHASES = {"initial": None, "memorised": ("train", 0.99), "emergence": ("test", 0.5), "grokked": ("test", GROKKED)}

# Points of a path and of a side of a slice; how far a slice and the random directions go, in norms of the filters.
POINTS, SIDE, FAR = 25, 21, 1.0
DIRECTIONS, DISTANCE = 10, 0.5

ORDERS = {"as they are": "neurons as they are", "aligned": "neurons aligned"}

# The bent path between networks as they are; of the first configuration, where they have been trained.
BENT, BENT_TEXT = "bent", "as they are, path bent"


def run(study: Study) -> list[Path]:
    """Barriers and flatness of every network, a slice of the first."""
    sweep = sweep_of(study, VARIANTS, TASK, steps=STEPS)
    seeds = {"full": SEEDS, "quick": SEEDS[:2], "tiny": SEEDS[:4]}[study.settings.scale]
    trained = study.run("landscape", dataclasses.replace(sweep, seeds=seeds))
    data = load(trained.sweep.task)
    shape = shape_of(trained.sweep, data.n_inputs, data.n_classes)
    steps = phases_of(trained)
    networks = {
        (label, seed, phase): trained.checkpoint(step, trained.member(label, seed))
        for (label, seed), own in steps.items()
        for phase, step in own.items()
    }
    n_steps = 100 if study.settings.scale == "full" else 10
    pairs, profiles = _paths(networks, shape, data, seeds, n_steps)
    flat = pd.DataFrame([_flatness(shape, data, row, *key, steps[key[:2]][key[2]]) for key, row in networks.items()])
    return [
        study.save_table("landscape_barriers", pairs),
        study.save_table("landscape_tests", _tests(pairs)),
        study.save_table("landscape_flatness", flat),
        *study.save_figure("landscape", _draw(networks, shape, data, profiles, seeds)),
    ]


def phases_of(trained: Run) -> dict[tuple[str, int], dict[str, int]]:
    """The checkpoint at which each network is in each phase, the first from its start on; where it never starts, that
    of the median of the networks that get there, or the last.
    """
    curves, checkpoints = trained.curves(), np.array(trained.checkpoint_steps)
    found: dict[str, np.ndarray] = {}
    for phase, level in PHASES.items():
        if level is None:
            found[phase] = np.zeros(len(trained.sweep.members))
            continue
        reached = np.array([first_step(curves["step"], own, level[1]) for own in curves[f"{level[0]}_accuracy"]])
        usual = np.nanmedian(reached) if np.isfinite(reached).any() else checkpoints[-1]
        found[phase] = np.where(np.isnan(reached), usual, reached)
    places = {phase: np.searchsorted(checkpoints, steps) for phase, steps in found.items()}
    return {
        (variant.label, seed): {phase: int(checkpoints[own[member]]) for phase, own in places.items()}
        for member, (variant, seed) in enumerate(trained.sweep.members)
    }


def _paths(
    networks: dict[tuple[str, int, str], np.ndarray], shape: Shape, data: Data, seeds: tuple[int, ...], n_steps: int
) -> tuple[pd.DataFrame, dict[tuple[str, str, str], list[np.ndarray]]]:
    """The barrier of every path, and the training loss along those of each kind."""
    rows: list[dict[str, Any]] = []
    profiles: dict[tuple[str, str, str], list[np.ndarray]] = {}
    loss = loss_of(shape, data.train)

    def add(label: str, kind: str, phase: str, seed: int, along: np.ndarray) -> None:
        train, test = (scores(shape, part, along) for part in (data.train, data.test))
        profiles.setdefault((label, kind, phase), []).append(train[0])
        rows.append(
            {
                "configuration": label, "path": kind, "phase": phase, "seed": seed,
                "barrier of the train loss": barrier(train[0]), "barrier of the train error": barrier(1 - train[1]),
                "barrier of the test loss": barrier(test[0]), "barrier of the test error": barrier(1 - test[1]),
                "distance": np.linalg.norm(along[-1] - along[0]),
            }
        )  # fmt: skip

    for variant in VARIANTS:
        for phase in PHASES:
            for one, two in zip(seeds[::2], seeds[1::2], strict=True):
                first, second = (networks[variant.label, seed, phase] for seed in (one, two))
                for kind, end in zip(ORDERS, (second, align(shape, first, second)), strict=True):
                    add(variant.label, kind, phase, one, path(first, end, POINTS))
                if variant == VARIANTS[0] and PHASES[phase]:
                    middle = bend(loss, first, second, n_steps=n_steps)
                    add(variant.label, BENT, phase, one, curve(first, middle, second, POINTS))
        for before, after in itertools.pairwise(PHASES):
            for seed in seeds:
                first, second = (networks[variant.label, seed, phase] for phase in (before, after))
                add(variant.label, "one network", f"{before} to {after}", seed, path(first, second, POINTS))
    return pd.DataFrame(rows), profiles


def _tests(pairs: pd.DataFrame) -> pd.DataFrame:
    """Is a barrier between networks lower than another one? Exact, pairs of networks as units: aligned ones beside the
    same as they are, on straight paths and on bent ones, and those of the two configurations beside each other at the
    same steps.
    """
    between = pairs[pairs.path.isin([*ORDERS, BENT])]
    one, two = (variant.label for variant in VARIANTS)
    rows = []
    for phase, what in itertools.product(PHASES, ("train loss", "test error")):
        own = between[between.phase == phase].pivot_table(
            index="seed", columns=["configuration", "path"], values=f"barrier of the {what}"
        )
        compared = [((label, "aligned"), (label, "as they are")) for label in (one, two)]
        compared.append(((one, "aligned"), (two, "aligned")))
        if PHASES[phase]:
            compared += [((one, BENT), (one, "as they are")), ((one, "aligned"), (one, BENT))]
        for first, second in compared:
            pvalue, side = rank_test(own[[first, second]].to_numpy())
            rows.append(
                {
                    "phase": phase, "barrier of the": what, "first": ", ".join(first), "second": ", ".join(second),
                    "pairs": len(own), "median of the first": own[first].median(),
                    "median of the second": own[second].median(), "p": pvalue, "side": np.sign(side),
                }
            )  # fmt: skip
    table = pd.DataFrame(rows)
    return table.assign(decided=table.p <= largest_decided(table.p))


def _flatness(
    shape: Shape, data: Data, row: np.ndarray, label: str, seed: int, phase: str, step: int
) -> dict[str, Any]:
    """What becomes of losses and accuracies at half the norm of every filter away: the mean of random directions."""
    rng = np.random.default_rng(seed)
    away = [row + DISTANCE * direction(shape, row, rng) for _ in range(DIRECTIONS)]
    found: dict[str, Any] = {"configuration": label, "seed": seed, "phase": phase, "step": step}
    for name, part in (("train", data.train), ("test", data.test)):
        here, there = scores(shape, part, [row])[:, 0], scores(shape, part, away).mean(1)
        for what, own, around in zip(("loss", "accuracy"), here, there, strict=True):
            found |= {f"{name} {what}": own, f"{name} {what} around": around}
    return found


def _draw(
    networks: dict[tuple[str, int, str], np.ndarray], shape: Shape, data: Data, profiles: dict, seeds: tuple[int, ...]
) -> Figure:
    """Slices of the first network above, the training loss along all paths of its configuration below."""
    label = VARIANTS[0].label
    made, axes = drawing.figure(4, len(PHASES), 2.7, 2.2)
    for name, part, row in (("training", data.train, axes[0]), ("test", data.test, axes[1])):
        drawn = {phase: _slice(shape, part, networks[label, seeds[0], phase]) for phase in PHASES}
        everything = np.concatenate([loss.ravel() for loss in drawn.values()])
        low, high = max(everything.min(), 1e-4), everything.max()
        levels = np.geomspace(low, high, 13)
        side = np.linspace(-FAR, FAR, SIDE)
        for ax, (phase, loss) in zip(row, drawn.items(), strict=True):
            shown = ax.contourf(side, side, np.clip(loss, low, high), levels, norm="log", cmap="cividis")
            ax.plot(0, 0, "+", color="white")
            ax.set(aspect="equal", xlabel="first direction", title=f"{phase}: {name} loss")
        row[0].set_ylabel("second direction")
        ticks = [10.0**power for power in range(-4, 3) if low <= 10.0**power <= high]
        bar = made.colorbar(shown, ax=list(row), ticks=ticks)
        bar.ax.minorticks_off()
        bar.ax.set_yticklabels([f"{tick:g}" for tick in ticks])
    along = np.linspace(0, 1, POINTS)
    for ax, phase in zip(axes[2], PHASES, strict=True):
        for place, (kind, text) in enumerate(ORDERS.items()):
            _profile(ax, along, profiles[label, kind, phase], text, place)
        if PHASES[phase]:
            _profile(ax, along, profiles[label, BENT, phase], BENT_TEXT, 3)
        ax.set(title=f"between networks: {phase}", xlabel="one network to another")
    for ax, (before, after) in zip(axes[3], itertools.pairwise(PHASES), strict=False):
        _profile(ax, along, profiles[label, "one network", f"{before} to {after}"], "one network over time", 2)
        ax.set(title=f"{before} to {after}", xlabel="one checkpoint to the other")
    for ax in (axes[2, 0], axes[3, 0]):
        ax.set_ylabel("training loss")
    axes[3, 3].set_axis_off()
    drawing.shared_legend(made, axes[2:])
    what = f"slices of one network; paths of {len(seeds)} networks, mean and each"
    made.suptitle(f"{label}, modulus {TASK.modulus}: {what}", fontsize=10)
    return made


def _slice(shape: Shape, part: Any, row: np.ndarray) -> np.ndarray:
    """The loss in a plane of two random directions through a network: (SIDE, SIDE), the first along the columns."""
    rng = np.random.default_rng(0)
    across, up = (direction(shape, row, rng) for _ in range(2))
    side = np.linspace(-FAR, FAR, SIDE)
    return np.array([scores(shape, part, row + y * up + side[:, None] * across)[0] for y in side])


def _profile(ax: Any, along: np.ndarray, losses: list[np.ndarray], text: str, place: int) -> None:
    values, colour = np.array(losses), drawing.COLOURS[place]
    ax.plot(along, values.T, color=colour, linestyle=drawing.DASHES[place], linewidth=0.5, alpha=0.35)
    ax.plot(along, values.mean(0), color=colour, linestyle=drawing.DASHES[place], label=text)
