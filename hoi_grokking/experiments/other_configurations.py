"""Configurations that the paper's text or the published code name, and its figures do not show."""

from __future__ import annotations

from pathlib import Path

from hoi_grokking.config import other_variants
from hoi_grokking.following import follow, write_followed
from hoi_grokking.study import Study

TITLE = "Weight decay 0.01, alpha 5, and alpha 8 and 50 with the last layer free"


def run(study: Study) -> list[Path]:
    """One row per configuration, all seeds."""
    trained = study.run("other-configurations", study.sweep(other_variants()))
    heading = "Configurations that the text or the code name besides"
    return write_followed(study, "other_configurations", follow(study, trained), heading)
