"""Beyond pairs: exact on/off patterns of all triplets of neurons along training, and what of them no pair shows.

Whether a neuron is on is known at every input, so that nothing is estimated. What the patterns of a network hold is
compared with that of its neurons moved around the inputs one by one, and with networks that were taught random labels.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hoi_grokking import drawing
from hoi_grokking.circuits import beyond_pairs, common_frequency, n_of_common_frequency, on_off
from hoi_grokking.claims.rule import LEVEL, largest_decided
from hoi_grokking.experiments._circuits import (
    BY_HEART,
    LABELS,
    NETWORK,
    SHIFTED,
    Network,
    nearest,
    neurons_of,
    over,
    over_networks,
    with_nulls,
)
from hoi_grokking.experiments._rankings import patterns
from hoi_grokking.study import Study

TITLE = "Beyond pairs: exact on/off patterns of all triplets of neurons, what no pair shows, and two nulls"

# How many triplets of each end are looked at, and how many random ones.
BEST, RANDOM = 100, 200

# Columns of the table.
SYNERGY, OF_PAIRS, BEYOND, ONE = (
    f"{what}, {BEST} most {{}}".format for what in ("O-information", "of pairs", "beyond pairs", "common frequency")
)


def run(study: Study) -> list[Path]:
    """Some checkpoints of every seed of the configurations that grok early: values, tests over the seeds, a figure."""
    each = 3 if study.settings.scale == "quick" else 1
    networks = with_nulls(study, lambda one: nearest(one)[::each])
    table = pd.DataFrame(over(study, measure_triplets, networks))
    return [
        study.save_table("circuits", table),
        study.save_table("circuits_tests", compared(table)),
        *study.save_figure("circuits", draw(table)),
    ]


def measure_triplets(network: Network) -> list[dict[str, object]]:
    """The triplets of both ends among all: their O-information, common frequencies, and what is beyond pairs."""
    own = neurons_of(network)
    on = on_off(own.hidden)
    row: dict[str, object] = dict(network.names)
    for end, found in zip(("synergistic", "redundant"), patterns(own.hidden, 3), strict=True):
        exact = np.array(beyond_pairs(on, found.members[:BEST]))
        row[SYNERGY(end)], row[OF_PAIRS(end)], row[BEYOND(end)] = exact.mean(axis=0)
        row[ONE(end)] = common_frequency(found.members[:BEST], own.tuned).mean()
    alive = np.flatnonzero(np.ptp(on, axis=0) > 0)
    drawn = np.random.default_rng(0).permuted(np.tile(alive, (RANDOM, 1)), axis=1)[:, :3]
    row["beyond pairs, random"] = np.mean([one.beyond for one in beyond_pairs(on, drawn)])
    row["inverse participation"] = own.participation.mean()
    row["triplets of one frequency"] = n_of_common_frequency(own.tuned, 3) / math.comb(len(own.tuned), 3)
    return [row]


def compared(table: pd.DataFrame) -> pd.DataFrame:
    """Over the seeds: how far networks are from their shifted neurons, as a ratio, and an exact test of its logarithm.

    `decided` says which tests are, with the false discovery rate held over all of the table.
    """
    values = (SYNERGY("synergistic"), BEYOND("synergistic"), SYNERGY("redundant"), BEYOND("redundant"))
    beside = table[table.neurons != BY_HEART]
    rows = []
    for label in (*LABELS, "both"):
        for step, own in beside[(beside.configuration == label) | (label == "both")].groupby("step"):
            for column in values:
                pair = own.pivot_table(index=["configuration", "seed"], columns="neurons", values=column)
                ratio = pair[NETWORK] / pair[SHIFTED]
                head = {"configuration": label, "step": step, "value": column}
                rows.append(head | over_networks(ratio, ratio))
    result = pd.DataFrame(rows)
    return result.assign(decided=result.p <= largest_decided(result.p, LEVEL))


def draw(table: pd.DataFrame) -> Figure:
    """One row per configuration: common frequencies at both ends, O-information, and what is beyond pairs."""
    made, axes = drawing.figure(len(LABELS), 3, 3.4, 2.6)
    for row, label in zip(axes, LABELS, strict=True):
        own = table[table.configuration == label]

        def lines(ax: Axes, kind: str, column: str, text: str, place: int, own: pd.DataFrame = own) -> None:
            values = own[own.neurons == kind].pivot_table(index="seed", columns="step", values=column)
            drawing.curves(ax, values.columns.to_numpy(), values.to_numpy(), text, place)

        lines(row[0], NETWORK, ONE("synergistic"), "most synergistic", 0)
        lines(row[0], NETWORK, ONE("redundant"), "most redundant", 1)
        lines(row[0], SHIFTED, ONE("synergistic"), f"{SHIFTED}, most synergistic", 6)
        lines(row[0], NETWORK, "triplets of one frequency", "all triplets", 3)
        drawing.step_axis(row[0], f"{label}\npart of one frequency")
        row[0].set_ylim(-0.03, 1.03)
        lines(row[1], NETWORK, SYNERGY("synergistic"), "network", 0)
        lines(row[1], NETWORK, OF_PAIRS("synergistic"), "its pairs alone", 2)
        lines(row[1], SHIFTED, SYNERGY("synergistic"), SHIFTED, 6)
        lines(row[1], BY_HEART, SYNERGY("synergistic"), BY_HEART, 4)
        row[1].axhline(0, color="#999999", linewidth=0.6)
        drawing.step_axis(row[1], "lowest O-information (nats)")
        lines(row[2], NETWORK, BEYOND("synergistic"), "most synergistic", 0)
        lines(row[2], NETWORK, BEYOND("redundant"), "most redundant", 1)
        lines(row[2], NETWORK, "beyond pairs, random", "random", 3)
        lines(row[2], SHIFTED, BEYOND("synergistic"), f"{SHIFTED}, most synergistic", 6)
        drawing.step_axis(row[2], "information beyond pairs (nats)")
    for ax in axes[0]:
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), fontsize=6.5, frameon=False, ncols=2)
    made.suptitle(f"means of {BEST} of all triplets; {drawing.of_seeds(table.seed.nunique())}", fontsize=10)
    return made
