"""The Triton kernel without a GPU: run by Triton's interpreter, and compiled for chips that are not here."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.gpu import interpreter_is_broken
from tests.conftest import required_backends

if sys.platform != "linux" or "torch" not in required_backends():  # else a Triton that cannot be imported is an error
    pytest.importorskip("torch")
    pytest.importorskip("triton")

import torch
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from triton.compiler import compile as compile_for

from hoi._backends.torch_ import kernels, sweep, walk
from hoi._measures.registry import MEASURES

ROOT = Path(__file__).parents[2]
CASES = Path(__file__).with_name("triton_cases.py")


def test_cases_under_the_interpreter() -> None:
    """In a process of its own: Triton decides when it is imported whether it compiles."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(CASES)]
    environment = {**os.environ, "TRITON_INTERPRET": "1"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False)
    if reason := interpreter_is_broken(done.stdout):
        pytest.skip(reason)
    assert done.returncode == 0, done.stdout[-4000:]
    assert re.search(r"\d\d passed in", done.stdout), "all of them ran"


class Recorder:
    """In place of the kernel: what it would have been launched with."""

    def __getitem__(self, grid):
        self.grid = grid
        return self

    def __call__(self, *args, **options):
        self.args, self.options = args, options


NAMES = {torch.float64: "*fp64", torch.float32: "*fp32", torch.int64: "*i64", torch.bool: "*i1"}


@pytest.fixture
def compiled(monkeypatch, tmp_path):
    """Compile the kernel for a chip, with the types of arguments that `launch_pairs` hands over."""
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    kernel, recorder = kernels._pairs, Recorder()
    monkeypatch.setattr(kernels, "_pairs", recorder)

    def build(M, T, powers, dtype, chip):
        n = T + M
        screen = sweep.Screen(*powers, -1.0, 1.0, walk.NEAR[dtype], dtype)
        prefixes = torch.arange(M)[None].repeat(5, 1)
        state = sweep.make_state(torch.eye(n, dtype=torch.float64), prefixes, T, screen)
        numbers = torch.zeros(8, dtype=torch.int64)
        kernels.launch_pairs(torch.eye(n, dtype=dtype), state, screen, numbers[:5], numbers, numbers[:2])
        assert all(value.is_contiguous() for value in recorder.args if isinstance(value, torch.Tensor))
        names = list(inspect.signature(kernel.fn).parameters)
        signature = {
            name: NAMES[value.dtype] if isinstance(value, torch.Tensor) else "i32"
            for name, value in zip(names, recorder.args, strict=False)
        }
        constants = {name: value for name, value in recorder.options.items() if name in names}
        signature |= dict.fromkeys(constants, "constexpr")
        assert list(signature) == names, "every argument is handed over, in order"
        options = {name: value for name, value in recorder.options.items() if name not in names}
        return compile_for(ASTSource(kernel, signature, constants), GPUTarget("cuda", chip, 32), options)

    return build


@pytest.mark.parametrize("chip", [75, 90, 100])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_the_kernel_compiles_to_machine_code(compiled, dtype, chip):
    assert compiled(3, 40, (2, 1), dtype, chip).asm["cubin"][:4] == b"\x7fELF"


@pytest.mark.parametrize("powers", sorted({(m.j, m.l) for m in MEASURES.values()}))
@pytest.mark.parametrize(("M", "T"), [(1, 300), (28, 2)])
def test_every_shape_and_power_compiles_without_local_memory(compiled, M, T, powers):
    sign = -1 if min(powers) < 0 else 1
    found = compiled(M, T, tuple(sign * p for p in powers), torch.float64, 90)
    assert ".local" not in found.asm["ptx"], "arrays that are indexed at run time would live in slow memory"


def test_a_screen_in_float32_computes_nothing_in_float64(compiled):
    found = {dtype: compiled(3, 40, (2, 1), dtype, 90).asm["ptx"] for dtype in NAMES if dtype.is_floating_point}
    assert "mul.f64" in found[torch.float64]
    assert ".f64" not in found[torch.float32], "a literal must not widen the rest"


def test_one_kernel_serves_many_orders_and_all_sizes(monkeypatch):
    """A search over orders, or of long tails in parts, does not wait for a compiler again and again."""
    recorder, needed = Recorder(), {}
    free = {p.name for p in kernels._pairs.params if p.do_not_specialize}
    assert {"PLACE", "rows", "T", "n", "M", "capacity"} == free, "nothing that changes between launches is a constant"
    monkeypatch.setattr(kernels, "_pairs", recorder)
    for T, M in [(8, 1), (8, 5), (8, 20), (60, 5), (50, 9), (300, 3), (200, 3)]:
        screen = sweep.Screen(2, 1, -1.0, 1.0, walk.NEAR[torch.float64], torch.float64)
        R = torch.eye(T + M, dtype=torch.float64)
        state = sweep.make_state(R, torch.arange(M)[None].repeat(5, 1), T, screen)
        numbers = torch.zeros(8, dtype=torch.int64)
        kernels.launch_pairs(R, state, screen, numbers[:5], numbers, numbers[:2])
        needed[T, M] = str(recorder.options)
    assert needed[8, 1] == needed[8, 5] == needed[8, 20]
    assert needed[60, 5] == needed[50, 9]
    assert needed[300, 3] == needed[200, 3]
    assert len(set(needed.values())) == 3, "but the lowest orders in long tails have kernels of their own"


@pytest.mark.parametrize("T", [2, 3, 15, 16, 17, 31, 32, 33, 500])
def test_tiles_hold_all_lanes(T):
    rows, x, y, warps = kernels.shape_for(T)
    assert all(np.log2(size) % 1 == 0 for size in (rows, x, y)), "Triton needs powers of two"
    assert rows * x * y >= 32 * warps, "every thread has a pair"
    assert y >= min(T, 32)
