"""Tests and comparisons on executors, and tests that go on from a file: the same to the last bit."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest

import hoi
from hoi._engine import executors
from hoi._engine.checkpoint import status
from tests.engine.test_executors import Inline

SPAWN = multiprocessing.get_context("spawn")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def small_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many units that each worker has some."""
    monkeypatch.setattr(executors, "unit_sets", lambda *_: 50)


@pytest.fixture
def X() -> np.ndarray:
    X = np.random.default_rng(0).standard_normal((2, 80, 7))
    X[:, :, 6] += X[:, :, 1] + X[:, :, 2]
    return X


def assert_same(found: hoi.Multiplets, wanted: hoi.Multiplets) -> None:
    assert found.members == wanted.members
    assert list(found.extreme) == list(wanted.extreme)
    for name in wanted.columns:
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))
    for name in ("evaluated", "skipped", "thresholds", "threshold"):
        assert found.settings.get(name) == wanted.settings.get(name)


TESTS = {
    "shift": {},
    "orders": {"order": (3, 4), "n_resamples": 79, "measure": "tc", "units": "bits"},
    "phase": {"null": "phase", "which": "lowest"},
    "permute": {"null": "permute", "estimator": "discrete"},
    "member": {"null": "member", "n_best": 3},
    "target": {"target": 6, "measure": "gradient", "order": 2},
    "member, target": {"null": "member", "target": 6, "measure": "rsi", "order": 2, "n_best": 3},
    "groups": {"groups": [[0], [1, 2], [3], [6]]},
    "given, effective": {"given": 6, "bias_correction": "effective"},
}


@pytest.mark.parametrize("name", TESTS)
def test_a_test_in_units_is_the_test(X: np.ndarray, small_units: None, name: str, tmp_path: Path) -> None:
    options = {"order": 3, "n_resamples": 39, "seed": 3, **TESTS[name]}
    if name in ("permute", "given, effective"):
        X = (X[0] > 0).astype(int) if name == "permute" else X[0]
    wanted = hoi.permutation_test(X, **options)
    inline = Inline()
    assert_same(hoi.permutation_test(X, executor=inline, **options), wanted)
    assert inline.submitted > 2
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        assert_same(hoi.permutation_test(X, executor=pool, **options), wanted)
    path = tmp_path / "run.sqlite"
    for _ in range(2):
        assert_same(hoi.permutation_test(X, checkpoint=path, **options), wanted)
    told = status(path)
    assert told["done"] == told["total"] and told["about"]["seed"] == 3


def others(kind: str) -> tuple[object, object]:
    if kind == "loky":
        return pytest.importorskip("loky").ProcessPoolExecutor(2), None
    return concurrent.futures.ProcessPoolExecutor(2, mp_context=SPAWN), None


@pytest.mark.parametrize("kind", ["concurrent.futures", "loky"])
def test_processes(X: np.ndarray, small_units: None, kind: str) -> None:
    pool = others(kind)[0]
    with pool:  # type: ignore[attr-defined]
        for call in calls(X):
            assert_same(call(executor=pool), call())
        scanned = [list(hoi.scan(X, (3, 4), executor=where)) for where in (pool, None)]
        for name in ("oinfo", "dataset", "order"):
            found, wanted = (np.concatenate([getattr(block, name) for block in blocks]) for blocks in scanned)
            np.testing.assert_array_equal(found, wanted)
        assert [block.members for block in scanned[0]] == [block.members for block in scanned[1]]


def calls(X: np.ndarray) -> list:
    A, B = np.random.default_rng(1).standard_normal((2, 6, 60, 6))
    options = {"order": 3, "n_resamples": 39, "seed": 0}
    return [
        lambda **more: hoi.permutation_test(X, **options, **more),
        lambda **more: hoi.permutation_test(X[0], null="member", **options, **more),
        lambda **more: hoi.compare(A, B, n_best=4, **options, **more),
        lambda **more: hoi.compare(A, B[:6], paired=True, measure="tc", **options, **more),
        lambda **more: hoi.compare(A[0], B[0], **options, **more),
    ]


@pytest.mark.slow
def test_dask(X: np.ndarray, small_units: None) -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster, distributed.Client(cluster) as client:
        for call in calls(X):
            for executor in (client, client.get_executor()):
                assert_same(call(executor=executor), call())
        found = np.concatenate([block.oinfo for block in hoi.scan(X, 3, executor=client)])
        np.testing.assert_array_equal(found, np.concatenate([block.oinfo for block in hoi.scan(X, 3)]))


def test_a_scan_holds_few_units_at_once(small_units: None) -> None:
    """What came early waits for its turn, and no more is sent meanwhile; who stops early stops the work."""
    X = np.random.default_rng(0).standard_normal((50, 16))
    inline = Inline()
    blocks = hoi.scan(X, 4, executor=inline)
    next(blocks)
    sent = inline.submitted
    assert 0 < sent <= 4 * (os.cpu_count() or 1)
    blocks.close()  # type: ignore[attr-defined]
    assert inline.submitted == sent


class Slow(Inline):
    """One worker of two never comes back."""

    _max_workers = 2

    def submit(self, function, *arguments):
        if self.submitted == 3:
            self.submitted += 1
            return Future()
        return super().submit(function, *arguments)


def test_a_unit_that_is_late_goes_to_a_second_worker(small_units: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "_LATE_SECONDS", 0.05)
    X = np.random.default_rng(0).standard_normal((50, 12))
    found, wanted = hoi.search(X, 4, executor=Slow()), hoi.search(X, 4)
    assert found.members == wanted.members and found.settings["evaluated"] == wanted.settings["evaluated"]


def test_progress_says_how_many_workers(X: np.ndarray, small_units: None, capsys) -> None:
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        hoi.permutation_test(X, 3, n_resamples=39, seed=0, executor=pool, progress=True)
    said = capsys.readouterr().err
    assert "hoi, 2 workers" in said and "100%" in said and "<00:00" in said


CHILD = """
import sys, time, numpy as np, hoi
from hoi._engine import executors
executors.unit_sets = lambda *_: 100
original = executors._do
executors._do = lambda *arguments, **more: time.sleep(0.02) or original(*arguments, **more)
X = np.random.default_rng(0).standard_normal((60, 8))
options = {"n_resamples": 79, "seed": 1, "checkpoint": sys.argv[1], "threads": 1}
print(hoi.permutation_test(X, 3, backend="numpy", **options).pvalue.tolist())
"""


@pytest.mark.slow
def test_killed_and_resumed_it_gives_the_same_p(tmp_path: Path) -> None:
    path, kills, done = tmp_path / "run.sqlite", 0, 0
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    while True:
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment
        )
        while child.poll() is None and (now := _units(path)) < done + 15:
            time.sleep(0.005)
        if child.poll() is not None:
            break
        child.send_signal(signal.SIGKILL)
        child.communicate()
        assert now >= done
        done, kills = now, kills + 1
    X = np.random.default_rng(0).standard_normal((60, 8))
    wanted = hoi.permutation_test(X, 3, n_resamples=79, seed=1, backend="numpy").pvalue.tolist()
    assert child.returncode == 0 and child.communicate()[0] == f"{wanted}\n"
    assert kills >= 2


def _units(path: Path) -> int:
    try:
        return status(path)["units"] if path.exists() else 0
    except (hoi.HoiError, KeyError):
        return 0  # just being made


def test_errors(X: np.ndarray, tmp_path: Path, small_units: None) -> None:
    path = tmp_path / "run.sqlite"
    with pytest.raises(hoi.HoiError, match=r"seed=None: the surrogates must be the same when the test goes on"):
        hoi.permutation_test(X, 3, n_resamples=39, checkpoint=path)
    hoi.permutation_test(X, 3, n_resamples=39, checkpoint=path, seed=0)
    for change in ({"seed": 1}, {"n_resamples": 40}, {"null": "member"}, {"measure": "tc"}):
        with pytest.raises(hoi.HoiError, match=r"holds another search \(test shift, n_resamples 39"):
            hoi.permutation_test(X, 3, **{"n_resamples": 39, "checkpoint": path, "seed": 0, **change})
    A = X[:, :, :5]
    for call in (
        lambda: hoi.scan(X, 3, executor=4),
        lambda: hoi.permutation_test(X, 3, executor=4),
        lambda: hoi.compare(A, A, 3, executor=4),
    ):
        with pytest.raises(hoi.HoiError, match=r"executor=4 \(int\): an object with submit\(\) is needed"):
            call()
