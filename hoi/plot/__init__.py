"""Pictures of results: synergy is always blue, redundancy always vermilion.

Each function draws into ``ax`` (or into a new figure) and returns the Axes. They need matplotlib:
``pip install 'hoi[plot]'``. A result offers them as ``result.plot.ranking()`` and so on.
"""

from __future__ import annotations

from hoi.plot._bars import participation, ranking
from hoi.plot._brain import connectome, topography
from hoi.plot._courses import course, matrix
from hoi.plot._hypergraph import hypergraph
from hoi.plot._landscape import landscape
from hoi.plot._null import null
from hoi.plot._planes import comparison, tc_dtc

__all__ = [
    "comparison", "connectome", "course", "hypergraph", "landscape", "matrix", "null", "participation", "ranking",
    "tc_dtc", "topography",
]
