"""Draw the newest scaling result: `python -m benchmarks.plots [FILE.json]` writes an .svg beside it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.report import newest

PANELS = ("variables", "order", "threads", "datasets")
FIELD = {"variables": "n_variables", "order": "order", "threads": "threads", "datasets": "n_datasets"}
LABEL = {
    "variables": "variables n", "order": "order k", "threads": "threads", "datasets": "datasets in one call",
}


def draw(path: Path) -> Path:
    """One panel for each axis; a line for each series; sets per second of whole calls."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "hoi"  # the same input gives the same file
    import matplotlib.pyplot as plt

    report = json.loads(path.read_text())
    figure, axes = plt.subplots(1, 4, figsize=(13, 3.2), layout="constrained")
    for axis, panel in zip(axes, PANELS, strict=True):
        for name, points in report["series"].items():
            if name.startswith(panel):
                x = [point[FIELD[panel]] for point in points]
                rate = [point["rate"] for point in points]
                axis.plot(x, rate, "o-", ms=3, lw=1.2, label=name.split(", ", 1)[1])
        axis.set_xlabel(LABEL[panel])
        axis.set_yscale("log")
        if panel in ("variables", "datasets"):
            axis.set_xscale("log")
        if panel == "threads":
            axis.set_xticks(sorted({p["threads"] for n, ps in report["series"].items() for p in ps}))
            axis.set_yscale("linear")
            axis.set_ylim(bottom=0)
        axis.legend(frameon=False, fontsize=8)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("sets per second, whole call")
    about = report["machine"]
    figure.suptitle(f"hoi.search, {about['cpu']}, {about['cores']} cores, {about['date'][:10]}", fontsize=10)
    out = path.with_suffix(".svg")
    figure.savefig(out, metadata={"Date": None})
    plt.close(figure)
    return out


if __name__ == "__main__":
    written = draw(Path(sys.argv[1]) if len(sys.argv) > 1 else newest("scaling"))
    print(f"wrote {written.name}")
