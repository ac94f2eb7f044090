"""A result as a graph of networkx and as a hypergraph of XGI."""

from __future__ import annotations

import sys

import networkx
import pytest
from messages import message, says

from hoi import Multiplets

FOUND = Multiplets(
    [[0, 1, 2], [1, 3, -1]],
    ["a", "b", "c", "d", "alone"],
    oinfo=[-0.5, 0.25],
    tc=[1.0, 2.0],
    extreme=["lowest", "highest"],
)


def test_networkx():
    graph = FOUND.to_networkx()
    assert networkx.is_bipartite(graph)
    assert {node for node, side in graph.nodes(data="bipartite") if side == 0} == set(FOUND.names)
    assert {number: set(graph[number]) for number in (0, 1)} == {0: {"a", "b", "c"}, 1: {"b", "d"}}
    assert graph.nodes[1] == {"bipartite": 1, "order": 2, "tc": 2.0, "oinfo": 0.25, "extreme": "highest"}
    assert graph.degree["b"] == 2
    assert graph.degree["alone"] == 0


def test_xgi():
    hypergraph = FOUND.to_xgi()
    assert set(hypergraph.nodes) == set(FOUND.names)
    assert hypergraph.edges.members(dtype=dict) == {0: {"a", "b", "c"}, 1: {"b", "d"}}
    assert hypergraph.edges[0] == {"order": 3, "tc": 1.0, "oinfo": -0.5, "extreme": "lowest"}
    assert hypergraph.nodes.degree.asdict()["b"] == 2


@pytest.mark.parametrize(("package", "method"), [("networkx", "to_networkx"), ("xgi", "to_xgi")])
def test_a_package_that_is_not_there(monkeypatch, package, method):
    monkeypatch.setitem(sys.modules, package, None)
    says(message(getattr(FOUND, method)), f"{package} is needed to give a", f"pip install {package}")
