"""The CUDA kernel on two matrices, the variables and the same given a target: by an emulator, or on a card."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from emulator import Emulator, built_once  # noqa: E402
from emulator.launches import Launches, brute_force, correlations, noisy_copy  # noqa: E402
from walks import BOTH, system_of  # noqa: E402

import hoi  # noqa: E402
from hoi._backends import registry  # noqa: E402
from hoi._backends.protocol import UNRANKED, Ranking, Unit  # noqa: E402
from hoi._backends.torch_ import backend as leaf  # noqa: E402
from hoi._backends.torch_ import walk  # noqa: E402
from hoi._backends.torch_.cuda.pairs import Kernel  # noqa: E402
from hoi._backends.torch_.device import cuda_device  # noqa: E402
from hoi._measures.registry import ABOUT_TARGET  # noqa: E402
from hoi._search.exhaustive import best_sets  # noqa: E402
from hoi._systems.combined import InformationProblem  # noqa: E402
from tests.conftest import required_backends  # noqa: E402

TYPES = [torch.float64, torch.float32]
LONG = 13
KERNELS = [
    *(Kernel(t, M, 1, b, 32, 2) for t in TYPES for M in (1, 2, 3, 6) for b in (0, 1)),
    *(Kernel(t, LONG, 1, 1, 32, 2) for t in TYPES),
]
ON_CARD = "cuda" in required_backends()


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    """The card, or an emulator of these kernels."""
    if ON_CARD:
        return leaf.CudaBackend().runner(cuda_device())
    return Emulator(built_once(tmp_path_factory, KERNELS))


def two_matrices(n, seed):
    """Correlations of n variables, and what is left of their variances and correlations given one more."""
    C = correlations(n + 1, seed)
    left = C[:n, :n] - np.outer(C[:n, n], C[:n, n])
    scale = np.diag(left).copy()
    return np.stack([C[:n, :n], left / np.sqrt(np.outer(scale, scale))]), scale


# --- the kernel by itself


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("b", [0, 1])
@pytest.mark.parametrize(
    ("n", "members", "shares"),
    [
        (4, 1, {}), (21, 1, {"slices": 2}), (30, 1, {"room": 32, "chunk": 40}), (14, 2, {"chunk": 3}), (13, 3, {}),
        (12, 6, {"chunk": 100}), (12, 6, {"chunk": 7, "slices": 3}),
    ],
)  # fmt: skip
def test_lists_what_brute_force_finds(runner, n, members, shares, b, weighted, dtype):
    check_against_brute_force(Launches(runner, **shares), n, members, b, weighted, dtype)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_high_orders(runner, dtype):
    check_against_brute_force(Launches(runner, chunk=60), 17, LONG, 1, True, dtype)


def check_against_brute_force(launches, n, members, b, weighted, dtype):
    R, scale = two_matrices(n, seed=n + members)
    order = members + 2
    (sets, one), (_, other) = (brute_force(C, order, 1, b) for C in R)
    scores = one - other - np.log(scale)[sets].sum(axis=1) * weighted
    low, high = np.quantile(scores, [0.03, 0.96])
    spare = 4 * walk.margin(order, dtype) if dtype == torch.float32 else 1e-9
    wanted = set(map(tuple, sets[(scores <= low) | (scores >= high)].tolist()))
    weight = scale if weighted else None
    listed, found, singular = launches(R, members, 1, b, low + spare, high - spare, dtype, weight=weight)
    assert len(set(listed)) == len(listed) == found
    assert wanted <= set(listed)
    assert singular == 0
    near_ends = set(map(tuple, sets[(scores <= low + 2 * spare) | (scores >= high - 2 * spare)].tolist()))
    least = [min(np.linalg.eigvalsh(C[np.ix_(s, s)])[0] for C in R) for s in listed]
    sound = [value > 1.01 * walk.NEAR[dtype] for value in least]
    assert all(s in near_ends for s, is_sound in zip(listed, sound, strict=True) if is_sound), "and nothing else"


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("members", [1, 2, 3])
def test_sets_that_are_singular_in_one_of_both_are_counted(runner, members, which):
    R, _ = two_matrices(10, seed=5)
    R[which] = noisy_copy(R[which], 7, 1, 0.0)
    listed, found, singular = Launches(runner, slices=2)(R, members, 1, 1, 50.0, -50.0, torch.float64)
    sets = set(itertools.combinations(range(10), members + 2))
    assert set(listed) == {s for s in sets if not {1, 7} <= set(s)}
    assert found + singular == len(sets)


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(("dtype", "noise"), [(torch.float64, 1e-3), (torch.float32, 3e-2)], ids=str)
@pytest.mark.parametrize("members", [1, 2, 3, 6])
def test_sets_that_are_nearly_singular_in_one_of_both_are_listed(runner, members, dtype, noise, which):
    R, _ = two_matrices(10, seed=6)
    R[which] = noisy_copy(R[which], 3, 1, noise)
    listed, _, singular = Launches(runner)(R, members, 1, 1, -200.0, 200.0, dtype)
    assert {s for s in itertools.combinations(range(10), members + 2) if {1, 3} <= set(s)} <= set(listed)
    assert singular == 0


# --- searches with the kernel in place


def about(system, target, fixed=(), groups=None):
    variables = groups or [(c,) for c in range(system.n_variables) if c not in (*target, *fixed)]
    return InformationProblem(system.problem(variables, fixed), system.problem(variables, (*fixed, *target)))


def agree(problem, order, measure, backend, n_best=6, name="nvrtc"):
    found, wanted = (
        best_sets(problem, (order, order), ABOUT_TARGET[measure], BOTH, n_best, False, b, 1, False)
        for b in (backend, registry.load("numpy"))
    )
    assert found.about["walk"] == [name]
    assert np.array_equal(found.members, wanted.members)
    assert np.array_equal(found.dataset, wanted.dataset)
    assert (found.evaluated, found.skipped) == (wanted.evaluated, wanted.skipped)
    for one, other in zip(found.terms, wanted.terms, strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("measure", ABOUT_TARGET)
@pytest.mark.parametrize("order", [3, 4, 5, 8])
def test_search_finds_what_numpy_finds(on_kernel, launched, order, measure):
    system = system_of(12, copies=[(7, 1)], near=[(4, 2, 1e-4), (6, 0, 1e-2)])
    agree(about(system, (9,), (11,)), order, measure, on_kernel)
    assert launched, "the kernel was used"


@pytest.mark.parametrize("measure", ABOUT_TARGET)
def test_several_datasets_and_targets(on_kernel, launched, measure):
    agree(about(system_of(17, n_datasets=2), (16,)), 3, measure, on_kernel)
    agree(about(system_of(15), (0, 3)), 4, measure, on_kernel)
    assert len(launched) > 3


@pytest.mark.parametrize("measure", ABOUT_TARGET)
def test_sets_that_the_target_completes(on_kernel, measure):
    """x + z = y but for a little noise: given y, x and z determine each other, and alone they do not."""
    for scale in (1e-2, 1e-4, 1e-5, 1e-7):
        rng = np.random.default_rng(1)
        X = rng.standard_normal((60, 9))
        X[:, 8] = X[:, 2] + X[:, 5] + scale * rng.standard_normal(60)
        agree(about(hoi.estimators.Gaussian().fit(X), (8,)), 3, measure, on_kernel)


def test_survivors_beyond_the_room(on_kernel):
    on_kernel.sizes = on_kernel.sizes._replace(room=60)
    agree(about(system_of(16), (15,)), 4, "gradient", on_kernel, n_best=50)


def test_what_has_no_kernel_says_so(on_kernel):
    agree(about(system_of(9), (8,)), 2, "rsi", on_kernel, name="blocks")
    agree(about(system_of(9), (8,), groups=[(0, 1), (2,), (3,), (4, 5)]), 3, "gradient", on_kernel, name="blocks")
    problem = about(system_of(70), (69,))
    opened = on_kernel.open(problem, Ranking(0, 1, 1))
    walks = [opened.walk_name(Unit(0, order, 0, 1, n_datasets=m)) for order, m in [(3, 1), (3, 2), (51, 1)]]
    assert walks == ["nvrtc", "blocks", "blocks"]
    for other in (UNRANKED, Ranking(1, -2, -1)):
        assert on_kernel.open(problem, other).walk_name(Unit(0, 3, 0, 1)) == "blocks"
    plain = leaf.TorchBackend(kernel="torch").open(problem, Ranking(0, 1, 1))
    assert plain.walk_name(Unit(0, 3, 0, 1)) == "blocks"


def test_a_public_search_says_which_walk_ran(on_kernel):
    found = hoi.search(system_of(10), 4, measure="gradient", target=9, backend=on_kernel)
    assert (found.settings["kernel"], found.settings["walk"]) == ("nvrtc", ["nvrtc"])
    assert found.members == hoi.search(system_of(10), 4, measure="gradient", target=9, backend="numpy").members
