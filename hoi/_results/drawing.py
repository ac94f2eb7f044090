"""``result.plot``: the pictures of `hoi.plot`, each as a method of the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hoi import plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hoi._results.multiplets import Multiplets

__all__ = ["Pictures"]


class Pictures:
    """The functions of `hoi.plot` with the result as their first argument; called itself, it is `ranking`."""

    def __init__(self, result: Multiplets) -> None:
        self._result = result

    def ranking(self, *, measure: str | None = None, n_best: int | None = None, ax: Axes | None = None) -> Axes:
        """Ranked bars of the sets at both ends: :func:`hoi.plot.ranking`."""
        return plot.ranking(self._result, measure=measure, n_best=n_best, ax=ax)

    __call__ = ranking

    def hypergraph(self, *, measure: str | None = None, n_best: int | None = None, ax: Axes | None = None) -> Axes:
        """Which variables the best sets are made of: :func:`hoi.plot.hypergraph`."""
        return plot.hypergraph(self._result, measure=measure, n_best=n_best, ax=ax)

    def participation(self, *, n_variables: int = 30, ax: Axes | None = None) -> Axes:
        """How often each variable takes part: :func:`hoi.plot.participation`."""
        return plot.participation(self._result, n_variables=n_variables, ax=ax)

    def landscape(self, *, measure: str | None = None, ax: Axes | None = None) -> Axes:
        """How the values spread for each order: :func:`hoi.plot.landscape`."""
        return plot.landscape(self._result, measure=measure, ax=ax)

    def tc_dtc(self, *, ax: Axes | None = None) -> Axes:
        """Total against dual total correlation: :func:`hoi.plot.tc_dtc`."""
        return plot.tc_dtc(self._result, ax=ax)

    def null(self, *, ax: Axes | None = None) -> Axes:
        """The sets of a test beside those of its surrogates: :func:`hoi.plot.null`."""
        return plot.null(self._result, ax=ax)

    def topography(
        self, info: Any, *, end: str = "lowest", n_best: int | None = None, ax: Axes | None = None
    ) -> Axes:
        """Where on the scalp the sets lie: :func:`hoi.plot.topography`."""
        return plot.topography(self._result, info, end=end, n_best=n_best, ax=ax)

    def connectome(
        self, coordinates: Any, *, end: str = "lowest", n_best: int | None = None, ax: Axes | None = None
    ) -> Axes:
        """Where in the brain the sets lie: :func:`hoi.plot.connectome`."""
        return plot.connectome(self._result, coordinates, end=end, n_best=n_best, ax=ax)

    def comparison(
        self,
        other: Multiplets,
        *,
        measure: str | None = None,
        labels: tuple[str, str] = ("first", "second"),
        ax: Axes | None = None,
    ) -> Axes:
        """The same sets in two results: :func:`hoi.plot.comparison`."""
        return plot.comparison(self._result, other, measure=measure, labels=labels, ax=ax)

    def __repr__(self) -> str:
        names = [f".{name}()" for name in plot.__all__ if hasattr(type(self), name)]
        return f"pictures of this result: {', '.join(names)}"
