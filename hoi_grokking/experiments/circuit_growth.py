"""When circuits appear: all pairs, triplets and quadruplets of neurons at every checkpoint.

A circuit is a set of neurons that are tuned to one frequency. How far the extreme sets are circuits is followed beside
the accuracy and the tuning, without a target and about the logits. Two nulls say how much of it has to be: the same
neurons, each moved around the inputs on its own, which are tuned as they are and have nothing to do with each other;
and networks that were taught random labels, which are not tuned.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hoi_grokking import drawing
from hoi_grokking.ablation import leading_neurons
from hoi_grokking.circuits import common_frequency, n_of_common_frequency
from hoi_grokking.claims.rule import LEVEL, largest_decided
from hoi_grokking.experiments._circuits import (
    BY_HEART,
    LABELS,
    NETWORK,
    SHIFTED,
    Network,
    neurons_of,
    over,
    over_networks,
    with_nulls,
)
from hoi_grokking.experiments._curves import crossing
from hoi_grokking.experiments._rankings import MANY, Copula, Ranked, like_outputs
from hoi_grokking.phases import FIRST
from hoi_grokking.store import Run
from hoi_grokking.study import GROKKED, Study

TITLE = "When circuits of one frequency appear: all pairs, triplets and quadruplets of neurons at every checkpoint"

# Sets of each ranking that are looked at, and neurons of it that are compared with those at the end.
BEST, LEADING = 100, 50

# Part of the best sets that have one frequency from when on circuits are there.
HALF = 0.5


class Ranking(NamedTuple):
    """All sets of an order by one end of a measure."""

    order: int
    measure: str
    end: str


ALONE = {
    "most correlated pairs": Ranking(2, "tc", "highest"),
    "most synergistic triplets": Ranking(3, "oinfo", "lowest"),
    "most redundant triplets": Ranking(3, "oinfo", "highest"),
    "most synergistic quadruplets": Ranking(4, "oinfo", "lowest"),
    "most redundant quadruplets": Ranking(4, "oinfo", "highest"),
}
ABOUT_LOGITS = {
    "pairs, synergy about the logits": Ranking(2, "rsi", "highest"),
    "pairs, redundancy about the logits": Ranking(2, "rsi", "lowest"),
    "triplets, synergy about the logits": Ranking(3, "rsi", "highest"),
}
RANKINGS = {**ALONE, **ABOUT_LOGITS}
BY_WEIGHTS = "pairs of like output weights"

# A larger set is extreme already where all but one of its members are, whatever the last one is.
BUT_ONE = {name: f"{name}, all but one" for name, ranking in RANKINGS.items() if ranking.order > 2}

# Columns of the table of times, which leads are counted from.
ACCURACY, TUNING = f"test accuracy {HALF:.0%}", "inverse participation half-way"


def run(study: Study) -> list[Path]:
    """Every seed of the configurations that grok early: tables of rankings, networks, times and leads, and a figure."""
    each = 3 if study.settings.scale == "quick" else 1
    networks = with_nulls(study, lambda one: [step for step in one.checkpoint_steps if step >= FIRST][::each])
    table = with_leading_at_end(pd.DataFrame(over(study, measure_rankings, networks)))
    known = pd.DataFrame([measure_network(study, network) for network in networks if network.kind != SHIFTED])
    when = times(table, known, accuracy_of(networks[0].run))
    return [
        study.save_table("circuit_growth", table),
        study.save_table("circuit_growth_networks", known),
        study.save_table("circuit_growth_times", when),
        study.save_table("circuit_growth_leads", leads(when)),
        *study.save_figure("circuit_growth", draw(table, known)),
    ]


def measure_rankings(network: Network) -> list[dict[str, object]]:
    """How far the rankings of a network hold circuits, and which neurons lead them."""
    own = neurons_of(network)
    rows = []
    for name, one in rankings(own.hidden, own.out):
        leading = leading_neurons(one.members, LEADING)
        common, but_one = (common_frequency(one.members, own.tuned, but=but) for but in (0, 1))
        rows.append(
            {
                **network.names, "ranking": name,
                f"common frequency of {BEST}": common[:BEST].mean(), f"common frequency of {MANY}": common.mean(),
                f"all but one of {BEST}": but_one[:BEST].mean(), f"mean of {BEST}": one.values[:BEST].mean(),
                "inverse participation of leading": own.participation[leading].mean(), "leading": leading,
            }
        )  # fmt: skip
    return rows


def rankings(hidden: np.ndarray, out: np.ndarray) -> list[tuple[str, Ranked]]:
    """Every ranking of the neurons of a layer; both ends of a measure come from one search."""
    copula, found = Copula(hidden, out), {}
    for order, measure in dict.fromkeys(ranking[:2] for ranking in RANKINGS.values()):
        found[order, measure] = copula.ends(order, measure)
    ends = [(name, getattr(found[ranking[:2]], ranking.end)) for name, ranking in RANKINGS.items()]
    return [*ends, (BY_WEIGHTS, like_outputs(out))]


def with_leading_at_end(table: pd.DataFrame) -> pd.DataFrame:
    """The part of the leading neurons of each ranking that lead it at the last checkpoint, in place of the neurons."""
    parts = np.empty(len(table))
    for _, own in table.groupby(["configuration", "seed", "neurons", "ranking"]):
        end = own.leading[own.step.idxmax()]
        parts[own.index] = [np.isin(leading, end).mean() for leading in own.leading]
    return table.drop(columns="leading").assign(**{"leading at the end": parts})


def measure_network(study: Study, network: Network) -> dict[str, object]:
    """Accuracy and tuning of a network, and which part of all sets has one frequency."""
    own, place = neurons_of(network), network.run.checkpoint_steps.index(network.step)
    member = network.run.member(network.label, network.seed)
    accuracy = {
        f"{part} accuracy": study.at_checkpoints(network.run, f"{part}_accuracy")[member, place]
        for part in ("train", "test")
    }
    chance = {
        f"{what} of one frequency": n_of_common_frequency(own.tuned, order) / math.comb(len(own.tuned), order)
        for order, what in ((2, "pairs"), (3, "triplets"), (4, "quadruplets"))
    }
    return {**network.names, **accuracy, "inverse participation": own.participation.mean(), **chance}


def accuracy_of(run: Run) -> dict[tuple[str, int], tuple[np.ndarray, np.ndarray]]:
    """Steps and test accuracy of each network, at more steps than there are checkpoints."""
    curves = run.curves()
    members = [(variant.label, seed) for variant, seed in run.sweep.members]
    return {member: (curves["step"][1:], own[1:]) for member, own in zip(members, curves["test_accuracy"], strict=True)}


def times(
    table: pd.DataFrame, known: pd.DataFrame, accuracy: dict[tuple[str, int], tuple[np.ndarray, np.ndarray]]
) -> pd.DataFrame:
    """When half of a ranking's best sets have one frequency, beside when the network generalises and is tuned.

    A row for each network, and one for its shifted neurons.
    """
    rows = []
    for (label, seed, kind), own in table[table.neurons != BY_HEART].groupby(
        ["configuration", "seed", "neurons"], sort=False
    ):
        tuned = known[(known.configuration == label) & (known.seed == seed) & (known.neurons == NETWORK)]
        ratio = tuned["inverse participation"].to_numpy()
        row = {"configuration": label, "seed": seed, "neurons": kind}
        for level in (0.1, HALF, GROKKED):
            row[f"test accuracy {level:.0%}"] = crossing(*accuracy[label, seed], level)
        row[TUNING] = crossing(tuned.step.to_numpy(), ratio, (ratio[0] + ratio[-1]) / 2)
        for name, part in own.groupby("ranking", sort=False):
            row[name] = crossing(part.step.to_numpy(), part[f"common frequency of {BEST}"].to_numpy(), HALF)
            if name in BUT_ONE:
                row[BUT_ONE[name]] = crossing(part.step.to_numpy(), part[f"all but one of {BEST}"].to_numpy(), HALF)
        rows.append(row)
    return pd.DataFrame(rows)


def leads(when: pd.DataFrame) -> pd.DataFrame:
    """By how many steps each ranking is ahead of the accuracy, of the tuning, of the most correlated pairs, and of
    itself among shifted neurons: median and range over the networks, and an exact test of the mean log ratio of steps.

    `decided` says which tests are, with the false discovery rate held over all of the table. Networks of which either
    time is not known do not count.
    """
    index = ["configuration", "seed"]
    own, null = (when[when.neurons == kind].set_index(index) for kind in (NETWORK, SHIFTED))
    rows = []
    for name in (*RANKINGS, *BUT_ONE.values(), BY_WEIGHTS):
        ahead_of = {column: own[column] for column in (ACCURACY, TUNING, next(iter(RANKINGS))) if column != name}
        if name != BY_WEIGHTS:  # which the weights alone decide
            ahead_of[SHIFTED] = null[name]
        for what, other in ahead_of.items():
            for label in (*LABELS, "both"):
                pair = pd.DataFrame({"own": own[name], "other": other}).dropna()
                pair = pair if label == "both" else pair[pair.index.get_level_values(0) == label]
                head = {"ranking": name, "ahead of": what, "configuration": label}
                rows.append(head | over_networks(pair.other - pair.own, pair.other / pair.own))
    result = pd.DataFrame(rows)
    return result.assign(decided=result.p <= largest_decided(result.p, LEVEL))


def draw(table: pd.DataFrame, known: pd.DataFrame) -> Figure:
    """A column for each configuration; rows: sets without a target, about the logits, of both nulls, and the neurons
    that stay.
    """
    made, axes = drawing.figure(4, len(LABELS), 3.7, 2.3, sharex=True)
    share = f"common frequency of {BEST}"
    nulls = ("most synergistic triplets", "most synergistic quadruplets", "pairs, synergy about the logits")
    for column, label in zip(axes.T, LABELS, strict=True):
        own, network = table[table.configuration == label], known[known.configuration == label]

        def lines(ax: Axes, kind: str, name: str, text: str, place: int, value: str, own: pd.DataFrame = own) -> None:
            _curves(ax, own[(own.neurons == kind) & (own.ranking == name)], value, text, place)

        for place, name in enumerate(ALONE):
            lines(column[0], NETWORK, name, name, place, share)
            lines(column[3], NETWORK, name, name, place, "leading at the end")
        for place, name in enumerate([*ABOUT_LOGITS, BY_WEIGHTS]):
            lines(column[1], NETWORK, name, name, place, share)
        for place, name in enumerate(nulls):
            lines(column[2], SHIFTED, name, f"{name}, {SHIFTED}", place, share)
        lines(column[2], BY_HEART, nulls[0], f"{nulls[0]}, {BY_HEART}", 3, share)
        lines(column[2], BY_HEART, nulls[2], f"{nulls[2]}, {BY_HEART}", 4, share)
        lines(column[0], NETWORK, nulls[1], BUT_ONE[nulls[1]], 5, f"all but one of {BEST}")
        trained_well = network[network.neurons == NETWORK]
        for ax in column[:2]:
            _curves(ax, trained_well, "test accuracy", "test accuracy", 6)
        _curves(column[2], trained_well, "inverse participation", "inverse participation ratio", 6)
        for ax in column:
            drawing.step_axis(ax, "")
            ax.set_ylim(-0.03, 1.03)
        column[0].set_title(label)
    of_one = f"part of {BEST} sets\nwith one frequency"
    stay = f"part of {LEADING} neurons\nthat lead at the end"
    texts = (of_one, f"{of_one},\nabout the logits", f"{of_one},\nnulls", stay)
    for row, text in zip(axes, texts, strict=True):
        row[0].set_ylabel(text)
        drawing.row_legend(row)
    made.suptitle(drawing.of_seeds(table.seed.nunique()), fontsize=10)
    return made


def _curves(ax: Axes, rows: pd.DataFrame, column: str, text: str, place: int) -> None:
    values = rows.pivot_table(index="seed", columns="step", values=column)
    drawing.curves(ax, values.columns.to_numpy(), values.to_numpy(), text, place)
