"""Launching the kernel of pairs: which one, how its work is shared out, and what it is given."""

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
    "HEAD", "LARGEST_INVERSE", "MOST_MEMBERS", "MOST_POWER", "Kernel", "PairSweep", "Part", "Runner", "Sample",
    "lanes_of", "make_ready", "source", "text", "threads_for", "try_out", "why_not",
]

# A prefix with a larger trace of its inverse is handed over whole: pairs may be off by more than the margin.
LARGEST_INVERSE = 1e6
# The most members of a prefix: the product over the diagonal of its inverse is within the range of float64.
MOST_MEMBERS = 48
# The highest power of the determinant or the diagonal: products of more leave the range of float32 soon.
MOST_POWER = 16
# Threads of a group for the longest tail of a prefix: the most lanes, and threads; 256 beyond. Measured on an H200.
_THREADS = ((32, 32), (256, 64), (512, 128))
# Warps that a processor has registers for at least, with small groups in float64: left alone, the compiler takes more
# registers for some orders, and more instructions. Two matrices in the smallest groups would not fit.
_WARPS = 12
# Tickets for each group that runs at once, so that the last ones end together; most prefixes of a ticket, which makes
# the stack of its first one from nothing.
_TICKETS, _CHUNK = 8, 512
# Children that a group works on at a time and levels of the stack that are kept (memory.cuh), and the least room for
# the lanes of children, of prefixes of few members and of many, which need the memory for groups beside one another.
_CHILDREN, _KEPT = 16, 4
_ROOM, _ROOM_OF_MANY, _MANY = 96, 32, 8
# A list of survivors begins with their number, that of singular sets, and that of tickets.
HEAD = 4
# Sets of a ticket of a sample, at least, and tickets of a large one: what its first prefix costs is shared by all.
_SAMPLED, _TICKETS_OF_SAMPLE = 256, 1024
# The files of the kernel, in the order in which they are one text.
_FILES = ("memory.cuh", "stems.cuh", "pairs.cuh")


class Kernel(NamedTuple):
    """What a kernel is compiled for: type of the screen, members of a prefix, powers, threads of a group, matrices."""

    dtype: torch.dtype
    members: int
    a: int
    b: int
    threads: int
    planes: int = 1

    @functools.cache  # noqa: B019  (of numbers only)
    def shared(self, lanes: int, room: int) -> int:
        """Bytes of shared memory of a group: the arrays of `Shared` in memory.cuh, one after the other."""
        M, C, size = self.members, _CHILDREN, self.dtype.itemsize
        lowest = max(1, M - 1 - _KEPT)
        levels = M - lowest if M > 1 else 0
        stack = [M - 1, (M * (M - 1) - lowest * (lowest - 1)) // 2 if M > 1 else 0, levels, levels]
        plane = [
            *(8 * rows * lanes for rows in stack), 8 * M * M, 8 * M, 8 * M,
            size * (M - 1) * lanes * (size < 8),
            8 * C, 8 * C, 8 * C, 8 * M * C, *[size * room] * 3, *[size * M * room] * 2,
        ]  # fmt: skip
        common = [size * C, size * C, 4 * C, 4 * C, room, 4 * M, 4, 8]
        return sum(-(-count // 16) * 16 for count in plane * self.planes + common)


class Part(ctypes.Structure):
    """The struct of the same name in `pairs.cuh`."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("R", "Q", "weight", "F", "before", "out", "count")),
        *((name, ctypes.c_longlong) for name in ("start", "stop", "capacity", "every")),
        *((name, ctypes.c_double) for name in ("low", "high", "near", "tolerance", "largest", "trace", "sure")),
        *((name, ctypes.c_int) for name in ("n", "pitch", "lanes", "room", "chunk", "slices")),
    )


class Sample(NamedTuple):
    """About how many sets to look at, and how many there are."""

    sets: float
    total: int


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
def text() -> str:
    """The text that all kernels share."""
    return "\n".join(Path(__file__).with_name(name).read_text(encoding="utf-8") for name in _FILES)


@functools.cache
def source(kernel: Kernel) -> str:
    """The text of a kernel."""
    name = "double" if kernel.dtype == torch.float64 else "float"
    _, members, a, b, threads, planes = kernel
    capped = name == "double" and (threads == 64 or (threads == 32 and planes == 1))
    least = f", {32 * _WARPS // threads}" if capped else ""
    return f"""{text()}
extern "C" __global__ void __launch_bounds__({threads}{least}) pairs(const __grid_constant__ Part part) {{
    extern __shared__ __align__(16) char memory[];
    walk<{name}, {planes}, {members}, {a}, {b}, {threads}>(part, memory);
}}
"""


def why_not(n: int, members: int, a: int, b: int, dtype: torch.dtype, shared: int, planes: int = 1) -> str:
    """Why there is no kernel for prefixes of so many members of n variables; empty where there is one."""
    if members > MOST_MEMBERS:
        return f"orders above {MOST_MEMBERS + 2}"
    if max(abs(a), abs(b)) > MOST_POWER:
        return f"powers {a} and {b}"
    if comb(n, members + 2) >= LARGEST:
        return "more sets than 64 bits count"
    lanes = lanes_of(n)
    need = Kernel(dtype, members, a, b, 32, planes).shared(lanes, _room(n, members))
    return f"{need} bytes of shared memory, of {shared}" if need > shared else ""


def _room(n: int, members: int) -> int:
    """Lanes of children at a time: those of one at least."""
    return max(lanes_of(n), _ROOM_OF_MANY if members > _MANY else _ROOM)


def lanes_of(n: int) -> int:
    """Lanes of n variables: with room for whole tiles."""
    return (n + 3) // 4 * 4


def threads_for(n: int, members: int) -> int:
    """Threads of a group: as many as a prefix has work for."""
    return next((threads for most, threads in _THREADS if n - members <= most), 256)


def make_ready(n: int, kernel: Kernel, runner: Runner) -> None:
    """Compile a kernel for n variables, or load it from disk."""
    runner.groups(source(kernel), kernel.threads, kernel.shared(lanes_of(n), _room(n, kernel.members)))


class PairSweep:
    """The sets of one order of one matrix `R` (n, n) in standard form: a range of prefixes is one launch.

    Two matrices (2, n, n) are the variables, and the same given a target; the score is then the quotient of both, and
    `weight` (n,) a factor of the second determinant for each member. `threads` of a group, `chunk` prefixes of a
    ticket, `slices` of a prefix and `room` for lanes are chosen by the shape, if not given.
    """

    def __init__(
        self, R: Tensor, members: int, dtype: torch.dtype, runner: Runner, *, weight: Tensor | None = None,
        threads: int | None = None, chunk: int | None = None, slices: int | None = None, room: int | None = None,
    ) -> None:  # fmt: skip
        n = R.shape[-1]
        self.n, self.members, self.runner, self.planes = n, members, runner, (R.ndim == 3 and len(R)) or 1
        self.lanes = lanes_of(n)
        self.room = room or _room(n, members)
        pad = self.lanes - n
        self.R = torch.nn.functional.pad(R.flip(-2, -1), (0, pad, 0, pad)).contiguous()
        self.Q = self.R.to(dtype)
        weight = torch.ones(n, dtype=torch.float64, device=R.device) if weight is None else weight
        self.weight = torch.nn.functional.pad(weight.flip(0), (0, pad), value=1.0)
        self.F = self.weight.to(dtype)
        self.before = before(n - 2, members, R.device)
        self.threads, self.chunk, self.slices = threads or threads_for(n, members), chunk, slices

    def queue(self, start: int, stop: int, screen: Screen, room: int, sample: Sample | None = None) -> Tensor:
        """Queue the prefixes at positions start to stop, or a sample of their sets that is spread over all, and give
        the list that is filled.

        It begins with the numbers of survivors and of singular sets, and what is of no use; from `HEAD` on are the
        survivors, at most `room` and in any order, two numbers each: ``((position - start) * n + x) * n + y``, and the
        bits of the logarithm of the score, which is NaN where the screen cannot tell it.
        """
        M = self.members
        listed = torch.empty(HEAD + 2 * room, dtype=torch.int64, device=self.R.device)
        listed[:HEAD] = 0
        kernel = Kernel(screen.dtype, M, screen.a, screen.b, self.threads, self.planes)
        text, shared = source(kernel), kernel.shared(self.lanes, self.room)
        groups = self.runner.groups(text, kernel.threads, shared)
        chunk, slices = self._cut(stop - start, groups) if sample is None else self._cut_of_sample(stop - start, sample)
        chunk, slices = self.chunk or chunk, self.slices or slices
        tickets = -(-(stop - start) // chunk) * slices
        every = 1 if sample is None else max(1, min(round(sample.total / sample.sets), tickets))
        part = Part(
            *(array.data_ptr() for array in (self.R, self.Q, self.weight, self.F, self.before)),
            listed.data_ptr() + 8 * HEAD, listed.data_ptr(),
            start, stop, room, every, screen.low, screen.high, screen.near, SURELY_SINGULAR, LARGEST_INVERSE,
            screen.near * largest_trace(M + 2), sure_trace(M + 2), self.n, self.lanes, self.lanes, self.room, chunk,
            slices,
        )  # fmt: skip
        self.runner.launch(text, min(groups, -(-tickets // every)), kernel.threads, shared, part)
        return listed

    def _tiles(self) -> int:
        """Tiles of the longest tail."""
        blocks = (self.n - self.members + 3) // 4
        return blocks * (blocks + 1) // 2

    def _cut(self, prefixes: int, groups: int) -> tuple[int, int]:
        """Prefixes of a ticket, and slices of each prefix."""
        wanted = _TICKETS * groups
        chunk = int(np.clip(prefixes // wanted, 1, _CHUNK))
        slices = int(np.clip(-(-wanted // prefixes), 1, max(1, self._tiles() // (4 * self.threads))))
        return chunk, slices

    def _cut_of_sample(self, prefixes: int, sample: Sample) -> tuple[int, int]:
        """The same of a sample: tickets of few sets, so that a small one still is of many prefixes."""
        wanted = max(_SAMPLED, sample.sets / _TICKETS_OF_SAMPLE)
        chunk = int(np.clip(wanted * prefixes / sample.total, 1, _CHUNK))
        slices = int(np.clip(sample.total / (prefixes * wanted), 1, self._tiles()))
        return chunk, slices


def try_out(runner: Runner, device: torch.device) -> None:
    """Compile, launch and read a kernel: whatever is lacking on a device is raised here, and not in a search."""
    R = torch.eye(5, dtype=torch.float64, device=device)
    screen = Screen(1, 0, 1.0, -1.0, 1e-2, torch.float32)  # lets all ten sets by
    if PairSweep(R, 1, torch.float32, runner).queue(0, 3, screen, 16)[:2].tolist() != [10, 0]:
        raise KernelUnavailableError(f"the kernel does not find what it should on {device}")
