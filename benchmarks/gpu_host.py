"""What a search on a GPU costs the host: `python -m benchmarks.gpu_host [--out FOLDER] [N-ORDER ...]`. It needs no GPU.

In the place of the card is a runner that answers with lists recorded before, which the compiled walk of the CPU and the
reference path have made. What is left is the host's: reading and checking, planning, queueing, reading lists,
evaluating what may be among the best, the result. Times are of the processor, for the one thread that does it all,
without those of the runner. Torch's own work on the matrix is done here on the CPU, too, which on a card takes none of
the host's time; what the driver takes for launches and copies is missing.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import time
from collections.abc import Iterator
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

import hoi
from benchmarks.gpu_parts import N_BEST, same, system
from benchmarks.machine import describe
from hoi._backends import registry
from hoi._backends.protocol import EVERYTHING, Evaluator, Floor, Problem, Ranking, Unit
from hoi._backends.torch_.backend import TorchBackend
from hoi._backends.torch_.cuda.pairs import HEAD, Part
from hoi._backends.torch_.walk import GPU, shift_of
from hoi._maths import combinatorics

SHAPES = [(100, 5), (1000, 3), (200, 5), (60, 8)]
# Of the O-information: what a search for it asks a backend for, if nothing may be left out.
RANKING = Ranking(1, -2, -1)
# Sets that are evaluated at a time; times that a search is timed.
_BLOCK, _REPEATS = 200_000, 25


class Recorded:
    """Answers launches for the O-information of one problem, each as it did the first time."""

    shared = 227 << 10

    def __init__(self, problem: Problem, order: int) -> None:
        self.problem, self.order = problem, order
        self.lists: dict[tuple[Any, ...], tuple[np.ndarray, np.ndarray]] = {}
        self.survivors: list[int] = []
        self.seconds = 0.0

    def groups(self, text: str, threads: int, shared: int) -> int:
        """As on a card of 132 processors."""
        return 132 * 6

    def launch(self, text: str, groups: int, threads: int, shared: int, argument: Part) -> None:
        """Fill the list of a launch."""
        began = time.thread_time()
        key = tuple(getattr(argument, name) for name in ("start", "stop", "low", "high", "every", "chunk", "slices"))
        if key not in self.lists:
            self.lists[key] = self._list(argument)
        codes, scores = self.lists[key]
        found = min(len(codes), argument.capacity)
        count = np.ctypeslib.as_array((ctypes.c_int64 * HEAD).from_address(argument.count))
        count[0] = len(codes)
        out = np.ctypeslib.as_array((ctypes.c_int64 * (2 * found)).from_address(argument.out)).reshape(-1, 2)
        out[:, 0], out[:, 1] = codes[:found], scores[:found].view(np.int64)
        self.survivors.append(len(codes))
        self.seconds += time.thread_time() - began

    def _list(self, part: Part) -> tuple[np.ndarray, np.ndarray]:
        n = self.problem.n_variables
        found = [(np.empty((0, self.order), dtype=np.intp), np.empty(0))]
        for members, score in self._swept(part) if part.every == 1 else self._sampled(part):
            keep = ~((score > part.low) & (score < part.high))
            found.append((members[keep], score[keep]))
        members, score = map(np.concatenate, zip(*found, strict=True))
        places = np.array([combinatorics.rank(row[:-2], n - 2) for row in members.tolist()], dtype=np.int64)
        shuffled = np.random.default_rng(0).permutation(len(score))
        codes = ((places - part.start) * n + members[:, -2]) * n + members[:, -1]
        return codes[shuffled], score[shuffled]

    def _swept(self, part: Part) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """What the compiled walk hands over, with the logarithms of its scores."""
        shift = shift_of(self.problem, self.order, RANKING)
        floor = Floor(shift - part.high / 2, shift - part.low / 2) if part.low < part.high else EVERYTHING
        evaluator = registry.load("numba").open(self.problem, RANKING)
        evaluator.ready(self.order)
        for found in evaluator.walk(Unit(0, self.order, part.start, part.stop), lambda **_: floor):
            yield found.members, 2 * found.J + found.L

    def _sampled(self, part: Part) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Every so-many-th ticket, by the reference path; a slice is a random share of the pairs."""
        n, length = self.problem.n_variables, self.order - 2
        some, waiting, rng = [], 0, np.random.default_rng(1)
        tickets = -(-(part.stop - part.start) // part.chunk) * part.slices
        for ticket in range(part.every // 2, tickets, part.every):
            first = part.start + ticket // part.slices * part.chunk
            for place in range(first, min(first + part.chunk, part.stop)):
                prefix = np.array(combinatorics.unrank(place, n - 2, length))
                pairs = np.column_stack(np.triu_indices(n - 1 - prefix[-1], 1)) + prefix[-1] + 1
                pairs = pairs[rng.random(len(pairs)) * part.slices < 1]
                some.append(np.column_stack([np.tile(prefix, (len(pairs), 1)), pairs]))
                waiting += len(pairs)
            if waiting > _BLOCK or ticket + part.every >= tickets:
                members = np.concatenate(some)
                terms = self.problem.reference(members, np.zeros(len(members), dtype=np.intp))
                yield members, 2 * terms.J + terms.L
                some, waiting = [], 0


class OnRecord(TorchBackend):
    """The torch backend with the sizes of a GPU and a runner in the place of the card."""

    def __init__(self, runner: Recorded) -> None:
        super().__init__(kernel="nvrtc", sizes=GPU)
        self._runner = runner

    def open(self, problem: Problem, ranking: Ranking) -> Evaluator:
        """As on a card, whose rate is known without a trial."""
        evaluator = super().open(problem, ranking)
        evaluator.least_rate = 1e9
        return evaluator

    def runner(self, device: torch.device) -> Any:
        """The one that it was given."""
        return self._runner


class _Counting(TorchDispatchMode):
    """Operations of torch; views cost nothing."""

    number = 0

    def __torch_dispatch__(self, function, types, arguments=(), options=None):  # type: ignore[no-untyped-def]
        self.number += not function.is_view
        return function(*arguments, **(options or {}))


def measure(n: int, order: int) -> dict[str, Any]:
    """What the host does in a search, after one that records the lists; checked against numba."""
    data = system(n)
    runner = Recorded(data.problem(), order)
    backend = OnRecord(runner)

    def search() -> hoi.Multiplets:
        return hoi.search(data, order, n_best=N_BEST, backend=backend, progress=False)

    same(search(), hoi.search(data, order, n_best=N_BEST, backend="numba", progress=False))
    runner.survivors.clear()
    with _Counting() as mode:
        search()
    answer = {"n": n, "order": order, "sets": comb(n, order), "survivors": list(runner.survivors),
              "operations_of_torch": mode.number}  # fmt: skip
    kind = type(data.problem())
    evaluated, original = [], kind.reference
    kind.reference = lambda self, members, dataset: evaluated.append(len(members)) or original(self, members, dataset)
    try:
        search()
    finally:
        kind.reference = original
    times = []
    for _ in range(_REPEATS):
        runner.seconds, began = 0.0, time.thread_time()
        search()
        times.append(time.thread_time() - began - runner.seconds)
    return {**answer, "evaluated_on_host": sum(evaluated), "host_ms": 1e3 * float(np.median(times)),
            "shortest_host_ms": 1e3 * min(times)}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shapes", nargs="*", help="as in 100-5; all by default")
    parser.add_argument("--out", type=Path, help="a folder for gpu-host.json")
    settings = parser.parse_args()
    torch.set_num_threads(1)
    shapes = [tuple(map(int, shape.split("-"))) for shape in settings.shapes] or SHAPES
    results = {"machine": describe(), "shapes": [measure(n, order) for n, order in shapes]}
    for row in results["shapes"]:
        print(
            f"({row['n']}, {row['order']}): host {row['host_ms']:.1f} ms (shortest {row['shortest_host_ms']:.1f}), "
            f"{row['operations_of_torch']} operations of torch, lists of {row['survivors']}, "
            f"{row['evaluated_on_host']} sets evaluated on the host"
        )
    if settings.out is not None:
        settings.out.mkdir(parents=True, exist_ok=True)
        (settings.out / "gpu-host.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
