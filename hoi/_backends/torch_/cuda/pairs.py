"""Launching the kernel of `pairs.cuh`: which one, how its work is shared out, and what it is given."""

from __future__ import annotations

import ctypes
import functools
from math import comb
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from hoi._backends.torch_.cuda.compiler import KernelUnavailableError
from hoi._backends.torch_.eliminate import SURELY_SINGULAR
from hoi._backends.torch_.ranges import LARGEST, before
from hoi._backends.torch_.sweep import Screen, largest_trace, sure_trace

__all__ = [
    "LARGEST_INVERSE", "MOST_MEMBERS", "MOST_POWER", "Kernel", "PairSweep", "Part", "Runner", "source", "try_out",
    "why_not",
]

# A prefix with a larger diagonal entry of its inverse is handed over whole: pairs may be off by more than the margin.
LARGEST_INVERSE = 1e6
# The most members of a prefix that a kernel is compiled for: with more, registers spill.
MOST_MEMBERS = 13
# The highest power of the determinant or the diagonal: products of more leave the range of float32 soon.
MOST_POWER = 16
# Tiles of a prefix for each thread, from where a larger group is taken. Not measured on a card yet.
_TILES_A_THREAD = 40
# Tickets for each group that runs at once, so that the last ones end together; most prefixes of a ticket.
_TICKETS, _CHUNK = 8, 64


class Kernel(NamedTuple):
    """What a kernel is compiled for: type of the screen, members of a prefix, powers, threads of a group."""

    dtype: torch.dtype
    members: int
    a: int
    b: int
    threads: int

    def shared(self, lanes: int) -> int:
        """Bytes of shared memory of a group, for so many lanes."""
        M = self.members
        return lanes * (8 * (2 * (M - 1) + (M > 1)) + self.dtype.itemsize * (3 * M + 2)) + 8


class Part(ctypes.Structure):
    """The struct of the same name in `pairs.cuh`."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("R", "Q", "before", "out", "count")),
        *((name, ctypes.c_longlong) for name in ("start", "stop", "capacity")),
        *((name, ctypes.c_double) for name in ("low", "high", "near", "tolerance", "largest", "trace", "sure")),
        *((name, ctypes.c_int) for name in ("n", "pitch", "lanes", "chunk", "slices", "reserved")),
    )


class Runner(Protocol):
    """What runs a kernel: a card, or the emulator of the tests."""

    shared: int

    def groups(self, text: str, threads: int, shared: int) -> int:
        """Groups of threads that run at once."""
        ...

    def launch(self, text: str, groups: int, threads: int, shared: int, argument: Part) -> None:
        """Queue a launch."""
        ...


@functools.cache
def source(kernel: Kernel) -> str:
    """The text of a kernel."""
    text = Path(__file__).with_name("pairs.cuh").read_text(encoding="utf-8")
    name = "double" if kernel.dtype == torch.float64 else "float"
    _, members, a, b, threads = kernel
    return f"""{text}
extern "C" __global__ void __launch_bounds__({threads}) pairs(const __grid_constant__ Part part) {{
    extern __shared__ __align__(16) char memory[];
    walk<{name}, {members}, {a}, {b}, {threads}>(part, memory);
}}
"""


def why_not(n: int, members: int, a: int, b: int, dtype: torch.dtype, shared: int) -> str:
    """Why there is no kernel for prefixes of so many members of n variables; empty where there is one."""
    if members > MOST_MEMBERS:
        return f"orders above {MOST_MEMBERS + 2}"
    if max(abs(a), abs(b)) > MOST_POWER:
        return f"powers {a} and {b}"
    if comb(n, members + 2) >= LARGEST:
        return "more sets than 64 bits count"
    need = Kernel(dtype, members, a, b, 32).shared(_lanes(n))
    return f"{need} bytes of shared memory, of {shared}" if need > shared else ""


def _lanes(n: int) -> int:
    return (n + 3) // 4 * 4


class PairSweep:
    """The sets of one order of one matrix `R` (n, n) in standard form: a range of prefixes is one launch.

    `threads` of a group, `chunk` prefixes of a ticket and `slices` of a prefix are chosen by the shape, if not given.
    """

    def __init__(
        self, R: Tensor, members: int, dtype: torch.dtype, runner: Runner,
        *, threads: int | None = None, chunk: int | None = None, slices: int | None = None,
    ) -> None:  # fmt: skip
        n = len(R)
        self.n, self.members, self.runner = n, members, runner
        self.lanes = _lanes(n)
        self.R = torch.nn.functional.pad(R.flip(0, 1), (0, self.lanes - n, 0, self.lanes - n)).contiguous()
        self.Q = self.R.to(dtype)
        self.before = before(n - 2, members, R.device)
        self.threads, self.chunk, self.slices = threads or self._threads(), chunk, slices

    def ready(self, a: int, b: int, dtype: torch.dtype) -> None:
        """Compile the kernel, or load it from disk."""
        kernel = Kernel(dtype, self.members, a, b, self.threads)
        self.runner.groups(source(kernel), kernel.threads, kernel.shared(self.lanes))

    def queue(self, start: int, stop: int, screen: Screen, room: int) -> tuple[Tensor, Tensor]:
        """Queue the prefixes at positions start to stop: survivors as ``((position - start) * n + x) * n + y``, at most
        `room` of them, and the numbers of survivors and of singular sets."""
        device, M = self.R.device, self.members
        codes = torch.empty(room, dtype=torch.int64, device=device)
        count = torch.zeros(3, dtype=torch.int64, device=device)
        kernel = Kernel(screen.dtype, M, screen.a, screen.b, self.threads)
        text, shared = source(kernel), kernel.shared(self.lanes)
        groups = self.runner.groups(text, kernel.threads, shared)
        chunk, slices = self._cut(stop - start, groups)
        tickets = -(-(stop - start) // chunk) * slices
        part = Part(
            self.R.data_ptr(), self.Q.data_ptr(), self.before.data_ptr(), codes.data_ptr(), count.data_ptr(),
            start, stop, room, screen.low, screen.high, screen.near, SURELY_SINGULAR, LARGEST_INVERSE,
            screen.near * largest_trace(M + 2), sure_trace(M + 2), self.n, self.lanes, self.lanes, chunk, slices, 0,
        )  # fmt: skip
        self.runner.launch(text, min(groups, tickets), kernel.threads, shared, part)
        return codes, count[:2]

    def _tiles(self) -> int:
        """Tiles of the longest tail."""
        blocks = (self.n - self.members + 3) // 4
        return blocks * (blocks + 1) // 2

    def _threads(self) -> int:
        """Threads of a group: as many as a prefix has work for."""
        threads = 32
        while threads < 256 and self._tiles() > _TILES_A_THREAD * threads:
            threads *= 2
        return threads

    def _cut(self, prefixes: int, groups: int) -> tuple[int, int]:
        """Prefixes of a ticket, and slices of each prefix."""
        wanted = _TICKETS * groups
        chunk = int(np.clip(prefixes // wanted, 1, _CHUNK))
        slices = int(np.clip(-(-wanted // prefixes), 1, max(1, self._tiles() // (4 * self.threads))))
        return self.chunk or chunk, self.slices or slices


def try_out(runner: Runner, device: torch.device) -> None:
    """Compile, launch and read a kernel: whatever is lacking on a device is raised here, and not in a search."""
    R = torch.eye(5, dtype=torch.float64, device=device)
    screen = Screen(1, 0, 1.0, -1.0, 1e-2, torch.float32)  # lets all ten sets by
    _, count = PairSweep(R, 1, torch.float32, runner).queue(0, 3, screen, 16)
    if count.tolist() != [10, 0]:
        raise KernelUnavailableError(f"the kernel does not find what it should on {device}")
