"""What the Triton kernel owes. `test_triton.py` runs this file under Triton's interpreter; on a GPU run it as it is:

    python -m pytest tests/backends/triton_cases.py
"""

from __future__ import annotations

import itertools
import os
from math import comb

import numpy as np
import pytest
import torch
from walks import agree, system_of

import hoi
import reference
from hoi._backends.protocol import EVERYTHING, UNRANKED, Floor, Ranking, Unit
from hoi._backends.torch_ import backend as leaf
from hoi._backends.torch_ import evaluator, kernels, ranges, sweep, walk
from hoi._maths.terms import by_elimination
from hoi._measures.registry import MEASURES
from hoi._search.exhaustive import corrected

INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"
DEVICE = torch.device("cpu" if INTERPRETED else "cuda")
POWERS = [(2, 1), (1, 0), (1, 1), (0, 1)]  # of the determinant and of the diagonal, as the four measures have them


@pytest.fixture(autouse=True)
def infinite_values_are_no_surprise():
    """Pairs that are switched off may divide by zero, and the interpreter computes in numpy."""
    with np.errstate(all="ignore"):
        yield


@pytest.fixture(params=["float64", "float32"])
def on_triton(request, monkeypatch):
    """The Triton kernel with a screen in each precision, and parts so small that nearly all sets are swept."""
    sizes = walk.Sizes(sets=500, prefixes=500, spare=20, room=1 << 12, plain=10, together=0)
    monkeypatch.setattr(evaluator, "CPU", sizes)
    monkeypatch.setattr(evaluator, "GPU", sizes)
    chosen = (leaf.TorchBackend if INTERPRETED else leaf.CudaBackend)(kernel="triton", precision=request.param)
    settings = chosen.open(system_of(4).problem(), UNRANKED).about()
    assert (settings["kernel"], settings["screening"]) == ("triton", request.param)
    return chosen


def correlations(n, seed=0):
    C = hoi.simulate.random_covariance(n, seed=seed).covariance
    return C / np.sqrt(np.outer(np.diag(C), np.diag(C)))


def states(n, M, powers, every=1):
    """Correlations of n variables, prefixes of M members, their lanes, and a screen that lets some sets by."""
    R = torch.from_numpy(correlations(n)).to(DEVICE)
    rows = ranges.unrank(0, comb(n - 2, M), n - 2, M, DEVICE)[::every].contiguous()
    T = n - 1 - int(rows[:, -1].min())
    values = scores_of(R, rows, powers)
    low, high = np.quantile(values, [0.02, 0.97]) + 1e-9
    screen = sweep.Screen(*powers, float(low), float(high), walk.NEAR[torch.float64], torch.float64)
    return R, rows, T, screen


def scores_of(R, rows, powers):
    """Logarithm of the score of every set that begins with one of the rows, by numpy."""
    C = R.cpu().numpy()
    found = []
    for row in rows.tolist():
        for pair in itertools.combinations(range(row[-1] + 1, len(C)), 2):
            part = C[np.ix_([*row, *pair], [*row, *pair])]
            p = np.diagonal(np.linalg.inv(part))
            found.append(powers[0] * np.linalg.slogdet(part)[1] + powers[1] * np.log(p).sum())
    return np.array(found)


def launched(R, rows, T, screen, room=1 << 14):
    """What the kernel lists, as sorted codes, and its two counts."""
    state = sweep.make_state(R, rows, T, screen)
    out = torch.full((room,), -1, dtype=torch.int64, device=DEVICE)
    count = torch.zeros(2, dtype=torch.int64, device=DEVICE)
    kernels.launch_pairs(R.to(screen.dtype), state, screen, torch.arange(len(rows), device=DEVICE), out, count)
    found, singular = count.tolist()
    return sorted(out[: min(found, room)].tolist()), found, singular


def plain(R, rows, T, screen):
    """The same by the plain torch kernel, in float64."""
    n = len(R)
    hits, singular = sweep.score_pairs(R, sweep.make_state(R, rows, T, screen), screen)
    return sorted(((hits[:, 0] * n + hits[:, 1] + n - T) * n + hits[:, 2] + n - T).tolist()), int(singular)


# --- the kernel by itself


@pytest.mark.parametrize("n", [4, 17, 18, 34, 35])
def test_tails_shorter_and_longer_than_a_tile(n):
    R, rows, T, screen = states(n, 1, (2, 1))
    codes, found, singular = launched(R, rows, T, screen)
    assert (codes, singular) == plain(R, rows, T, screen)
    assert 0 < found == len(codes) < len(rows) * T * (T - 1) / 4
    assert len(set(codes)) == found


@pytest.mark.parametrize("powers", POWERS)
@pytest.mark.parametrize(("n", "M", "every"), [(10, 2, 1), (10, 3, 1), (10, 5, 1), (19, 2, 17), (20, 3, 101)])
def test_orders_and_powers(n, M, every, powers):
    R, rows, T, screen = states(n, M, powers, every)
    codes, found, singular = launched(R, rows, T, screen)
    assert (codes, singular) == plain(R, rows, T, screen)
    assert found == len(codes) > 3


def test_a_screen_in_float32_loses_no_set():
    R, rows, T, exact = states(14, 2, (2, 1))
    wanted = set(plain(R, rows, T, exact)[0])
    spare = 2 * walk.margin(4, torch.float32)
    screen = exact._replace(
        low=exact.low + spare, high=exact.high - spare, near=walk.NEAR[torch.float32], dtype=torch.float32
    )
    codes, found, singular = launched(R, rows, T, screen)
    assert wanted <= set(codes)
    assert found < 2 * len(wanted) + 200, "and lets few others by"
    assert singular == 0


@pytest.mark.parametrize("powers", [(-3, 1), (2, -1), (1, -2), (4, 1), (0, -1)])
def test_powers_of_any_sign(powers):
    R, rows, T, screen = states(12, 2, powers)
    codes, found, singular = launched(R, rows, T, screen)
    assert (codes, singular) == plain(R, rows, T, screen)
    lasts = enumerate(rows[:, -1].tolist())
    pairs = [(i, *pair) for i, last in lasts for pair in itertools.combinations(range(last + 1, 12), 2)]
    values = scores_of(R, rows, powers)
    of_interest = np.flatnonzero((values <= screen.low) | (values >= screen.high)).tolist()
    assert [(code // 144, code // 12 % 12, code % 12) for code in codes] == [pairs[i] for i in of_interest]
    assert found == len(codes) > 3


def test_more_survivors_than_room_are_counted_and_not_written():
    R, rows, T, screen = states(12, 2, (2, 1))
    codes, found, _ = launched(R, rows, T, screen)
    few, again, _ = launched(R, rows, T, screen, room=7)
    assert again == found > 7
    assert len(few) == 7
    assert set(few) <= set(codes)


def test_singular_prefixes_and_pairs_are_not_listed():
    C = correlations(9, seed=2)
    C[7], C[:, 7] = C[1], C[:, 1]
    C[7, 7] = 1.0
    R = torch.from_numpy(C).to(DEVICE)
    rows = ranges.unrank(0, comb(7, 2), 7, 2, DEVICE)
    screen = sweep.Screen(2, 1, 50.0, -50.0, walk.NEAR[torch.float64], torch.float64)  # all sets are of interest
    codes, _, singular = launched(R, rows, 8, screen)
    sets = [(*rows[code // 81].tolist(), code // 9 % 9, code % 9) for code in codes]
    assert sorted(sets) == [s for s in itertools.combinations(range(9), 4) if not {1, 7} <= set(s)]
    assert singular == sum({1, 7} <= set(s) for s in itertools.combinations(range(9), 4))


@pytest.mark.parametrize(("dtype", "noise"), [(torch.float64, 1e-3), (torch.float32, 3e-2)], ids=str)
def test_sets_too_close_to_singular_ones_are_listed_whatever_their_score(dtype, noise):
    C = correlations(9, seed=2)
    C[3], C[:, 3] = C[1], C[:, 1]
    C[3, 3] = 1 + noise**2
    R = torch.from_numpy(C / np.sqrt(np.outer(np.diag(C), np.diag(C)))).to(DEVICE)
    rows = ranges.unrank(0, comb(7, 2), 7, 2, DEVICE)
    screen = sweep.Screen(2, 1, -60.0, 60.0, walk.NEAR[dtype], dtype)
    codes, found, singular = launched(R, rows, 8, screen)
    sets = [(*rows[code // 81].tolist(), code // 9 % 9, code % 9) for code in codes]
    # a prefix that is no closer does no harm: its state is made in float64, and the trace of its inverse is watched
    assert sorted(sets) == [s for s in itertools.combinations(range(9), 4) if {1, 3} <= set(s) and s[:2] != (1, 3)]
    assert (found, singular) == (len(codes), 0)
    assert dtype == torch.float32 or plain(R, rows, 8, screen) == (codes, 0)


# --- the search


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("order", [3, 4, 6, 9])
def test_search_finds_what_brute_force_finds(on_triton, order, measure):
    system = system_of(9, copies=[(7, 1)], near=[(4, 2, 1e-4), (6, 0, 1e-2)])
    agree(system.problem(), order, measure, on_triton)


@pytest.mark.parametrize(("order", "measure"), [(2, "tc"), *((order, "oinfo") for order in range(3, 9))])
def test_both_tails_are_those_of_the_definitions(on_triton, order, measure):
    C = hoi.simulate.random_covariance(8, seed=order).covariance
    found = hoi.search(hoi.GaussianSystem.from_covariance(C, 90), order, measure=measure, n_best=5, backend=on_triton)
    rows = reference.every_set(reference.entropies(C, 90), measure, reference.singles(range(8)), [order])
    expected = reference.best(rows, "both", 5)
    assert found.members == [members for _, _, members in expected]
    np.testing.assert_allclose(getattr(found, measure), [value for _, value, _ in expected], rtol=0, atol=1e-10)
    assert found.settings["kernel"] == "triton"


@pytest.mark.parametrize("measure", MEASURES)
def test_a_set_exactly_at_the_floor_is_given(on_triton, measure):
    problem = system_of(8).problem()
    members = np.array(list(itertools.combinations(range(8), 4)))
    row = MEASURES[measure]
    D, J, L, _ = corrected(problem, by_elimination(problem.matrix[0], members, problem.blocks), members)
    values = row.value(D, J, L)
    for i in range(0, 70, 9):
        for floor in (Floor(values[i], 1e9), Floor(-1e9, values[i])):
            ranking = Ranking(row.d, row.j, row.l)
            found = on_triton.open(problem, ranking).walk(Unit(0, 4, 0, 15), lambda floor=floor, **_: floor)
            given = np.concatenate([part.members for part in found]).tolist()
            wanted = members[(values <= floor.low) | (values >= floor.high)].tolist()
            assert members[i].tolist() in wanted
            assert all(s in given for s in wanted)


def test_equal_values_are_ordered_by_members(on_triton):
    C = np.full((8, 8), 0.4) + 0.6 * np.eye(8)
    agree(hoi.GaussianSystem.from_covariance(np.stack([C, np.eye(8) * 2])).problem(), 4, "oinfo", on_triton)


def test_datasets_and_tails_longer_than_a_part(on_triton):
    agree(system_of(24, n_datasets=3).problem(), 3, "oinfo", on_triton)


def test_groups_and_scans_do_without_the_kernel(on_triton, monkeypatch):
    monkeypatch.setattr(kernels, "launch_pairs", None)
    groups = [(0, 4), (1,), (8, 2, 3), (5,), (6, 7)]
    agree(system_of(9).problem(groups), 3, "oinfo", on_triton)
    problem = system_of(7).problem()
    parts = on_triton.open(problem, UNRANKED).walk(Unit(0, 3, 0, 5), lambda **_: EVERYTHING)
    members = np.concatenate([part.members for part in parts])
    assert list(map(tuple, members.tolist())) == list(itertools.combinations(range(7), 3))


# --- the device


def test_a_kernel_is_tried_out(monkeypatch):
    kernels.try_out(DEVICE)

    class Idle:
        def __getitem__(self, grid):
            return lambda out: None

    monkeypatch.setattr(kernels, "_one", Idle())
    with pytest.raises(RuntimeError, match="does not write what it should"):
        kernels.try_out(DEVICE)


if not INTERPRETED:  # what only a GPU can show

    def test_nothing_waits_for_the_device_while_work_is_queued(on_triton, monkeypatch):
        problem = system_of(16).problem()
        agree(problem, 5, "oinfo", on_triton)  # compiles, and makes the tables that are kept
        original, queued = walk.Walk._queue, []

        def queue(self, *arguments):
            torch.cuda.set_sync_debug_mode("error")
            try:
                queued.append(original(self, *arguments))
            finally:
                torch.cuda.set_sync_debug_mode("default")
            return queued[-1]

        monkeypatch.setattr(walk.Walk, "_queue", queue)
        agree(problem, 5, "oinfo", on_triton)
        assert len(queued) > 3

    def test_tensors_on_the_gpu_stay_there(on_triton, monkeypatch):
        X = torch.randn(200, 9, dtype=torch.float64, device=DEVICE, generator=torch.Generator(DEVICE).manual_seed(0))
        wanted = hoi.search(X.cpu().numpy(), 4, backend="numpy")
        monkeypatch.setattr("hoi._inputs.checks.check_data", None)
        found = hoi.search(X, 4, backend=on_triton)
        assert found.members == wanted.members
        np.testing.assert_allclose(found.oinfo, wanted.oinfo, rtol=0, atol=1e-10)
        assert found.settings["device"] == torch.cuda.get_device_name(DEVICE)

    def test_the_backend_of_a_gpu_is_compiled(on_triton):
        assert on_triton.compiled
