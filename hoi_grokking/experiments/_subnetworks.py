"""Figures 6 and 7: test accuracy of sub-networks that are trained on their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from hoi_grokking import drawing
from hoi_grokking.experiments._curves import first_step
from hoi_grokking.store import Run
from hoi_grokking.study import GROKKED, PROBES, Study
from hoi_grokking.subnetworks import chosen_set, generalising, subnetwork_sweep

__all__ = ["KINDS", "Network", "retrain", "subnetwork_figure"]

# The union estimator, whose sets are smaller than the network: pooled sets are nearly always all of it.
ESTIMATOR = "union, ordinal ties"

KINDS = ("full", "synergistic", "random", "inverse", "random inverse")


_LEVELS = (0.5, 0.9, GROKKED, 0.99)
_COLUMNS = (
    "configuration", "seed", "kind", "neurons", *(f"test {level:.0%}" for level in _LEVELS), "final test accuracy",
    "set of step", "window",
)  # fmt: skip


class Network(NamedTuple):
    """Test accuracy of a network over training (n_steps,), and its row of the table."""

    step: np.ndarray
    test: np.ndarray
    facts: dict[str, Any]


def retrain(study: Study, label: str, mask: str, n_seeds: int) -> list[Network]:
    """Retrain the sub-networks of a configuration, of its first seeds: the most synergistic set of the steps in which
    the network generalises, its inverse, and random sets of the sizes of both.

    Returns
    -------
    list of Network
        The full network first, seed by seed; none of a seed that does not begin to generalise.
    """
    run = study.paper()
    own = study.members(run, label)
    found = study.measured(run, PROBES[ESTIMATOR], members=own)
    curves = run.curves()
    source = next(variant for variant in run.sweep.variants if variant.label == label)
    step = np.arange(0, run.sweep.steps + 1, run.sweep.evaluate_every)
    result = []
    for seed in run.sweep.seeds[:n_seeds]:
        member = run.member(label, seed)
        window = generalising(curves["step"], curves["test_accuracy"][member], high=GROKKED)
        if window is None:
            continue
        at, neurons = chosen_set(found, own.index(member), window)
        name = f"subnetworks-{label.replace(' ', '-')}-seed{seed}"
        sweep = subnetwork_sweep(run.sweep, source, seed, neurons, study.scale.n_random, mask)
        retrained = study.run(name, sweep)
        networks = [(run, member, "full", run.sweep.width)]
        for place, (variant, _) in enumerate(retrained.sweep.members):
            networks.append((retrained, place, variant.label.rstrip("0123456789 "), len(variant.kept or ())))
        for where, place, kind, size in networks:
            test = _at(where, "test_accuracy", place, step)
            times = {f"test {x:.0%}": first_step(step, test, x) for x in _LEVELS}
            facts = {
                "configuration": label, "seed": seed, "kind": kind, "neurons": size, **times,
                "final test accuracy": test[-1], "set of step": at, "window": f"{window[0]}-{window[1]}",
            }  # fmt: skip
            result.append(Network(step, test, facts))
    return result


def _at(run: Run, name: str, member: int, step: np.ndarray) -> np.ndarray:
    """A curve of a model at some of the recorded steps."""
    curves = run.curves()
    return curves[name][member, np.searchsorted(curves["step"], step)]


def subnetwork_figure(
    study: Study, name: str, labels: Sequence[str], *, mask: str = "both", n_seeds: int | None = None
) -> list[Path]:
    """A row per configuration and a panel per seed: sets of different sizes have no mean that says anything."""
    n_seeds = min(n_seeds or study.scale.sub_seeds, len(study.seeds))
    made, axes = drawing.figure(len(labels), n_seeds, 2.3 if n_seeds > 1 else 3.6, 2.1)
    tables = []
    for row, label in zip(axes, labels, strict=True):
        networks = retrain(study, label, mask, n_seeds)
        tables.append(pd.DataFrame([network.facts for network in networks], columns=_COLUMNS))
        for ax, seed in zip(row, study.seeds, strict=False):
            own = [network for network in networks if network.facts["seed"] == seed]
            _panel(ax, own, f"{label}, seed {seed}")
        row[0].set_ylabel("test accuracy")
    drawing.shared_legend(made, axes, ncols=len(KINDS) if n_seeds > 1 else 3)
    return [study.save_table(name, pd.concat(tables)), *study.save_figure(name, made)]


def _panel(ax: Axes, networks: Sequence[Network], title: str) -> None:
    """Test accuracy of the networks of a seed; random sets are thin lines."""
    if not networks:
        ax.set_title(f"{title}\ndoes not generalise", fontsize=8)
        return
    drawing.step_axis(ax, "")
    ax.set_ylim(-0.03, 1.03)
    sizes = {str(network.facts["kind"]): network.facts["neurons"] for network in networks}
    sets = ", ".join(str(sizes[kind]) for kind in ("synergistic", "inverse") if kind in sizes)
    ax.set_title(f"{title}\nset and inverse: {sets} neurons", fontsize=8)
    for network in networks:
        place = KINDS.index(network.facts["kind"])
        random = "random" in KINDS[place]
        ax.plot(
            network.step, network.test, color=drawing.COLOURS[place], linestyle=drawing.DASHES[place],
            linewidth=0.6 if random else 1.4, zorder=1 if random else 2, label=KINDS[place],
        )  # fmt: skip
