"""Figure 6: sub-networks for weight decay 0.1 and 2."""

from __future__ import annotations

from pathlib import Path

from hoi_grokking.experiments._subnetworks import subnetwork_figure
from hoi_grokking.study import Study

TITLE = "Test accuracy of synergistic sub-networks, inverse and random ones: weight decay 0.1 and 2"


def run(study: Study) -> list[Path]:
    """The most synergistic sets of the steps in which the networks generalise."""
    return subnetwork_figure(study, "figure_6", ["weight decay 0.1", "weight decay 2"])
