"""How the values of all sets spread."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

import numpy as np

from hoi.plot._style import NEUTRAL, axes_or_new, axis_label, chosen, colour, need_rows, side_key, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hoi._results.multiplets import Multiplets

__all__ = ["landscape"]


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
    measure : str, optional
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
    # one result has columns; of several it is the blocks that have
    blocks = [cast("Multiplets", results)] if hasattr(results, "columns") else results
    counts: dict[int, _Histogram] = {}
    units = "nats"
    for block in blocks:
        measure, units = chosen(block, measure), block.units
        orders, values = block.order, getattr(block, measure)
        for order in np.unique(orders).tolist():
            counts.setdefault(order, _Histogram()).add(values[orders == order])
    counts = {order: histogram for order, histogram in counts.items() if histogram.total}
    need_rows(len(counts), "landscape")
    measure = measure or "oinfo"
    ax = axes_or_new(ax, (max(4.0, 1.6 + 1.4 * len(counts)), 4.2))
    for histogram in counts.values():
        histogram.coarsen()
    tallest = max(_width(h.counts).max() for h in counts.values())
    for place, order in enumerate(sorted(counts)):
        histogram = counts[order]
        bottoms, heights = histogram.spans()
        half = 0.42 * _width(histogram.counts) / tallest
        shades = [colour(v, measure) for v in bottoms + heights / 2]
        ax.barh(bottoms, 2 * half, height=heights, left=place - half, align="edge", color=shades, linewidth=0)
        for value in (histogram.low, histogram.high):
            ax.plot(place, value, "o", markersize=4, color=colour(value, measure), markeredgecolor="white")
    ax.axhline(0, color=NEUTRAL, linewidth=0.8)
    totals = [f"{order}\n{counts[order].total:,}" for order in sorted(counts)]
    ax.set_xticks(range(len(counts)), totals)
    ax.set_xlim(-0.6, len(counts) - 0.4)
    ax.set_xlabel("order, and number of sets")
    ax.set_ylabel(axis_label(measure, units))
    side_key(ax, np.array([end for h in counts.values() for end in (h.low, h.high)]), measure)
    tidy(ax, grid="y")
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
            self.width = (self.high - self.low) / self.BINS or (abs(self.low) or 1.0) / self.BINS
        while (self.high - self.low) / self.width > 2 * self.BINS:
            self._halve()
        bins = np.floor(values / self.width).astype(np.int64)
        first = min(self.first, int(bins.min())) if self.counts.size else int(bins.min())
        stop = max(self.first + self.counts.size, int(bins.max()) + 1)
        counts = np.zeros(stop - first, dtype=np.int64)
        counts[self.first - first : self.first - first + self.counts.size] += self.counts
        counts += np.bincount(bins - first, minlength=counts.size)
        self.first, self.counts = first, counts

    def coarsen(self) -> None:
        """Fewer bins for few values, so that their shape has no holes."""
        while self.counts.size > 24 + np.sqrt(self.total):
            self._halve()

    def _halve(self) -> None:
        """Merge neighbouring bins in pairs."""
        start, stop = self.first // 2, -(-(self.first + self.counts.size) // 2)
        counts = np.zeros(2 * (stop - start), dtype=np.int64)
        counts[self.first - 2 * start : self.first - 2 * start + self.counts.size] = self.counts
        self.first, self.counts, self.width = start, counts.reshape(-1, 2).sum(axis=1), 2 * self.width

    def spans(self) -> tuple[np.ndarray, np.ndarray]:
        """Lower end and height of each bin; those at the ends reach no further than the values."""
        edges = (self.first + np.arange(self.counts.size + 1)) * self.width
        edges = np.clip(edges, self.low, self.high)
        return edges[:-1], np.diff(edges)


def _width(counts: np.ndarray) -> np.ndarray:
    """Width of a bin of the landscape: a thin line for one set, then by the logarithm."""
    return np.where(counts > 0, 0.15 + np.log10(np.maximum(counts, 1)), 0.0)
