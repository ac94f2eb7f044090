"""What the claims are held against: the curves, progress measures and tables of a study, network by network."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoi_grokking.phases import Phase, find_phases
from hoi_grokking.study import GROKKED, PROBES, Study

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FITTED", "Evidence", "History", "Network", "NotMeasured", "Progress", "first_step"]

# Train accuracy from which a network has fitted its training set.
FITTED = 0.99

TABLES = (
    "figure_6", "figure_7", "comparison", "early_prediction", "other_configurations", "other_configurations_values",
)  # fmt: skip


class NotMeasured(LookupError):
    """A study does not hold what a claim is about."""


class History(NamedTuple):
    """Accuracies of one network at every recorded step."""

    step: NDArray
    train: NDArray
    test: NDArray

    @property
    def fitted(self) -> float:
        """First step at which the training set is fitted; infinite if it never is."""
        return first_step(self.step, self.train, FITTED)

    @property
    def grokked(self) -> float:
        """First step at which the network has generalised; infinite if it never does."""
        return first_step(self.step, self.test, GROKKED)


class Progress(NamedTuple):
    """Progress measures of several networks by one estimator at the checkpoints from step 1: (n_networks, n_steps)."""

    synergy: NDArray
    redundancy: NDArray
    size: NDArray


@dataclasses.dataclass(frozen=True)
class Network:
    """One network seen by one estimator, at the checkpoints from step 1 on.

    `size` counts the neurons of the most synergistic set; `fitted` and `grokked` are steps, infinite for never.
    """

    step: NDArray
    synergy: NDArray
    redundancy: NDArray
    size: NDArray
    test_loss: NDArray
    test_accuracy: NDArray
    fitted: float
    grokked: float

    @cached_property
    def phases(self) -> list[Phase]:
        """Phases of training, by :func:`hoi_grokking.find_phases`."""
        return find_phases(self.step, self.synergy, self.redundancy, self.test_accuracy, grokked=GROKKED)

    def phase(self, name: str) -> slice | None:
        """Checkpoints of a phase, both ends included; None if there is no such phase."""
        for phase in self.phases:
            if phase.name == name:
                first, last = np.searchsorted(self.step, [phase.start, phase.stop])
                return slice(int(first), int(last) + 1)
        return None


@dataclasses.dataclass(frozen=True)
class Evidence:
    """What a study measured.

    Parameters
    ----------
    step : ndarray, shape (n_records,)
        Steps of the curves.
    curves : mapping
        Configuration -> name of a curve -> (n_seeds, n_records).
    checkpoints : ndarray, shape (n_steps,)
        Steps of the progress measures, without step 0; each is one of `step`.
    progress : mapping
        Estimator -> configuration -> `Progress`.
    tables : mapping
        Name -> table, as the experiments write them.
    """

    step: NDArray
    curves: Mapping[str, Mapping[str, NDArray]]
    checkpoints: NDArray
    progress: Mapping[str, Mapping[str, Progress]]
    tables: Mapping[str, pd.DataFrame]
    _networks: dict[tuple[str, str], list[Network]] = dataclasses.field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, study: Study) -> Evidence:
        """What the folder of a study holds. The run of the paper is trained and measured where it is not yet."""
        import pandas as pd

        run = study.paper()
        curves = run.curves()
        labels = [variant.label for variant in run.sweep.variants]
        members = {label: study.members(run, label) for label in labels}
        progress = {}
        for name, probe in PROBES.items():
            found = study.measured(run, probe)
            lines = Progress(found.synergy[:, 1:], found.highest[:, 1:], found.lowest_size[:, 1:])
            progress[name] = {
                label: Progress(*(values[chosen] for values in lines)) for label, chosen in members.items()
            }
        paths = {name: study.out / "tables" / f"{name}.csv" for name in TABLES}
        return cls(
            curves["step"],
            {
                label: {name: values[chosen] for name, values in curves.items() if name != "step"}
                for label, chosen in members.items()
            },
            np.array(run.checkpoint_steps[1:]),
            progress,
            {name: pd.read_csv(path) for name, path in paths.items() if path.exists()},
        )

    def histories(self, label: str) -> list[History]:
        """Accuracies of the networks of a configuration, in the order of the seeds."""
        if label not in self.curves:
            raise NotMeasured(f"no network with {label} was trained")
        curves = self.curves[label]
        return [
            History(self.step, *pair) for pair in zip(curves["train_accuracy"], curves["test_accuracy"], strict=True)
        ]

    def networks(self, estimator: str, label: str) -> list[Network]:
        """The networks of a configuration seen by an estimator, in the order of the seeds."""
        if (estimator, label) not in self._networks:
            histories = self.histories(label)
            at = np.searchsorted(self.step, self.checkpoints)
            seen = self.progress[estimator][label]
            losses = self.curves[label]["test_loss"][:, at]
            self._networks[estimator, label] = [
                Network(self.checkpoints, *values, loss, history.test[at], history.fitted, history.grokked)
                for history, loss, values in zip(histories, losses, zip(*seen, strict=True), strict=True)
            ]
        return self._networks[estimator, label]

    def table(self, name: str) -> pd.DataFrame:
        """A table that an experiment wrote."""
        if name not in self.tables:
            raise NotMeasured(f"tables/{name}.csv is missing: run {name.removesuffix('_values')}")
        return self.tables[name]


def first_step(step: NDArray, values: NDArray, level: float) -> float:
    """First step at which a level is reached; infinite if it never is."""
    reached = np.flatnonzero(np.asarray(values) >= level)
    return float(step[reached[0]]) if len(reached) else math.inf
