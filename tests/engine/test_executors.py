"""Units on executors of all kinds: the rows and counts of a plain search, whatever is lost on the way."""

from __future__ import annotations

import concurrent.futures
import math
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hoi
from hoi._backends import registry
from hoi._backends.protocol import Ranking
from hoi._engine import executors, threads
from hoi._engine.rate import sets_per_second

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture(scope="module")
def system() -> hoi.GaussianSystem:
    return hoi.GaussianSystem.from_data(np.random.default_rng(0).standard_normal((300, 20)))


@pytest.fixture
def small_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many units that each worker has some."""
    monkeypatch.setattr(executors, "unit_sets", lambda *_: 30)


def assert_same(found: hoi.Multiplets, wanted: hoi.Multiplets) -> None:
    assert found.members == wanted.members
    assert list(found.extreme) == list(wanted.extreme)
    np.testing.assert_array_equal(found.oinfo, wanted.oinfo)
    for count in ("evaluated", "skipped"):
        assert found.settings[count] == wanted.settings[count]


class Inline:
    """The least that is an executor: `submit`, and futures that have run when they are given back."""

    def __init__(self, before: Callable[[int], None] = lambda number: None) -> None:
        self.before, self.submitted = before, 0

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        self.submitted += 1
        future: Future[Any] = Future()
        try:
            self.before(self.submitted)
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future


@pytest.mark.parametrize(
    ("order", "options"),
    [
        (4, {}),
        ((3, 5), {"per_order": True, "n_best": 3}),
        (3, {"given": 2, "measure": "tc", "which": "highest"}),
        (3, {"groups": [[i, i + 1] for i in range(0, 20, 2)]}),
    ],
)
@pytest.mark.parametrize("on", ["numpy", "numba"])
def test_threads_and_the_least_that_is_an_executor(
    system: hoi.GaussianSystem, small_units: None, order: Any, options: dict, on: str
) -> None:
    wanted = hoi.search(system, order, backend=on, **options)
    inline = Inline()
    assert_same(hoi.search(system, order, backend=on, executor=inline, **options), wanted)
    assert inline.submitted > 2
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        assert_same(hoi.search(system, order, backend=on, executor=pool, **options), wanted)


def test_datasets_and_all_orders_at_once(small_units: None) -> None:
    X = np.random.default_rng(1).standard_normal((5, 200, 11))
    wanted = hoi.search(X, (2, 11), n_best=4, backend="numba")
    found = hoi.search(X, (2, 11), n_best=4, backend="numba", executor=Inline())
    assert_same(found, wanted)
    assert list(found.dataset) == list(wanted.dataset)


@pytest.mark.parametrize("kind", ["concurrent.futures", "loky"])
def test_processes(system: hoi.GaussianSystem, small_units: None, kind: str) -> None:
    if kind == "loky":
        pool: Any = pytest.importorskip("loky").ProcessPoolExecutor(2)
    else:
        pool = concurrent.futures.ProcessPoolExecutor(2, mp_context=SPAWN)
    with pool:
        for backend in ("numpy", "numba"):
            wanted = hoi.search(system, 4, backend=backend)
            assert_same(hoi.search(system, 4, backend=backend, executor=pool), wanted)


def test_a_unit_that_fails_is_tried_again(system: hoi.GaussianSystem, small_units: None) -> None:
    failures = iter([OSError("lost"), RuntimeError("lost too")])

    def fail(number: int) -> None:
        if number > 4 and (error := next(failures, None)):
            raise error

    assert_same(hoi.search(system, 4, executor=Inline(fail)), hoi.search(system, 4))


def test_a_unit_that_fails_always_ends_the_search(system: hoi.GaussianSystem, small_units: None, tmp_path) -> None:
    def fail(number: int) -> None:
        if number > 4:
            raise OSError("no space on the worker")

    path = tmp_path / "run.sqlite"
    with pytest.raises(hoi.HoiError, match=r"the executor failed after .* of 4,845 sets \(OSError: no space"):
        hoi.search(system, 4, executor=Inline(fail))
    with pytest.raises(hoi.HoiError, match=r"What was done is in .*run.sqlite: the same call with a new executor"):
        hoi.search(system, 4, executor=Inline(fail), checkpoint=path)
    counted = Inline()
    assert_same(hoi.search(system, 4, executor=counted, checkpoint=path), hoi.search(system, 4))
    whole = Inline()
    hoi.search(system, 4, executor=whole)
    assert 3 < counted.submitted < whole.submitted, "some units were in the file"


def test_an_error_of_the_user_is_not_tried_again(system: hoi.GaussianSystem, small_units: None) -> None:
    X = np.random.default_rng(0).standard_normal((30, 6))
    calls = []

    def entropy(columns: np.ndarray) -> Any:
        if columns.shape[1] < 3:
            return 1.0
        calls.append(1)
        return "much"

    with pytest.raises(hoi.HoiError, match="gave 'much'"):
        hoi.search(X, 3, estimator=entropy, executor=Inline())
    assert len(calls) <= 2


def test_what_is_no_executor_is_refused(system: hoi.GaussianSystem) -> None:
    with pytest.raises(hoi.HoiError, match=r"executor=4 \(int\): an object with submit\(\) is needed"):
        hoi.search(system, 3, executor=4)


def test_a_broken_pool_says_so(system: hoi.GaussianSystem, small_units: None) -> None:
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=SPAWN) as pool:
        hoi.search(system, 3, executor=pool)
        for pid in list(pool._processes):
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(hoi.HoiError, match=r"the executor failed .*BrokenProcessPool"):
            hoi.search(system, 4, executor=pool)


MPI = """
import numpy as np, hoi
from hoi._engine import executors
from mpi4py.futures import MPIPoolExecutor

if __name__ == "__main__":
    executors.unit_sets = lambda *_: 300
    X = np.random.default_rng(0).standard_normal((300, 20))
    options = {"n_resamples": 39, "seed": 0, "backend": "numpy"}
    with MPIPoolExecutor() as pool:
        found, wanted = (hoi.search(X, 4, backend="numpy", executor=on) for on in (pool, None))
        assert found.members == wanted.members and (found.oinfo == wanted.oinfo).all()
        found, wanted = (hoi.permutation_test(X[:, :9], 3, executor=on, **options) for on in (pool, None))
        assert found.members == wanted.members and (found.pvalue == wanted.pvalue).all()
        print("the same")
"""


@pytest.mark.slow
def test_mpi_where_it_is_installed(tmp_path: Path) -> None:
    pytest.importorskip("mpi4py")
    mpiexec = shutil.which("mpiexec") or str(Path(sys.executable).with_name("mpiexec"))
    if not Path(mpiexec).exists():
        pytest.skip("there is no mpiexec")
    program = tmp_path / "program.py"
    program.write_text(MPI)
    ran = subprocess.run(
        [mpiexec, "-n", "3", sys.executable, "-m", "mpi4py.futures", str(program)],
        capture_output=True, text=True, cwd=Path(hoi.__file__).parents[1], timeout=300,
        env={**os.environ, "PYTHONPATH": str(Path(hoi.__file__).parents[1])},
    )  # fmt: skip
    assert ran.stdout == "the same\n", ran.stderr


@pytest.mark.slow
def test_a_dask_cluster_and_a_worker_that_is_killed(
    system: hoi.GaussianSystem, small_units: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed = pytest.importorskip("distributed")
    wanted = hoi.search(system, 4)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster, distributed.Client(cluster) as client:
        for _ in range(2):  # the same search again must not take the futures of the first for its own
            assert_same(hoi.search(system, 4, executor=client), wanted)
        assert_same(hoi.search(system, 4, executor=client.get_executor()), wanted)
        pids, taken = list(client.run(os.getpid).values()), []
        original = threads.Outcome.merge

        def merge(outcome: Any, part: Any) -> None:
            taken.append(part)
            if len(taken) == 5:
                os.kill(pids[0], signal.SIGKILL)
            original(outcome, part)

        monkeypatch.setattr(threads.Outcome, "merge", merge)
        assert_same(hoi.search(system, 4, executor=client), wanted)
        assert len(taken) > 20


def test_two_functions_of_one_name_are_two_estimators(small_units: None) -> None:
    """What a process keeps of one call must not serve the next, which looks the same."""
    X = np.random.default_rng(0).standard_normal((40, 5))
    found = []
    for factor in (1.0, 2.0):

        def entropy(columns: np.ndarray, factor: float = factor) -> float:
            return factor * float(np.log(np.abs(columns).sum()))

        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            found.append(hoi.search(X, 3, estimator=entropy, executor=pool))
    np.testing.assert_allclose(found[1].oinfo, 2 * found[0].oinfo, rtol=1e-12)


@pytest.mark.parametrize(
    ("seconds", "n_workers", "expected"),
    [
        (1e5, 10, 4.0),  # some seconds
        (1e6, 1000, 30.0),  # longer for many workers, whom one caller serves
        (3.2, 2, 0.1),  # sixteen for each, so that all end together
        (1e4, 10_000, 10**0.5),  # as long as the caller takes for all
    ],
)
def test_units_are_as_long_as_workers_and_the_caller_need(seconds: float, n_workers: int, expected: float) -> None:
    assert executors.unit_seconds(seconds, n_workers) == pytest.approx(expected)


@pytest.mark.parametrize("n_workers", [1, 30, 1000, 30_000])
def test_the_caller_is_never_what_a_search_waits_for(n_workers: int) -> None:
    for seconds in 10.0 ** np.arange(-2, 9):
        unit = executors.unit_seconds(seconds, n_workers)
        assert seconds / unit * 1e-3 < 1.001 * max(unit, seconds / n_workers)


class Napping:
    """A walk that sleeps before each part, as it would on a machine that is busy with something else."""

    def __init__(self, evaluator: Any, clock: Callable[[], float]) -> None:
        self._evaluator, self.clock = evaluator, clock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._evaluator, name)

    def walk(self, *arguments: Any) -> Any:
        self.seen = 0
        for found in self._evaluator.walk(*arguments):
            time.sleep(0.1)
            self.seen += found.evaluated
            yield found


def test_the_rate_of_a_core_does_not_depend_on_what_else_the_machine_does() -> None:
    """A compiled walk is timed by the processor; others, who may wait for a device, by the clock on the wall."""
    problem = hoi.GaussianSystem.from_data(np.random.default_rng(0).standard_normal((300, 60))).problem()
    evaluator = registry.load("numba").open(problem, Ranking(0, 1, 1, 10))
    assert evaluator.clock is time.thread_time
    assert registry.load("numpy").open(problem, Ranking(0, 1, 1, 10)).clock is time.perf_counter
    napping = Napping(evaluator, evaluator.clock)
    rate = sets_per_second(napping, (4, 4))
    assert napping.seen == math.comb(60, 4), "pieces grow until they take long enough, or hold all sets"
    assert sets_per_second(napping, (4, 4), sufficient=1.0) > 1.0
    assert napping.seen < 1 << 13, "a small piece says so"
    waited = Napping(evaluator, time.perf_counter)
    assert rate > 10 * sets_per_second(waited, (4, 4))
