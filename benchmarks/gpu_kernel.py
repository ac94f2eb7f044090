"""Parts of the GPU benchmark about the kernels by themselves: launches timed by events, and NVIDIA's own tools."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from math import comb
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hoi._backends.blocks import set_position
from hoi._backends.torch_ import walk
from hoi._backends.torch_.cuda import pairs
from hoi._backends.torch_.cuda.compiler import cached
from hoi._backends.torch_.sweep import Screen

# Sets of a launch that is timed.
_SETS = 2_000_000_000
_TYPES = torch.float64, torch.float32


def launches(bench: Any) -> None:
    """Sets a second of single launches that list next to nothing: threads of a group, precisions, shapes, and one
    matrix (O-information) or two (the gradient about a target)."""
    if "nvrtc" not in bench.kernels():
        bench.answer.add(skipped="the kernel of NVRTC cannot run here")
        return
    shapes = [(200, 5, 1), (100, 5, 1), (1000, 3, 1), (1000, 4, 1), (60, 8, 1), (30, 15, 1), (100, 4, 2), (60, 6, 2)]
    columns = ["n", "order", "matrices", "type", "threads", "sets", "seconds", "listed", "sets_per_second"]
    rows: list[list[Any]] = []
    if bench.dry_run:
        shapes = [(8, 3, 1), (8, 4, 1), (8, 4, 2)]
    cases = [(shape, dtype, threads) for shape in shapes for dtype in _TYPES
             for threads in ([32] if bench.dry_run else _tried(*shape))]  # fmt: skip
    if bench.device.type == "cuda":
        compile_all([pairs.Kernel(dtype, order - 2, 3 - planes, 1, threads, planes)
                  for (_, order, planes), dtype, threads in cases], bench.runner().target)  # fmt: skip
    for (n, order, planes), dtype, threads in cases:
        sets, seconds, listed = _launch(bench, n, order, planes, dtype, threads)
        name = str(dtype).removeprefix("torch.")
        rows.append([n, order, planes, name, threads, sets, seconds, listed, sets / seconds])
        bench.answer.add(launches=rows, columns=columns)


def _tried(n: int, order: int, _: int) -> list[int]:
    """Threads of a group: those that are taken, and twice as many."""
    taken = pairs.threads_for(n, order - 2)
    return [taken, min(2 * taken, 256)] if taken < 256 else [taken // 2, taken]


def compile_all(kernels: list[pairs.Kernel], target: str) -> None:
    """Many kernels on all cores, for the folder from which they are loaded."""
    with ProcessPoolExecutor(mp_context=get_context("forkserver")) as pool:
        list(pool.map(cached, dict.fromkeys(map(pairs.source, kernels)), itertools.repeat(target)))


def _launch(
    bench: Any, n: int, order: int, planes: int, dtype: torch.dtype, threads: int
) -> tuple[int, float, int]:
    """Sets of a launch, the shortest of three times, and how many sets it listed."""
    system = bench.system(n + planes - 1)
    variables = [(c,) for c in range(n)]
    matrices = [system.problem(variables, given).matrix[0] for given in [(), (n,)][:planes]]
    R = torch.from_numpy(np.stack(matrices)).to(bench.device)
    sweep = pairs.PairSweep(R, order - 2, dtype, bench.runner(), threads=threads)
    stop = comb(n - 2, order - 2)
    while set_position(order, stop, n) > _SETS:
        stop //= 2
    screen = Screen(3 - planes, 1, -1e4, 1e4, walk.NEAR[dtype], dtype)
    times = []
    for _ in range(4):
        spent, count = _timed(bench, lambda: sweep.queue(0, stop, screen, 1 << 12))
        times.append(spent)
    return set_position(order, stop, n), min(times[1:]), int(count[0])


def _timed(bench: Any, work: Any) -> tuple[float, Any]:
    """Seconds of queued work by the events of the card; by the clock in a dry run."""
    if bench.device.type != "cuda":
        began = time.perf_counter()
        found = work()
        return time.perf_counter() - began, found
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    found = work()
    end.record()
    end.synchronize()
    return start.elapsed_time(end) / 1e3, found


def small(bench: Any) -> None:
    """One launch of each kind, of few sets: what the tools below run."""
    for n, order, planes in [(40, 3, 1), (40, 5, 1), (18, 8, 1), (18, 15, 1), (40, 4, 2)]:
        for dtype in (torch.float64, torch.float32):
            bench.answer.add(listed=_launch(bench, n, order, planes, dtype, 32)[2])


def sanitizer(bench: Any) -> None:
    """NVIDIA's checks of memory and of races, where compute-sanitizer is installed."""
    tool = _tool("compute-sanitizer")
    if tool is None:
        bench.answer.add(skipped="compute-sanitizer is not installed")
        return
    for check in ("memcheck", "racecheck", "synccheck"):
        status, output = _under([tool, "--tool", check, "--error-exitcode", "9"])
        bench.answer.add(**{check: "clean" if status == 0 else output[-1500:]})


def utilisation(bench: Any) -> None:
    """Busy pipes of the launches, where ncu is installed and may read the counters."""
    tool = _tool("ncu")
    if tool is None:
        bench.answer.add(skipped="ncu is not installed")
        return
    metrics = ["sm__inst_issued.avg.pct_of_peak_sustained_active", "sm__warps_active.avg.pct_of_peak_sustained_active",
               "sm__inst_executed_pipe_fp64.avg.pct_of_peak_sustained_active"]  # fmt: skip
    status, output = _under([tool, "--csv", "--metrics", ",".join(metrics), "--kernel-name", "pairs"])
    bench.answer.add(status=status, lines=output.splitlines()[-80:])


def _tool(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/local/cuda/bin")


def _under(command: list[str]) -> tuple[int, str]:
    """Run the small launches under a tool."""
    with tempfile.TemporaryDirectory() as folder:
        run = [*command, sys.executable, "-m", "benchmarks.gpu_parts", "small", str(Path(folder) / "answer.json")]
        done = subprocess.run(run, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr
