"""The torch backends beyond the contract: data that stay on their device, terms, ranges of sets, and the sweep."""

from __future__ import annotations

import contextlib
import itertools
from math import comb

import numpy as np
import pytest
from messages import message
from walks import agree, bounded_pivots, system_of

import hoi
from hoi._backends.protocol import EVERYTHING, UNRANKED, Floor, Ranking, Unit
from hoi._engine.plan import cut
from hoi._inputs import checks
from hoi._maths.copula import normal_scores
from hoi._maths.terms import by_elimination
from hoi._measures.registry import MEASURES

torch = pytest.importorskip("torch")

from hoi._backends.torch_ import backend as leaf  # noqa: E402
from hoi._backends.torch_ import estimate, evaluator, gaussian, ranges, sweep, walk  # noqa: E402

CPU = torch.device("cpu")


@pytest.fixture
def small(monkeypatch):
    """Parts and buckets so small that a few hundred sets go through every branch of the sweep."""
    sizes = walk.Sizes(sets=150, prefixes=40, spare=3, room=1 << 12, plain=10, together=0)
    monkeypatch.setattr(evaluator, "CPU", sizes)


def tied_table(n_samples=40, n_variables=6):
    """Columns with many, few and no ties, with both zeros."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(n_samples, n_variables))
    X[:, 0] = rng.integers(0, 4, n_samples)
    X[:, 1] = np.where(rng.random(n_samples) < 0.3, 0.0, X[:, 1])
    X[:3, 1] = -0.0, 0.0, -0.0
    X[:, 2] = np.round(X[:, 2], 1)
    return X


# --- ranks, scores, covariance


@pytest.mark.parametrize("ties", ["average", "ordinal", "random"])
def test_scores_are_those_of_numpy(ties):
    X = tied_table()
    wanted, share = normal_scores(X, ties, np.random.default_rng(2))
    scores, repeated = estimate.normal_scores(torch.from_numpy(X), ties, np.random.default_rng(2))
    np.testing.assert_allclose(scores.numpy().T, wanted, rtol=0, atol=1e-14)
    np.testing.assert_allclose(repeated.numpy(), share, rtol=0, atol=1e-15)


def test_scores_do_not_depend_on_the_block_of_columns(monkeypatch):
    X = torch.from_numpy(tied_table())
    whole = estimate.normal_scores(X, "average", None)[0]
    monkeypatch.setattr(estimate, "budget", lambda _: 64 * 40 * 2)
    assert torch.equal(estimate.normal_scores(X, "average", None)[0], whole)


@pytest.mark.parametrize("estimator", ["gaussian_copula", "gaussian"])
@pytest.mark.parametrize("n_datasets", [None, 3])
def test_estimates_are_those_of_numpy(estimator, n_datasets):
    X = tied_table() if n_datasets is None else np.stack([tied_table()[i:] for i in (0, 1, 2)][:1] * n_datasets)
    copula = hoi.estimators.GaussianCopula("random", seed=4)
    options = {"estimator": copula if estimator == "gaussian_copula" else estimator}
    with pytest.warns(hoi.TiesWarning) if estimator == "gaussian_copula" else contextlib.nullcontext():
        wanted = hoi.GaussianSystem.from_data(X, **options)
    for given in (X, torch.from_numpy(X), X.tolist()):
        with pytest.warns(hoi.TiesWarning) if estimator == "gaussian_copula" else contextlib.nullcontext():
            system = hoi.GaussianSystem.from_data(given, backend="torch", **options)
        np.testing.assert_allclose(system.matrices, wanted.matrices, rtol=0, atol=1e-13)
        assert np.array_equal(system.matrices, system.matrices.swapaxes(1, 2))
        assert (system.names, system.n_samples, system.stacked) == (wanted.names, wanted.n_samples, wanted.stacked)


@pytest.mark.parametrize("at_once", [1, 2, 5])
@pytest.mark.parametrize("ties", ["average", "random"])
def test_estimates_do_not_depend_on_the_datasets_at_once(monkeypatch, ties, at_once):
    X = np.stack([np.roll(tied_table(), d, axis=1) * (d + 1) for d in range(5)])
    with pytest.warns(hoi.TiesWarning):
        wanted = hoi.GaussianSystem.from_data(X, estimator=hoi.estimators.GaussianCopula(ties, 1), backend="numpy")
    monkeypatch.setattr(estimate, "budget", lambda _: at_once * 24 * 40 * 6)
    shapes, original = [], estimate.normal_scores
    monkeypatch.setattr(estimate, "normal_scores", lambda X, *more: shapes.append(X.shape) or original(X, *more))
    with pytest.warns(hoi.TiesWarning):
        system = hoi.GaussianSystem.from_data(X, estimator=hoi.estimators.GaussianCopula(ties, 1), backend="torch")
    np.testing.assert_allclose(system.matrices, wanted.matrices, rtol=0, atol=1e-13)
    assert max(shapes) == (40, 6 * at_once)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "int16", "uint8", "bool"])
def test_tensors_of_any_real_type(dtype):
    X = torch.from_numpy(np.random.default_rng(0).integers(0, 2 if dtype == "bool" else 90, (30, 4)))
    X = X.to(getattr(torch, dtype))
    with pytest.warns(hoi.TiesWarning):
        on_device = hoi.GaussianSystem.from_data(X, backend="torch").covariance
    with pytest.warns(hoi.TiesWarning):
        wanted = hoi.GaussianSystem.from_data(X.double().numpy(), backend="numpy").covariance
    np.testing.assert_allclose(on_device, wanted, rtol=0, atol=1e-13)


def test_a_tensor_does_not_pass_through_numpy(monkeypatch):
    X = torch.from_numpy(np.random.default_rng(0).normal(size=(50, 5)))

    def refuse(*_, **__):
        raise RuntimeError("the data went to the host")

    monkeypatch.setattr(checks, "check_data", refuse)
    assert hoi.GaussianSystem.from_data(X, backend="torch").n_samples == 50
    with pytest.warns(hoi.HoiWarning, match=r"requires a gradient.*hoi\.torch"):
        assert hoi.GaussianSystem.from_data(X.requires_grad_(), backend="torch").n_samples == 50


BAD = {
    "nan": lambda X: X.masked_fill(X > 1.5, float("nan")),
    "inf": lambda X: X.masked_fill(X > 1.5, float("inf")),
    "constant": lambda X: torch.cat([X, torch.ones_like(X[:, :1])], dim=1),
    "constant in one": lambda X: torch.stack([X, X.clone().index_fill_(1, torch.tensor([2]), 7.0)]),
    "empty": lambda X: X[:0],
    "one dimension": lambda X: X[0],
    "four dimensions": lambda X: X[None, None],
    "two samples": lambda X: X[:2],
    "complex": lambda X: X.to(torch.complex128),
    "sparse": lambda X: X.to_sparse(),
}


@pytest.mark.parametrize("name", BAD)
def test_errors_of_input_read_as_those_of_numpy(name):
    bad = BAD[name](torch.from_numpy(np.random.default_rng(0).normal(size=(30, 4))))
    text = message(hoi.oinfo, bad, backend="torch")
    assert text == message(hoi.oinfo, bad, backend="numpy")


def test_random_ties_need_a_seed():
    assert 'ties="random" needs a seed' in message(hoi.estimators.GaussianCopula, "random")


# --- terms of given sets


@pytest.mark.parametrize("groups", [None, [(0, 4), (1,), (8, 2, 3), (5,), (6, 7)]])
@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_terms_are_those_of_the_reference_path(groups, order):
    problem = system_of(9, copies=[(7, 1)], n_datasets=2).problem(groups)
    members = np.array(list(itertools.combinations(range(problem.n_variables), order)))
    found = leaf.TorchBackend().open(problem, UNRANKED).terms(members)
    for d in range(2):
        wanted = by_elimination(problem.matrix[d], members, problem.blocks)
        good = ~wanted.singular
        assert np.array_equal(found.singular[d], wanted.singular)
        for a, b in zip(found[:3], wanted[:3], strict=True):
            np.testing.assert_allclose(a[d, good], b[good], rtol=0, atol=1e-11)


@pytest.mark.parametrize("sets", [1, 10, 56, 100, 10**6])
def test_terms_do_not_depend_on_the_parts(monkeypatch, sets):
    problem = system_of(8, copies=[(7, 1)], n_datasets=5).problem()
    members = np.array(list(itertools.combinations(range(8), 3)))
    wanted = leaf.TorchBackend().open(problem, UNRANKED).terms(members)
    monkeypatch.setattr(gaussian, "budget", lambda _: sets * gaussian.bytes_per_set(3, 1))
    for a, b in zip(leaf.TorchBackend().open(problem, UNRANKED).terms(members), wanted, strict=True):
        assert a.shape == (5, 56)
        assert np.array_equal(a, b)


def test_sets_of_several_orders_and_datasets_at_once(recording):
    X = np.stack([recording, recording[:, ::-1]])
    sets = [(0, 1, 2), (4,), (7, 3), (6, 5, 1, 0), (2, 1, 0)]
    a, b = (hoi.oinfo(X, sets, backend=backend) for backend in ("torch", "numpy"))
    np.testing.assert_allclose(a, b, rtol=0, atol=1e-10)


# --- ranges of sets on the device


@pytest.mark.parametrize(("n", "k"), [(1, 1), (6, 1), (6, 3), (7, 5), (5, 5)])
def test_ranges_of_sets(n, k):
    sets = list(itertools.combinations(range(n), k))
    for start, stop in itertools.combinations_with_replacement(range(len(sets) + 1), 2):
        rows = ranges.unrank(start, stop, n, k, CPU)
        assert [tuple(row) for row in rows.tolist()] == sets[start:stop]
        last = [s[-1] for s in sets[start:stop]]
        assert ranges.count_last(start, stop, n, k) == [last.count(w) for w in range(n)]


def test_ranges_beyond_64_bits():
    n, k = 200, 40
    first = comb(n, k) - 2
    assert ranges.unrank(first, first + 2, n, k, CPU).tolist() == [
        [159, *range(161, 200)], [*range(160, 200)],
    ]  # fmt: skip


@pytest.mark.parametrize("spare", [0, 50, 10**9])
def test_buckets_hold_every_prefix_once(spare):
    counts = [0, 3, 0, 1, 20, 400, 1, 0, 0]
    n = 11
    found = sweep.buckets(counts, n, spare)
    last = [w for w, count in enumerate(counts) for _ in range(count)]
    assert [b.start for b in found] == [0, *(b.stop for b in found[:-1])]
    assert found[-1].stop == len(last)
    assert all(b.lanes == n - 1 - last[b.start] for b in found), "as many lanes as variables behind the first prefix"
    for bucket in found:
        useful = sum(comb(n - 1 - w, 2) for w in last[bucket.start : bucket.stop])
        assert (bucket.stop - bucket.start) * comb(bucket.lanes, 2) <= 1.3 * useful + spare, "pairs for nothing"
    assert len(found) == {0: 3, 50: 3, 10**9: 1}[spare]


# --- the sweep


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("order", range(2, 11))
def test_search_finds_what_brute_force_finds(small, order, measure):
    system = system_of(10, copies=[(8, 1)], near=[(4, 2, 1e-4), (6, 0, 1e-2)])
    agree(system.problem(), order, measure, leaf.TorchBackend())


@pytest.mark.parametrize("measure", MEASURES)
def test_equal_values_are_ordered_by_members(small, measure):
    # every set of one order has the same value
    C = np.full((9, 9), 0.4) + 0.6 * np.eye(9)
    problem = hoi.GaussianSystem.from_covariance(np.stack([C, np.eye(9) * 2])).problem()
    agree(problem, 4, measure, leaf.TorchBackend())


@pytest.mark.parametrize("rho", [0.9999, 0.999999])
def test_extreme_correlations_at_high_order(small, rho):
    C = (1 - rho) * np.eye(30) + rho
    C[0, 1:] = C[1:, 0] = rho * 0.9999
    problem = hoi.GaussianSystem.from_covariance(C).problem()
    agree(problem, 28, "oinfo", leaf.TorchBackend())


def test_datasets_and_tails_longer_than_a_part(small):
    agree(system_of(24, n_datasets=3).problem(), 3, "oinfo", leaf.TorchBackend())


def test_orders_of_several_units(small):
    problem = system_of(12).problem()
    opened = leaf.TorchBackend().open(problem, Ranking(1, -2, -1))
    floor = Floor(-0.02, 0.3)
    whole = list(opened.walk(Unit(0, 4, 0, comb(10, 2)), lambda **_: floor))
    parts = [f for u in cut(problem, 4, 4, 37) for f in opened.walk(u, lambda **_: floor)]
    a, b = (np.concatenate([f.members for f in found]) for found in (whole, parts))
    assert len(a) > 10
    assert np.array_equal(a, b), "a unit is a pure function, and its sets come in lexicographic order"
    assert [tuple(row) for row in a] == sorted(map(tuple, a.tolist()))
    for found in (whole, parts):
        assert sum(f.evaluated for f in found) == comb(12, 4)


def test_too_many_survivors_are_walked_again_in_halves(small, monkeypatch):
    sizes = walk.Sizes(sets=10**6, prefixes=10**6, spare=3, room=9, plain=10, together=0)
    monkeypatch.setattr(evaluator, "CPU", sizes)
    queued = []
    original = walk.Walk._queue
    monkeypatch.setattr(walk.Walk, "_queue", lambda self, a, b, f: queued.append((a, b)) or original(self, a, b, f))
    problem = system_of(11).problem()
    # nearly all sets reach this floor, although it is closed
    unit = Unit(0, 4, 0, comb(9, 2))
    parts = list(leaf.TorchBackend().open(problem, Ranking(1, -2, -1)).walk(unit, lambda **_: Floor(9, 9)))
    members = np.concatenate([found.members for found in parts])
    assert sorted(map(tuple, members.tolist())) == list(itertools.combinations(range(11), 4))
    assert len(queued) > 3


def test_scan_gives_everything(small):
    problem = system_of(9, copies=[(8, 1)]).problem()
    unit = Unit(0, 4, 0, comb(7, 2))
    parts = list(leaf.TorchBackend().open(problem, Ranking(0, -1, 0)).walk(unit, lambda **_: EVERYTHING))
    assert sum(f.evaluated for f in parts) == comb(9, 4) - comb(7, 2)
    assert sum(f.skipped for f in parts) == comb(7, 2)
    assert sum(len(f.members) for f in parts) == comb(9, 4) - comb(7, 2)


@pytest.mark.parametrize("noise", [None, 1e-2, 1e-3])
def test_the_margin_of_float32_is_above_its_errors(noise):
    """Scores of random sets in float32 are within the stated bound of those in float64, and in its range, also where a
    prefix holds a near copy."""
    rng = np.random.default_rng(8)
    for M in (1, 3, 6, 10):
        n = M + 6
        X = rng.normal(size=(60, 1)) + 0.13 * rng.normal(size=(60, n))  # conditional variances from 0.01 on
        if noise is not None and M > 1:
            X[:, 1] = X[:, 0] + noise * rng.normal(size=60)
        R = torch.from_numpy(np.corrcoef(X.T))
        rows = ranges.unrank(0, comb(n - 2, M), n - 2, M, CPU)
        rows = rows[rows[:, -1] == M]
        worst = 0.0
        for a, b in ((2, 1), (1, 0), (1, 1), (0, 1)):
            logs = []
            for dtype in (torch.float64, torch.float32):
                screen = sweep.Screen(a, b, 0.0, 0.0, walk.NEAR[dtype], dtype)
                state = sweep.make_state(R, rows, n - 1 - M, screen)
                logs.append(log_scores(R, state, a, b))
            good = logs[0][1]
            assert torch.isfinite(logs[1][0])[good].all()
            worst = max(worst, float((logs[0][0] - logs[1][0]).abs()[good].max()) / 2)
        assert 1e-7 < worst < walk.margin(M + 2, torch.float32), M


@pytest.mark.parametrize("order", [5, 8, 10])
def test_scores_that_are_trusted_are_within_the_margin(order):
    """Where no variance given the earlier members is small, and the inverse may be large all the same."""
    trusted = 0
    for seed in range(60):
        C = bounded_pivots(np.random.default_rng(seed), order + 1)
        R = torch.from_numpy(C)
        rows = ranges.unrank(0, order - 1, order - 1, order - 2, CPU)
        rows = rows[rows[:, -1] == order - 3]  # all lanes are behind each
        state = sweep.make_state(R, rows, 3, sweep.Screen(2, 1, 0.0, 0.0, 0.0, torch.float64))
        scores, _ = log_scores(R, state, 2, 1)
        prefix = by_elimination(C, rows.numpy(), np.arange(order + 2))
        for pair, (x, y) in enumerate(zip(*np.triu_indices(3, 1), strict=True)):
            members = np.hstack([rows.numpy(), np.full((len(rows), 2), [x + order - 2, y + order - 2])])
            terms = by_elimination(C, members, np.arange(order + 2))
            q = R[x + order - 2, y + order - 2] - (state.V[:, :, x] * state.V[:, :, y]).sum(1)
            s2 = state.S[:, y] - q**2 / state.S[:, x]
            good = (~state.dead & (s2 >= state.near[:, x])).numpy()
            assert not (good & terms.singular).any()
            error = 0.5 * (scores[:, pair].numpy() + 2 * prefix.J + prefix.L - 2 * terms.J - terms.L)
            assert np.all(np.abs(error[good]) < walk.margin(order, torch.float64))
            trusted += good.sum()
    assert trusted > 20


def log_scores(R, state, a, b):
    """Logarithm of the score of every pair, in the type of the state, and which are not near-singular for float32."""
    T = state.S.shape[1]
    x, y = torch.triu_indices(T, T, 1)
    n = R.shape[-1]
    sx, sy = state.S[:, x], state.S[:, y]
    q = R[n - T + x, n - T + y].to(sx.dtype) - (state.V[:, :, x] * state.V[:, :, y]).sum(1)
    s2 = sy - q * q / sx
    c = q / sx
    t = state.U[:, :, y] - state.U[:, :, x] * c[:, None]
    h = 1 + state.U[:, :, x] ** 2 / sx[:, None] + t * t / s2[:, None]
    g = (1 / sx + c * c / s2) * h.prod(1) / s2
    return (g**b * (sx * s2) ** a).double().log(), (s2 > 1.1e-2) & (sx > 1.1e-2) & torch.isfinite(state.near[:, x])
