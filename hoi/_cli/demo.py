"""`hoi demo`: from a real recording to a table and a picture."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hoi import _api, datasets, plot
from hoi._errors import HoiError
from hoi._results import text
from hoi._results.writing import complete_or_nothing

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

    from hoi._results.multiplets import Multiplets

__all__ = ["demo"]

ORDER = (3, 5)
# Testing all orders needs six times as many surrogates, and sets of five are thirty times as many.
TESTED, N_SURROGATES = 3, 199
N_SHARED = 200
SEED = 0
# On its first run the compiled backend would take longer to compile than this one takes for everything here.
BACKEND = "numpy"


def demo(folder: Path, say: Callable[[str], Any]) -> None:
    """Search a shipped fMRI recording, say what was found, and write a picture and tables to `folder`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HoiError(f"cannot make the folder {str(folder)!r}: {error.strerror}") from error
    frame = datasets.load_fmri()
    about = frame.attrs
    say(f"Data: {about['description']}, one every {about['sampling_interval_s']} s.")
    say(f"      From {about['source']}.")
    say(f"      Licence: {about['licence']}.")
    say(f"\nThe search goes through every set of {ORDER[0]} to {ORDER[1]} regions. Of each size, the five")
    say("most synergistic sets (lowest O-information) and the five most redundant (highest):\n")
    found = _api.search(frame, ORDER, n_best=5, per_order=True, progress=False, backend=BACKEND)
    say(text.table(found, max_rows=len(found), names_width=10**6))
    say("\nThe regions named above:")
    say(_legend(found, about["variables"]))
    tested = _api.permutation_test(
        frame, TESTED, n_resamples=N_SURROGATES, n_best=5, seed=SEED, progress=False, backend=BACKEND
    )
    say("\n" + _compared(tested))

    table, data = folder / "best-sets.csv", folder / "fmri.csv"
    found.save(table)
    with complete_or_nothing(data) as part:
        frame.to_csv(part, index=False)
    say(f"\nWritten: {table}  (the table above)")
    say(f"         {data}  (the data)")
    try:
        picture = folder / "fmri.png"
        drawn = _draw(frame, found, tested)
        with complete_or_nothing(picture) as part:
            drawn.savefig(part, dpi=150, format="png")
        say(f"         {picture}  (the picture)")
    except ImportError:
        say("No picture was drawn, since matplotlib is not installed: pip install 'hoi[plot]'")
    say(f"\nNext:  hoi search {data} --order 3:6 --n-best 20")


def _legend(found: Multiplets, long_names: dict[str, str]) -> str:
    """Short and long names of the regions in the table, in two columns."""
    used = sorted({i for members in found.members for i in members})
    entries = [f"{found.names[i]:<10} {long_names[found.names[i]]}" for i in used]
    half = -(-len(entries) // 2)
    left, right = entries[:half], [*entries[half:], ""]
    return "\n".join(f"  {a:<48}{b}".rstrip() for a, b in zip(left, right, strict=False))


def _compared(tested: Multiplets) -> str:
    """Sentences on which sets of three regions are more than chance."""
    settings = tested.settings or {}
    known = tested.pvalue if tested.pvalue is not None else np.ones(len(tested))
    low, high = (kind["value"] for kind in settings["thresholds"])
    text = (
        f"How much of this is chance? The search of {TESTED} regions was done in {N_SURROGATES} surrogates too, in "
        f"which each region is shifted in time by itself. Values below {low:.3f} or above {high:.3f} come up anywhere "
        f"in fewer than 1 of 20 of them: {(known <= 0.05).sum()} of the {len(tested)} best sets of {TESTED} are beyond "
        f"that (p is {known.min():.3f} for the best)."
    )
    return textwrap.fill(text, 96)


def _draw(frame: pandas.DataFrame, found: Multiplets, tested: Multiplets) -> Figure:
    """Landscape of all sets, participation of the regions, and the best sets of each size."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13.5, 9.0), layout="constrained")
    axes = figure.subplot_mosaic(
        [["spread", "best"], ["share", "best"]], width_ratios=(1.3, 1), height_ratios=(1, 1.05)
    )
    plot.landscape(_api.scan(frame, ORDER, backend=BACKEND), ax=axes["spread"])
    _mark_chance(axes["spread"], tested)
    many = _api.search(frame, ORDER, n_best=N_SHARED, progress=False, backend=BACKEND)
    plot.participation(many, n_variables=14, ax=axes["share"])
    plot.ranking(found, n_best=len(found), ax=axes["best"])
    titles = {
        "spread": "All sets of regions",
        "share": f"Regions in the {N_SHARED} sets at each end",
        "best": "Best sets of each size",
    }
    for name, title in titles.items():
        axes[name].set_title(title, loc="left", weight="bold", pad=24 if name == "share" else 8)
    evaluated = (found.settings or {}).get("evaluated", 0)
    count = f"{evaluated:,} sets of {ORDER[0]} to {ORDER[1]} of {len(found.names)} regions"
    title = f"Synergy (blue) and redundancy (orange) in resting-state fMRI: {count}"
    figure.suptitle(title, x=0.01, ha="left", size="x-large", weight="bold")
    return figure


def _mark_chance(ax: Any, tested: Multiplets) -> None:
    """Lines at the values that chance hardly passes."""
    place = TESTED - ORDER[0]
    for i, kind in enumerate((tested.settings or {})["thresholds"]):
        label = None if i else "p = 0.05 against shifted regions"
        ax.plot([place - 0.46, place + 0.46], [kind["value"]] * 2, color="black", linewidth=1.1, label=label)
    ax.legend(frameon=False, fontsize="small", loc="upper left")
