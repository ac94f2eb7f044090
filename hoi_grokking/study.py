"""What the experiments share: settings of a reproduction, its run folders, and where results go."""

from __future__ import annotations

import dataclasses
import json
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

import hoi
from hoi_grokking.config import PAPER_SEEDS, Sweep, Task, paper_variants
from hoi_grokking.measures.estimators import Probe
from hoi_grokking.measures.stored import Series, measure_run, series
from hoi_grokking.store import Run, write
from hoi_grokking.training.running import train

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["GROKKED", "PROBES", "SCALES", "Settings", "Study"]

# Test accuracy from which a network has grokked, as published.
GROKKED = 0.98

# The estimators that every claim is held against.
PROBES = {
    "pooled": Probe("pooled", "average"),
    "union, ordinal ties": Probe("union", "ordinal"),
    "union, random ties": Probe("union", "random"),
    "union, average ties": Probe("union", "average"),
    "grouped": Probe("grouped", "average"),
    "triplets": Probe("neurons", "average"),
}


@dataclasses.dataclass(frozen=True)
class Scale:
    """How large a reproduction is, and what to say about it."""

    note: str
    sweep: dict[str, Any]
    max_seeds: int
    sub_seeds: int
    n_random: int
    grid: int


SCALES = {
    "full": Scale(
        "Full version: the networks of the paper with modulus 97 and 4000 steps, the others as their titles say.",
        {}, 5, 5, 5, 300,
    ),
    "quick": Scale(
        "Quick version: modulus 31 with 75 % of the pairs to train on and 128 hidden neurons, which groks within 1400 "
        "steps; one seed, 10 checkpoints; half the steps or fewer in the experiments beyond the paper.",
        {"steps": 1400, "n_checkpoints": 10, "width": 128, "task": Task(modulus=31, train_fraction=0.75)}, 1, 1, 1, 3,
    ),
    "tiny": Scale(
        "Tiny version, only to see that everything runs: modulus 11, 24 hidden neurons, 60 steps.",
        {"steps": 60, "n_checkpoints": 8, "width": 24, "task": Task(modulus=11, train_fraction=0.6)}, 2, 1, 2, 3,
    ),
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Settings:
    """Settings of a reproduction.

    Parameters
    ----------
    out : Path
        Folder of everything that is written: runs/, tables/, figures/, report.html.
    scale : {"full", "quick", "tiny"}
    seeds : tuple of int, optional
        Seeds of the models; by default the five of the paper, or as many as the scale takes.
    device : str
    jobs : int, optional
        Threads and processes; one per core by default.
    progress : bool, optional
    """

    out: Path = Path("grokking-output")
    scale: str = "full"
    seeds: tuple[int, ...] | None = None
    device: str = "cpu"
    jobs: int | None = None
    progress: bool | None = None

    def __post_init__(self) -> None:
        if self.scale not in SCALES:
            raise hoi.HoiError(
                f"scale is {self.scale!r}, and has to be one of {', '.join(map(repr, SCALES))}."
            )


class Study:
    """A reproduction in a folder. What is there already is not computed again.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.scale = SCALES[settings.scale]
        self.seeds = settings.seeds or PAPER_SEEDS[: self.scale.max_seeds]
        self.out = Path(settings.out)

    def open_folder(self) -> None:
        """Mark the folder as that of this study, so that results of different settings do not mix in it.

        Raises
        ------
        hoi.HoiError
            If it is the folder of a study of another scale or with other seeds.
        """
        path, own = self.out / "study.json", {"scale": self.settings.scale, "seeds": list(self.seeds)}
        held = json.loads(path.read_text()) if path.exists() else own
        if held != own:
            raise hoi.HoiError(
                f"{self.out} holds a study of scale {held['scale']!r} with seeds {held['seeds']}, and this one is of "
                f"scale {own['scale']!r} with seeds {own['seeds']}. Give the scale and seeds of that one, or another "
                "folder (--out)."
            )
        write(path, json.dumps(own))

    def sweep(self, *args: Any, **changes: Any) -> Sweep:
        """A sweep at the scale of this study; `changes` as for `Sweep`."""
        return Sweep(*args, **{"seeds": self.seeds, **self.scale.sweep, **changes})

    def run(self, name: str, sweep: Sweep) -> Run:
        """The trained run of a sweep."""
        folder = self.out / "runs" / f"{name}-{sweep.key()}"
        threads = self.settings.jobs
        return train(
            sweep, folder, device=self.settings.device, threads=threads, progress=self.settings.progress
        )

    def paper(self) -> Run:
        """The seven configurations of the figures, all seeds."""
        return self.run("paper", self.sweep(paper_variants()))

    def measured(self, run: Run, probe: Probe, **subset: Any) -> Series:
        """A progress measure of a run; measured now if it is not yet. The run of the paper gets all probes at
        once.
        """
        probes = list(PROBES.values()) if probe in PROBES.values() and not subset else [probe]
        measure_run(run, probes, jobs=self.settings.jobs, progress=self.settings.progress, **subset)
        return series(run, probe, subset.get("members"))

    def members(self, run: Run, label: str) -> list[int]:
        """Models of a configuration, in the order of the seeds."""
        return [run.member(label, seed) for seed in run.sweep.seeds]

    def at_checkpoints(self, run: Run, name: str) -> np.ndarray:
        """One of the CURVES at the checkpoints: (n_models, n_checkpoints)."""
        curves = run.curves()
        return curves[name][:, np.searchsorted(curves["step"], run.checkpoint_steps)]

    def save_table(self, name: str, table: pd.DataFrame) -> Path:
        """Write tables/<name>.csv."""
        path = self.out / "tables" / f"{name}.csv"
        write(path, table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))
        return path

    def save_figure(self, name: str, figure: Figure) -> list[Path]:
        """Write figures/<name>.svg and .png."""
        svg, png = (self.out / "figures" / f"{name}.{suffix}" for suffix in ("svg", "png"))
        write(png, lambda file: _save_png(figure, file))
        figure.set_layout_engine("none")  # the layout stands, and making it takes as long as drawing
        # without a date the same figure is the same file
        write(svg, lambda file: figure.savefig(file, format="svg", metadata={"Date": None}))
        return [svg, png]


def _save_png(figure: Figure, file: BinaryIO) -> None:
    """With a palette of 256 colours: a third of the size, and nothing that can be seen is lost."""
    from PIL import Image

    drawn = BytesIO()
    figure.savefig(drawn, format="png")
    palette = Image.open(drawn).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    palette.save(file, format="png", optimize=True)
