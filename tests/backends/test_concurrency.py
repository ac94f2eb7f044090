"""Calls from many threads on different systems: no backend keeps anything of a call where another one could see it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

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
