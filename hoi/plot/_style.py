"""What the pictures share: colours, texts, and the Axes they draw into."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hoi._errors import HoiError
from hoi._measures.registry import ALL, Measure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hoi._results.multiplets import Multiplets

__all__ = [
    "FAINT",
    "NEUTRAL",
    "REDUNDANCY",
    "SIDES",
    "SYNERGY",
    "axes_or_new",
    "axis_label",
    "by_end",
    "chosen",
    "colour",
    "cut",
    "dataset",
    "end_colours",
    "end_name",
    "ends",
    "gaps",
    "key",
    "known",
    "label",
    "letters",
    "need_rows",
    "number",
    "plain",
    "points",
    "row_text",
    "side_key",
    "takes_part",
    "tidy",
]

# one colour each in every table and picture: blue and vermilion of Okabe and Ito, which every eye tells apart
SYNERGY = "#0072B2"
REDUNDANCY = "#D55E00"
SIDES = {"synergy": SYNERGY, "redundancy": REDUNDANCY}
NEUTRAL = "#5C6670"
FAINT = "#B8BEC4"


def known(measure: str) -> Measure:
    """The row of a measure."""
    if measure not in ALL:
        raise HoiError(f"measure {measure!r} is not known: use one of {', '.join(map(repr, ALL))}")
    return ALL[measure]


def chosen(result: Multiplets, measure: str | None) -> str:
    """The measure asked for, or the one that leads in the result."""
    if measure is not None:
        known(measure)
    name = measure or result.lead
    if name is None or name not in result.columns:
        there = ", ".join(map(repr, result.columns)) or "none"
        raise HoiError(f"the result has no column {name or 'of a measure'!r}: use one of its own, {there}")
    return name


def need_rows(count: int, picture: str) -> None:
    if not count:
        raise HoiError(f"{picture}: the result has no sets to draw")


def ends(result: Multiplets, measure: str, n_best: int | None) -> np.ndarray:
    """Rows to draw: the first of each end of each part of a search, or of any other result all values, sorted.

    The parts are the data sets and, where the search kept the best of each order, the orders.
    """
    if not len(result):
        return np.empty(0, dtype=np.intp)
    part = np.zeros(len(result), dtype=np.intp) if result.dataset is None else np.array(result.dataset)
    if (result.settings or {}).get("per_order") and result.extreme is not None:
        part = part * (result.order.max() + 1) + result.order
    n_parts = len(np.unique(part))
    if n_best is None:
        n_best = max(1, min(10, 20 // (n_parts if result.extreme is not None else 1)))
    if result.extreme is None:
        values = getattr(result, measure)
        rows = np.argsort(values, kind="stable")[: len(values) - np.isnan(values).sum()]
        return rows if len(rows) <= 2 * n_best else np.concatenate([rows[:n_best], rows[-n_best:]])
    groups = [(part == p) & (result.extreme == end) for p in np.unique(part) for end in ("lowest", "highest")]
    return np.sort(np.concatenate([np.flatnonzero(group)[:n_best] for group in groups]))


def colour(value: float, measure: str) -> str:
    """Synergy or redundancy by the sign of O-information and its like; other measures have no such sides."""
    synergy = ALL[measure].synergy
    if not synergy:
        return NEUTRAL
    return SYNERGY if synergy * value > 0 else REDUNDANCY


def end_colours(measure: str) -> tuple[str, str]:
    """Of the low and of the high end."""
    return {-1: (SYNERGY, REDUNDANCY), 0: (FAINT, NEUTRAL), 1: (REDUNDANCY, SYNERGY)}[ALL[measure].synergy]


def end_name(measure: str, result: Multiplets, rows: np.ndarray) -> str:
    """What the sets of one end are called: by the side of 0 that it is the end of, if all of them are on it."""
    values = getattr(result, measure)[rows]
    low = values[0] < 0 if result.extreme is None else result.extreme[rows[0]] == "lowest"
    sign, row = -1 if low else 1, ALL[measure]
    if row.synergy and (np.sign(values) == sign).all():
        most = "most " if result.extreme is not None else ""
        return f"{most}{'synergistic' if row.synergy == sign else 'redundant'}"
    return f"{'lowest' if low else 'highest'} {row.label}"


def by_end(result: Multiplets) -> list[np.ndarray]:
    """Rows of the low and of the high end: those of a search, or by their sign, which a row without a value lacks."""
    if result.extreme is not None:
        sides = result.extreme == "lowest", result.extreme == "highest"
    else:
        values = getattr(result, chosen(result, None))
        sides = values < 0, values >= 0
    return [np.flatnonzero(side) for side in sides]


def takes_part(result: Multiplets, rows: np.ndarray | list[int]) -> np.ndarray:
    """In how many of the rows each variable is."""
    members = result.indices[rows]
    return np.bincount(members[members >= 0], minlength=len(result.names))


def gaps(result: Multiplets, rows: np.ndarray) -> np.ndarray:
    """Room before each drawn row: some where another end or data set begins, a little where an order does."""
    room = np.zeros(len(rows))
    if (result.settings or {}).get("per_order"):
        room[1:][np.diff(result.order[rows]) != 0] = 0.4
    if result.extreme is not None:
        room[1:][result.extreme[rows][1:] != result.extreme[rows][:-1]] = 1.0
    return room


def label(result: Multiplets, row: int, room: int) -> str:
    """Names of the members of a row, the long ones cut; the data set in front when there are several."""
    names = result[row].names
    # what the short names leave over goes to the long ones
    left, share = room - 3 * (len(names) - 1), {}
    for place, i in enumerate(sorted(range(len(names)), key=lambda i: len(names[i]))):
        share[i] = max(4, left // (len(names) - place))
        left -= min(len(names[i]), share[i])
    text = cut(" · ".join(cut(name, share[i]) for i, name in enumerate(names)), room)
    text = text.replace("$", r"\$")
    return text if result.dataset is None else f"{dataset(result, row)}  {text}"


def dataset(result: Multiplets, row: int) -> str:
    """The dataset of a row, in front of its label: its name, or its number in brackets; "" where there is one table."""
    if result.dataset is None:
        return ""
    if result.dataset_names is None:
        return f"[{result.dataset[row]}]"
    return cut(str(result.dataset_names[row]), 16).replace("$", r"\$")


def cut(text: str, most: int) -> str:
    """Text of at most that many characters; its end stays, since names often differ there only."""
    end = (most - 1) // 2
    return text if len(text) <= most else text[: most - 1 - end].rstrip() + "…" + text[len(text) - end :].lstrip()


def plain(text: str) -> str:
    """Name of a variable as a label: not too long, and its dollar signs start no mathematical text."""
    return cut(text, 40).replace("$", r"\$")


def number(value: float) -> str:
    """A value beside its bar."""
    return f"{value:z.3f}".replace("-", "−")


def axis_label(measure: str, units: str) -> str:
    label = ALL[measure].label
    return f"{label[0].upper()}{label[1:]} ({units})"


def points(pixels: float, ax: Axes) -> float:
    """A length on the canvas in the unit of font sizes."""
    return pixels * 72 / ax.figure.dpi


def row_text(ax: Axes, n_rows: int) -> float:
    """Size of the labels of that many rows: the usual one, or less where the rows are close."""
    from matplotlib import rcParams
    from matplotlib.font_manager import FontProperties

    usual = FontProperties(size=rcParams["ytick.labelsize"]).get_size_in_points()
    return min(usual, max(3.0, 0.85 * points(ax.bbox.height, ax) / n_rows))


def letters(ax: Axes, size: float) -> float:
    """How many letters of that size are as wide as the Axes."""
    return points(ax.bbox.width, ax) / (0.55 * size)


def key(ax: Axes, names: dict[str, str], *, centred: bool = False) -> None:
    """What the colours mean, above the picture at its right or in its middle."""
    from matplotlib.patches import Patch

    # Axes of its own: a title of the picture keeps clear of them, and a legend that is added stands beside this one
    strip = ax.inset_axes((0, 1, 1, 18 / points(ax.bbox.height, ax)))
    strip.set_axis_off()
    strip.legend(
        handles=[Patch(color=shade, label=name) for name, shade in names.items()],
        loc="lower center" if centred else "lower right",
        bbox_to_anchor=(0.5 if centred else 1.0, 0.0),
        ncols=len(names),
        frameon=False,
        fontsize="small",
        handlelength=0.9,
        handleheight=0.9,
        handletextpad=0.5,
        columnspacing=1.4,
        borderaxespad=0.2,
    )


def side_key(ax: Axes, values: np.ndarray, measure: str) -> None:
    """The key of pictures that colour by sign: the sides that the values are on."""
    if ALL[measure].synergy:
        shades = {colour(value, measure) for value in values.tolist()}
        key(ax, {name: shade for name, shade in SIDES.items() if shade in shades})


def axes_or_new(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """The Axes to draw into, of a new pyplot figure when none is given."""
    if ax is not None:
        return ax
    try:
        from matplotlib import pyplot
    except ImportError as error:
        message = "matplotlib is needed for pictures and is not installed: pip install 'hoi[plot]'"
        raise HoiError(message) from error
    return pyplot.subplots(figsize=size, layout="constrained")[1]


def tidy(ax: Any, grid: str | None = None) -> None:
    """Fewer lines: no box, a faint grid behind the data."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(FAINT)
    ax.tick_params(color=FAINT)
    if grid:
        ax.grid(axis=grid, color=FAINT, alpha=0.4, linewidth=0.6)
        ax.set_axisbelow(True)
