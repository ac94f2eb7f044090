"""Sub-networks masked as in the published code: in the first layer only, so that masked neurons keep their bias."""

from __future__ import annotations

from pathlib import Path

from hoi_grokking.experiments._subnetworks import subnetwork_figure
from hoi_grokking.study import Study

TITLE = "Sub-networks of weight decay 2 and alpha 8 with the published mask, of the first layer only (one seed)"


def run(study: Study) -> list[Path]:
    """The sets of figures 6 and 7, of the first seed."""
    labels = ["weight decay 2"] if study.settings.scale == "quick" else ["weight decay 2", "alpha 8"]
    return subnetwork_figure(study, "published_masks", labels, mask="first", n_seeds=1)
