"""Pictures of results: synergy is always blue, redundancy always vermilion.

Each function draws into ``ax`` (or into a new figure) and returns the Axes. They need matplotlib:
``pip install 'hoi[plot]'``. A result offers them as ``result.plot.ranking()`` and so on.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from hoi._errors import HoiError
from hoi._render import REDUNDANCY, SYNERGY
from hoi.maths.measures import MEASURES
from hoi.results import Multiplets

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["landscape", "participation", "ranking", "tc_dtc"]

_NEUTRAL = "#5C6670"
_FAINT = "#B8BEC4"


def ranking(
    result: Multiplets, *, measure: str | None = None, n_best: int = 10, ax: Axes | None = None
) -> Axes:
    """Ranked bars: the sets at both ends of a search with the names of their variables.

    Parameters
    ----------
    result : Multiplets
        Result of `hoi.search` (its own order and its two ends are kept) or of `hoi.measures` (sorted by
        value).
    measure : {"tc", "dtc", "oinfo", "sinfo"}, optional
        What the bars show; by default the measure that was searched for, or O-information.
    n_best : int, default 10
        How many sets at most to draw of each end.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure of fitting height.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    HoiError
        When matplotlib is missing, there are no sets, or the measure is not known.

    Examples
    --------
    >>> import hoi
    >>> from matplotlib.figure import Figure
    >>> found = hoi.search(hoi.datasets.load_fmri(), 3)
    >>> hoi.plot.ranking(found, ax=Figure().subplots()).get_xlabel()
    'O-information (nats)'
    """
    measure = _chosen(result, measure)
    rows = _ends(result, measure, n_best)
    _need_rows(len(rows), "ranking")
    ax = _axes(ax, (7.0, 1.2 + 0.27 * len(rows)))
    values = getattr(result, measure)[rows]
    places = np.arange(len(rows), dtype=float)
    places += np.cumsum(_gaps(result, rows))
    ax.barh(places, values, height=0.72, color=[_colour(v, measure) for v in values])
    ax.set_yticks(places, [_label(result, i) for i in rows])
    ax.set_ylim(places[-1] + 0.7, -0.7)
    ax.axvline(0, color=_NEUTRAL, linewidth=0.8)
    ax.margins(x=0.16)
    small: dict[str, Any] = {"va": "center", "fontsize": "x-small", "color": _NEUTRAL}
    for place, value in zip(places, values, strict=True):
        away, side = (-4, "right") if value < 0 else (4, "left")
        number = f"{value:.3f}".replace("-", "−")
        ax.annotate(number, (value, place), (away, 0), textcoords="offset points", ha=side, **small)
    ax.set_xlabel(_axis_label(measure, result.units))
    _tidy(ax, grid="x")
    ax.tick_params(axis="y", length=0)
    return ax


def landscape(
    results: Multiplets | Iterable[Multiplets], *, measure: str | None = None, ax: Axes | None = None
) -> Axes:
    """How the values of all sets spread, for each order.

    The width of a shape counts the sets on a logarithmic scale, so that the few sets at the ends, the ones a
    search is for, can be seen beside the many in the middle. Dots mark the lowest and the highest value of
    each order.

    Parameters
    ----------
    results : Multiplets or iterable of Multiplets
        For instance ``hoi.scan(X, (3, 5))``: blocks are counted as they come and not kept, so memory stays
        constant.
    measure : {"tc", "dtc", "oinfo", "sinfo"}, optional
        The measure to show; by default the one the results were made for, or O-information.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    HoiError
        When matplotlib is missing, there are no sets, or the measure is not known.

    Examples
    --------
    >>> import hoi
    >>> from matplotlib.figure import Figure
    >>> blocks = hoi.scan(hoi.datasets.load_fmri(), 3)
    >>> hoi.plot.landscape(blocks, ax=Figure().subplots()).get_ylabel()
    'O-information (nats)'
    """
    blocks = iter([results] if isinstance(results, Multiplets) else results)
    counts: dict[int, _Histogram] = {}
    units = "nats"
    for block in blocks:
        measure, units = _chosen(block, measure), block.units
        orders, values = block.order, getattr(block, measure)
        for order in np.unique(orders).tolist():
            counts.setdefault(order, _Histogram()).add(values[orders == order])
    counts = {order: histogram for order, histogram in counts.items() if histogram.total}
    _need_rows(len(counts), "landscape")
    measure = measure or "oinfo"
    ax = _axes(ax, (1.6 + 1.4 * len(counts), 4.2))
    tallest = max(_width(h.counts).max() for h in counts.values())
    for place, order in enumerate(sorted(counts)):
        histogram = counts[order]
        middles, width = histogram.middles(), histogram.width
        half = 0.42 * _width(histogram.counts) / tallest
        colours = [_colour(v, measure) for v in middles]
        ax.barh(middles, 2 * half, height=width, left=place - half, color=colours, linewidth=0)
        for value in (histogram.low, histogram.high):
            ax.plot(place, value, "o", markersize=4, color=_colour(value, measure), markeredgecolor="white")
    ax.axhline(0, color=_NEUTRAL, linewidth=0.8)
    totals = [f"{order}\n{counts[order].total:,}" for order in sorted(counts)]
    ax.set_xticks(range(len(counts)), totals)
    ax.set_xlim(-0.6, len(counts) - 0.4)
    ax.set_xlabel("variables in a set, and number of sets")
    ax.set_ylabel(_axis_label(measure, units))
    _tidy(ax, grid="y")
    return ax


def participation(result: Multiplets, *, n_variables: int = 30, ax: Axes | None = None) -> Axes:
    """How often each variable takes part in the sets of each end.

    Parameters
    ----------
    result : Multiplets
        Sets with an ``extreme`` (from `hoi.search`) are counted by it; others by the sign of their
        O-information.
    n_variables : int, default 30
        How many variables at most to show, those that take part most often.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure of fitting height.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    HoiError
        When matplotlib is missing or there are no sets.

    Examples
    --------
    >>> import hoi
    >>> from matplotlib.figure import Figure
    >>> found = hoi.search(hoi.datasets.load_fmri(), 3)
    >>> hoi.plot.participation(found, ax=Figure().subplots()).get_xlabel()
    'number of sets with the variable'
    """
    measure = _chosen(result, None)
    _need_rows(len(result), "participation")
    low = result.extreme == "lowest" if result.extreme is not None else result.oinfo < 0
    counts = []
    for rows in (low, ~np.asarray(low, dtype=bool)):
        members = result.indices[np.asarray(rows, dtype=bool)]
        counts.append(np.bincount(members[members >= 0], minlength=len(result.names)))
    lowest, highest = counts
    both = lowest + highest
    # most often first; the order of the columns decides among equals
    shown = np.argsort(-both, kind="stable")[: min(n_variables, int((both > 0).sum()))]
    ax = _axes(ax, (5.5, 1.2 + 0.24 * len(shown)))
    places = np.arange(len(shown))
    ends = _end_names(measure, result)
    colours = (SYNERGY, REDUNDANCY) if measure == "oinfo" else (_FAINT, _NEUTRAL)
    ax.barh(places, -lowest[shown], height=0.72, color=colours[0], label=ends[0])
    ax.barh(places, highest[shown], height=0.72, color=colours[1], label=ends[1])
    ax.axvline(0, color=_NEUTRAL, linewidth=0.8)
    ax.set_yticks(places, [_plain(result.names[i]) for i in shown])
    ax.set_ylim(len(shown) - 0.3, -0.7)
    ax.locator_params(axis="x", integer=True)
    ax.xaxis.set_major_formatter(lambda x, _: f"{abs(x):.0f}")
    ax.set_xlabel("number of sets with the variable")
    ax.legend(frameon=False, fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    _tidy(ax, grid="x")
    ax.tick_params(axis="y", length=0)
    return ax


def tc_dtc(result: Multiplets, *, ax: Axes | None = None) -> Axes:
    """Total against dual total correlation, one point for each set.

    O-information is their difference: points above the diagonal are dominated by synergy, points below by
    redundancy.

    Parameters
    ----------
    result : Multiplets
        The sets.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    HoiError
        When matplotlib is missing or there are no sets.

    Examples
    --------
    >>> import hoi
    >>> from matplotlib.figure import Figure
    >>> found = hoi.search(hoi.datasets.load_fmri(), 3)
    >>> hoi.plot.tc_dtc(found, ax=Figure().subplots()).get_xlabel()
    'Total correlation (nats)'
    """
    _need_rows(len(result), "tc_dtc")
    ax = _axes(ax, (4.8, 4.6))
    colours = [_colour(v, "oinfo") for v in result.oinfo]
    ax.scatter(result.tc, result.dtc, s=22, c=colours, alpha=0.8, linewidths=0)
    both = np.concatenate([result.tc, result.dtc])
    top = float(np.nanmax(both)) * 1.06 if np.isfinite(both).any() else 1.0
    bottom = min(0.0, float(np.nanmin(both)) * 1.06) if np.isfinite(both).any() else 0.0
    ax.plot([bottom, top], [bottom, top], color=_NEUTRAL, linewidth=0.8, zorder=0)
    ax.set_xlim(bottom, top)
    ax.set_ylim(bottom, top)
    ax.set_aspect("equal")
    ax.text(0.04, 0.96, "synergy", color=SYNERGY, transform=ax.transAxes, va="top", weight="bold")
    ax.text(0.96, 0.04, "redundancy", color=REDUNDANCY, transform=ax.transAxes, ha="right", weight="bold")
    ax.set_xlabel(_axis_label("tc", result.units))
    ax.set_ylabel(_axis_label("dtc", result.units))
    _tidy(ax)
    return ax


class _Histogram:
    """Counts in bins of equal width over a range that grows as values come; at most 2 * `BINS` bins."""

    BINS = 64

    def __init__(self) -> None:
        self.width = 0.0
        self.first = 0
        self.counts = np.zeros(0, dtype=np.int64)
        self.low, self.high = np.inf, -np.inf

    @property
    def total(self) -> int:
        return int(self.counts.sum())

    def add(self, values: np.ndarray) -> None:
        """Count the finite values; a bin holds [i, i + 1) * width, so bins of one sign stay of one sign."""
        values = values[np.isfinite(values)]
        if not values.size:
            return
        self.low = min(self.low, float(values.min()))
        self.high = max(self.high, float(values.max()))
        if not self.width:
            self.width = (self.high - self.low) / self.BINS or max(abs(self.low), 1.0) / self.BINS
        while (self.high - self.low) / self.width > 2 * self.BINS:
            self._halve()
        bins = np.floor(values / self.width).astype(np.int64)
        first = min(self.first, int(bins.min())) if self.counts.size else int(bins.min())
        stop = max(self.first + self.counts.size, int(bins.max()) + 1)
        counts = np.zeros(stop - first, dtype=np.int64)
        counts[self.first - first : self.first - first + self.counts.size] += self.counts
        counts += np.bincount(bins - first, minlength=counts.size)
        self.first, self.counts = first, counts

    def _halve(self) -> None:
        """Merge neighbouring bins in pairs."""
        start, stop = self.first // 2, -(-(self.first + self.counts.size) // 2)
        counts = np.zeros(2 * (stop - start), dtype=np.int64)
        counts[self.first - 2 * start : self.first - 2 * start + self.counts.size] = self.counts
        self.first, self.counts, self.width = start, counts.reshape(-1, 2).sum(axis=1), 2 * self.width

    def middles(self) -> np.ndarray:
        """Middle of each bin."""
        return (self.first + np.arange(self.counts.size) + 0.5) * self.width


def _ends(result: Multiplets, measure: str, n_best: int) -> np.ndarray:
    """Rows to draw: the first of each end of a search, or all others sorted by value."""
    if result.extreme is None:
        rows = np.argsort(getattr(result, measure), kind="stable")
        return rows if len(rows) <= 2 * n_best else np.concatenate([rows[:n_best], rows[-n_best:]])
    return np.concatenate([np.flatnonzero(result.extreme == end)[:n_best] for end in ("lowest", "highest")])


def _gaps(result: Multiplets, rows: np.ndarray) -> np.ndarray:
    """Room before each bar: some where the other end begins, a little where another order does."""
    gaps = np.zeros(len(rows))
    if (result.settings or {}).get("per_order"):
        gaps[1:][np.diff(result.order[rows]) != 0] = 0.4
    if result.extreme is not None:
        gaps[1:][result.extreme[rows][1:] != result.extreme[rows][:-1]] = 1.0
    return gaps


def _width(counts: np.ndarray) -> np.ndarray:
    """Width of a bin of the landscape: a thin line for one set, then by the logarithm."""
    return np.where(counts > 0, 0.15 + np.log10(np.maximum(counts, 1)), 0.0)


def _chosen(result: Multiplets, measure: str | None) -> str:
    """The measure asked for, or the one of the search."""
    if measure is None:
        measure = (result.settings or {}).get("measure")
        return measure if isinstance(measure, str) and measure in MEASURES else "oinfo"
    if measure not in MEASURES:
        raise HoiError(f"measure {measure!r} is not known: use one of {', '.join(map(repr, MEASURES))}")
    return measure


def _need_rows(count: int, picture: str) -> None:
    if not count:
        raise HoiError(f"{picture}: the result has no sets to draw")


def _colour(value: float, measure: str) -> str:
    """Synergy or redundancy by the sign of O-information; the other measures have no such sides."""
    if measure != "oinfo":
        return _NEUTRAL
    return SYNERGY if value < 0 else REDUNDANCY


def _end_names(measure: str, result: Multiplets) -> tuple[str, str]:
    """What the two ends are called in a legend."""
    if measure != "oinfo":
        return f"lowest {MEASURES[measure].symbol}", f"highest {MEASURES[measure].symbol}"
    return (
        ("most synergistic", "most redundant") if result.extreme is not None else ("synergistic", "redundant")
    )


def _label(result: Multiplets, row: int) -> str:
    """Names of the members of a row, cut when long; the data set in front when there are several."""
    text = " · ".join(result[row].names)
    text = _plain(text if len(text) <= 60 else text[:59] + "…")
    return text if result.dataset is None else f"[{result.dataset[row]}]  {text}"


def _plain(text: str) -> str:
    """Text for a label: a dollar sign would start mathematical text."""
    return text.replace("$", r"\$")


def _axis_label(measure: str, units: str) -> str:
    label = MEASURES[measure].label
    return f"{label[0].upper()}{label[1:]} ({units})"


def _axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """The Axes to draw into, of a new pyplot figure when none is given."""
    if ax is not None:
        return ax
    try:
        from matplotlib import pyplot
    except ImportError as error:
        message = "matplotlib is needed for pictures and is not installed: pip install 'hoi[plot]'"
        raise HoiError(message) from error
    return pyplot.subplots(figsize=size, layout="constrained")[1]


def _tidy(ax: Any, grid: str | None = None) -> None:
    """Fewer lines: no box, a faint grid behind the data."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(_FAINT)
    ax.tick_params(color=_FAINT)
    if grid:
        ax.grid(axis=grid, color=_FAINT, alpha=0.4, linewidth=0.6)
        ax.set_axisbelow(True)
