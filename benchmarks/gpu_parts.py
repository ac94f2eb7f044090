"""The parts of the GPU benchmark: `python -m benchmarks.gpu_parts NAME answer.json [--dry-run]`; see gpu.py.

A part checks before it measures. A dry run goes through the same lines with tiny sizes, on the CPU, with the Triton
kernel under its interpreter; its times mean nothing.
"""

from __future__ import annotations

import functools
import itertools
import json
import shutil
import sys
import tempfile
import time
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
import torch

import hoi
from benchmarks import gpu_kernel, gpu_thoi
from benchmarks.cases import factor_data
from benchmarks.machine import describe
from hoi._backends.torch_ import backend as leaf
from hoi._backends.torch_ import device, walk
from hoi._backends.torch_.cuda.pairs import Kernel, threads_for

N_BEST = 10


class Answer(dict):
    """Numbers found so far; on disk after each one, so that a cut run leaves them."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def add(self, **numbers: Any) -> None:
        self.update(numbers)
        self.path.write_text(json.dumps(self), encoding="utf-8")


class Bench:
    """The device, the backend under its name, and sizes: true ones, or tiny ones in a dry run."""

    def __init__(self, answer: Answer, dry_run: bool) -> None:
        self.answer, self.dry_run = answer, dry_run
        self.device = torch.device("cpu") if dry_run else leaf.cuda_device()
        # in a dry run so small that a search of a few hundred sets uses the kernel
        tiny = walk.Sizes(sets=400, prefixes=100, spare=20, room=1 << 12, plain=10, together=0, sample=20)
        self.sizes = tiny if dry_run else walk.GPU
        self.backend = self.use(kernel="triton") if dry_run else self.use()
        self._emulator: Any = None
        if dry_run:
            np.seterr(all="ignore")  # the interpreter computes pairs that are switched off

    def use(self, **options: str) -> leaf.TorchBackend:
        """Make the backend one with these options."""
        if options.get("kernel") == "nvrtc":
            self.runner()
        kind = leaf.TorchBackend if self.dry_run else leaf.CudaBackend
        self.backend = kind(**options, sizes=self.sizes)
        return self.backend

    def kernels(self) -> list[str]:
        """The compiled kernels that can run; in a dry run that of NVRTC by the emulator of the tests (g++)."""
        if self.dry_run:
            return [*["nvrtc"] * (shutil.which("g++") is not None), "triton"]
        named = {"nvrtc": device.why_no_nvrtc, "triton": device.why_no_triton}
        return [name for name, why_not in named.items() if not why_not(self.device)]

    def runner(self) -> Any:
        """What runs the kernel of NVRTC."""
        if not self.dry_run:
            return leaf.CudaBackend().runner(self.device)
        if self._emulator is None:
            from emulator import Emulator, build

            wanted = itertools.product((torch.float64, torch.float32), range(1, 7), [(2, 1), (1, 0)])
            self._folder = tempfile.TemporaryDirectory()
            kernels = [Kernel(t, M, *powers, 32) for t, M, powers in wanted]
            types = torch.float64, torch.float32
            kernels += [Kernel(t, M, 1, b, 32, 2) for t in types for M in (1, 2) for b in (0, 1)]
            library = build(Path(self._folder.name), kernels)
            self._emulator = Emulator(library)
            leaf.TorchBackend.runner = lambda *_: self._emulator
        return self._emulator

    def compile(self, shapes: list[Any], types: list[torch.dtype], powers: list[tuple[int, int]]) -> None:
        """Have the kernels of NVRTC for shapes (n, order) on disk, made on all cores."""
        if not self.dry_run and "nvrtc" in self.kernels():
            cases = itertools.product(shapes, types, powers)
            kernels = [Kernel(t, k - 2, a, b, threads_for(n, k - 2)) for (n, k), t, (a, b) in cases]
            gpu_kernel.compile_all(kernels, self.runner().target)

    def system(self, n: int) -> hoi.GaussianSystem:
        return system(n)

    def together(self, most: int) -> None:
        """Have datasets of at most so many sets share units of work."""
        self.sizes = self.sizes._replace(together=most)
        self.use()

    def search(self, system: hoi.GaussianSystem, order: Any, **options: Any) -> hoi.Multiplets:
        return hoi.search(system, order, **{"backend": self.backend, "n_best": N_BEST, "progress": False, **options})

    def wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def seconds(self, work: Any, repeats: int = 3, most: float = 15.0) -> float:
        """Shortest time of a call; fewer calls where they take long."""
        times: list[float] = []
        while len(times) < repeats and sum(times) < most:
            self.wait()
            began = time.perf_counter()
            work()
            self.wait()
            times.append(time.perf_counter() - began)
        return min(times)

    def peak(self, work: Any) -> int | None:
        """Most bytes that torch held on the card during a call."""
        if self.device.type != "cuda":
            work()
            return None
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(self.device)
        work()
        self.wait()
        return torch.cuda.max_memory_allocated(self.device)


def system(n: int, *, n_datasets: int = 1, n_samples: int = 1000) -> hoi.GaussianSystem:
    tables = [factor_data(n_samples, n, seed=(0, d)) for d in range(n_datasets)]
    return hoi.GaussianSystem.from_data(tables[0] if n_datasets == 1 else np.stack(tables), backend="numpy")


def pair_flops(order: int) -> int:
    """Operations on each set in the pair kernel for the O-information; what a prefix shares is not counted."""
    return 8 * (order - 2) + 9


def same(found: hoi.Multiplets, wanted: hoi.Multiplets) -> None:
    """Error unless two results agree to the last member, in values to 1e-10 nats, and in their counts."""
    if found.members != wanted.members or list(found.extreme) != list(wanted.extreme):
        raise SystemExit("the sets differ")
    for measure in wanted.columns:
        np.testing.assert_allclose(getattr(found, measure), getattr(wanted, measure), rtol=0, atol=1e-10)
    for count in ("evaluated", "skipped"):
        if found.settings[count] != wanted.settings[count]:
            raise SystemExit(f"{count}: {found.settings[count]} and {wanted.settings[count]}")


def ceiling(bench: Bench) -> None:
    """What this machine is, and the most its card can do."""
    from benchmarks.gpu_ceiling import bytes_per_second, flops_per_second

    bench.answer.add(machine=describe())
    if bench.device.type == "cuda":
        card = torch.cuda.get_device_properties(bench.device)
        bench.answer.add(
            card=card.name, memory=card.total_memory, processors=card.multi_processor_count,
            capability=[card.major, card.minor], cuda=torch.version.cuda,
        )  # fmt: skip
    programs, steps = (2, 2) if bench.dry_run else (1 << 15, 1 << 12)
    for dtype in (torch.float64, torch.float32):
        rate = flops_per_second(dtype, bench.device, programs, steps)
        bench.answer.add(**{f"flops_{str(dtype).removeprefix('torch.')}": rate})
    bench.answer.add(bytes_per_second=bytes_per_second(bench.device, 1 << (12 if bench.dry_run else 32)))


def agreement(bench: Bench) -> None:
    """Every kernel and precision finds what numba finds; the slower ones by the O-information alone."""
    shapes = [(9, 4, 1), (8, (2, 8), 2)] if bench.dry_run else [
        (40, 5, 1), (60, 4, 1), (150, 3, 1), (22, 10, 1), (18, (2, 9), 2), (40, 3, 20),
    ]  # fmt: skip
    kinds = [(kernel, precision) for kernel in bench.kernels() for precision in ("float64", "float32")]
    orders = [(n, k) for n, order, _ in shapes for k in (range(3, 10) if order == (2, 9) else (order,))]
    bench.compile(orders, [torch.float64, torch.float32], [(2, 1), (1, 0)])
    checked = []
    for measure in ("oinfo", "tc"):
        for n, order, n_datasets in shapes:
            data = system(n, n_datasets=n_datasets)
            call = {"measure": measure, "n_best": 5 if bench.dry_run else 100}
            wanted = bench.search(data, order, **{**call, "backend": "numba"})
            for kernel, precision in [*kinds, ("torch", "float64")]:
                if measure == "oinfo" or kernel == "nvrtc":
                    bench.use(kernel=kernel, precision=precision)
                    same(bench.search(data, order, **call), wanted)
                    checked.append([n, order, n_datasets, measure, kernel, precision])
                    bench.answer.add(agree=checked)


def shape(bench: Bench, n: int, order: int) -> None:
    """Sets a second of a whole search, what it took, and then numba on two threads, on a part of the work."""
    small = system({3: 60, 4: 40, 5: 30}.get(order, order + 6) if not bench.dry_run else order + 2)
    wanted = bench.search(small, order, backend="numpy")
    data = system(n if not bench.dry_run else order + 3)
    n_sets = comb(data.n_variables, order)
    bench.answer.add(n=data.n_variables, order=order, sets=n_sets)
    for kernel in bench.kernels():  # the one that is taken comes first
        bench.use(kernel=kernel)
        same(bench.search(small, order), wanted)
        began = time.perf_counter()
        found = bench.search(data, order)
        numbers: dict[str, Any] = {"first_seconds": time.perf_counter() - began}
        numbers |= {name: found.settings[name] for name in ("device", "kernel", "screening", "walk")}
        seconds = bench.seconds(lambda: bench.search(data, order), repeats=10, most=3.0)
        rate = n_sets / seconds
        numbers |= {"seconds": seconds, "sets_per_second": rate, "pair_flops_per_second": rate * pair_flops(order)}
        bench.answer.add(**{kernel: numbers})
        numbers["peak_bytes"] = bench.peak(lambda: bench.search(data, order))
        bench.answer.add(**{kernel: numbers})
    bench.use(kernel=bench.kernels()[0])
    m = data.n_variables
    while comb(m, order) > 2_000_000_000:
        m -= 1
    part = hoi.GaussianSystem.from_covariance(data.covariance[:m, :m], data.n_samples)
    bench.search(small, order, backend="numba", threads=2)
    began = time.perf_counter()
    wanted = bench.search(part, order, backend="numba", threads=2)
    bench.answer.add(numba_two_threads_sets_per_second=comb(m, order) / (time.perf_counter() - began))
    same(bench.search(part, order), wanted)
    bench.answer.add(agrees_with_numba_on=m)


def crossover(bench: Bench) -> None:
    """Whole calls of shapes that a CPU is quick at: from which size on a GPU is worth asking."""
    shapes = [(8, 4), (9, 3)] if bench.dry_run else [
        (40, 4), (100, 3), (40, 5), (60, 5), (300, 3), (100, 4), (60, 6), (200, 4), (40, 8), (100, 5), (1000, 3),
        (150, 5), (50, 8),
    ]  # fmt: skip
    rows = []
    for n, order in shapes:
        data = system(n)
        wanted = bench.search(data, order, backend="numba")
        same(bench.search(data, order), wanted)
        row: list[Any] = [n, order]
        for options in ({}, {"backend": "numba", "threads": 2}, {"backend": "numba"}):
            search = functools.partial(bench.search, data, order, **options)
            row.append(bench.seconds(search, repeats=5, most=1.5))
        rows.append(row)
        bench.answer.add(rows=rows, columns=["n", "order", "gpu", "numba_two_threads", "numba_all_threads"])


def about_target(bench: Bench) -> None:
    """Measures about a target on the kernel for two matrices, and numba on two threads."""
    if "nvrtc" not in bench.kernels():
        bench.answer.add(skipped="the kernel of NVRTC cannot run here")
        return
    bench.use(kernel="nvrtc")
    checked = []
    for n, order, size in [(8, 4, 9)] if bench.dry_run else [(100, 4, 30), (60, 6, 20), (30, 10, 16)]:
        small, data = system(size), system(n + 1)
        for measure in ("information", "rsi", "gradient"):
            call = {"measure": measure, "target": 0}
            same(bench.search(small, order, **call), bench.search(small, order, **{**call, "backend": "numba"}))

            def rate(data: Any = data, order: int = order, **options: Any) -> float:
                spent = bench.seconds(lambda: bench.search(data, order, **options), repeats=2, most=6.0)
                return comb(data.n_variables - 1, order) / spent

            row = [n, order, measure, bench.search(data, order, **call).settings["walk"], rate(**call)]
            if n == 100 or bench.dry_run:
                row.append(rate(**call, backend="numba", threads=2))
            checked.append(row)
            columns = ["n", "order", "measure", "walk", "sets_per_second", "numba_two_threads"]
            bench.answer.add(agree=checked, columns=columns)


def warm_up(bench: Bench) -> None:
    """Whatever is slow the first time: imports, the context of the card, the kernels of the shapes, those of numba."""
    bench.answer.add(kernels=bench.kernels())
    bench.compile([(200, 5), (60, 8), (1000, 3), (1000, 4), (30, 15)], [torch.float64], [(2, 1)])
    for kernel in bench.kernels():
        bench.use(kernel=kernel)
        for order in [4] if bench.dry_run else [4, 3, 5, 8, 15]:
            bench.search(system(order + 4), order)
            bench.search(system(order + 4), order, backend="numba", threads=2)


def precision(bench: Bench) -> None:
    """The same search with each kernel and precision of the screen: which one a card should take."""
    data = system(7 if bench.dry_run else 150)
    order = 4 if bench.dry_run else 5
    wanted = None
    options = [{"kernel": kernel, "precision": precision} for kernel in bench.kernels()
               for precision in ("float64", "float32")]  # fmt: skip
    for option in [*options, {"kernel": "torch"}]:
        bench.use(**option)
        found = bench.search(data, order)
        same(found, wanted or found)
        wanted = found
        spent = bench.seconds(lambda: bench.search(data, order), repeats=2)
        bench.answer.add(**{f"{'_'.join(option.values())}_sets_per_second": comb(data.n_variables, order) / spent})
    bench.answer.add(n=data.n_variables, order=order)


def surrogates(bench: Bench) -> None:
    """Triplets of many datasets of few variables; then where datasets are better swept one by one."""
    n_datasets, n = (3, 6) if bench.dry_run else (1000, 50)
    data = system(n, n_datasets=n_datasets, n_samples=100)
    bench.together(walk.GPU.together)
    found = bench.search(data, 3)
    same(found, bench.search(data, 3, backend="numba"))
    for name in (bench.backend, "numba"):
        spent = bench.seconds(lambda name=name: bench.search(data, 3, backend=name), repeats=2)
        bench.answer.add(**{f"{name}_seconds": spent})
    peak = bench.peak(lambda: bench.search(data, 3))
    bench.answer.add(n=n, n_datasets=n_datasets, sets=n_datasets * comb(n, 3), peak_bytes=peak)
    shapes = [(6, 4, 3)] if bench.dry_run else [(50, 3, 100), (150, 3, 20), (60, 4, 20), (24, 8, 20)]
    for n, order, n_datasets in shapes:
        data = system(n, n_datasets=n_datasets, n_samples=100)
        seconds = []
        for most in (2**40, 0):
            bench.together(most)
            bench.search(data, order)  # compiles
            seconds.append(bench.seconds(lambda data=data, order=order: bench.search(data, order), repeats=2, most=3.0))
        bench.answer.add(**{f"{n}-{order}": [n_datasets, *seconds]}, columns=["datasets", "together", "one by one"])


def transform(bench: Bench) -> None:
    """Ranks, normal scores and correlation of a large table, from the device and from main memory."""
    shape = (50, 6) if bench.dry_run else (100_000, 1000)
    seeded = torch.Generator(bench.device).manual_seed(0)
    X = torch.randn(shape, dtype=torch.float64, device=bench.device, generator=seeded)
    few = X[:, :5].cpu().numpy()
    found = hoi.GaussianSystem.from_data(X, backend=bench.backend).covariance[:5, :5]
    np.testing.assert_allclose(found, hoi.GaussianSystem.from_data(few, backend="numpy").covariance, atol=1e-12)
    host = X.cpu().numpy()
    for name, data in (("from_device", X), ("from_host", host)):
        spent = bench.seconds(lambda data=data: hoi.GaussianSystem.from_data(data, backend=bench.backend))
        bench.answer.add(**{f"{name}_seconds": spent})
    bench.answer.add(peak_bytes=bench.peak(lambda: hoi.GaussianSystem.from_data(X, backend=bench.backend)))
    bench.answer.add(shape=shape, data_bytes=host.nbytes)
    columns = host[:, : max(1, shape[1] // 20)]
    spent = bench.seconds(lambda: hoi.GaussianSystem.from_data(columns, backend="numpy"), repeats=1)
    bench.answer.add(numpy_columns=columns.shape[1], numpy_seconds=spent)


def profile(bench: Bench) -> None:
    """Which kernels the time of a search goes to."""
    from torch.profiler import ProfilerActivity
    from torch.profiler import profile as recording

    kinds = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * (bench.device.type == "cuda")
    for n, order in [(7, 4)] if bench.dry_run else [(200, 5), (60, 8), (30, 15)]:
        data = system(n)
        bench.search(data, order)
        with recording(activities=kinds) as record:
            bench.search(data, order)
            bench.wait()
        rows = [
            [event.key[:80], event.count, event.self_device_time_total / 1e6, event.self_cpu_time_total / 1e6]
            for event in record.key_averages()
        ]
        rows.sort(key=lambda row: (-row[2], -row[3]))
        bench.answer.add(**{f"{n}-{order}": rows[:14]}, columns=["name", "calls", "device seconds", "host seconds"])


def main() -> None:
    name, path, *flags = sys.argv[1:]
    bench = Bench(Answer(Path(path)), "--dry-run" in flags)
    if name.startswith("shape-"):
        n, order = map(int, name.split("-")[1:])
        # an interpreter needs minutes for a high order
        shape(bench, n, min(order, 4) if bench.dry_run else order)
    else:
        part = name.replace("-", "_")
        parts = {**vars(gpu_thoi), **vars(gpu_kernel), **globals()}
        parts[part](bench)


if __name__ == "__main__":
    main()
