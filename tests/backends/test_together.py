"""Many small datasets in one unit of work: each has the answer that it has alone, and none its own operations."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

import hoi
from hoi._backends import registry
from hoi._backends.protocol import UNRANKED
from hoi._engine.plan import cut
from hoi._measures.registry import MEASURES

# systems are singular, and close to it, on purpose
pytestmark = [
    pytest.mark.filterwarnings("ignore::hoi.SingularWarning"),
    pytest.mark.filterwarnings("ignore::hoi._errors.IllConditionedWarning"),
    pytest.mark.filterwarnings("ignore::hoi._errors.DeterminedWarning"),
]

N, N_SAMPLES = 8, 40


def stack(groups: list | None = None) -> np.ndarray:
    """Covariances of good datasets, one with a copy, two alike, one where all sets tie, near copies, and no value.

    A singular group is an error, so that with groups none is without any value.
    """
    good = [hoi.simulate.random_covariance(N, seed=d).covariance for d in range(12)]
    copied, near, nearer = (hoi.simulate.random_covariance(N, seed=20 + d).covariance.copy() for d in range(3))
    for C, noise in ((copied, 0.0), (near, 1e-2), (nearer, 1e-4)):
        C[6], C[:, 6] = C[1], C[:, 1]
        C[6, 6] = C[1, 1] * (1 + noise**2)
    tied = np.full((N, N), 0.4) + 0.6 * np.eye(N)
    lost = [np.ones((N, N))] if groups is None else []  # every set is singular
    return np.stack([good[0], copied, good[0], tied, near, *lost, nearer, *lost, *good[1:], np.eye(N)])


def system(matrices: np.ndarray) -> hoi.GaussianSystem:
    return hoi.GaussianSystem.from_covariance(matrices, N_SAMPLES)


def shares_units(backend: str, matrices: np.ndarray, orders: tuple[int, int], groups: list | None) -> bool:
    """Whether the backend gets all the datasets at once, and no unit of one."""
    problem = system(matrices).problem(groups)
    units = list(cut(problem, *orders, together=registry.load(backend).open(problem, UNRANKED).together))
    return {unit.n_datasets for unit in units} == {len(matrices)}


def check(backend: str, order: int | tuple[int, int], **options) -> None:
    """The table of all datasets is that of each by numpy, one after the other, to the last bit."""
    matrices = stack(options.get("groups"))
    orders = (order, order) if isinstance(order, int) else order
    assert shares_units(backend, matrices, orders, options.get("groups"))
    found = hoi.search(system(matrices), order, backend=backend, **options)
    evaluated = skipped = rows = 0
    for d, C in enumerate(matrices):
        part = found[found.dataset == d]
        wanted = hoi.search(system(C), order, backend="numpy", **options)
        assert part.members == wanted.members, d
        assert list(part.extreme) == list(wanted.extreme), d
        for name in MEASURES:
            np.testing.assert_array_equal(getattr(part, name), getattr(wanted, name), err_msg=f"{name} of {d}")
        evaluated, skipped = evaluated + wanted.settings["evaluated"], skipped + wanted.settings["skipped"]
        rows += len(wanted)
    assert len(found) == rows
    assert (found.settings["evaluated"], found.settings["skipped"]) == (evaluated, skipped)
    assert skipped > 0 and list(found.dataset) == sorted(found.dataset)


GROUPS = [(0, 4), (1,), (7, 2, 3), (5,), (6,)]
CALLS = {
    "pairs": (2, {"measure": "tc"}),
    "triplets": (3, {}),
    "seven of eight": (7, {}),
    "one set": (8, {}),
    "no bias correction": (4, {"bias_correction": False}),
    "the lowest alone": (4, {"which": "lowest", "n_best": 3}),
    "the highest alone": (4, {"which": "highest", "n_best": 1}),
    "more than there are": (3, {"n_best": 1000}),
    "as many as there are": (3, {"n_best": comb(N, 3)}),
    "several orders": ((2, 5), {"n_best": 7}),
    "each of several orders": ((3, 6), {"n_best": 4, "per_order": True}),
    "all orders": ((3, 8), {}),
    "groups": (3, {"groups": GROUPS, "n_best": 3}),
    "groups of several orders": ((2, 4), {"groups": GROUPS, "n_best": 4}),
}


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.replace(" ", "-"))
def test_each_dataset_has_the_answer_it_has_alone(backend: str, call: str) -> None:
    order, options = CALLS[call]
    check(backend, order, **options)


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure(backend: str, measure: str) -> None:
    check(backend, 4, measure=measure, n_best=5)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("first", [1, 9])
def test_thresholds_that_rise_within_a_dataset(monkeypatch: pytest.MonkeyPatch, first: int, measure: str) -> None:
    monkeypatch.setattr("hoi._backends.numba_.together._FIRST", first)
    monkeypatch.setattr("hoi._backends.numba_.together._GROWTH", 2)
    check("numba", (3, 6), measure=measure, n_best=2, per_order=True)
    check("numba", (3, 6), measure=measure, n_best=5)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("unit_sets", [1, 150, 1000])
def test_units_and_threads_change_nothing(
    backend: str, monkeypatch: pytest.MonkeyPatch, unit_sets: int, threads: int
) -> None:
    wanted = hoi.search(system(stack()), (3, 4), backend=backend)
    for name in ("_LEAST_SETS", "_MOST_SETS"):
        monkeypatch.setattr(f"hoi._engine.plan.{name}", unit_sets)
    monkeypatch.setattr("hoi._engine.threads._SMALL", 0)
    monkeypatch.setattr(type(registry.load(backend)), "unit_sets", unit_sets, raising=False)
    found = hoi.search(system(stack()), (3, 4), backend=backend, threads=threads)
    assert found.members == wanted.members
    np.testing.assert_array_equal(found.oinfo, wanted.oinfo)
    for count in ("evaluated", "skipped"):
        assert found.settings[count] == wanted.settings[count]


@pytest.mark.parametrize(("order", "groups"), [(3, None), ((2, 4), None), ((2, 3), GROUPS)])
def test_a_scan_gives_one_dataset_after_the_other(
    backend: str, order: int | tuple[int, int], groups: list | None
) -> None:
    """With the skipped sets counted where they belong."""
    matrices = stack(groups)
    blocks = list(hoi.scan(system(matrices), order, backend=backend, groups=groups))
    wanted = [
        (d, block)
        for d, C in enumerate(matrices)
        for block in hoi.scan(system(C), order, backend="numpy", groups=groups)
    ]
    assert len(blocks) == len(wanted)
    for block, (d, alone) in zip(blocks, wanted, strict=True):
        assert block.members == alone.members
        assert set(block.dataset) <= {d}
        np.testing.assert_allclose(block.oinfo, alone.oinfo, rtol=0, atol=1e-6 if d in (5, 6) else 1e-9)  # near copies
        for count in ("evaluated", "skipped"):
            assert block.settings[count] == alone.settings[count], d


@pytest.mark.parametrize("name", ["numba", "torch"])
def test_ctrl_c_is_heard_between_parts(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "torch":
        pytest.importorskip("torch")
        monkeypatch.setattr("hoi._backends.torch_.walk.budget", lambda device: 30_000)
    monkeypatch.setattr("hoi._backends.numba_.together._PART_SETS", 100)
    shown = []

    def show(self) -> None:
        if self.done:
            shown.append(self.done)
        if len(shown) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("hoi._engine.progress.Progress.show", show)
    total = len(stack()) * comb(N, 3)
    with pytest.raises(KeyboardInterrupt, match=rf"stopped after \d+ of {total:,} sets") as stopped:
        hoi.search(system(stack()), 3, backend=name, threads=1)
    assert 0 < shown[0] < shown[1] < shown[2] < total
    assert f"after {shown[2]} of" in str(stopped.value)


# --- on a device


@pytest.mark.parametrize("sets", [1, 10, 56, 200, 1000, 10**6])
@pytest.mark.parametrize(
    ("order", "options"), [(3, {"n_best": 4}), (3, {"n_best": 99}), ((3, 5), {}), (3, {"groups": GROUPS})]
)
def test_parts_that_split_a_dataset_and_parts_of_several(monkeypatch, sets: int, order, options: dict) -> None:
    """Whatever the memory, in sets of an order of 3."""
    pytest.importorskip("torch")
    from hoi._backends.torch_ import eliminate, walk

    shapes = []
    original = walk.terms_of

    def terms_of(R, members, blocks, width):
        shapes.append((len(members), R.shape[-1]))
        return original(R, members, blocks, width)

    width = 3 if "groups" in options else 1
    monkeypatch.setattr(walk, "budget", lambda device: sets * eliminate.bytes_per_set(3, width))
    monkeypatch.setattr(walk, "terms_of", terms_of)
    check("torch", order, **options)
    assert max(m * datasets for m, datasets in shapes) <= sets
    if order == 3 and options.get("n_best") == 4:
        wanted = {1: (1, 1), 10: (10, 1), 56: (56, 1), 200: (56, 3), 1000: (56, 17), 10**6: (56, len(stack()))}
        assert shapes[0] == wanted[sets]


def test_memory_that_runs_out_halves_the_parts(monkeypatch) -> None:
    torch = pytest.importorskip("torch")
    from hoi._backends.torch_ import walk

    sizes, original = [], walk.terms_of

    def limited(R, members, blocks, width):
        if len(members) * R.shape[-1] > 300:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 7 GiB.")
        sizes.append(len(members))
        return original(R, members, blocks, width)

    monkeypatch.setattr(walk, "terms_of", limited)
    check("torch", 3)
    assert 1 < max(sizes) < comb(N, 3)


def test_operations_and_waits_do_not_grow_with_the_datasets(monkeypatch) -> None:
    """A part costs the same however many datasets it holds."""
    torch = pytest.importorskip("torch")
    from torch.utils._python_dispatch import TorchDispatchMode

    waits = []
    for name in ("cpu", "item", "tolist", "__int__", "__bool__"):
        original = getattr(torch.Tensor, name)

        def wait(self, *arguments, name=name, original=original):
            waits.append(name)
            return original(self, *arguments)

        monkeypatch.setattr(torch.Tensor, name, wait)

    class Count(TorchDispatchMode):
        def __init__(self):
            super().__init__()
            self.operations = []

        def __torch_dispatch__(self, operation, types, arguments=(), options=None):
            self.operations.append(str(operation))
            return operation(*arguments, **(options or {}))

    counts = []
    for n_datasets in (2, 12):
        matrices = np.stack([hoi.simulate.random_covariance(N, seed=d).covariance for d in range(n_datasets)])
        waits.clear()
        with Count() as counted:
            hoi.search(system(matrices), 3, backend="torch")
        counts.append((sorted(counted.operations), sorted(waits)))
    assert counts[0] == counts[1]
    assert counts[0][1] == ["cpu", "cpu"]
    assert sum("nonzero" in operation for operation in counts[0][0]) == 1
