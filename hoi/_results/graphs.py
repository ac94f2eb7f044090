"""A result as a hypergraph for packages that study graphs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hoi._results.formats import need

if TYPE_CHECKING:
    import networkx
    import xgi

__all__ = ["Graphs"]


class Graphs:
    """The sets of a `Multiplets` as edges that link two or more variables."""

    __slots__ = ()

    def to_networkx(self: Any) -> networkx.Graph:
        """The sets and their members as a bipartite graph of networkx (needs ``pip install networkx``).

        Returns
        -------
        networkx.Graph
            A node for each variable, by its name, with ``bipartite=0``; a node for each set, by the number of its row
            as an integer, with ``bipartite=1``, its order, its columns, and its data set and end where there are such.
            Edges go from a set to its members. Variables in no set are nodes too.

        Raises
        ------
        HoiError
            When networkx is not installed.

        Examples
        --------
        >>> from hoi import Multiplets
        >>> graph = Multiplets([[0, 1, 2]], ["a", "b", "c", "d"], oinfo=[-0.5]).to_networkx()
        >>> sorted(graph[0]), graph.nodes[0]["oinfo"]
        (['a', 'b', 'c'], -0.5)
        """
        graph = need("networkx", "give a graph", "networkx").Graph()
        graph.add_nodes_from(self.names, bipartite=0)
        for number, row in enumerate(self):
            graph.add_node(number, bipartite=1, **_about(row))
            graph.add_edges_from((number, name) for name in row.names)
        return graph

    def to_xgi(self: Any) -> xgi.Hypergraph:
        """The sets as edges of a hypergraph of XGI (needs ``pip install xgi``).

        Returns
        -------
        xgi.Hypergraph
            A node for each variable, by its name; an edge for each set, by the number of its row, with its order, its
            columns, and its data set and end where there are such.

        Raises
        ------
        HoiError
            When XGI is not installed.

        References
        ----------
        Landry et al. (2023), XGI: a Python package for higher-order interaction networks, Journal of Open Source
        Software 8.
        """
        hypergraph = need("xgi", "give a hypergraph", "xgi").Hypergraph()
        hypergraph.add_nodes_from(self.names)
        for number, row in enumerate(self):
            hypergraph.add_edge(row.names, idx=number, **_about(row))
        return hypergraph


def _about(row: Any) -> dict[str, Any]:
    """All that a row says of its set, but for who is in it."""
    said = row._asdict().items()
    return {name: value for name, value in said if name not in ("members", "names") and value is not None}
