"""Single launches of the CUDA kernel, and what they should find."""

from __future__ import annotations

import itertools
from math import comb

import numpy as np
import torch

import hoi
from hoi._backends.torch_.cuda.pairs import HEAD, PairSweep
from hoi._backends.torch_.ranges import unrank_at
from hoi._backends.torch_.sweep import Screen
from hoi._backends.torch_.walk import NEAR

__all__ = ["Launches", "brute_force", "correlations", "noisy_copy"]


def correlations(n, seed=0):
    C = hoi.simulate.random_covariance(n, seed=seed).covariance
    return C / np.sqrt(np.outer(np.diag(C), np.diag(C)))


def noisy_copy(C, i, j, noise):
    """Column i becomes column j with some noise; none makes it a copy."""
    C = C.copy()
    C[i], C[:, i] = C[j], C[:, j]
    C[i, i] = C[j, j] + noise**2
    return C / np.sqrt(np.outer(np.diag(C), np.diag(C)))


def brute_force(C, order, a, b):
    """All sets, and the logarithms of their scores."""
    sets = np.array(list(itertools.combinations(range(len(C)), order)))
    parts = C[sets[:, :, None], sets[:, None, :]]
    diagonal = np.diagonal(np.linalg.inv(parts), axis1=1, axis2=2)
    return sets, a * np.linalg.slogdet(parts)[1] + b * np.log(diagonal).sum(1)


class Launches:
    """Launches of one kernel with the shares that a test asks for; `scores` are those of the last one, in its order."""

    def __init__(self, runner, *, threads=32, chunk=5, slices=1, room=None):
        self.runner, self.device = runner, runner.device
        self.shares = {"threads": threads, "chunk": chunk, "slices": slices, "room": room}

    def __call__(self, C, members, a, b, low, high, dtype, start=0, stop=None, room=1 << 16, weight=None,
                 sample=None):  # fmt: skip
        """The sets that the kernel lists, in its order, and its two counts."""
        n = C.shape[-1]
        weight = None if weight is None else torch.from_numpy(weight).to(self.device)
        R = torch.from_numpy(C).to(self.device)
        sweep = PairSweep(R, members, dtype, self.runner, weight=weight, **self.shares)
        stop = comb(n - 2, members) if stop is None else stop
        screen = Screen(a, b, low, high, NEAR[dtype], dtype)
        listed = sweep.queue(start, stop, screen, room, sample)
        found, singular = listed[:2].tolist()
        codes, bits = listed[HEAD:].view(-1, 2)[: min(found, room)].T
        self.scores = bits.contiguous().view(torch.float64).cpu().numpy()
        prefixes = unrank_at(start + codes // (n * n), n - 2, members)
        listed = torch.cat([prefixes, (codes // n % n)[:, None], (codes % n)[:, None]], 1)
        return list(map(tuple, listed.tolist())), found, singular
