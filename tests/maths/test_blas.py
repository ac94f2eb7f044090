"""The limit of BLAS threads holds inside and is gone outside, and other threads leave it alone."""

from __future__ import annotations

import threading

import threadpoolctl

from hoi._maths.blas import one_thread


def threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"}


def test_one_thread_inside_and_as_before_outside():
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        before = threads()
        with one_thread():
            assert threads() == {1}
        assert threads() == before


def test_only_the_main_thread_sets_it():
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        seen = []

        def other() -> None:
            before = threads()
            with one_thread():
                seen.append(threads() == before)

        worker = threading.Thread(target=other)
        worker.start()
        worker.join()
        assert seen == [True]
