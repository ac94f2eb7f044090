"""The pictures of a report: text that stays text, and colours that follow the page's light or dark."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from hoi import plot
from hoi.plot._style import FAINT, NEUTRAL, REDUNDANCY, SYNERGY, by_end, end_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from hoi._results.multiplets import Multiplets

__all__ = ["pictures"]

_WIDTH = 8.6
# in the pictures as drawn -> in the page, whose style sheet says what they are in the light and in the dark
_TEXT = "#010203"
_COLOURS = {
    _TEXT: "currentColor",
    NEUTRAL: "var(--neutral)",
    FAINT: "var(--faint)",
    SYNERGY: "var(--synergy)",
    REDUNDANCY: "var(--redundancy)",
    "#FFFFFF": "var(--ground)",
}
_STYLE: dict[Any, Any] = {
    **dict.fromkeys(["text.color", "axes.labelcolor", "xtick.labelcolor", "ytick.labelcolor"], _TEXT),
    "svg.fonttype": "none",
    "svg.hashsalt": "hoi",
    "font.family": "sans-serif",
}


def pictures(result: Multiplets) -> list[tuple[str, str]]:
    """Caption and SVG of each picture; none of a result without values."""
    if result.lead is None:
        return []
    result = result[~np.isnan(getattr(result, result.lead))]
    if not len(result):
        return []
    import matplotlib
    from matplotlib.figure import Figure

    drawn = []
    with matplotlib.rc_context(_STYLE):
        for caption, draw, height, columns in _CONTENTS:
            if not columns <= set(result.columns) or (draw is plot.null and "thresholds" not in result.settings):
                continue
            # each end has bars of its own, since the values of one are often small beside those of the other
            parts = _by_end(result) if draw is plot.ranking else [(caption, result)]
            for title, part in parts or [(caption, result)]:
                # a fitting height is known once the rows are drawn, and the rows' texts fit themselves to the height
                fitting = height(draw(part, ax=Figure().subplots()))
                figure = Figure((_WIDTH, fitting), layout="constrained")
                draw(part, ax=figure.subplots())
                drawn.append((title, _svg(figure)))
    return drawn


def _by_end(result: Multiplets) -> list[tuple[str, Multiplets]]:
    """The rows of each end, and what they are called; nothing for a result that is no search."""
    if result.extreme is None:
        return []
    rows = [some for some in by_end(result) if len(some)]
    return [(f"The {end_name(str(result.lead), result, some)} sets", result[some]) for some in rows]


def _by_rows(ax: Axes) -> float:
    return 1.3 + 0.25 * len(ax.get_yticks())


# caption, picture, height in inches once it is drawn, and the columns that it needs
_CONTENTS: list[tuple[str, Callable[..., Axes], Callable[[Axes], float], set[str]]] = [
    ("The sets", plot.ranking, _by_rows, set()),
    ("Their members", plot.hypergraph, _by_rows, set()),
    ("Variables in these sets", plot.participation, _by_rows, set()),
    ("Beside the best sets of surrogates", plot.null, lambda ax: 4.2, {"pvalue"}),
    ("Total and dual total correlation", plot.tc_dtc, lambda ax: 4.6, {"tc", "dtc"}),
]


def _svg(figure: Figure) -> str:
    """The figure as an svg element without fixed size, and without the names that would repeat in the page."""
    file = io.StringIO()
    nothing = dict.fromkeys(["Date", "Creator", "Format", "Type"])
    with warnings.catch_warnings():
        # the browser has fonts of its own
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        figure.savefig(file, format="svg", transparent=True, metadata=nothing)
    svg = file.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r'(<svg [^>]*?) width="[^"]*"', r"\1", svg)
    svg = re.sub(r'(<svg [^>]*?) height="[^"]*"', r"\1", svg)
    for colour, name in _COLOURS.items():
        svg = svg.replace(colour.lower(), name)
    return svg
