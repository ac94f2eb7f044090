"""Figure 8: train and test accuracy across weight decays."""

from __future__ import annotations

from pathlib import Path

from hoi_grokking.experiments._curves import accuracy_figure
from hoi_grokking.study import Study

TITLE = "Train and test accuracy for weight decay 0.1, 2, 10 and 50"


def run(study: Study) -> list[Path]:
    """One panel for each set."""
    labels = [f"weight decay {value:g}" for value in (0.1, 2, 10, 50)]
    panels = [(which, [(label, which) for label in labels]) for which in ("train", "test")]
    return accuracy_figure(study, "figure_8", panels)
