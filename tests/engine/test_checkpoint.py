"""A search that was killed goes on where it was; another one, another version and a damaged file are refused."""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import hoi
from hoi._engine import checkpoint, executors
from hoi._systems.registry import resolve
from hoi.estimators import KNN, Kernel

ROOT = Path(__file__).parents[2]

CHILD = """
import sys, time, numpy as np, hoi
from hoi._engine import executors
executors.unit_sets = lambda *_: 150
original = executors._do
executors._do = lambda *arguments, **more: time.sleep(0.03) or original(*arguments, **more)
X = np.random.default_rng(0).standard_normal((300, 18))
found = hoi.search(X, (3, 5), backend="numpy", checkpoint=sys.argv[1], threads=1)
print(found.members, found.oinfo.tolist(), found.settings["evaluated"])
"""


@pytest.fixture
def small_units(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "unit_sets", lambda *_: 150)


@pytest.fixture
def X() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((300, 18))


def units_in(path: Path) -> int:
    try:
        return checkpoint.status(path)["units"]
    except hoi.HoiError as error:
        assert re.search("there is no file|has nothing yet", str(error))
        return 0


@pytest.mark.slow
def test_killed_at_any_moment_and_resumed_it_gives_the_same(tmp_path: Path, X: np.ndarray) -> None:
    path = tmp_path / "run.sqlite"
    command = [sys.executable, "-c", CHILD, str(path)]
    wanted = hoi.search(X, (3, 5), backend="numpy")
    rng = random.Random(0)
    before, kills = 0, 0
    while True:
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        until = before + rng.randrange(1, 30)
        while child.poll() is None and units_in(path) < until:
            time.sleep(0.002)
        if child.poll() is not None:
            break
        child.send_signal(signal.SIGKILL)
        child.communicate()
        now = units_in(path)
        assert now >= before, "no unit that was finished is lost"
        before, kills = now, kills + 1
    assert child.returncode == 0
    assert kills >= 2
    printed = child.communicate()[0]
    assert printed == f"{wanted.members} {wanted.oinfo.tolist()} {wanted.settings['evaluated']}\n"


HALF = """
import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA cache_size = 1")  # so that what is not committed is in the file
db.execute("BEGIN IMMEDIATE")
db.execute("UPDATE unit SET kept = zeroblob(100000)")
os._exit(0)
"""


def test_what_a_killed_process_was_writing_is_taken_back(tmp_path: Path, X: np.ndarray, small_units: None) -> None:
    """The journal of a commit that was cut short is no damage: the file says how far it is, and goes on."""
    path = tmp_path / "run.sqlite"
    wanted = hoi.search(X, 4, checkpoint=path)
    told = checkpoint.status(path)
    subprocess.run([sys.executable, "-c", HALF, str(path)], check=True)
    assert (tmp_path / "run.sqlite-journal").stat().st_size > 0
    shutil.copytree(tmp_path, tmp_path / "other")
    assert checkpoint.status(path) == told
    found = hoi.search(X, 4, checkpoint=tmp_path / "other" / "run.sqlite")
    np.testing.assert_array_equal(found.oinfo, wanted.oinfo)


def test_a_file_that_another_process_holds_is_not_called_damaged(
    tmp_path: Path, X: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.sqlite"
    hoi.search(X, 3, checkpoint=path)
    told = checkpoint.status(path)
    monkeypatch.setattr(checkpoint, "_PATIENCE", 0.01)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for use in (lambda: checkpoint.status(path), lambda: hoi.search(X, 3, checkpoint=path)):
            with pytest.raises(hoi.HoiError, match=r"cannot be used now \(database is locked\): another process"):
                use()
    assert checkpoint.status(path) == told


def test_a_file_that_was_just_made_has_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    path.touch()
    with pytest.raises(hoi.HoiError, match=r"^\S+run.sqlite has nothing yet: its search was stopped as it began"):
        checkpoint.status(path)


def test_a_finished_search_is_not_done_again(
    tmp_path: Path, X: np.ndarray, small_units: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.sqlite"
    first = hoi.search(X, 4, checkpoint=path)
    assert first.members == hoi.search(X, 4).members
    monkeypatch.setattr(executors, "_do", lambda *_, **more: pytest.fail("a unit was done again"))
    again = hoi.search(X, 4, checkpoint=path)
    assert again.members == first.members
    assert again.settings["evaluated"] == first.settings["evaluated"]
    np.testing.assert_array_equal(again.oinfo, first.oinfo)
    told = checkpoint.status(path)
    assert told["done"] == told["total"] == 3060
    assert told["about"]["order"] == [4, 4]
    assert told["units"] > 5 and told["seconds"] > 0


@pytest.mark.parametrize(
    "change",
    [{"order": 3}, {"measure": "tc"}, {"n_best": 3}, {"per_order": True}, {"which": "lowest"}, {"given": 1},
     {"estimator": "gaussian"}, {"bias_correction": False}, {"groups": [[0, 1], [2], [3], [4, 5]]}],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_another_search_is_refused(tmp_path: Path, X: np.ndarray, change: dict) -> None:
    path = tmp_path / "run.sqlite"
    hoi.search(X, 4, checkpoint=path)
    before = path.read_bytes()
    with pytest.raises(hoi.HoiError, match=r"run.sqlite holds another search \(order \[4, 4\], measure oinfo"):
        hoi.search(X, **{"order": 4, "checkpoint": path, **change})
    assert path.read_bytes() == before


def test_other_data_are_another_search(tmp_path: Path, X: np.ndarray) -> None:
    path = tmp_path / "run.sqlite"
    hoi.search(X, 3, checkpoint=path)
    Y = X.copy()
    Y[0, 0], Y[1, 0] = Y[1, 0], Y[0, 0]
    with pytest.raises(hoi.HoiError, match="holds another search"):
        hoi.search(Y, 3, checkpoint=path)
    units = {"units": "bits"}  # of the answer, and not of the search
    np.testing.assert_allclose(
        hoi.search(X, 3, checkpoint=path, **units).oinfo, hoi.search(X, 3).oinfo / np.log(2), rtol=1e-14
    )


def test_another_version_is_refused(tmp_path: Path, X: np.ndarray) -> None:
    path = tmp_path / "run.sqlite"
    hoi.search(X, 3, checkpoint=path)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE run SET value = '\"0.0.1\"' WHERE name = 'version'")
    db.close()
    with pytest.raises(hoi.HoiError, match=r"was written by hoi 0.0.1 \(format 1\), and this is"):
        hoi.search(X, 3, checkpoint=path)


def test_damaged_files_are_refused_and_left_alone(tmp_path: Path, X: np.ndarray, small_units: None) -> None:
    path = tmp_path / "run.sqlite"
    wanted = hoi.search(X, 4, checkpoint=path)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for trial in range(60):
        damaged = bytearray(whole[: rng.integers(1, len(whole))] if trial % 3 == 0 else whole)
        damaged[rng.integers(len(damaged))] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        try:
            found = hoi.search(X, 4, checkpoint=path)
        except hoi.HoiError as error:
            refused += 1
            assert "run.sqlite" in str(error)
        else:
            assert found.members == wanted.members
            np.testing.assert_array_equal(found.oinfo, wanted.oinfo)
            assert found.settings["evaluated"] == wanted.settings["evaluated"]
    assert refused > 20
    path.write_text("a,b,c\n1,2,3\n")
    with pytest.raises(hoi.HoiError, match=r"is no checkpoint that can be read .*file is not a database"):
        hoi.search(X, 4, checkpoint=path)
    assert path.read_text() == "a,b,c\n1,2,3\n"


def test_a_folder_that_is_not_there(tmp_path: Path, X: np.ndarray) -> None:
    with pytest.raises(hoi.HoiError, match=r"there is no folder .*nowhere'. Make it first"):
        hoi.search(X, 3, checkpoint=tmp_path / "nowhere" / "run.sqlite")


def test_with_a_full_disk_the_search_goes_on_and_says_so(
    tmp_path: Path, X: np.ndarray, small_units: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.sqlite"
    original = checkpoint.Checkpoint.open

    def small(self, *arguments):
        cutting = original(self, *arguments)
        pages = self._db.execute("PRAGMA page_count").fetchone()[0]
        self._db.execute(f"PRAGMA max_page_count = {pages + 2}")
        return cutting

    monkeypatch.setattr(checkpoint.Checkpoint, "open", small)
    with pytest.warns(hoi.CheckpointWarning, match="database or disk is full.*the search goes on") as caught:
        found = hoi.search(X, 4, checkpoint=path)
    assert len(caught) == 1
    assert found.members == hoi.search(X, 4).members
    monkeypatch.undo()
    assert hoi.search(X, 4, checkpoint=path).members == found.members


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX")
def test_ctrl_c_says_where_the_work_is(tmp_path: Path, X: np.ndarray, small_units: None, monkeypatch) -> None:
    path = tmp_path / "run.sqlite"
    original = checkpoint.Checkpoint.put

    def put(self, done):
        original(self, done)
        if any(number >= 3 for number, *_ in done):
            raise KeyboardInterrupt

    monkeypatch.setattr(checkpoint.Checkpoint, "put", put)
    with pytest.raises(KeyboardInterrupt, match=r"stopped after .* of 3,060 sets .*, and .*run.sqlite has them"):
        hoi.search(X, 4, checkpoint=path, threads=1)
    monkeypatch.undo()
    assert hoi.search(X, 4, checkpoint=path).members == hoi.search(X, 4).members


def test_the_fingerprint_sees_everything_but_the_device() -> None:
    system = hoi.GaussianSystem.from_covariance(np.eye(3) + 0.2, 50)
    same = hoi.GaussianSystem.from_covariance(np.eye(3) + 0.2, 50)
    same.device = "cuda:0"
    one = checkpoint.fingerprint(system.problem(), 3)
    assert one == checkpoint.fingerprint(same.problem(), 3)
    others = [
        checkpoint.fingerprint(system.problem(), 4),
        checkpoint.fingerprint(system.problem(bias_correction=False), 3),
        checkpoint.fingerprint(hoi.GaussianSystem.from_covariance(np.eye(3) + 0.2, 51).problem(), 3),
        checkpoint.fingerprint(hoi.GaussianSystem.from_covariance(np.eye(3) + 0.3, 50).problem(), 3),
        checkpoint.fingerprint(system.problem([(0, 1), (2,)]), 3),
    ]
    assert len({one, *others}) == 6


def test_the_fingerprint_sees_the_parameters_of_an_estimator() -> None:
    X = np.random.default_rng(0).standard_normal((60, 4))

    def made(shift: float):
        return lambda columns: shift + columns.shape[1]

    def of(estimator: object) -> str:
        return checkpoint.fingerprint(resolve(estimator).fit(X).problem(), 3)

    assert of(Kernel(0.5)) == of(Kernel(0.5)) != of(Kernel(0.6))
    assert of(KNN(3)) == of(KNN(3)) != of(KNN(4))
    assert of(made(1.0)) == of(made(1.0)) != of(made(2.0))
    assert of(lambda columns: 1.0 * len(columns)) != of(lambda columns: 2.0 * len(columns))
    exact = [hoi.DiscreteSystem.from_distribution({(0, 0): p, (1, 1): 1 - p}).problem() for p in (0.5, 0.5, 0.3)]
    one, same, other = (checkpoint.fingerprint(problem, 2) for problem in exact)
    assert one == same != other


@pytest.mark.slow
def test_ctrl_c_ends_the_process_in_the_middle_of_a_unit(tmp_path: Path) -> None:
    program = "import numpy as np, hoi; from hoi._engine import executors; executors.unit_sets = lambda *_: 10**11; "
    program += "X = np.random.default_rng(0).standard_normal((300, 200)); print('go', flush=True); "
    program += f"hoi.search(X, 6, backend='numba', checkpoint={str(tmp_path / 'run.sqlite')!r})"
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             cwd=ROOT)  # fmt: skip
    child.stdout.readline()
    while not (tmp_path / "run.sqlite").exists() or not (tmp_path / "run.sqlite").stat().st_size:
        time.sleep(0.05)
    time.sleep(1.0)  # a unit takes minutes
    child.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt: stopped after" in child.communicate(timeout=60)[1]
