"""Searches with the CUDA kernel in place, for the test files that have a `runner`: an emulator or a card."""

from __future__ import annotations

import pytest

from tests.conftest import required_backends


@pytest.fixture(params=["float64", "float32"])
def on_kernel(request, runner, monkeypatch):
    """The backend with this kernel, and parts so small that nearly all is swept."""
    from hoi._backends.torch_ import backend as leaf
    from hoi._backends.torch_ import walk

    sizes = walk.Sizes(sets=500, prefixes=1000, spare=20, room=1 << 12, plain=10, together=0, sample=20)
    monkeypatch.setattr(leaf.TorchBackend, "runner", lambda self, device: runner)
    kind = leaf.CudaBackend if "cuda" in required_backends() else leaf.TorchBackend
    return kind(kernel="nvrtc", precision=request.param, sizes=sizes)


@pytest.fixture
def launched(monkeypatch):
    """The ranges of prefixes that were launched."""
    from hoi._backends.torch_.cuda.pairs import PairSweep

    ranges, original = [], PairSweep.queue

    def queue(self, start, stop, *others):
        ranges.append((start, stop))
        return original(self, start, stop, *others)

    monkeypatch.setattr(PairSweep, "queue", queue)
    return ranges
