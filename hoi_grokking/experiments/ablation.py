"""Are the synergistic sets the circuit? Neurons removed along training, without any further training.

The neurons that lead a ranking of sets are taken out of the last layer, and the test accuracy that is left is held
against that without as many random neurons, and without neurons that are alike: as many of each stratum of tuning
(inverse participation ratio) and of contribution to the output. A ranking that finds more than tuned and strong neurons
does more harm than the latter.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hoi_grokking import drawing
from hoi_grokking.ablation import accuracy_without, alike, beside_controls, leading_neurons, strata
from hoi_grokking.claims.rule import LEVEL, largest_decided
from hoi_grokking.experiments._circuits import LABELS, Network, Neurons, nearest, neurons_of, over, trained
from hoi_grokking.experiments._rankings import Copula, patterns
from hoi_grokking.statistics.exact import rank_test
from hoi_grokking.study import Study
from hoi_grokking.training.tasks import load

TITLE = "Are synergistic sets the circuit? Neurons removed along training, beside random and like neurons"

# Steps from the first that is above chance to the last before all networks have grokked.
STEPS = (60, 90, 110, 140, 170, 200, 260, 330, 430)

# Neurons that are removed (a part of the layer), and random sets they are held against.
PART, DRAWS = 0.2, 199

# Strata of tuning, and of contribution within each of them.
N_PARTS = 5

# Part of the neurons that a set and its controls share from which on they are the same.
_SAME = 0.99

CONTROLS = {"random": "of the same size", "alike": "alike in tuning and contribution"}


def run(study: Study) -> list[Path]:
    """Every seed of the configurations that grok early: a table of networks, one of tests over the seeds, a figure."""
    run = trained(study)
    steps = nearest(run, STEPS)[:: 4 if study.settings.scale == "quick" else 1]
    networks = [Network(run, label, seed, step) for label in LABELS for seed in run.sweep.seeds for step in steps]
    rows = over(study, remove, networks)
    table = pd.DataFrame([{name: value for name, value in row.items() if name not in CONTROLS} for row in rows])
    return [
        study.save_table("ablation", table),
        study.save_table("ablation_tests", compared(rows)),
        *study.save_figure("ablation", draw(table)),
    ]


def chosen_neurons(own: Neurons, contribution: np.ndarray) -> dict[str, np.ndarray]:
    """The neurons that lead each ranking; the last two rank single neurons."""
    n = round(PART * len(contribution))
    copula = Copula(own.hidden)
    triplets = copula.ends(3)
    return {
        "synergistic triplets": leading_neurons(triplets.lowest.members, n),
        "redundant triplets": leading_neurons(triplets.highest.members, n),
        "synergistic triplets, on/off": leading_neurons(patterns(own.hidden, 3).lowest.members, n),
        "correlated pairs": leading_neurons(copula.ends(2, "tc").highest.members, n),
        "tuned to fewest frequencies": np.argsort(-own.participation, kind="stable")[:n],
        "largest contribution": np.argsort(-contribution, kind="stable")[:n],
    }


def remove(network: Network) -> list[dict[str, object]]:
    """Test accuracy without each of the sets, and without each of its controls."""
    own = neurons_of(network)
    test = load(network.run.sweep.task).test
    places = test.inputs[:, 0] * own.n_tokens + test.inputs[:, 1] - own.n_tokens
    hidden = own.hidden[places]
    contribution = np.linalg.norm(own.out, axis=0) * np.sqrt(np.square(hidden).mean(axis=0))
    stratum = {"random": np.zeros(len(contribution), int), "alike": strata([own.participation, contribution], N_PARTS)}
    whole = accuracy_without(hidden, own.out, test.targets, [[]])[0]
    rows = []
    for name, chosen in chosen_neurons(own, contribution).items():
        drawn = {control: alike(chosen, parts, DRAWS, seed=network.step) for control, parts in stratum.items()}
        row: dict[str, object] = {
            "configuration": network.label, "seed": network.seed, "step": network.step, "removed": name,
            "neurons": len(chosen), "test accuracy": whole,
        }  # fmt: skip
        rows.append(row | beside_controls(hidden, own.out, test.targets, chosen, drawn))
    return rows


def compared(rows: list[dict[str, object]]) -> pd.DataFrame:
    """Over the seeds: does the removal of a set hurt more, or less, than that of its controls? Exact, by ranks.

    `decided` says which tests are, with the false discovery rate held over all of the table. There is none where a set
    and its controls are the same neurons.
    """
    table = pd.DataFrame(rows)
    found = []
    for (label, step, name), own in table.groupby(["configuration", "step", "removed"], sort=False):
        for control in CONTROLS:
            groups = [[-row["without them"], *-row[control]] for _, row in own.iterrows()]
            shared = own[f"shared with {control}"].mean()
            # neurons that fill their strata have no controls but themselves
            pvalue, side = rank_test(groups) if shared < _SAME else (np.nan, 0.0)
            found.append(
                {
                    "configuration": label, "step": step, "removed": name, "control": CONTROLS[control],
                    "networks": len(own), "test accuracy": own["test accuracy"].mean(),
                    "without them": own["without them"].mean(), "without the control": own[f"without {control}"].mean(),
                    "shared": shared, "p": pvalue, "hurts": np.sign(side),
                }
            )  # fmt: skip
    result = pd.DataFrame(found)
    limit = largest_decided(result.p, LEVEL)
    return result.assign(decided=result.p <= limit)


def draw(table: pd.DataFrame) -> Figure:
    """One row per configuration: accuracy left, and its difference from either control."""
    made, axes = drawing.figure(len(LABELS), 3, 3.4, 2.5, sharey="col")
    for row, label in zip(axes, LABELS, strict=True):
        own = table[table.configuration == label]
        for place, (name, part) in enumerate(own.groupby("removed", sort=False)):
            left = part.pivot_table(index="seed", columns="step", values="without them")
            step = left.columns.to_numpy()
            drawing.curves(row[0], step, left.to_numpy(), name, place)
            for ax, control in zip(row[1:], CONTROLS, strict=True):
                other = part.pivot_table(index="seed", columns="step", values=f"without {control}")
                drawing.curves(ax, step, (left - other).to_numpy(), name, place)
        whole = own.pivot_table(index="seed", columns="step", values="test accuracy")
        drawing.curves(row[0], step, whole.to_numpy(), "none removed", 6)
        drawing.step_axis(row[0], f"{label}\ntest accuracy without them")
        for ax, text in zip(row[1:], CONTROLS.values(), strict=True):
            ax.axhline(0, color="#999999", linewidth=0.6)
            drawing.step_axis(ax, f"minus that without neurons\n{text}")
        for ax in row:
            ticks = [step for step in (1, 2, 5, 10, 20, 50, 100, 200, 400) if step >= own.step.min()]
            ax.set_xticks(ticks, list(map(str, ticks)))
    drawing.shared_legend(made, axes, ncols=4)
    n = table.neurons.max()
    made.suptitle(f"{n} neurons removed; {drawing.of_seeds(table.seed.nunique())}", fontsize=10)
    return made
