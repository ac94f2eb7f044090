"""Tabu search finds what the exhaustive one finds where both can be done, and planted sets where only it can."""

from __future__ import annotations

import numpy as np
import pytest

import hoi
from hoi._backends import registry
from hoi._backends.protocol import Ranking
from hoi._measures.registry import MEASURES


@pytest.fixture(scope="module")
def fmri() -> hoi.GaussianSystem:
    return hoi.GaussianSystem.from_data(hoi.datasets.load_fmri())


@pytest.mark.parametrize("measure", ["oinfo", "tc", "dtc", "sinfo"])
def test_the_best_are_those_of_all_sets(fmri: hoi.GaussianSystem, measure: str) -> None:
    wanted = hoi.search(fmri, 5, measure=measure, n_best=5)
    found = hoi.search(fmri, 5, measure=measure, n_best=5, method="tabu", backend="numba", seed=1)
    assert found.members == wanted.members
    assert list(found.extreme) == list(wanted.extreme)
    np.testing.assert_array_equal(getattr(found, measure), getattr(wanted, measure))
    assert found.hits[0] > 0 and found.hits[5] > 0
    assert found.settings["method"] == "tabu" and found.settings["walk"] == ["tabu"]
    assert found.settings["n_restarts"] == 20 and found.settings["seed"] == 1
    assert f"  {found.hits[0]:.0f}  " in str(found) and "hits" in str(found)
    assert wanted.hits is None and wanted.settings["method"] == "exhaustive"


@pytest.mark.parametrize(
    "options",
    [{"given": "LHip"}, {"groups": [[i, i + 1] for i in range(0, 28, 2)]}, {"which": "lowest", "per_order": True}],
    ids=["given", "groups", "per order"],
)
def test_roles_and_orders(fmri: hoi.GaussianSystem, options: dict) -> None:
    wanted = hoi.search(fmri, (3, 4), n_best=3, **options)
    found = hoi.search(fmri, (3, 4), n_best=3, method="tabu", n_restarts=12, **options)
    for end in set(wanted.extreme):
        one, other = found[found.extreme == end], wanted[wanted.extreme == end]
        assert one.members[0] == other.members[0]
        assert len(set(one.members) & set(other.members)) >= len(other) - 1, "an isolated one may be missed"
        assert one.oinfo[0] == other.oinfo[0]


def test_datasets_and_an_estimator_of_ones_own() -> None:
    a, b, d = np.array(list(np.ndindex(2, 2, 2))).T
    coins = np.column_stack([a, b, a ^ b, d])

    def counted(columns: np.ndarray) -> float:
        _, counts = np.unique(columns, axis=0, return_counts=True)
        p = counts / counts.sum()
        return float(-(p * np.log(p)).sum())

    stack = np.stack([coins, coins[:, [3, 0, 1, 2]]])
    found = hoi.search(stack, 3, estimator=counted, method="tabu", n_best=1, which="lowest", n_restarts=3)
    assert found.members == [(0, 1, 2), (1, 2, 3)]
    assert list(found.dataset) == [0, 1]


def test_a_planted_set_of_eight_in_two_hundred() -> None:
    planted = hoi.simulate.planted(200, n_synergy=8, n_redundancy=8, noise=1.0, loading=0.6, background=0.1, seed=2)
    X = planted.sample(1000, seed=1)
    found = hoi.search(X, 8, method="tabu", n_best=1, seed=0, backend="numba")
    parts = {label: tuple(sorted(columns)) for label, columns, _ in planted.parts}
    assert found.members == [parts["synergy"], parts["redundancy"]]


def test_the_same_seed_gives_the_same_and_the_threads_do_not_matter(fmri: hoi.GaussianSystem) -> None:
    one, other = (hoi.search(fmri, 7, method="tabu", n_restarts=4, seed=3, threads=t, backend="numba") for t in (1, 2))
    assert one.members == other.members
    np.testing.assert_array_equal(one.hits, other.hits)


def test_no_run_is_begun_after_the_time_limit(fmri: hoi.GaussianSystem) -> None:
    found = hoi.search(fmri, 6, method="tabu", n_restarts=1000, time_limit=0.0, n_best=2, backend="numba")
    assert 1 <= found.hits.sum() <= 2, "one run for each end all the same"
    assert len(found) == 4


@pytest.mark.parametrize("name", ["numpy", "numba", "torch"])
@pytest.mark.parametrize("measure", sorted(name for name, row in MEASURES.items() if row.of == "set"))
def test_neighbours_have_the_values_of_their_sets(fmri: hoi.GaussianSystem, name: str, measure: str) -> None:
    if name == "torch":
        pytest.importorskip("torch")
    problem, row = fmri.problem(), MEASURES[measure]
    members = np.array([3, 11, 4, 20], dtype=np.intp)
    evaluator = registry.load(name).open(problem, Ranking(row.d, row.j, row.l))
    values = evaluator.exchanges(0, members)
    shift = None
    for i, y in ((0, 0), (1, 27), (3, 12), (2, 5)):
        exchanged = tuple(np.where(np.arange(4) == i, y, members).tolist())
        wanted = getattr(hoi.measures(fmri, [exchanged]), measure)[0]
        shift = wanted - values[i, y] if shift is None else shift
        assert values[i, y] + shift == pytest.approx(wanted, abs=1e-9), "up to the bias, which all sets share"
    assert np.isnan(values[:, members]).all()
    longer = evaluator.extensions(0, members[:3])
    assert np.isnan(longer[members[:3]]).all()
    assert np.nanargmin(longer) == np.nanargmin(
        [np.nan if y in members[:3] else getattr(hoi.measures(fmri, [(3, 11, 4, y)]), measure)[0] for y in range(28)]
    )


def test_a_copy_is_no_neighbour() -> None:
    X = np.random.default_rng(0).standard_normal((100, 6))
    X[:, 5] = X[:, 0]
    problem = hoi.GaussianSystem.from_data(X).problem()
    for name in ("numpy", "numba"):
        evaluator = registry.load(name).open(problem, Ranking(1, -2, -1))
        values = evaluator.exchanges(0, np.array([0, 1, 2]))
        assert np.isfinite(values[0, 5]) and np.isnan(values[1, 5]) and np.isnan(values[2, 5])
        assert np.isnan(evaluator.extensions(0, np.array([0, 1]))[5])
    assert all(not {0, 5} <= set(s) for s in hoi.search(X, 3, method="tabu", n_restarts=6).members)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"method": "tabbu"}, "method='tabbu': use one of 'exhaustive', 'tabu'. Did you mean 'tabu'"),
        ({"method": "tabu", "n_restarts": 0}, "n_restarts=0: a positive integer"),
        ({"method": "tabu", "time_limit": -1}, "time_limit=-1: a number of seconds"),
        ({"method": "tabu", "time_limit": "short"}, "time_limit='short': a number of seconds"),
        ({"method": "tabu", "seed": -1}, "seed=-1: a seed is at least 0"),
        ({"method": "tabu", "checkpoint": "run.sqlite"}, "has no executor and no checkpoint"),
    ],
)
def test_errors(fmri: hoi.GaussianSystem, options: dict, said: str) -> None:
    with pytest.raises(hoi.HoiError, match=said):
        hoi.search(fmri, 4, **options)
