"""The CUDA kernel against brute force, and whole searches with it: an emulator runs its text.

Where HOI_TEST_BACKENDS names cuda, the card runs it instead.
"""

from __future__ import annotations

import faulthandler
import itertools
import os
import resource

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from emulator import Emulator, build, built_once  # noqa: E402
from emulator.launches import Launches, brute_force, correlations, noisy_copy  # noqa: E402
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402
from walks import agree, bounded_pivots, system_of  # noqa: E402

import hoi  # noqa: E402
from hoi._backends.protocol import UNRANKED, Floor, Ranking, Unit  # noqa: E402
from hoi._backends.torch_ import backend as leaf  # noqa: E402
from hoi._backends.torch_ import evaluator, walk  # noqa: E402
from hoi._backends.torch_.cuda import pairs  # noqa: E402
from hoi._backends.torch_.cuda import walk as of_pairs  # noqa: E402
from hoi._backends.torch_.cuda.pairs import Kernel, Sample  # noqa: E402
from hoi._backends.torch_.device import cuda_device  # noqa: E402
from hoi._measures.registry import MEASURES  # noqa: E402
from tests.conftest import required_backends  # noqa: E402

# Of the determinant and of the diagonal of the inverse: the four measures, and some that others may have
POWERS = [(2, 1), (1, 0), (1, 1), (0, 1)]
OTHERS = [(5, 2), (1, 3), (4, -2), (2, -1)]
TYPES = [torch.float64, torch.float32]
WIDE = [(1, 128), (3, 64)]  # members, and threads of a larger group
LONG, LONGER = 13, 17
KERNELS = [
    *(Kernel(t, M, a, b, 32) for t in TYPES for M in (1, 2, 3, 6) for a, b in POWERS),
    *(Kernel(t, 2, a, b, 32) for t in TYPES for a, b in OTHERS),
    *(Kernel(t, M, 2, 1, threads) for t in TYPES for M, threads in [*WIDE, (LONG, 32), (LONGER, 32)]),
]


ON_CARD = "cuda" in required_backends()


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    """The card, or an emulator of these kernels."""
    if ON_CARD:
        return leaf.CudaBackend().runner(cuda_device())
    return Emulator(built_once(tmp_path_factory, KERNELS))


# --- the kernel by itself


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize(("a", "b"), POWERS)
@pytest.mark.parametrize(
    ("n", "members"), [(4, 1), (9, 1), (21, 1), (8, 2), (14, 2), (9, 3), (14, 3), (11, 6), (12, 6)]
)
def test_lists_what_brute_force_finds(runner, n, members, a, b, dtype):
    check_against_brute_force(Launches(runner, slices=1 + n % 3, chunk=1 + n % 7), n, members, a, b, dtype)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize(("a", "b"), OTHERS)
def test_other_powers(runner, a, b, dtype):
    check_against_brute_force(Launches(runner), 13, 2, a, b, dtype)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize(
    ("n", "members", "shares"),
    [
        (30, 1, {"threads": 128, "slices": 2}),
        (13, 3, {"threads": 64, "slices": 3}),
        (33, 2, {"chunk": 1000}),  # long and short tails of a stem
        (33, 2, {"chunk": 50, "room": 36}),  # children that do not all have room at a time
        (13, 6, {"chunk": 1000, "room": 16}),  # levels of the stack that are made anew
        (17, LONG, {"chunk": 60, "slices": 2}),
        (21, LONGER, {"chunk": 100}),
    ],
)  # fmt: skip
def test_groups_stacks_and_high_orders(runner, n, members, shares, dtype):
    check_against_brute_force(Launches(runner, **shares), n, members, 2, 1, dtype)


def check_against_brute_force(launches, n, members, a, b, dtype):
    C = correlations(n, seed=n + members)
    sets, scores = brute_force(C, members + 2, a, b)
    low, high = np.quantile(scores, [0.03, 0.96])
    spare = 2 * walk.margin(members + 2, dtype) * max(1, (a + abs(b)) / 3) if dtype == torch.float32 else 1e-9
    wanted = set(map(tuple, sets[(scores <= low) | (scores >= high)].tolist()))
    listed, found, singular = launches(C, members, a, b, low + spare, high - spare, dtype)
    assert len(set(listed)) == len(listed) == found
    assert wanted <= set(listed)
    assert singular == 0
    sound = [np.linalg.eigvalsh(C[np.ix_(s, s)])[0] > 1.01 * walk.NEAR[dtype] for s in listed]
    near_ends = set(map(tuple, sets[(scores <= low + 2 * spare) | (scores >= high - 2 * spare)].tolist()))
    assert all(s in near_ends for s, is_sound in zip(listed, sound, strict=True) if is_sound), "and nothing else"
    check_scores(launches, sets, scores, listed, sound, 1e-8 if dtype == torch.float64 else spare)


def check_scores(launches, sets, scores, listed, sound, most):
    """A score is right to the margin, and there is one for every set that is sound."""
    wanted = dict(zip(map(tuple, sets.tolist()), scores, strict=True))
    off = np.abs(launches.scores - [wanted[s] for s in listed])
    assert not np.isnan(off[np.array(sound, dtype=bool)]).any()
    assert len(off) == 0 or not np.nanmax(off, initial=0.0) > most


def test_a_part_of_the_prefixes_and_little_room(runner):
    C = correlations(12, seed=2)
    _, scores = brute_force(C, 4, 2, 1)
    low, high = np.quantile(scores, [0.1, 0.9])
    launches = Launches(runner, chunk=3)
    whole, found, _ = launches(C, 2, 2, 1, low, high, torch.float64)
    parts = [launches(C, 2, 2, 1, low, high, torch.float64, a, b)[0] for a, b in [(0, 7), (7, 8), (8, 45)]]
    assert sorted(itertools.chain(*parts)) == sorted(whole)
    few, again, _ = launches(C, 2, 2, 1, low, high, torch.float64, room=7)
    assert again == found > 7 == len(few)
    assert set(few) <= set(whole)


@pytest.mark.parametrize(("n", "members", "sets"), [(40, 1, 500), (24, 2, 1500), (16, 3, 300), (14, 6, 700)])
def test_a_sample_is_of_different_sets_all_over(runner, monkeypatch, n, members, sets):
    monkeypatch.setattr(pairs, "_SAMPLED", 20)
    C = correlations(n, seed=3)
    every, scores = brute_force(C, members + 2, 2, 1)
    launches = Launches(runner, chunk=None, slices=None)
    sample = Sample(sets, len(every))
    listed, found, _ = launches(C, members, 2, 1, 1e9, -1e9, torch.float64, sample=sample)
    assert len(set(listed)) == len(listed) == found, "all of them survive"
    assert set(listed) <= set(map(tuple, every.tolist()))
    assert sets / 3 < found < 3 * sets
    assert len({s[:members] for s in listed}) > 5
    for place in range(members + 2):
        assert len({s[place] for s in listed}) > (n - members) / 4
    check_scores(launches, every, scores, listed, np.ones(found), 1e-8)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("members", [1, 2, 3])
def test_sets_with_a_copy_are_counted_and_not_listed(runner, members, dtype):
    C = noisy_copy(correlations(10, seed=5), 7, 1, 0.0)
    listed, found, singular = Launches(runner, slices=2)(C, members, 2, 1, 50.0, -50.0, dtype)
    sets = set(itertools.combinations(range(10), members + 2))
    both = {s for s in sets if {1, 7} <= set(s)}
    left_open = set(listed) - (sets - both)
    assert sets - both <= set(listed)
    as_pairs = {s for s in both if s[-2:] == (1, 7)}
    assert left_open == (set() if dtype == torch.float64 else as_pairs), "float32 leaves pairs open"
    assert (found, found + singular) == (len(listed), len(sets))


@pytest.mark.parametrize(("dtype", "noise"), [(torch.float64, 1e-3), (torch.float32, 3e-2)], ids=str)
@pytest.mark.parametrize("members", [1, 2, 3, 6])
def test_sets_close_to_singular_ones_are_listed_whatever_their_score(runner, members, dtype, noise):
    C = noisy_copy(correlations(10, seed=6), 3, 1, noise)
    launches = Launches(runner)
    listed, _, singular = launches(C, members, 2, 1, -200.0, 200.0, dtype)
    assert np.isnan(launches.scores).all(), "and the screen does not tell it"
    assert {s for s in itertools.combinations(range(10), members + 2) if {1, 3} <= set(s)} <= set(listed)
    assert members > 2 or all({1, 3} <= set(s) for s in listed)
    assert singular == 0


def test_a_set_just_above_the_limit_is_listed_and_one_below_is_not(runner):
    """The variance of a member given all the others decides, whichever member it is."""
    for variance, kept in [(1e-9, True), (2e-10, True), (1e-11, False)]:
        C = np.eye(5)
        for i, j in [(0, 1), (3, 4)]:
            C[i, j] = C[j, i] = np.sqrt(1 - variance)
        listed, _, singular = Launches(runner)(C, 1, 2, 1, 500.0, -500.0, torch.float64)
        both = {s for s in itertools.combinations(range(5), 3) if {0, 1} <= set(s) or {3, 4} <= set(s)}
        assert both & set(listed) == (both if kept else set())
        assert singular == (0 if kept else len(both))


@pytest.mark.parametrize(("pivot", "large"), [(0.05, True), (0.3, False)])
def test_a_prefix_with_a_large_inverse_is_handed_over_whole(runner, pivot, large):
    """Pivots that are not small do not bound the inverse: in a chain it grows from one to the next."""
    L = np.diag([1.0, *[np.sqrt(pivot)] * 8]) + np.diag([np.sqrt(1 - pivot)] * 8, -1)
    C = L @ L.T
    assert (np.linalg.inv(C[:6, :6]).max() > pairs.LARGEST_INVERSE) == large
    listed, _, singular = Launches(runner)(C, 6, 2, 1, -1e4, 1e4, torch.float64)
    behind = {(*range(6), *pair) for pair in itertools.combinations(range(6, 9), 2)}
    assert behind & set(listed) == (behind if large else set())
    assert singular == 0


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("members", [1, 3, 6])
def test_a_score_is_right_to_the_margin_whatever_the_system(runner, members, dtype):
    """In systems made to be hard: the host believes it, and evaluates no set that it puts beyond the best ones."""
    order, told = members + 2, 0
    launches = Launches(runner)
    for seed in range(8):
        C = bounded_pivots(np.random.default_rng(seed), 10) if seed % 2 else correlations(10, seed)
        problem = hoi.GaussianSystem.from_covariance(C).problem()
        listed, _, _ = launches(problem.matrix[0], members, 2, 1, 1e9, -1e9, dtype)
        sets, known = np.array(listed), ~np.isnan(launches.scores)
        terms = problem.reference(sets, np.zeros(len(sets), dtype=np.intp))
        off = launches.scores - 2 * terms.J - terms.L
        assert not np.any(terms.singular & known)
        assert np.all(np.abs(off[known]) <= 2 * walk.margin(order, dtype))
        told += known.sum()
    assert told > 100


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_products_that_are_large_stay_in_range(runner, dtype):
    """The diagonal of the inverse of eight members goes to 1e26 here: normalised, float32 holds it."""
    common = np.sqrt(0.985)
    C = np.full((10, 10), common**2) + (1 - common**2) * np.eye(10)
    sets, scores = brute_force(C, 8, 2, 1)
    assert np.prod(np.diagonal(np.linalg.inv(C[:8, :8]))) > 1e13
    listed, _, _ = Launches(runner)(C, 6, 2, 1, scores.min() - 5, scores.max() + 5, dtype)
    assert listed == []
    listed, _, _ = Launches(runner)(C, 6, 2, 1, scores.min() - 9, scores.min() - 5, dtype)
    assert len(listed) == len(sets)


# --- searches with the kernel in place


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("order", [3, 4, 5, 8])
def test_search_finds_what_numpy_finds(on_kernel, launched, order, measure):
    system = system_of(10, copies=[(7, 1)], near=[(4, 2, 1e-4), (6, 0, 1e-2)])
    agree(system.problem(), order, measure, on_kernel)
    assert launched, "the kernel was used"


@pytest.mark.parametrize("measure", MEASURES)
def test_a_longer_table_several_datasets_and_given_columns(on_kernel, launched, measure):
    agree(system_of(20, n_datasets=2).problem(), 3, measure, on_kernel)
    agree(system_of(14).problem(given=(0, 3)), 4, measure, on_kernel)
    assert len(launched) > 3


@pytest.mark.parametrize("seed", range(6))
def test_conditional_variances_that_do_not_bound_the_inverse(on_kernel, launched, seed):
    C = bounded_pivots(np.random.default_rng(seed), 10)
    for order in (3, 5, 8):
        agree(hoi.GaussianSystem.from_covariance(C).problem(), order, "oinfo", on_kernel)
    assert launched


def test_survivors_beyond_the_room_and_beyond_the_host(on_kernel, monkeypatch):
    on_kernel.sizes = on_kernel.sizes._replace(room=60)
    agree(system_of(16).problem(), 4, "oinfo", on_kernel, n_best=50)
    on_kernel.sizes = on_kernel.sizes._replace(room=1 << 12)
    monkeypatch.setattr(of_pairs, "_FEW", 0)
    agree(system_of(16).problem(), 4, "oinfo", on_kernel, n_best=50)


@pytest.mark.parametrize("few", [0, 30, 5000])
def test_ties_are_settled_by_their_members(on_kernel, monkeypatch, few):
    """All sets have the same value but for rounding, so that all survive."""
    monkeypatch.setattr(of_pairs, "_FEW", few)
    C = 0.3 + 0.7 * np.eye(13)
    for order in (3, 4):
        agree(hoi.GaussianSystem.from_covariance(C).problem(), order, "oinfo", on_kernel)


def test_where_sets_are_left_out_the_floor_is_that_of_the_others(on_kernel, launched):
    system = system_of(14, near=[(4, 2, 1e-3), (6, 0, 1e-3)])
    calls = {"order": 4, "n_best": 5, "determined": "drop"}
    found, wanted = (hoi.search(system, backend=backend, **calls) for backend in (on_kernel, "numpy"))
    assert found.members == wanted.members
    assert len(launched) > 1
    agree(system_of(14).problem(), 4, "oinfo", on_kernel, n_best=2000)  # more than the list has room for


@pytest.mark.skipif(ON_CARD, reason="the CPU under another name is the second device")
def test_several_devices_share_a_search(on_kernel, launched, monkeypatch):
    two = torch.device("cpu", 0)
    monkeypatch.setattr(leaf.TorchBackend, "devices", lambda self, problem: [torch.device("cpu"), two])
    monkeypatch.setattr(evaluator, "SHARED_UNIT_SETS", 300)
    system = system_of(15)
    found, wanted = (hoi.search(system, (3, 5), backend=backend, threads=3) for backend in (on_kernel, "numpy"))
    assert found.members == wanted.members
    assert found.settings["evaluated"] == wanted.settings["evaluated"]
    assert len(launched) > 20


def test_a_result_says_which_walk_ran(on_kernel):
    found = hoi.search(system_of(9), 4, backend=on_kernel)
    assert (found.settings["kernel"], found.settings["walk"]) == ("nvrtc", ["nvrtc"])
    spare = on_kernel.spare_kernel(on_kernel.device(None))
    evaluator = on_kernel.open(system_of(9).problem(), Ranking(1, -2, -1))
    assert [evaluator.walk_name(Unit(0, order, 0, 1)) for order in (2, 3)] == ["elimination", "nvrtc"]
    assert on_kernel.open(system_of(9).problem(), UNRANKED).walk_name(Unit(0, 3, 0, 1)) == "elimination"
    assert on_kernel.open(system_of(20).problem(), Ranking(1, -2, -1)).walk_name(Unit(0, 19, 0, 1)) == "nvrtc"
    assert on_kernel.open(system_of(60).problem(), Ranking(1, -2, -1)).walk_name(Unit(0, 51, 0, 1)) == spare
    assert on_kernel.open(system_of(9).problem(), Ranking(0, -50, -2)).walk_name(Unit(0, 4, 0, 1)) == spare


def mild(n):
    """A system without sets that are close to singular ones."""
    factors = np.random.default_rng(1).standard_normal((n, 2 * n))
    return hoi.GaussianSystem.from_covariance(factors @ factors.T)


def test_the_host_evaluates_hardly_more_than_the_best(on_kernel, launched, monkeypatch):
    """Samples give the floor, and scores say which of the survivors are worth it. In float32 that is to 0.01 nats."""
    sizes, system = [], mild(24)
    problem = type(system.problem())
    original = problem.reference

    def reference(self, members, dataset):
        sizes.append(len(members))
        return original(self, members, dataset)

    wanted = hoi.search(system, 5, n_best=4, backend="numpy").members
    monkeypatch.setattr(problem, "reference", reference)
    monkeypatch.setattr(of_pairs, "_EXPECTED", 100)
    for most, number in [(10**6, 3), (2000, 24)]:
        on_kernel.sizes = on_kernel.sizes._replace(sets=most, sample=100, room=1 << 15)
        launched.clear()
        sizes.clear()
        assert hoi.search(system, 5, n_best=4, backend=on_kernel).members == wanted
        assert len(launched) == number, "two samples, and the parts of 42,504 sets"
        assert 8 <= sum(sizes) <= (20 if on_kernel.precision(on_kernel.device(None)) == "float64" else 800)


def test_a_search_is_hardly_any_operation_of_torch(on_kernel, launched):
    class Counting(TorchDispatchMode):
        number = 0

        def __torch_dispatch__(self, function, types, arguments=(), options=None):
            self.number += not function.is_view
            return function(*arguments, **(options or {}))

    def counted(**sizes):
        launched.clear()
        on_kernel.sizes = on_kernel.sizes._replace(**sizes)
        with Counting() as mode:
            hoi.search(mild(16), 5, n_best=3, backend=on_kernel)
        return len(launched), mode.number

    few, queued = counted(sets=10**6)
    many, more = counted(sets=500)
    assert few < many
    assert queued <= 50 + 20 * ON_CARD, "most of them for the members of the best sets"
    assert more - queued <= (3 + 3 * ON_CARD) * (many - few), "of a part, room for the list and its head, and a copy"


def test_datasets_that_share_a_unit_are_one_part(on_kernel, monkeypatch):
    parts, original = [], walk.Walk._evaluate

    def evaluate(self, start, stop, floor):
        parts.append((start, stop))
        return original(self, start, stop, floor)

    monkeypatch.setattr(walk.Walk, "_evaluate", evaluate)
    on_kernel.sizes = walk.GPU
    X = np.random.default_rng(0).standard_normal((2, 60, 40))
    hoi.search(X, 3, n_best=3, backend=on_kernel)
    assert parts == [(0, 38)], "9,880 sets, more than the host would begin a sweep with"


@pytest.mark.skipif(ON_CARD, reason="compiled before")
def test_a_kernel_is_compiled_before_the_walk(on_kernel, runner, monkeypatch):
    asked = []
    monkeypatch.setattr(runner, "groups", lambda text, *_: asked.append(text[-120:]) or 2)
    opened = on_kernel.open(system_of(60).problem(), Ranking(1, -2, -1))
    for order in (2, 4, 51):
        opened.ready(order)
    on_kernel.open(system_of(9).problem(), UNRANKED).ready(4)
    (text,) = asked
    assert "walk<double, 1, 2, 2, 1, " in text or "walk<float, 1, 2, 2, 1, " in text


def test_a_set_exactly_at_the_floor_is_given(on_kernel):
    problem = system_of(9).problem()
    sets = np.array(list(itertools.combinations(range(9), 4)))
    terms = problem.reference(sets, np.zeros(len(sets), dtype=np.intp))
    D, J, L = problem.correction(sets)
    values = MEASURES["oinfo"].value(terms.D + D, terms.J + J, terms.L + L)
    for i in range(0, len(sets), 9):
        for floor in (Floor(values[i], 1e9), Floor(-1e9, values[i])):
            opened = on_kernel.open(problem, Ranking(1, -2, -1, len(sets)))
            parts = opened.walk(Unit(0, 4, 0, 21), lambda floor=floor, **_: floor)
            given = set(map(tuple, np.concatenate([part.members for part in parts]).tolist()))
            assert set(map(tuple, sets[(values <= floor.low) | (values >= floor.high)].tolist())) <= given


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((100, 3, 2, 1, torch.float64, 200_000), ""),
        ((100, 49, 2, 1, torch.float64, 200_000), "orders above 50"),
        ((100, 3, 20, 1, torch.float64, 200_000), "powers 20 and 1"),
        ((100, 3, 1, -17, torch.float64, 200_000), "powers 1 and -17"),
        ((3000, 8, 2, 1, torch.float32, 10**7), "more sets than 64 bits count"),
        ((3000, 3, 2, 1, torch.float64, 200_000), "436352 bytes of shared memory, of 200000"),
    ],
)
def test_shapes_without_a_kernel_have_a_reason(arguments, reason):
    assert pairs.why_not(*arguments) == reason


@pytest.mark.skipif(not ON_CARD, reason="only a card can be waited for")
def test_nothing_waits_for_the_card_while_work_is_queued(on_kernel, monkeypatch):
    agree(mild(16).problem(), 5, "oinfo", on_kernel)  # compiles, and makes the tables that are kept
    original, queued = of_pairs.PairWalk._queue, []

    def queue(self, *arguments):
        torch.cuda.set_sync_debug_mode("error")
        try:
            queued.append(original(self, *arguments))
        finally:
            torch.cuda.set_sync_debug_mode("default")
        return queued[-1]

    monkeypatch.setattr(of_pairs.PairWalk, "_queue", queue)
    agree(mild(16).problem(), 5, "oinfo", on_kernel)
    assert len(queued) > 3


# --- barriers


BARRIERS = [line.strip() for line in pairs.text().splitlines() if "// BARRIER" in line]


def test_every_barrier_is_listed():
    assert len(BARRIERS) == len(set(BARRIERS)) == pairs.text().count("sync_group<G>();") == 8


@pytest.mark.skipif(ON_CARD, reason="a card without a barrier may do anything")
@pytest.mark.parametrize("barrier", BARRIERS)
def test_without_a_barrier_the_emulator_finds_a_fault(runner, barrier, tmp_path):
    text = pairs.text()
    broken = text.replace(barrier, "")
    assert broken != text
    kernel = Kernel(torch.float64, 3, 2, 1, 32)
    # with stems that are weak, and some that are singular
    few = noisy_copy(noisy_copy(correlations(12, seed=4), 4, 1, 1e-3), 3, 2, 0.0)
    many = correlations(38, seed=5)  # its first stem has more than twice the children that are judged at a time

    def outcomes(library):
        """The lists and counts of launches with threads in another order each."""
        found = set()
        for C, chunk, room, stop, low in 6 * [(few, 4, 12, 120, -8.0), (many, 60, 40, 60, 1e-3)]:
            launches = Launches(Emulator(library), chunk=chunk, room=room)
            try:
                listed, _, singular = launches(C, 3, 2, 1, low, 1.0, torch.float64, stop=stop)
                found.add((len(C), tuple(sorted(listed)), singular))
            except RuntimeError:
                found.add("threads at different barriers")
        return found

    wanted = outcomes(runner.library)
    assert len(wanted) == 2
    library = build(tmp_path, [kernel], broken)
    child = os.fork()  # what reads garbage may take the process with it
    if child == 0:
        faulthandler.disable()
        resource.setrlimit(resource.RLIMIT_CPU, (60, 60))  # or never end
        os._exit(outcomes(library) != wanted)
    assert os.waitpid(child, 0)[1] != 0
