"""Corrupted labels: do synergy and redundancy tell neurons that generalise from neurons that know by heart?

Doshi et al. (2023), "To grok or not to grok", find both in one network: those that generalise are tuned to few
frequencies. Here the neurons that lead a ranking are taken out of the last layer, and what is left of the test set is
held against what is left of the corrupted training labels, which can only be known by heart; and both against what is
left without as many random neurons, and without neurons that are alike in tuning and contribution.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hoi_grokking import drawing
from hoi_grokking.ablation import accuracy_without, alike, beside_controls, leading_neurons, strata
from hoi_grokking.config import Task, Variant
from hoi_grokking.experiments._circuits import Network, neurons_of, over
from hoi_grokking.experiments._rankings import Copula
from hoi_grokking.experiments.ablation import CONTROLS, DRAWS, N_PARTS, PART, compared
from hoi_grokking.following import Followed, follow, sweep_of, write_followed
from hoi_grokking.study import Study
from hoi_grokking.training.tasks import Part, load

TITLE = "Corrupted labels: neurons that generalise and neurons that know by heart (addition, modulus 47)"

# Parts of the training targets that are dealt out anew.
CORRUPTED = (0.0, 0.1, 0.2)

_LABEL = "weight decay 0.5"
_KINDS = ("test set", "corrupted labels")

# Marker, colour and name of what is left.
_DOTS = {
    "them": ("o", drawing.COLOURS[0], "without them"),
    "random": ("_", "black", "without as many random neurons"),
    "alike": ("_", drawing.COLOURS[1], "without neurons alike in tuning and contribution"),
}


def run(study: Study) -> list[Path]:
    """Five seeds of each part: what is learnt, measured over training, and neurons removed at the end. The quick one
    has one part.
    """
    rows: list[Followed] = []
    cases: list[Network] = []
    for part in CORRUPTED[1:2] if study.settings.scale == "quick" else CORRUPTED:
        task = Task(modulus=47, train_fraction=0.8, corrupted=part)
        variant = Variant(_LABEL, weight_decay=0.5)
        sweep = sweep_of(study, [variant], task, steps=2000, quick=5, seeds=study.seeds)
        trained = study.run(f"corrupted-{part:g}", sweep)
        (found,) = follow(study, trained)
        rows.append(found._replace(label=_name(part)))
        if part:
            cases += [Network(trained, _LABEL, seed, trained.checkpoint_steps[-1]) for seed in sweep.seeds]
    removed = over(study, remove, cases)
    table = pd.DataFrame([{name: value for name, value in row.items() if name not in CONTROLS} for row in removed])
    tests = compared(removed)
    return [
        *write_followed(study, "corrupted_labels", rows, f"Corrupted labels, modulus {sweep.task.modulus}"),
        study.save_table("corrupted_labels_removed", table.rename(columns={"test accuracy": "accuracy"})),
        study.save_table("corrupted_labels_tests", tests.rename(columns={"test accuracy": "accuracy"})),
        *study.save_figure("corrupted_labels_removed", draw(table)),
    ]


def _name(part: float) -> str:
    return f"{100 * part:g} % corrupted"


def known_by_heart(task: Task) -> Part:
    """The training inputs whose target is not the right one, with the target that was trained."""
    given, right = load(task).train, load(dataclasses.replace(task, corrupted=0.0)).train
    wrong = given.targets != right.targets
    return Part(given.inputs[wrong], given.targets[wrong])


def chosen_neurons(hidden: np.ndarray, participation: np.ndarray) -> dict[str, np.ndarray]:
    """The neurons that lead each ranking, and those that are tuned to the fewest and to the most frequencies."""
    n = round(PART * len(participation))
    copula = Copula(hidden)
    triplets = copula.ends(3)
    tuned = np.argsort(-participation, kind="stable")
    return {
        "synergistic triplets": leading_neurons(triplets.lowest.members, n),
        "redundant triplets": leading_neurons(triplets.highest.members, n),
        "correlated pairs": leading_neurons(copula.ends(2, "tc").highest.members, n),
        "fewest frequencies": tuned[:n],
        "most frequencies": tuned[::-1][:n],
    }


def remove(network: Network) -> list[dict[str, object]]:
    """Accuracy on the test set and on the corrupted labels without each of the sets, and without its controls."""
    own, task = neurons_of(network), network.run.sweep.task
    contribution = np.linalg.norm(own.out, axis=0) * np.sqrt(np.square(own.hidden).mean(axis=0))
    stratum = {"random": np.zeros(len(contribution), int), "alike": strata([own.participation, contribution], N_PARTS)}
    asked = dict(zip(_KINDS, (load(task).test, known_by_heart(task)), strict=True))
    rows = []
    for name, chosen in chosen_neurons(own.hidden, own.participation).items():
        drawn = {control: alike(chosen, parts, DRAWS, seed=network.seed) for control, parts in stratum.items()}
        for kind, (inputs, targets) in asked.items():
            hidden = own.hidden[inputs[:, 0] * own.n_tokens + inputs[:, 1] - own.n_tokens]
            whole = accuracy_without(hidden, own.out, targets, [[]])[0]
            row: dict[str, object] = {
                "configuration": f"{_name(task.corrupted)}, {kind}", "seed": network.seed, "step": network.step,
                "removed": name, "neurons": len(chosen), "participation": own.participation[chosen].mean(),
                "participation of all": own.participation.mean(), "test accuracy": whole,
            }  # fmt: skip
            rows.append(row | beside_controls(hidden, own.out, targets, chosen, drawn))
    return rows


def draw(table: pd.DataFrame) -> Figure:
    """One row per part: what is left of the test set and of what is known by heart, every network a dot."""
    names = [name for name in map(_name, CORRUPTED) if table.configuration.str.startswith(name + ",").any()]
    made, axes = drawing.figure(len(names), 2, 4.2, 2.6, sharex=True, sharey="col")
    rankings = list(dict.fromkeys(table.removed))
    for row, name in zip(axes, names, strict=True):
        for ax, kind in zip(row, _KINDS, strict=True):
            own = table[table.configuration == f"{name}, {kind}"]
            for place, ranking in enumerate(rankings):
                those = own[own.removed == ranking]
                middle = place + np.linspace(-0.15, 0.15, len(those))
                for which, (marker, colour, label) in _DOTS.items():
                    ax.plot(middle, those[f"without {which}"], marker, color=colour, markersize=5, label=label)
            ax.axhline(own["test accuracy"].mean(), color="#999999", linewidth=0.8, linestyle=":", label="none removed")
            ax.set_xticks(range(len(rankings)), [one.replace(" ", "\n", 1) for one in rankings], fontsize=8)
            ax.set_ylabel(f"{name}\naccuracy, {kind}")
    drawing.shared_legend(made, axes, ncols=4)
    n = table.neurons.max()
    made.suptitle(f"{n} neurons removed at the end, each of {table.seed.nunique()} seeds", fontsize=10)
    return made
