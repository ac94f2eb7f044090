"""Threads that do not start, and processes that have lost theirs."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from messages import message, says

import hoi

ROOT = Path(__file__).parents[2]


def test_a_thread_that_cannot_start_stops_the_others(monkeypatch):
    """The second one; the first ends in the middle of a search of an hour."""
    system = hoi.GaussianSystem.from_covariance(hoi.simulate.random_covariance(200, seed=1).covariance, 500)
    hoi.search(system, 3, backend="numba", n_best=1)  # so that the kernels are there
    start = threading.Thread.start

    def stubborn(thread):
        if thread.name == "hoi-1":
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", stubborn)
    monkeypatch.setattr("hoi._api.sets.warn_of_hours", lambda *_: None)
    before = set(threading.enumerate())
    says(message(hoi.search, system, 7, backend="numba", threads=3),
         "thread 2 of 3 cannot start (can't start new thread)", "threads=1")
    end = time.monotonic() + 30
    while set(threading.enumerate()) - before and time.monotonic() < end:
        time.sleep(0.01)
    assert not set(threading.enumerate()) - before


FORKED = """
import multiprocessing, warnings
import numpy as np, torch, hoi
warnings.simplefilter("ignore", DeprecationWarning)
torch.set_num_threads(2)
X = np.random.default_rng(0).standard_normal((200, 6))
calls = [lambda: hoi.oinfo(X, [(0, 1, 2)], backend="torch"), lambda: hoi.search(X, 3, backend="torch"),
         lambda: hoi.oinfo(X, [(0, 1, 2)])]
calls[0]()
(torch.randn(900, 900) @ torch.randn(900, 900)).sum()
def outcome(i):
    try:
        calls[i]()
        return "right"
    except hoi.HoiError as error:
        return str(error)
with multiprocessing.get_context("fork").Pool(1) as pool:
    print("\\n".join(pool.map_async(outcome, range(3)).get(timeout=120)))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_torch_after_a_fork_is_an_error_and_does_not_hang():
    pytest.importorskip("torch")
    command = [sys.executable, "-c", FORKED]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True, timeout=200)
    lines = done.stdout.splitlines()
    for line in lines[:2]:
        says(line, 'backend="torch" was loaded in the process that this one was forked from', '"spawn"')
    assert lines[2] == "right"
