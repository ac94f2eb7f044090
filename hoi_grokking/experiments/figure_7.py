"""Figure 7: sub-networks for alpha 8."""

from __future__ import annotations

from pathlib import Path

from hoi_grokking.experiments._subnetworks import subnetwork_figure
from hoi_grokking.study import Study

TITLE = "Test accuracy of synergistic sub-networks, inverse and random ones: alpha 8"


def run(study: Study) -> list[Path]:
    """The most synergistic sets of the steps in which the networks generalise."""
    return subnetwork_figure(study, "figure_7", ["alpha 8"])
