"""Calls from many threads on different systems: no backend keeps anything of a call where another one could see it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import hoi

N_THREADS, N_CALLS = 6, 40


@pytest.fixture(autouse=True)
def threads_that_take_turns_often() -> Iterator[None]:
    """At the usual interval two threads hardly ever meet within a call."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_threads_on_different_systems_do_not_meet(backend: str) -> None:
    systems = [
        hoi.GaussianSystem.from_covariance(hoi.simulate.random_covariance(6, seed=seed).covariance) for seed in range(3)
    ]
    groups = [[0, 1], [2], [3, 4], [5]]
    options = [{}, {"given": 5}, {"groups": groups}]
    sets = [(0, 1, 2), (0, 1, 3)]

    def answers(system: hoi.GaussianSystem, more: dict) -> list:
        found = hoi.search(system, 3, backend=backend, n_best=2, threads=1, **more)
        return [hoi.oinfo(system, sets, backend=backend, **more).tolist(), found.members, found.oinfo.tolist()]

    wanted = [[answers(system, more) for more in options] for system in systems]
    wrong: list[object] = []

    def call(thread: int) -> None:
        try:
            for i in range(N_CALLS):
                system, more = (thread + i) % len(systems), i % len(options)
                if answers(systems[system], options[more]) != wanted[system][more]:
                    wrong.append((thread, i))
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=call, args=[thread]) for thread in range(N_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_estimates_on_many_threads(backend: str) -> None:
    tables = [np.random.default_rng(seed).standard_normal((40, 4)) for seed in range(3)]
    wanted = [hoi.oinfo(X, backend=backend) for X in tables]
    wrong: list[object] = []

    def call(thread: int) -> None:
        for i in range(N_CALLS):
            j = (thread + i) % len(tables)
            value = hoi.oinfo(tables[j], backend=backend)
            if value != wanted[j]:
                wrong.append(value)

    threads = [threading.Thread(target=call, args=[thread]) for thread in range(N_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def answer(X: np.ndarray, backend: str, **more: Any) -> list:
    """All that a call gives, down to the last bit."""
    found = hoi.search(X, 3, backend=backend, n_best=2, threads=1, **more)
    return [hoi.oinfo(X, [(0, 1, 2), (0, 1, 3)], backend=backend, **more).tolist(), found.members, found.tc.tolist()]


@pytest.mark.parametrize(("workers", "n_jobs", "backends", "repeats"), [
    ("threading", 4, ["numpy", "numba", "torch"], 4),
    ("loky", 2, ["numpy", "numba"], 1),
])  # fmt: skip
def test_joblib(workers: str, n_jobs: int, backends: list[str], repeats: int) -> None:
    """Its threads, as scikit-learn uses them, and its processes, which get large tables as read-only maps of a file."""
    joblib = pytest.importorskip("joblib")
    rng = np.random.default_rng(0)
    tables = [rng.standard_normal((60, 6)) @ rng.standard_normal((6, 6)) for _ in range(3)]
    roles: list[dict] = [{}, {"given": 5}]
    if workers == "threading":  # each process would compile the walk over groups
        roles.append({"groups": [[0, 1], [2], [3, 4], [5]]})
    there = [on for on in backends if on != "torch" or hoi.backends()[on] == "available"]
    kinds = [(i, more, on) for on in there for more in roles for i in range(len(tables))]
    wanted = [answer(tables[i], on, **more) for i, more, on in kinds]
    with joblib.Parallel(n_jobs=n_jobs, backend=workers, max_nbytes=1000) as parallel:
        found = parallel(joblib.delayed(answer)(tables[i], on, **more) for i, more, on in kinds * repeats)
    assert found == wanted * repeats
